"""The shoot-out: policies and data paths of the host, Node and nginx, live.

Eight workers serve by time, not by CPU: a connection takes 1 ms, one in ten
20 ms. Connections arrive at random moments, at 0.8 of what the workers can
serve. Three tables: workers that take connections at once and serve one after
the other; workers that stand still while they serve; the first again with one
worker stopped for half a second. Half an hour by default; saved as
results.md, results.json and plots.

  bazel run //tools/bench:shootout -- --quick
  bazel run //tools/bench:shootout -- --tables=stalled --only='p2c|node'
"""

import argparse
import dataclasses
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import artifacts
import contenders
import load
import machine
import shootout_plan
import shootout_report
import shootout_rows
import shootout_run

DRAW = '//tools/policy_lab/plot:draw'
_NAMES = [table.name for table in shootout_plan.TABLES]


def say(text, end='\n'):
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True, end=end)


def _number(kind, least, most):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f'{text}: wants {least} to {most}')
        return value
    return parse


def _regex(text):
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f'{text}: {error}') from error
    return text


def _tables(text):
    names = text.split(',')
    for name in names:
        if name not in _NAMES:
            raise argparse.ArgumentTypeError(
                f"{name}: is none of {', '.join(_NAMES)}")
    return [t for t in shootout_plan.TABLES if t.name in names]


def parse(arguments=None):
    """The options. Ends the process with code 2 when they are not usable."""
    parser = argparse.ArgumentParser(
        prog='bazel run //tools/bench:shootout --', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--runs', type=_number(int, 1, 1000),
        help=f'of everybody in each table ({shootout_plan.RUNS})')
    add('--seconds', type=_number(float, 0.1, 600),
        help='length of each, after 0.4 s of warm-up (1.5)')
    add('--tables', type=_tables, default=list(shootout_plan.TABLES),
        metavar='NAME,...', help=f"of {', '.join(_NAMES)}; default all")
    add('--only', type=_regex, default='', metavar='REGEX',
        help='contenders whose name matches; default all')
    add('--out', default='shootout-results', metavar='FOLDER',
        help='where results go (./shootout-results)')
    add('--json', action='store_true',
        help='print the results as JSON instead of tables')
    add('--quick', action='store_true',
        help='one run of 0.3 s: does it work, not how good is it')
    options = parser.parse_args(arguments)
    options.runs = options.runs or (1 if options.quick else shootout_plan.RUNS)
    options.seconds = options.seconds or (0.3 if options.quick else 1.5)
    # Relative to where the user is, which `bazel run` changes.
    base = os.environ.get('BUILD_WORKING_DIRECTORY', os.getcwd())
    options.out = os.path.join(base, options.out)
    return options


def choose(options):
    """[(table, [contender])] as asked for."""
    chosen = [(table, contenders.selected(
        options.only, shootout_plan.contenders(table.model)))
              for table in options.tables]
    if not any(who for _, who in chosen):
        sys.exit(f'shootout: no contender matches {options.only!r}')
    return chosen


def build(chosen):
    """What must be there, optimised: {label: file}."""
    say('building, optimised')
    labels = {label for _, who in chosen for contender in who
              for label in contenders.labels(contender)}
    built = artifacts.build([*labels, load.LABEL, DRAW])
    for label in (load.LABEL, DRAW):
        if label not in built:
            sys.exit(f'shootout: {label} does not build')
    return built


def leave_out(chosen, built):
    """(chosen without those that cannot run, {name: why})."""
    skipped, left = {}, []
    for table, who in chosen:
        able = []
        for contender in who:
            why = (contenders.missing(contender, built) or
                   shootout_plan.cannot_run(
                       contender, shootout_plan.WORKERS, os.cpu_count()))
            if why:
                skipped[contender.name] = why
            else:
                able.append(contender)
        left.append((table, able))
    return left, skipped


def measure(order, built, seconds):
    """Takes all samples, in order. An interrupt ends it early."""
    samples = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        for run in order:
            samples.append(shootout_run.take(run, built, seconds))
            done = len(samples)
            left_s = (time.monotonic() - began) / done * (len(order) - done)
            bar = '#' * (24 * done // len(order))
            say(f'\r[{bar:24}] {done}/{len(order)} {left_s / 60:5.1f} min left '
                f'{run.table.name} {run.contender.name}\033[K',
                end='' if done < len(order) else '\n')
            if samples[-1]['failed']:
                say(f"\n{run.contender.name}: {samples[-1]['failed']}")
    except KeyboardInterrupt:
        say('\ninterrupted: reporting what there is')
    return samples


def draw(text, path, built):
    """Writes an SVG file."""
    with open(path, 'wb') as file:
        subprocess.run([built[DRAW]], input=text.encode(), stdout=file,
                       check=True)


def sections_of(chosen, samples, folder, built):
    """[(table, rows, plot)]; the plots are files in `folder`."""
    sections = []
    for table, who in chosen:
        by_name = {c.name: [s for s in samples if s['table'] == table.name
                            and s['contender'] == c.name] for c in who}
        by_name = {name: own for name, own in by_name.items() if own}
        rows = [shootout_rows.row(name, own, shootout_plan.WORKERS,
                                  shootout_plan.DELAYED_MS * 1000)
                for name, own in by_name.items()]
        if not rows:
            continue
        text = shootout_report.drawing(table.title, by_name)
        plot = f'{table.name}.svg' if text else ''
        if plot:
            draw(text, os.path.join(folder, plot), built)
        sections.append((table, rows, plot))
    return sections


def session_of(options, started):
    """What was asked of everybody."""
    plan = shootout_plan
    return {'started': started, 'seconds': options.seconds, 'workers': plan.WORKERS,
            'usual_ms': plan.USUAL_MS, 'seldom_ms': plan.SELDOM_MS,
            'seldom_share': plan.SELDOM_SHARE, 'rate': plan.RATE,
            'load': plan.LOAD, 'clients': plan.CLIENTS}


def main():
    """Returns the exit code: 1 when a run failed."""
    options = parse()
    chosen = choose(options)
    built = build(chosen)
    chosen, skipped = leave_out(chosen, built)
    for name, why in skipped.items():
        say(f'leaving out {name}: {why}')
    started = time.strftime('%Y-%m-%d %H:%M %Z')
    order = shootout_plan.runs(chosen, options.runs, random.Random(1))
    samples = measure(order, built, options.seconds)
    os.makedirs(options.out, exist_ok=True)
    sections = sections_of(chosen, samples, options.out, built)
    session, facts = session_of(options, started), machine.facts()
    document = shootout_report.document(facts, session, sections, skipped)
    results = {'machine': facts, 'session': session, 'skipped': skipped,
               'tables': {table.name: [dataclasses.asdict(r) for r in rows]
                          for table, rows, _ in sections},
               'samples': samples}
    for name, text in (('results.md', document),
                       ('results.json', json.dumps(results))):
        with open(os.path.join(options.out, name), 'w',
                  encoding='utf-8') as file:
            file.write(text)
    say(f'saved as results.md, results.json and plots in {options.out}')
    print(json.dumps(results) if options.json else document)
    return 1 if any(s['failed'] for s in samples) else 0


if __name__ == '__main__':
    sys.exit(main())
