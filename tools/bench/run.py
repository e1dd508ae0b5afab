"""The benchmark: builds, measures in a shuffled order, reports. See --help."""

import dataclasses
import json
import os
import random
import signal
import sys
import time

import artifacts
import contenders
import load
import machine
import measurements
import options as command_line
import plan
import report
import sample
import summarize


def say(text):
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def print_list():
    """What could be measured."""
    print('contenders (ratios are against the one in brackets)')
    for contender in contenders.TABLE:
        print(f'  {contender.name:26} [{contender.reference}]')
    print('measurements')
    for measurement in measurements.TABLE:
        print(f'  {measurement.name:26} {measurement.about}')


def chosen_contenders(pattern):
    """Those that match and the references they are measured against."""
    wanted = contenders.selected(pattern)
    names = {c.name for c in wanted} | {c.reference for c in wanted}
    return [c for c in contenders.TABLE if c.name in names]


def outcome(taken):
    """A sample in a few words."""
    if taken['failed']:
        return f"failed: {' '.join(taken['failed'].split())[:100]}"
    if 'rate' in taken:
        words = (f"{report.number(taken['rate'])}/s, "
                 f"{report.number(taken['cpu_us'])} us CPU each")
    else:
        words = report.number(taken.get('pss_kb', taken.get('online_us')))
    if taken['noise']:
        words += f" (disturbed: {taken['noise']})"
    return words


def measure(steps, built, options):
    """Takes all samples, in order. An interrupt ends it early."""
    samples = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        for index, step in enumerate(steps):
            taken = sample.take_quietly(step, built, options.seconds,
                                        options.idle_wait_s, options.repeats)
            taken['index'] = index
            samples.append(taken)
            each_s = (time.monotonic() - began) / (index + 1)
            left_s = each_s * (len(steps) - index - 1)
            say(f'[{index + 1}/{len(steps)}] round {step.round + 1} '
                f'{step.measurement.name} {step.contender.name}: '
                f'{outcome(taken)}; {left_s / 60:.1f} min left')
    except KeyboardInterrupt:
        say('interrupted: reporting what there is')
    return samples


def reference_names(runnable):
    """{contender: name of its reference} of those that can run."""
    names = {c.name for c in runnable}
    return {c.name: c.reference if c.reference in names else ''
            for c in runnable}


def make_steps(runnable, options):
    """The session's order, see plan.py."""
    by_name = {c.name: c for c in runnable}
    return plan.steps(runnable, options.measure, options.rounds,
                      lambda c: by_name.get(c.reference),
                      random.Random(options.seed),
                      len(os.sched_getaffinity(0)))


def make_results(samples, runnable, skipped, options, started):
    """Everything that is written down, as (dict, Markdown)."""
    references = reference_names(runnable)
    facts = machine.facts()
    session = {'started': started, 'rounds': options.rounds,
               'rounds_done': len({s['round'] for s in samples}),
               'seconds': options.seconds}
    sections, summaries = [], {}
    for measurement in options.measure:
        rows = summarize.rows(samples, measurement.name, references)
        if rows:
            sections.append(report.section(measurement, rows))
            summaries[measurement.name] = [dataclasses.asdict(r) for r in rows]
    document = report.document(facts, session, sections, skipped)
    return {'machine': facts, 'session': session, 'skipped': skipped,
            'summaries': summaries, 'samples': samples}, document


def save(results, document, folder):
    """Writes results.json and results.md."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'results.json'), 'w',
              encoding='utf-8') as file:
        json.dump(results, file, indent=1)
    with open(os.path.join(folder, 'results.md'), 'w',
              encoding='utf-8') as file:
        file.write(document)
    say(f'saved as results.json and results.md in {folder}')


def prepare(options):
    """Builds. Returns (contenders that can run, {name: why not}, files)."""
    wanted = chosen_contenders(options.only)
    if not wanted:
        sys.exit(f'bench: no contender matches {options.only!r}; see --list')
    say('building, optimised')
    labels = [label for c in wanted for label in contenders.labels(c)]
    built = artifacts.build(labels + [load.LABEL])
    if load.LABEL not in built:
        sys.exit(f'bench: {load.LABEL} does not build')
    reasons = {c.name: contenders.missing(c, built) for c in wanted}
    skipped = {name: why for name, why in reasons.items() if why}
    for name, why in skipped.items():
        say(f'skipping {name}: {why}')
    return [c for c in wanted if c.name not in skipped], skipped, built


def main():
    """Returns the exit code: 1 when a sample failed."""
    options = command_line.parse()
    if options.list:
        print_list()
        return 0
    runnable, skipped, built = prepare(options)
    started = time.strftime('%Y-%m-%d %H:%M %Z')
    samples = measure(make_steps(runnable, options), built, options)
    results, document = make_results(samples, runnable, skipped, options,
                                     started)
    save(results, document, options.out)
    print(json.dumps(results) if options.json else document)
    return 1 if any(s['failed'] for s in samples) else 0


if __name__ == '__main__':
    sys.exit(main())
