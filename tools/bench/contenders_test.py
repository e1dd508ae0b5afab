"""Tests of contenders.py, and that its table is sound."""

import unittest

import contenders
from contenders import Contender


class TableTest(unittest.TestCase):

    def test_names_are_unique(self):
        names = [c.name for c in contenders.TABLE]
        self.assertEqual(len(names), len(set(names)))

    def test_references_exist(self):
        for contender in contenders.TABLE:
            contenders.by_name(contender.reference)

    def test_commands_can_be_filled_in(self):
        for contender in contenders.TABLE:
            built = {label: '/x' for label in contenders.labels(contender)}
            words = contenders.command(contender, built, port=1, workers=2,
                                       bench='/b', scratch='/s')
            self.assertNotRegex(' '.join(words), r'[][{}]')


class CommandTest(unittest.TestCase):

    def test_labels_become_files(self):
        contender = Contender('c', '[//a:b] [//c:d.so] --port={port}')
        self.assertEqual(contenders.labels(contender), ['//a:b', '//c:d.so'])
        self.assertEqual(
            contenders.command(contender, {'//a:b': '/p', '//c:d.so': '/q'},
                               port=5), ['/p', '/q', '--port=5'])

    def test_missing_says_what(self):
        self.assertIn('//a:b', contenders.missing(Contender('c', '[//a:b]'),
                                                  {}))
        self.assertIn('no-such-program is not installed', contenders.missing(
            Contender('c', 'no-such-program x'), {}))
        self.assertEqual(contenders.missing(Contender('c', '[//a:b]'),
                                            {'//a:b': '/x'}), '')


if __name__ == '__main__':
    unittest.main()
