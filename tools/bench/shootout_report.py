"""The shoot-out's tables as Markdown, and its plots as words for `draw`."""

import re

import report
import shootout_rows

_HEAD = ['contender', 'runs', 'p50 ms', 'p99 ms', 'p99 of a run', 'p99.9 ms',
         'uneven', 'over 100 ms', 'CPU us', '']


def _ms(us):
    return '-' if us is None else f'{us / 1000:.1f}'


def _percent(share):
    if share is None:
        return '-'
    if share == 0:
        return '0'
    return f'{100 * share:.1f} %' if share >= 0.001 else f'{100 * share:.2g} %'


def _spread_ms(summary):
    if summary is None:
        return '-'
    return f'{summary.q1 / 1000:.1f}-{summary.q3 / 1000:.1f}'


def _remark(row):
    parts = []
    if row.failed:
        parts.append(f"failed: {' '.join(row.failed.split())}"[:100])
    if row.errors:
        parts.append(f'{row.errors} errors')
    if row.busy:
        parts.append(f'machine was busy in {row.busy} of {row.runs}')
    return ', '.join(parts)


def table(rows):
    """The rows of one table as Markdown, the shortest p99 first."""
    lines = [_HEAD]
    for row in sorted(rows, key=lambda r: (r.p99_us is None, r.p99_us)):
        lines.append([
            row.contender, str(row.runs), _ms(row.p50_us), _ms(row.p99_us),
            _spread_ms(row.p99_runs), _ms(row.p999_us),
            report.cell(row.variation, 'ratio'), _percent(row.delayed),
            report.cell(row.cpu_us, 'number'), _remark(row)])
    return report.align(lines)


_CHARTS = (
    ('Policies of the host', r'^cluster_(?!share|steer)'),
    ('Data paths, Node and nginx',
     r'^cluster_(least_connections|round_robin|share|steer)|^node|^nginx'),
)


def drawing(title, samples):
    """What `draw` makes the tails of one table of; '' without any.

    `samples` is {contender: [run]}.
    """
    lines = [f'heading {title}: connections that take longer']
    for chart, who in _CHARTS:
        tails = {contender: shootout_rows.tail(shootout_rows.pooled(
            s['buckets'] for s in runs if not s['failed']))
                 for contender, runs in samples.items()
                 if re.search(who, contender)}
        tails = {name: points for name, points in tails.items()
                 if len(points) > 1}
        if not tails:
            continue
        lines += [f'chart {chart}', 'x ms since it was due', 'y share',
                  'log xy']
        for name, points in tails.items():
            lines.append(f"series {name.removeprefix('cluster_')}")
            lines += [f'point {ms:g} {share:g}' for ms, share in points]
    return '\n'.join(lines) + '\n' if len(lines) > 1 else ''


def document(facts, session, sections, skipped):
    """The whole report. `sections` is [(Table, rows, plot's file or '')]."""
    lines = ['# Shoot-out', '',
             f"{facts['cpu']}, {facts['cores']} cores, "
             f"{facts['memory_mb']:,} MB, Linux {facts['kernel']}; "
             f"{session['started']}", '',
             f"Runs of {session['seconds']:g} s: {session['workers']} workers, a connection takes "
             f"{session['usual_ms']} ms, {session['seldom_share']:.0%} of them "
             f"{session['seldom_ms']} ms; {session['rate']:,.0f} arrive a "
             f"second at random moments (Poisson), {session['load']:.0%} of "
             'what the workers can serve, from '
             f"{session['clients']:,} addresses. Times count from the moment "
             'at which a connection was due. Percentiles are those of all '
             'runs together, "p99 of a run" are its quartiles over the runs; '
             '"uneven" is the coefficient of variation of the workers\' '
             'shares, "over 100 ms" what waited longer or failed.', '']
    for each, rows, plot in sections:
        lines += [f'## {each.title}', '',
                  f'{each.about[0].upper()}{each.about[1:]}.', '',
                  table(rows), '']
        if plot:
            lines += [f'![{each.title}]({plot})', '']
    if skipped:
        lines += ['## Not there', '']
        lines += [f'- {name}: {why}' for name, why in skipped.items()]
        lines.append('')
    return '\n'.join(lines)
