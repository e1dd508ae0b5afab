"""Tests of load.py: only a whole result of an optimised loadgen is taken."""

import json
import unittest

import load

_GOOD = {
    'mode': 'close', 'optimized': True, 'completed': 10, 'completed_total': 12,
    'seconds': 1.0, 'rate': 10.0, 'errors_total': 0,
    'generator_cpu_seconds': 0.1, 'shares': {'0': 10},
    'latency_us': {'p50': 1, 'p90': 2, 'p99': 3, 'p99.9': 4, 'max': 5},
}


class ParseTest(unittest.TestCase):

    def reject(self, **changes):
        with self.assertRaises(load.LoadError) as caught:
            load.parse(json.dumps({**_GOOD, **changes}))
        return str(caught.exception)

    def test_good(self):
        self.assertEqual(load.parse(json.dumps(_GOOD)), _GOOD)

    def test_not_json(self):
        for text in ('', 'oops', '[]', '3'):
            with self.assertRaises(load.LoadError):
                load.parse(text)

    def test_missing_number(self):
        self.assertIn('rate', self.reject(rate=None))

    def test_unoptimised_build_is_refused(self):
        self.assertIn('without optimisation', self.reject(optimized=False))

    def test_missing_percentile(self):
        self.assertIn('incomplete', self.reject(latency_us={'p50': 1}))

    def test_percentiles_must_rise(self):
        self.assertIn('do not rise', self.reject(latency_us={
            'p50': 9, 'p90': 2, 'p99': 3, 'p99.9': 4, 'max': 5}))

    def test_nothing_completed_needs_no_latency(self):
        load.parse(json.dumps({**_GOOD, 'completed': 0, 'latency_us': None}))


if __name__ == '__main__':
    unittest.main()
