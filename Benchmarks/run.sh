#!/usr/bin/env bash
# Builds what is measured, optimised, and measures. Options are those of livepatch-bench.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
# One folder for both packages: most of what they are built of is the same.
build=(build -c release --scratch-path .build)
"$swift" "${build[@]}" --product livepatch-server
"$swift" "${build[@]}" --package-path Benchmarks --product livepatch-bench
exec "$("$swift" "${build[@]}" --show-bin-path)/livepatch-bench" "$@"
