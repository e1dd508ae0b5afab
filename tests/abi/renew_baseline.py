"""Writes the baseline of the minor that the headers declare now.

    python3 -B tests/abi/renew_baseline.py

At the root of the workspace. For a minor that was not released yet; a released
one's is never written again.
"""

import os
import sys
import tempfile

import snapshot

BASELINES = "tests/abi/baseline"


def main():
    major, minor, _ = snapshot.version_of(".")
    folder = os.path.join(BASELINES, f"{major}.{minor}")
    with tempfile.TemporaryDirectory() as scratch:
        snapshot.write_baseline(
            ".", snapshot.build_probe(".", scratch), folder)
    print(f"wrote {folder}")


if __name__ == "__main__":
    sys.exit(main())
