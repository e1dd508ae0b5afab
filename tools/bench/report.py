"""Tables and bars, as plain text that is also Markdown."""

_BAR_WIDTH = 24

# Per kind of measurement: (title, what a Row gives for it, how to print it).
_COLUMNS = {
    'rate': (
        ('rate/s', ('figures', 'rate'), 'spread'),
        ('x ref', ('ratios', 'rate'), 'ratio'),
        ('CPU us each', ('figures', 'cpu_us'), 'number'),
        ('x ref', ('ratios', 'cpu_us'), 'ratio'),
        ('per CPU s', ('figures', 'per_cpu_s'), 'number'),
        ('p50 us', ('figures', 'p50_us'), 'number'),
        ('p99 us', ('figures', 'p99_us'), 'number'),
        ('even', ('figures', 'even'), 'ratio'),
        ('uneven', ('figures', 'uneven'), 'ratio'),
    ),
    'latency': (
        ('p50 us', ('figures', 'p50_us'), 'spread'),
        ('x ref', ('ratios', 'p50_us'), 'ratio'),
        ('p99 us', ('figures', 'p99_us'), 'spread'),
        ('x ref', ('ratios', 'p99_us'), 'ratio'),
        ('CPU us each', ('figures', 'cpu_us'), 'number'),
        ('x ref', ('ratios', 'cpu_us'), 'ratio'),
        ('rate/s', ('figures', 'rate'), 'number'),
        ('even', ('figures', 'even'), 'ratio'),
    ),
    'hold': (
        ('even', ('figures', 'even'), 'ratio'),
        ('p50 us', ('figures', 'p50_us'), 'number'),
        ('p99 us', ('figures', 'p99_us'), 'number'),
        ('CPU us each', ('figures', 'cpu_us'), 'number'),
        ('x ref', ('ratios', 'cpu_us'), 'ratio'),
    ),
    'memory': (('PSS kB a worker', ('figures', 'pss_kb'), 'spread'),),
    'online': (('fork to online us', ('figures', 'online_us'), 'spread'),),
}

# The figure that is drawn as bars.
_BARS = {
    'rate': ('per_cpu_s', 'per server CPU second'),
    'latency': ('p99_us', 'p99 us'),
    'hold': ('even', 'least over most connections of a worker, 1 = even'),
    'memory': ('pss_kb', 'PSS kB a worker'),
    'online': ('online_us', 'fork to online us'),
}


def number(value):
    """A number with as many digits as it is worth."""
    if value is None:
        return '-'
    if abs(value) >= 100:
        return f'{value:,.0f}'
    return f'{value:.1f}'


def cell(summary, style):
    """One cell of a table; '-' where nothing was measured."""
    if summary is None:
        return '-'
    if style == 'ratio':
        return f'{summary.median:.2f}'
    if style == 'spread' and summary.n > 1:
        return (f'{number(summary.median)} '
                f'[{number(summary.q1)}-{number(summary.q3)}]')
    return number(summary.median)


def _remark(row):
    parts = []
    if row.failed:
        parts.append(f"failed: {' '.join(row.failed.split())}"[:100])
    if row.errors:
        parts.append(f'{row.errors} errors')
    if row.disturbed:
        parts.append('machine was busy')
    if row.dropped:
        parts.append(f'{row.dropped} left out, busy')
    return ', '.join(parts)


def _count(row):
    return max((s.n for s in row.figures.values() if s), default=0)


def table(rows, kind):
    """The rows of one measurement as a Markdown table."""
    columns = _COLUMNS[kind]
    lines = [['contender', 'n', *(title for title, _, _ in columns), '']]
    for row in rows:
        cells = [cell(getattr(row, where).get(name), style)
                 for _, (where, name), style in columns]
        lines.append([row.contender, str(_count(row)), *cells, _remark(row)])
    return align(lines)


def align(lines):
    """A Markdown table: the first column to the left, others to the right."""
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]))]
    rule = ['-' * max(width, 3) for width in widths]
    rule = [rule[0], *(dash[:-1] + ':' for dash in rule[1:-1]), rule[-1]]

    def draw(line):
        cells = [line[0].ljust(len(rule[0]))]
        cells += [text.rjust(len(dash))
                  for text, dash in zip(line[1:-1], rule[1:-1])]
        cells.append(line[-1].ljust(len(rule[-1])))
        return '| ' + ' | '.join(cells) + ' |'

    return '\n'.join([draw(lines[0]), draw(rule), *map(draw, lines[1:])])


def bars(rows, name, title):
    """A bar for each row that has the figure; '' for fewer than two."""
    known = [(row.contender + (' (busy)' if row.disturbed else ''),
              row.figures.get(name)) for row in rows]
    known = [(contender, summary.median) for contender, summary in known
             if summary is not None]
    top = max((value for _, value in known), default=0)
    if len(known) < 2 or top <= 0:
        return ''
    width = max(len(contender) for contender, _ in known)
    lines = [title]
    for contender, value in known:
        bar = '#' * round(value / top * _BAR_WIDTH)
        text = f'{value:.2f}' if top <= 1 else number(value)
        lines.append(f'  {contender.ljust(width)} {bar} {text}')
    return '\n'.join(lines)


def section(measurement, rows):
    """Heading, table and bars of one measurement."""
    parts = [f'## {measurement.name}: {measurement.about}', '',
             table(rows, measurement.kind)]
    drawing = bars(rows, *_BARS[measurement.kind])
    if drawing:
        parts += ['', '```', drawing, '```']
    return '\n'.join(parts)


def document(facts, session, sections, skipped):
    """The whole report. All arguments are what was found, not what was
    planned."""
    lines = ['# Benchmark', '',
             f"{facts['cpu']}, {facts['cores']} cores, "
             f"{facts['memory_mb']:,} MB, Linux {facts['kernel']}", '',
             f"{session['started']}, {session['rounds_done']} of "
             f"{session['rounds']} rounds, {session['seconds']:g} s each. "
             'Medians [quartiles]; "x ref" is the median of ratios to the '
             'nearest reference runs before and after.', '']
    for text in sections:
        lines += [text, '']
    if skipped:
        lines += ['## Skipped', '']
        lines += [f'- {name}: {why}' for name, why in skipped.items()]
        lines.append('')
    return '\n'.join(lines)
