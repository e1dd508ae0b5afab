"""How fast workers begin and are missed, side by side with Node's.

Each contender runs once a round, in a shuffled order; a run makes each of its
steps --count times and tells the medians. A ratio is that of one round.

  bazel run //tools/bench:lives_benchmark -- --rounds=5
"""

import argparse
import json
import random
import subprocess
import sys

import artifacts
import machine
import messages
import stats

LIVES = '//tools/bench/lives:worker_lives'
CONTENDERS = ('cluster', 'node')
FIGURES = {
    'online_us': 'fork to online, us',
    'four_us': 'four workers, the first fork to the last listening, us',
    'noticed_us': 'death noticed, us',
    'replaced_us': 'death to its successor listening, us',
    'pss_kb': 'PSS of an idle worker, kB',
}
TIMEOUT_S = 300


def command(contender, count, built):
    """The command line of one run."""
    if contender == 'cluster':
        return [built[LIVES], str(count)]
    script = f'{artifacts.workspace()}/tools/bench/node/worker_lives.js'
    return ['node', script, str(count)]


def take(contender, count, built):
    """One run: what the program printed, or {'failed': why}."""
    try:
        done = subprocess.run(command(contender, count, built),
                              capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return {'failed': str(error)}


def row(samples, figure):
    """One line of the table: medians, and how many times Node's is ours."""
    cells = [FIGURES[figure]]
    for contender in CONTENDERS:
        cells.append(messages.text_of(stats.summary(
            [s.get(figure) for s in samples
             if s['contender'] == contender]), 0))
    named = [{**s, 'measure': figure} for s in samples]
    cells.append(messages.text_of(
        messages.ratios(named, figure, figure, 'node', inverse=True)))
    return '| ' + ' | '.join(cells) + ' |'


def table(samples):
    """The report, as Markdown."""
    return '\n'.join(['| what | cluster | Node | Node is x |',
                      '|---|--:|--:|--:|',
                      *(row(samples, figure) for figure in FIGURES)])


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--count', type=int, default=10,
                        help='how often a run makes each of its steps (10)')
    parser.add_argument('--idle_wait_s', type=float, default=10.0,
                        help='wait at most so long for an idle machine')
    return parser.parse_args()


def main():
    """Returns the exit code: 1 when a run failed."""
    options = parse()
    built = artifacts.build([LIVES])
    if LIVES not in built:
        sys.exit('lives: the benchmark does not build')
    samples = []
    for number in range(options.rounds):
        for contender in random.sample(CONTENDERS, len(CONTENDERS)):
            machine.wait_until_idle(options.idle_wait_s)
            sample = take(contender, options.count, built)
            samples.append({'round': number, 'contender': contender, **sample})
            print(f'[{len(samples)}] {contender}: {sample}', file=sys.stderr,
                  flush=True)
    print(table(samples))
    return 1 if any('failed' in s for s in samples) else 0


if __name__ == '__main__':
    sys.exit(main())
