"""What a server costs without load: memory, and the time to a worker."""

import json
import re
import statistics
import time

import process_tree

_SETTLE_S = 1.0


def pss_per_worker_kb(server):
    """Median PSS of a server's idle workers in kB, or None."""
    time.sleep(_SETTLE_S)
    pids = process_tree.worker_pids(server.pid, server.contender.worker)
    sizes = [process_tree.pss_kb(pid) for pid in pids]
    known = [size for size in sizes if size is not None]
    return statistics.median(known) if known else None


def _json_lines(log):
    """One line {"online_us": N} for each worker."""
    found = []
    for line in log.splitlines():
        if '"online_us"' not in line:
            continue
        try:
            found.append(float(json.loads(line)['online_us']))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _host(log):
    """The host's "online: 2.1 ms after fork", one line for each worker."""
    return [1000 * float(ms)
            for ms in re.findall(r'online: ([0-9.]+) ms after fork', log)]


_LOGS = {'json': _json_lines, 'host': _host}


def online_us(server):
    """Median time from fork to online in microseconds, or None."""
    found = _LOGS[server.contender.online](server.log())
    return statistics.median(found) if found else None
