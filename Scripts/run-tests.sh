#!/usr/bin/env bash
# Runs all tests, which have to be built, in two halves at the same time: those that take long and mostly wait, and all others. In each
# half one test runs at a time. What failed is shown once more at the end, above the summaries of both.
set -uo pipefail
cd "$(dirname "$0")/.."

swift="${SWIFT:-swift}"
patient='CrashTests|RealKernelTests|SoakTests'
logs="$(mktemp -d)"
folder="$("$swift" build --show-bin-path)" || exit 1
tests=("$folder"/*PackageTests.xctest)

# Not with `swift test`, of which one runs at a time.
"${tests[0]}" --testing-library swift-testing --no-parallel --filter "$patient" >"$logs/patient" 2>&1 &
patience=$!
trap 'kill "$patience" 2>/dev/null; rm -rf "$logs"' EXIT

"$swift" test --skip-build --no-parallel --skip "$patient" 2>&1 | tee "$logs/others"
status=$?
echo "Waiting for the tests that take long…"
wait "$patience" || status=1
echo "The tests that take long:"
cat "$logs/patient"

if [ "$status" != 0 ]; then
	echo "What failed, once more:"
	# What stands below an issue belongs to it, up to the next event of the run.
	awk '/^(✔|◇|⎙|↳|➜)/ { shown = 0 }
		/^✘/ || /Fatal error|crashed:/ { shown = 40 }
		shown > 0 { print substr($0, 1, 400); shown -= 1 }' "$logs/patient" "$logs/others" | head -n 150
fi
grep -a -h 'Test run with' "$logs/patient" "$logs/others"
exit "$status"
