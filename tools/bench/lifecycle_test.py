"""Tests of lifecycle.py."""

import types
import unittest

import lifecycle
from contenders import Contender


def server(online, log):
    return types.SimpleNamespace(contender=Contender('c', '', online=online),
                                 log=lambda: log)


class OnlineTest(unittest.TestCase):

    def test_median_of_what_the_log_says(self):
        log = ('starting\n{"online_us": 300}\n{"online_us": oops\n'
               '{"online_us": 100}\n{"online_us": 200.5}\n')
        self.assertEqual(lifecycle.online_us(server('json', log)), 200.5)

    def test_a_log_that_says_nothing_gives_no_figure(self):
        self.assertIsNone(lifecycle.online_us(server('json', 'ready\n')))


if __name__ == '__main__':
    unittest.main()
