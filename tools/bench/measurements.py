"""What is measured. One line of TABLE is one measurement."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One load, or one property of an idle server."""
    name: str
    about: str
    load: tuple = ()        # arguments of loadgen; empty: no load
    workers: int = 2
    seconds: float | None = None  # instead of what the user asked for
    kind: str = 'rate'      # what its table shows, see report.py

    @property
    def is_load(self):
        """Whether loadgen drives it."""
        return bool(self.load)


TABLE = (
    Measurement('short', '64 concurrent short connections, closed loop',
                ('--mode=close', '--connections=64')),
    Measurement('keepalive', '64 open connections, requests back to back',
                ('--mode=keepalive', '--connections=64')),
    Measurement('paced2000', '2,000 short connections/s, open loop',
                ('--mode=paced', '--rate=2000'), kind='latency'),
    Measurement('paced10000', '10,000 short connections/s, open loop',
                ('--mode=paced', '--rate=10000'), kind='latency'),
    Measurement('hold64', '64 long connections opened at once, 4 workers',
                ('--mode=hold', '--connections=64'), workers=4, seconds=0.5,
                kind='hold'),
    Measurement('memory', 'PSS of an idle worker, 4 workers', workers=4,
                kind='memory'),
    Measurement('online', 'from fork to online, one worker', workers=1,
                kind='online'),
)


def selected(names, table=TABLE):
    """The measurements of a comma-separated list. Raises KeyError."""
    known = {m.name: m for m in table}
    return [known[name] for name in names.split(',')] if names else list(table)
