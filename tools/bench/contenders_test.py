"""Tests of contenders.py, and that its table is sound."""

import os
import tempfile
import unittest
from unittest import mock

import contenders
from contenders import Contender


class TableTest(unittest.TestCase):

    def test_names_are_unique(self):
        names = [c.name for c in contenders.TABLE]
        self.assertEqual(len(names), len(set(names)))

    def test_references_exist(self):
        for contender in contenders.TABLE:
            contenders.by_name(contender.reference)

    def test_a_shared_socket_is_compared_with_its_like(self):
        for name in ('cluster_share', 'hello_http_share'):
            reference = contenders.by_name(name).reference
            self.assertIn('shared', reference)

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

    def test_programs_are_found_by_path_and_by_the_systems_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'served')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('#!/bin/sh\n')
            os.chmod(path, 0o755)
            contender = Contender('c', 'served {port}')
            with mock.patch.dict(os.environ, {'PATH': folder}):
                self.assertEqual(contenders.missing(contender, {}), '')
                self.assertEqual(contenders.command(contender, {}, port=1),
                                 [path, '1'])
        with mock.patch.dict(os.environ, {'PATH': '/nowhere'}), \
                mock.patch('shutil.which') as which:
            contenders.find_program('nginx')
            self.assertIn('/usr/sbin', which.call_args[1]['path'].split(':'))

    def test_missing_says_what(self):
        self.assertIn('//a:b', contenders.missing(Contender('c', '[//a:b]'),
                                                  {}))
        self.assertIn('no-such-program is not installed', contenders.missing(
            Contender('c', 'no-such-program x'), {}))
        self.assertEqual(contenders.missing(Contender('c', '[//a:b]'),
                                            {'//a:b': '/x'}), '')


if __name__ == '__main__':
    unittest.main()
