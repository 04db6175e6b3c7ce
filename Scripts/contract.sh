#!/usr/bin/env bash
# Holds real servers against the description of their API: `make contract`. Fetches schemathesis into a git-ignored folder the first time.
# Where it cannot be had, says so and does nothing: what is wrong then is not this project.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build-contract-python
release=4.32.5

without() {
    rm -rf "$folder"
    echo "contract: $1; the description of the API is not tried out on servers" >&2
    exit 0
}

if ! "$folder/bin/python" -c "import importlib.metadata as m; assert m.version('schemathesis') == '$release'" 2>/dev/null; then
    command -v python3 >/dev/null || without "there is no python3"
    rm -rf "$folder"
    python3 -m venv "$folder" >/dev/null 2>&1 || { rm -rf "$folder" && Scripts/setup.sh python && python3 -m venv "$folder" >/dev/null 2>&1; } ||
        without "python3 makes no virtual environment (on Debian: python3-venv)"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 "schemathesis==$release" \
        </dev/null >/dev/null 2>&1 || without "schemathesis cannot be fetched"
fi
programs=${LIVEPATCH_BIN:-$("${SWIFT:-swift}" build --show-bin-path)}
exec "$folder/bin/python" Tests/Support/contract/contract.py "$programs"
