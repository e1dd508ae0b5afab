"""Drives one contender once: a fresh server, a load, perhaps a stopped worker."""

import os
import signal
import threading

import load
import machine
import process_tree
import server as servers
import shootout_plan

# Until queues are as long as they will be.
WARM_S = 0.4
# Requests that take no time, as many as go: what a compiler needs to see.
_WARM_LOAD = ('--mode=close', '--connections=64')
# A host's workers are all there with the first answer, nearly; Node's are not.
_ALL_WORKERS_S = 0.05
_NODE_ALL_WORKERS_S = 2.0


class Stall:
    """Stops one worker for `for_s`, `after_s` from now. Context manager: on
    leaving, the worker runs again."""

    def __init__(self, server, after_s, for_s):
        workers = process_tree.worker_pids(server.pid, server.contender.worker)
        self._pid = min(workers)
        self._timers = [
            threading.Timer(after_s, self._send, (signal.SIGSTOP,)),
            threading.Timer(after_s + for_s, self._send, (signal.SIGCONT,))]

    def _send(self, number):
        try:
            os.kill(self._pid, number)
        except ProcessLookupError:
            pass

    def __enter__(self):
        for timer in self._timers:
            timer.start()
        return self

    def __exit__(self, *unused):
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self._send(signal.SIGCONT)


def load_arguments(number):
    """The load of run `number`: the same for everybody who has that run."""
    plan = shootout_plan
    return ('--mode=paced', '--threads=1', '--buckets',
            f'--rate={plan.RATE}', f'--sources={plan.CLIENTS}',
            f'--bimodal={plan.USUAL_MS},{plan.SELDOM_MS},{plan.SELDOM_SHARE}',
            f'--seed={number + 1}')


def _drive(run, server, built, seconds):
    binary, words = built[load.LABEL], load_arguments(run.number)
    if not run.table.stall_s:
        return load.run(binary, server.port, words, seconds, WARM_S)
    with Stall(server, WARM_S, min(run.table.stall_s, seconds / 2)):
        return load.run(binary, server.port, words, seconds, WARM_S)


def take(run, built, seconds):
    """One sample as a dict; 'failed' says why there is none."""
    sample = {'run': run.number, 'table': run.table.name,
              'contender': run.contender.name, 'failed': '', 'noise': ''}
    node = run.contender.name.startswith('node')
    try:
        with servers.Server(
                run.contender, shootout_plan.WORKERS, built,
                _NODE_ALL_WORKERS_S if node else _ALL_WORKERS_S) as server:
            if run.contender.warm_s:
                load.run(built[load.LABEL], server.port, _WARM_LOAD,
                         run.contender.warm_s)
            before_machine = machine.cpu_times()
            before = process_tree.cpu_snapshot(server.pid)
            result = _drive(run, server, built, seconds)
            after = process_tree.cpu_snapshot(server.pid)
            cpu_s = process_tree.cpu_seconds(before, after)
            ours_s = result['generator_cpu_seconds'] + (cpu_s or 0.0)
            noise = machine.noise(before_machine, machine.cpu_times(), ours_s)
    except (servers.ServerError, load.LoadError) as error:
        return sample | {'failed': str(error)}
    total = result['completed_total']
    return sample | {
        'noise': noise.too_much(max_others=0.3),
        'completed': result['completed'], 'errors': result['errors_total'],
        'shares': result['shares'], 'buckets': result['latency_buckets'],
        'cpu_us': cpu_s * 1e6 / total if cpu_s and total else None}
