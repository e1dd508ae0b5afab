"""The command line of the benchmark."""

import argparse
import os
import re

import measurements

_EPILOG = """
Everything is built with -c opt first. Each measurement starts its server fresh
on 127.0.0.1, waits until the machine is idle, and is repeated when other
processes disturbed it. Ratios are against runs of the reference before and
after. A contender whose program is missing is skipped and named.

  bazel run //tools/bench -- --quick
  bazel run //tools/bench -- --only='cluster_|node_http' --measure=short,hold64
"""


def _positive(text):
    value = float(text)
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError(f'{text}: wants 0 < N <= 600')
    return value


def _rounds(text):
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f'{text}: wants 1 to 1000')
    return value


def _regex(text):
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f'{text}: {error}') from error
    return text


def _measures(text):
    try:
        return measurements.selected(text)
    except KeyError as error:
        known = ', '.join(m.name for m in measurements.TABLE)
        raise argparse.ArgumentTypeError(
            f'{error.args[0]}: is none of {known}') from error


def default_out():
    """Where results go unless told otherwise; ignored by git."""
    folder = os.environ.get('BUILD_WORKING_DIRECTORY', os.getcwd())
    return os.path.join(folder, 'bench-results')


def parse(arguments=None):
    """The options. Ends the process with code 2 when they are not usable."""
    parser = argparse.ArgumentParser(
        prog='bazel run //tools/bench --', epilog=_EPILOG,
        description='Measures the host against raw servers, Node and nginx.',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--list', action='store_true',
        help='print contenders and measurements, measure nothing')
    add('--only', type=_regex, default='', metavar='REGEX',
        help='contenders whose name matches')
    add('--measure', type=_measures, default=list(measurements.TABLE),
        metavar='NAME,...', help='measurements, default all')
    add('--rounds', type=_rounds, default=None,
        help='how often each is measured (5)')
    add('--seconds', type=_positive, default=None,
        help='length of each measurement (2)')
    add('--quick', action='store_true',
        help='one round of 0.5 s, one repeat: does it work, not how fast')
    add('--json', action='store_true',
        help='print the samples and summaries as JSON instead of tables')
    add('--out', default=default_out(), metavar='FOLDER',
        help='where results.json and results.md go (./bench-results)')
    add('--seed', type=int, default=None, help='of the shuffled order')
    options = parser.parse_args(arguments)
    quick = options.quick
    options.rounds = options.rounds or (1 if quick else 5)
    options.seconds = options.seconds or (0.5 if quick else 2.0)
    options.repeats = 1 if quick else 3
    options.idle_wait_s = 1.0 if quick else 15.0
    # Relative to where the user is, which `bazel run` changes.
    base = os.environ.get('BUILD_WORKING_DIRECTORY', os.getcwd())
    options.out = os.path.join(base, options.out)
    return options
