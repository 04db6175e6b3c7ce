#!/usr/bin/env bash
# Runs the tests that start no programs under the sanitizers: sanitize.sh [address] [thread]; both by default.
# Each has a build folder of its own (.build-address, .build-thread), of several gigabytes, whose first build takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

swift=${SWIFT:-swift}
sanitizers=("$@")
[ $# -gt 0 ] || sanitizers=(address thread)
# Suites that start programs, which were not built for the sanitizer, or that have bounds of time or memory which a sanitizer breaks.
skipped='EndToEndTests|CrashTests|RealKernelTests|SoakTests|TUFTests.*(Python|Conformance)|DocumentationTests'

# Swift's own debugger would be in the way of what is found. Leaks are not looked for: Swift's runtime and the libraries' singletons
# are never freed.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1
export TSAN_OPTIONS=second_deadlock_stack=1

for sanitizer in "${sanitizers[@]}"; do
    folder=.build-$sanitizer
    echo "== $sanitizer"
    options=(--sanitize="$sanitizer" --scratch-path "$folder")
    "$swift" build --build-tests "${options[@]}"
    tests=("$("$swift" build --show-bin-path "${options[@]}")"/*PackageTests.xctest)
    preloaded=()
    if [ "$sanitizer" = thread ]; then
        clang=$(dirname "$(readlink -f "$(command -v "$swift")")")/clang
        "$clang" -shared -fPIC -O1 -Wall -o "$folder/mutex.so" Scripts/sanitizers/mutex.c
        preloaded=(LD_PRELOAD="$PWD/$folder/mutex.so")
    fi
    log=$folder/tests.log
    env "${preloaded[@]}" "${tests[0]}" --testing-library swift-testing --no-parallel --skip "$skipped" >"$log" 2>&1 || {
        echo "The $sanitizer sanitizer, or a test under it, has found something; all of it is in $log:" >&2
        grep -a -E -A 40 'ERROR: AddressSanitizer|WARNING: ThreadSanitizer|^✘|Fatal error' "$log" | head -n 200 >&2
        exit 1
    }
    tail -n 1 "$log"
done
