#!/usr/bin/env bash
# Links a program of this package so that it needs little or nothing of the system that it runs on, out of the objects that an ordinary
# build of it has made: seconds, where a build of everything with other flags takes ten minutes.
#
#   link-statically.sh FOLDER PROGRAM FILE [glibc]
#
# FOLDER is where the build lies, the one that `swift build --show-bin-path` prints. Without a fourth word the program needs nothing at
# all, and runs in a bare initial file system. With `glibc` it needs the C library, of this version or a later one, and so resolves names
# and users as its system does.
# Exits with 77 and one sentence on standard error where libraries for that are not there (`Scripts/setup.sh static` installs them).
set -euo pipefail

swift=${SWIFT:-swift}
folder=$1 program=$2 file=$3 keeps=${4:-nothing}
objects=$folder/$program.product/Objects.LinkFileList
[ -e "$objects" ] || { echo "link-statically: $program is not built in $folder" >&2 && exit 66; }
# What was linked after the program itself is as new.
if [ "$file" -nt "$folder/$program" ] && [ "$file" -nt "$0" ]; then exit 0; fi

linking=$file.$$
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$linking"' EXIT

# What libarchive needs for the compressions that LivepatchArchive asks it for.
libraries=(archive bz2 lzma z zstd)
found=("${libraries[@]}")
case $keeps in
    nothing) kind=(-static-executable) ;;
    glibc)
        # A folder with nothing but static libraries comes first, so that the dynamic ones beside them are not taken.
        kind=(-static-stdlib -L "$scratch")
        found+=(sqlite3 crypt stdc++)
        ;;
    *) echo "link-statically: what is '$keeps'?" >&2 && exit 64 ;;
esac
for library in "${found[@]}"; do
    path=$(gcc -print-file-name="lib$library.a" 2>/dev/null || true)
    [ -e "$path" ] || {
        echo "$program cannot be linked statically here: there is no lib$library.a." >&2
        exit 77
    }
    ln -s "$(realpath "$path")" "$scratch/lib$library.a"
done
# Foundation's parts, which the dynamic ones name for themselves.
libraries+=(Foundation CoreFoundation FoundationInternationalization _FoundationICU FoundationEssentials _FoundationCShims)
libraries+=(_FoundationCollections swiftSynchronization stdc++)
[ "$keeps" = nothing ] || libraries+=(gcc_eh)

compiler=$(dirname "$(command -v "$swift")")/swiftc
# SwiftPM names a program's entry point after it, so that tests can link the program's code.
options=(-Xlinker "--defsym=main=$(tr - _ <<<"$program")_main" -Xlinker --gc-sections -Xlinker --start-group)
for library in "${libraries[@]}"; do options+=(-Xlinker "-l$library"); done
options+=(-Xlinker --end-group)
# The linker warns of every function that would read the system's lists of users and hosts with its C library.
"$compiler" "${kind[@]}" -o "$linking" "@$objects" "${options[@]}" >"$scratch/log" 2>&1 || {
    grep -v 'warning: Using' "$scratch/log" >&2
    exit 70
}
strip --strip-all --remove-section=.swift_ast "$linking"
mv "$linking" "$file"
