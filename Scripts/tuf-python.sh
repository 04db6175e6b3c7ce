#!/usr/bin/env bash
# Fetches the Python implementation of TUF, which the tests exchange repositories with, into a git-ignored folder.
# Never fails: without it those tests are skipped, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build-tuf-python
"$folder/bin/python" -c 'import tuf.ngclient, cryptography' 2>/dev/null && exit 0

without() {
    rm -rf "$folder"
    echo "tuf-python: $1; the tests that need the Python package tuf will be skipped" >&2
    exit 0
}

command -v python3 >/dev/null || without "there is no python3"
rm -rf "$folder"
python3 -m venv "$folder" >/dev/null 2>&1 || without "python3 makes no virtual environment (on Debian: python3-venv)"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 'tuf>=6' 'securesystemslib[crypto]' \
    </dev/null >/dev/null 2>&1 || without "the package cannot be fetched"
"$folder/bin/python" -c 'import tuf.ngclient, cryptography' 2>/dev/null || without "the package does not work here"
