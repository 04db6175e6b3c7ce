#!/usr/bin/env bash
# Builds the fuzzer and looks for findings: run.sh [SECONDS for each target] [TARGET …].
# What it finds is written to Fuzzing/.build/findings; CONTRIBUTING.md says what to do with it.
set -euo pipefail
cd "$(dirname "$0")"

swift=${SWIFT:-swift}
seconds=${1:-60}
shift || true

# libFuzzer comes with the compiler; the one without a main program, since that is ours.
clang=$(dirname "$(readlink -f "$(command -v "$swift")")")/clang
library=$("$clang" -print-file-name="lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a")
[ -f "$library" ] || library=$("$clang" -print-resource-dir)/lib/linux/$(basename "$library")
[ -f "$library" ] || { echo "There is no libFuzzer ($library) with this Swift; take a toolchain from swift.org." >&2; exit 69; }

# As the frontend's options: with the driver's, libFuzzer's main program would be linked too.
coverage=(-Xfrontend -sanitize=fuzzer -Xfrontend -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table)
build=(build -c release --scratch-path .build)
"$swift" "${build[@]}" --product fuzz "${coverage[@]/#/-Xswiftc=}" -Xlinker "$library"
fuzz=$("$swift" "${build[@]}" --show-bin-path)/fuzz

# A crash is to end the process, not to be looked into by Swift's own debugger.
export SWIFT_BACKTRACE=enable=no
mkdir -p .build/findings
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <("$fuzz")
failed=()
for target in "${targets[@]}"; do
    echo "== $target: $seconds s"
    mkdir -p ".build/corpus/$target"
    options=(-max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048)
    [ ! -f "Dictionaries/$target.dict" ] || options+=(-dict="Dictionaries/$target.dict")
    log=.build/$target.log
    "$fuzz" --target="$target" "${options[@]}" -artifact_prefix=".build/findings/$target-" \
        ".build/corpus/$target" "Corpus/$target" 2> "$log" || failed+=("$target")
    grep -a -E 'Fatal error|ERROR|Test unit written|^Done' "$log" || true
done
[ ${#failed[@]} -eq 0 ] || {
    echo "Findings in ${failed[*]}: see Fuzzing/.build/findings and Fuzzing/.build/TARGET.log; CONTRIBUTING.md says what to do." >&2
    exit 1
}
