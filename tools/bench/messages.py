"""Messages between primary and workers, side by side with Node's.

Each measurement of each contender runs once a round, in a shuffled order, in
processes of its own; a ratio is that of one round. Everybody keeps as many
messages on the way and is told when each is written. CPU is that of all
processes, by message. Node runs for three seconds before it is measured.

  bazel run //tools/bench:message_benchmark -- --rounds=5 --seconds=1
"""

import argparse
import json
import random
import subprocess
import sys

import artifacts
import machine
import stats

BENCH = '//tools/bench/messages:message_bench'
CONTENDERS = ('cluster', 'node_json', 'node_advanced')
# (measure, bytes)
MEASURES = (('down', 64), ('down', 1024), ('down', 65536),
            ('up', 64), ('up', 1024), ('up', 65536),
            ('round_trip', 64), ('broadcast', 1024))
HANDOFF = ('handoff', 1)
TIMEOUT_S = 120


def command(contender, measure, seconds, built):
    """The command line of one sample."""
    name, size = measure
    if contender == 'cluster':
        return [built[BENCH], name, str(size), str(seconds), '0.2']
    script = f'{artifacts.workspace()}/tools/bench/node/messages.js'
    return ['node', script, contender.split('_')[1], name, str(size),
            str(seconds), '3']


def take(contender, measure, seconds, built):
    """One sample: what the program printed, or {'failed': why}."""
    words = command(contender, measure, seconds, built)
    try:
        done = subprocess.run(words, capture_output=True, text=True,
                              check=False, timeout=TIMEOUT_S)
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return {'failed': str(error)}


def ratios(samples, measure, figure, reference, inverse=False):
    """The Summary of cluster against `reference`, round by round."""
    by_round = {}
    for sample in samples:
        if sample['measure'] == measure and figure in sample:
            by_round.setdefault(sample['round'], {})[
                sample['contender']] = sample[figure]
    pairs = [(r['cluster'], r[reference]) for r in by_round.values()
             if r.get('cluster') and r.get(reference)]
    return stats.summary([b / a if inverse else a / b for a, b in pairs])


def text_of(summary, digits=1):
    """A median with its quartiles."""
    if summary is None:
        return '-'
    return (f'{summary.median:,.{digits}f} '
            f'[{summary.q1:,.{digits}f}-{summary.q3:,.{digits}f}]')


def row(samples, measure):
    """One line of the table."""
    def figure(contender, name, digits):
        return text_of(stats.summary(
            [s.get(name) for s in samples if s['measure'] == measure
             and s['contender'] == contender]), digits)
    cells = [f'{measure[0]} {measure[1]} B']
    for contender in CONTENDERS:
        cells.append(figure(contender, 'rate', 0))
    for reference in CONTENDERS[1:]:
        cells.append(text_of(ratios(samples, measure, 'rate', reference)))
        cells.append(text_of(
            ratios(samples, measure, 'cpu_us', reference, inverse=True)))
    if measure[0] == 'round_trip':
        cells[1:4] = [figure(c, 'p50_us', 1) + ' us p50' for c in CONTENDERS]
    return '| ' + ' | '.join(cells) + ' |'


def table(samples, measures):
    """The report, as Markdown."""
    head = ['what', *(f'{c} /s' for c in CONTENDERS)]
    for reference in CONTENDERS[1:]:
        head += [f'x {reference}', 'per CPU s']
    lines = ['| ' + ' | '.join(head) + ' |',
             '|' + ' --- |' * len(head)]
    lines += [row(samples, m) for m in measures if m != HANDOFF]
    for sample in samples:
        if sample['measure'] == HANDOFF and 'max_us' in sample:
            lines.append(
                f"\n100 MB both ways, {sample['large_messages']} messages: "
                f"hand-off p50 {sample['p50_us']:.0f} us, "
                f"p99 {sample['p99_us']:.0f} us, "
                f"longest {sample['max_us'] / 1000:.1f} ms")
            for number, worker in enumerate(sample['workers'], 1):
                lines.append(
                    f"  worker {number}: {worker['count']} connections, " +
                    ', '.join(
                        f"p99 {worker[kind + 'p99_us'] / 1000:.1f}, longest "
                        f"{worker[kind + 'max_us'] / 1000:.1f} ms{less}"
                        for kind, less in (('', ''), ('run_', ' less what '
                                                      'was waited for a CPU'))
                        if kind + 'max_us' in worker))
    return '\n'.join(lines)


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--measure', default='',
                        help='only those whose name contains this')
    parser.add_argument('--idle_wait_s', type=float, default=10.0,
                        help='wait at most so long for an idle machine')
    return parser.parse_args()


def main():
    """Returns the exit code: 1 when a sample failed."""
    options = parse()
    built = artifacts.build([BENCH])
    if BENCH not in built:
        sys.exit('messages: the benchmark does not build')
    measures = [m for m in (*MEASURES, HANDOFF) if options.measure in m[0]]
    samples = []
    for number in range(options.rounds):
        steps = [(m, c) for m in measures for c in CONTENDERS
                 if m != HANDOFF or c == 'cluster']
        random.shuffle(steps)
        for measure, contender in steps:
            machine.wait_until_idle(options.idle_wait_s)
            sample = take(contender, measure, options.seconds, built)
            samples.append({'round': number, 'measure': measure,
                            'contender': contender, **sample})
            print(f'[{len(samples)}] {measure[0]} {measure[1]} {contender}: '
                  f'{sample}', file=sys.stderr, flush=True)
    print(table(samples, measures))
    return 1 if any('failed' in s for s in samples) else 0


if __name__ == '__main__':
    sys.exit(main())
