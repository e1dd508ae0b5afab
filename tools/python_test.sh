#!/bin/bash
# Runs one unittest file. Stands in for py_test, which here looks for a program
# named "python" that Debian does not have.
set -euo pipefail
exec /usr/bin/python3 -B "$TEST_SRCDIR/$TEST_WORKSPACE/$1"
