"""CPU time and memory of a server with all its processes, from /proc.

CPU time of a tree is what its live threads have run (schedstat, nanoseconds)
plus what its live processes have inherited from children that ended (clock
ticks). The sum does not change when a child is reaped, so the difference of
two snapshots holds for trees whose processes come and go.
"""

import dataclasses
import os
import re

_TICK_NS = 1_000_000_000 // os.sysconf('SC_CLK_TCK')


@dataclasses.dataclass(frozen=True)
class Process:
    """The fields of /proc/PID/stat that matter here; times in nanoseconds."""
    pid: int
    state: str
    parent: int
    session: int
    ended_threads_and_live_ns: int  # in whole ticks
    reaped_children_ns: int         # in whole ticks


def parse_stat(text):
    """A Process of the text of /proc/PID/stat, proc(5)."""
    # The name may hold spaces and parentheses.
    name_end = text.rindex(')')
    fields = text[name_end + 2:].split()
    utime, stime, cutime, cstime = (int(field) for field in fields[11:15])
    return Process(pid=int(text[:text.index(' ')]), state=fields[0],
                   parent=int(fields[1]),
                   session=int(fields[3]),
                   ended_threads_and_live_ns=(utime + stime) * _TICK_NS,
                   reaped_children_ns=(cutime + cstime) * _TICK_NS)


def _read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ''


def _all_processes():
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            text = _read(f'/proc/{entry}/stat')
            if text:
                yield parse_stat(text)


def members(root, processes=None):
    """The Processes of root's tree: its descendants and its session.

    Either alone misses some: a child whose parent ended, and a child with a
    session of its own.
    """
    everyone = list(_all_processes() if processes is None else processes)
    found = {p.pid: p for p in everyone if p.pid == root or p.session == root}
    grown = True
    while grown:
        more = {p.pid: p for p in everyone
                if p.parent in found and p.pid not in found}
        found.update(more)
        grown = bool(more)
    return list(found.values())


def still_there(root, known):
    """The pids of root's session, and of {pid: session}, that live on."""
    return [p.pid for p in _all_processes() if p.state != 'Z' and
            p.session in (root, known.get(p.pid))]


def _own_cpu_ns(process):
    total = 0
    folder = f'/proc/{process.pid}/task'
    try:
        threads = os.listdir(folder)
    except (FileNotFoundError, ProcessLookupError):
        return process.ended_threads_and_live_ns
    for thread in threads:
        text = _read(f'{folder}/{thread}/schedstat')
        total += int(text.split()[0]) if text else 0
    # Threads that ended are in the tick count only, which is coarser and never
    # ahead of the truth, so the greater of both is the better.
    return max(total, process.ended_threads_and_live_ns)


@dataclasses.dataclass(frozen=True)
class CpuSnapshot:
    """CPU nanoseconds of each process of a tree at one moment."""
    own_ns: dict
    reaped_ns: dict


def cpu_snapshot(root):
    """The CPU time of root's tree until now."""
    processes = members(root)
    return CpuSnapshot({p.pid: _own_cpu_ns(p) for p in processes},
                       {p.pid: p.reaped_children_ns for p in processes})


def cpu_seconds(before, after):
    """CPU seconds between two snapshots.

    Returns None when a process ended and nobody in the tree inherited its
    time: the sum would be too small.
    """
    ended = set(before.own_ns) - set(after.own_ns)
    inherited = (sum(after.reaped_ns.values()) -
                 sum(before.reaped_ns.get(pid, 0) for pid in after.reaped_ns))
    owed = sum(before.own_ns[pid] for pid in ended)
    # Two counters of a child are each cut to a tick.
    if ended and inherited + 2 * _TICK_NS * len(ended) < owed:
        return None
    total = (sum(after.own_ns.values()) + sum(after.reaped_ns.values()) -
             sum(before.own_ns.values()) - sum(before.reaped_ns.values()))
    return total / 1e9


def pss_kb(pid):
    """Proportional set size in kB, or None."""
    match = re.search(r'^Pss:\s+(\d+) kB', _read(f'/proc/{pid}/smaps_rollup'),
                      re.MULTILINE)
    return int(match.group(1)) if match else None


def worker_pids(root, pattern=''):
    """The children of root whose command line matches `pattern`."""
    found = []
    for process in members(root):
        line = _read(f'/proc/{process.pid}/cmdline').replace('\0', ' ')
        if process.pid != root and re.search(pattern, line):
            found.append(process.pid)
    return found
