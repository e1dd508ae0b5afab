"""Builds what is measured, optimised, and says where it lies."""

import os
import subprocess


def workspace():
    """The folder of the WORKSPACE: what `bazel run` says, else by path."""
    here = os.path.dirname(os.path.realpath(__file__))
    return os.environ.get('BUILD_WORKSPACE_DIRECTORY',
                          os.path.dirname(os.path.dirname(here)))


def _bazel(*arguments, quiet=False):
    return subprocess.run(
        ['bazel', *arguments], cwd=workspace(), check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None)


def _build(labels):
    flags = ('-c', 'opt', '--noshow_progress', '--ui_event_filters=-info')
    return _bazel('build', *flags, '--', *labels).returncode == 0


def _existing(labels):
    answer = _bazel('query', '--keep_going', '--noshow_progress',
                    '--output=label', f"set({' '.join(labels)})", quiet=True)
    return [label for label in labels if label in answer.stdout.split()]


def build(labels):
    """Builds each label with -c opt. Returns {label: file} of those that did.

    A label that does not exist or does not build is left out; a file that an
    earlier build left behind is not used.
    """
    wanted = _existing(sorted(set(labels)))
    if wanted and not _build(wanted):
        wanted = [label for label in wanted if _build([label])]
    where = _bazel('info', '-c', 'opt', 'bazel-bin', quiet=True)
    folder = where.stdout.strip()
    paths = {label: os.path.join(folder, label[2:].replace(':', '/'))
             for label in wanted}
    return {label: path for label, path in paths.items()
            if os.path.exists(path)}
