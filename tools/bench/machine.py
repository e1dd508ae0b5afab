"""The machine: what it is, and whether it is ours alone right now."""

import dataclasses
import os
import platform
import time

_TICKS = os.sysconf('SC_CLK_TCK')


@dataclasses.dataclass(frozen=True)
class CpuTimes:
    """Seconds of all CPUs together since boot."""
    busy: float
    steal: float
    at: float


def parse_cpu_times(stat_text, now):
    """The CpuTimes of the text of /proc/stat, proc(5)."""
    fields = [int(field) for field in stat_text.split('\n', 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return CpuTimes((user + nice + system + irq + softirq) / _TICKS,
                    steal / _TICKS, now)


def cpu_times():
    """CpuTimes now."""
    with open('/proc/stat', encoding='ascii') as file:
        return parse_cpu_times(file.read(), time.monotonic())


@dataclasses.dataclass(frozen=True)
class Noise:
    """What disturbed a stretch of time."""
    others: float  # cores used by processes that are not ours
    steal: float   # share of the machine the hypervisor took

    def too_much(self, max_others=0.12, max_steal=0.05):
        """Why a measurement made meanwhile is not worth keeping, or ''."""
        if self.others > max_others:
            return f'others used {self.others:.0%} of a core'
        if self.steal > max_steal:
            return f'{self.steal:.0%} of the CPU was stolen'
        return ''


def noise(before, after, ours_s, cores=None):
    """Noise between two CpuTimes in which our processes ran `ours_s`.

    The kernel counts in clock ticks, so up to one a core and end of the
    stretch is no evidence of others.
    """
    cores = cores or os.cpu_count() or 1
    elapsed = max(after.at - before.at, 1e-9)
    slack = 2 * cores / _TICKS
    others = max(after.busy - before.busy - ours_s - slack, 0.0)
    steal = max(after.steal - before.steal - slack, 0.0)
    return Noise(others / elapsed, steal / elapsed / cores)


def wait_until_idle(limit_s, busy_cores=0.10, window_s=0.25):
    """Waits until others are quiet. Returns whether they are."""
    end = time.monotonic() + limit_s
    while True:
        before, mine = cpu_times(), time.process_time()
        time.sleep(window_s)
        found = noise(before, cpu_times(), time.process_time() - mine)
        if found.others <= busy_cores:
            return True
        if time.monotonic() >= end:
            return False


def facts():
    """What a reader must know of the machine, as a dict."""
    model = ''
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as file:
        for line in file:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    memory_kb = 0
    with open('/proc/meminfo', encoding='ascii') as file:
        memory_kb = int(file.readline().split()[1])
    return {'kernel': platform.release(), 'cpu': model or platform.machine(),
            'cores': os.cpu_count(), 'memory_mb': memory_kb // 1024}
