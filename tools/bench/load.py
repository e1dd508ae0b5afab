"""Runs loadgen and reads what it prints."""

import json
import subprocess

LABEL = '//tools/bench/load:loadgen'


class LoadError(Exception):
    """The generator did not run, or what it printed is not its result."""


_NUMBERS = ('completed', 'completed_total', 'seconds', 'rate', 'errors_total',
            'generator_cpu_seconds')
_PERCENTILES = ('p50', 'p90', 'p99', 'p99.9', 'max')


def parse(text):
    """The result as a dict. Raises LoadError when anything is missing."""
    try:
        result = json.loads(text)
    except ValueError as error:
        raise LoadError(f'not JSON: {text[:80]!r}') from error
    if not isinstance(result, dict):
        raise LoadError('not an object')
    for name in _NUMBERS:
        if not isinstance(result.get(name), (int, float)):
            raise LoadError(f'{name} is missing')
    if result.get('optimized') is not True:
        raise LoadError('loadgen was built without optimisation; refusing')
    latency = result.get('latency_us')
    if result['completed'] > 0:
        if not isinstance(latency, dict) or set(latency) != set(_PERCENTILES):
            raise LoadError('latency_us is missing or incomplete')
        values = [latency[name] for name in _PERCENTILES]
        if values != sorted(values):
            raise LoadError(f'percentiles do not rise: {latency}')
    return result


def run(binary, port, arguments, seconds, warmup_s=0.2):
    """Drives 127.0.0.1:port. Returns parse()'s dict; raises LoadError."""
    command = [binary, f'--target=127.0.0.1:{port}', f'--seconds={seconds}',
               f'--warmup={warmup_s}', *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True,
                              text=True, timeout=seconds + 60)
    except subprocess.TimeoutExpired as error:
        raise LoadError('loadgen did not end') from error
    if done.returncode != 0:
        raise LoadError(done.stderr.strip() or f'exit code {done.returncode}')
    return parse(done.stdout)
