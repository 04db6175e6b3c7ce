#!/usr/bin/env bash
# Builds what is measured, optimised, and measures. Options are those of livepatch-bench.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
for product in livepatch-server livepatch-bench; do "$swift" build -c release --product "$product"; done
exec "$("$swift" build -c release --show-bin-path)/livepatch-bench" "$@"
