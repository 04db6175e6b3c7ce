#!/usr/bin/env bash
# Links a program of this package so that it needs nothing of the system that it runs on, out of the objects that an ordinary build of
# it has made: seconds, where a build of everything with other flags takes ten minutes.
#
#   link-statically.sh FOLDER PROGRAM FILE
#
# FOLDER is where the build lies, the one that `swift build --show-bin-path` prints.
# Exits with 77 and one sentence on standard error where libraries for that are not there (`Scripts/setup.sh static` installs them).
set -euo pipefail

swift=${SWIFT:-swift}
folder=$1 program=$2 file=$3
objects=$folder/$program.product/Objects.LinkFileList
[ -e "$objects" ] || { echo "link-statically: $program is not built in $folder" >&2 && exit 66; }
# What was linked after the program itself is as new.
if [ "$file" -nt "$folder/$program" ] && [ "$file" -nt "$0" ]; then exit 0; fi

# What libarchive needs for the compressions that LivepatchArchive asks it for.
libraries=(archive bz2 lzma z zstd)
for library in "${libraries[@]}"; do
    [ -e "$(gcc -print-file-name="lib$library.a" 2>/dev/null)" ] || {
        echo "$program cannot be linked statically here: there is no lib$library.a." >&2
        exit 77
    }
done
# Foundation's parts, which the dynamic ones name for themselves.
libraries+=(Foundation CoreFoundation FoundationInternationalization _FoundationICU FoundationEssentials _FoundationCShims)
libraries+=(_FoundationCollections swiftSynchronization stdc++)

compiler=$(dirname "$(command -v "$swift")")/swiftc
# SwiftPM names a program's entry point after it, so that tests can link the program's code.
options=(-Xlinker "--defsym=main=$(tr - _ <<<"$program")_main" -Xlinker --gc-sections -Xlinker --start-group)
for library in "${libraries[@]}"; do options+=(-Xlinker "-l$library"); done
options+=(-Xlinker --end-group)
linking=$file.$$
log=$(mktemp)
trap 'rm -f "$log" "$linking"' EXIT
# The linker warns of every function that would read the system's lists of users and hosts with its C library.
"$compiler" -static-executable -o "$linking" "@$objects" "${options[@]}" >"$log" 2>&1 || {
    grep -v 'warning: Using' "$log" >&2
    exit 70
}
strip --strip-all --remove-section=.swift_ast "$linking"
mv "$linking" "$file"
