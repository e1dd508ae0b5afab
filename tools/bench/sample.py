"""Takes one sample: a fresh server, one load, its CPU, the noise meanwhile."""

import time

import lifecycle
import load
import machine
import process_tree
import server as servers
import stats

_WARM_LOAD = ('--mode=close', '--connections=64')


def _take_load(step, server, loadgen, seconds):
    if step.contender.warm_s:
        load.run(loadgen, server.port, _WARM_LOAD, step.contender.warm_s)
    before_machine, mine = machine.cpu_times(), time.process_time()
    before = process_tree.cpu_snapshot(server.pid)
    result = load.run(loadgen, server.port, step.measurement.load, seconds)
    after = process_tree.cpu_snapshot(server.pid)
    after_machine = machine.cpu_times()
    cpu_s = process_tree.cpu_seconds(before, after)
    ours = (result['generator_cpu_seconds'] + (cpu_s or 0.0) +
            time.process_time() - mine)
    return _figures(step, result, cpu_s), machine.noise(
        before_machine, after_machine, ours)


def _figures(step, result, cpu_s):
    total = result['completed_total']
    latency = result['latency_us'] or {}
    figures = {
        'rate': result['rate'] if result['completed'] else None,
        'cpu_us': cpu_s * 1e6 / total if cpu_s and total else None,
        'per_cpu_s': total / cpu_s if cpu_s and total else None,
        'p50_us': latency.get('p50'), 'p99_us': latency.get('p99'),
        'even': stats.evenness(result.get('shares'), step.measurement.workers),
        'uneven': stats.variation(result.get('shares') or {},
                                  step.measurement.workers),
        'errors': result['errors_total'],
    }
    return {**figures, 'load': result}


def _take_idle(step, server):
    if step.measurement.kind == 'memory':
        return {'pss_kb': lifecycle.pss_per_worker_kb(server)}
    return {'online_us': lifecycle.online_us(server)}


def take(step, built, seconds):
    """One sample as a dict of figures; a figure that could not be taken is
    None. 'noise' says why it is not worth keeping, 'failed' why there is none.
    """
    sample = {'round': step.round, 'measure': step.measurement.name,
              'contender': step.contender.name, 'noise': '', 'failed': '',
              'workers': step.measurement.workers,
              'is_reference': step.is_reference}
    try:
        with servers.Server(step.contender, step.measurement.workers,
                            built) as server:
            if step.measurement.is_load:
                figures, noise = _take_load(
                    step, server, built[load.LABEL],
                    step.measurement.seconds or seconds)
                sample['noise'] = noise.too_much()
                sample['others_cores'] = round(noise.others, 3)
                sample['steal'] = round(noise.steal, 3)
            else:
                figures = _take_idle(step, server)
            sample.update(figures)
    except (servers.ServerError, load.LoadError) as error:
        sample['failed'] = str(error)
    return sample


def take_quietly(step, built, seconds, idle_wait_s, repeats):
    """As take(), on an idle machine as far as that can be had.

    Repeats a disturbed or failed sample up to `repeats` times and returns the
    last; `sample['tries']` counts.
    """
    for tries in range(1, repeats + 2):
        machine.wait_until_idle(idle_wait_s)
        sample = take(step, built, seconds)
        sample['tries'] = tries
        if not sample['noise'] and not sample['failed']:
            break
    return sample
