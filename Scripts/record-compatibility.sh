#!/usr/bin/env bash
# Records what a downstream and an upstream of this release say to each other, for the tests that keep later releases able to talk to
# them. To be run once for each release, before it is tagged; the folder is checked in and never changed again.
#
#   record-compatibility.sh [RELEASE]
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
release=${1:-$(sed -nE 's/.*static let version = "([^"]+)".*/\1/p' Sources/LivepatchAPI/Paths.swift)}
folder=Tests/Fixtures/compatibility/$release
[ ! -e "$folder" ] || { echo "record-compatibility: $folder is there already, and is not to be changed" >&2 && exit 73; }

"$swift" build --build-tests
LIVEPATCH_RECORD_COMPATIBILITY="$PWD/$folder" "$swift" test --skip-build --filter CompatibilityRecording
# Nobody needs what only lies there while a server runs.
rm -rf "$folder"/data/{server.lock,sync.lock,storage.lock,staging,incoming,livepatch.db-shm,livepatch.db-wal}
echo "$folder: $(find "$folder" -type f | wc -l) files"
