#!/bin/bash
# Builds a real live patch for Debian's current cloud kernel, from that kernel's own headers, and packs it as patch files.
#
#   build.sh FOLDER
#
# Packages are downloaded into a folder beside FOLDER and unpacked below it; nothing is installed. What has been made is kept there and
# used again.
# Prints a line KEY=FILE for each:
#   good           the live patch, under the name that it deserves
#   not-livepatch  a module of Debian's kernel package, packed under the same name
#   stripped       the live patch without its symbols, packed under the same name
#   truncated      the first half of the live patch, packed under the same name
# Exits with 77 and one sentence on standard error where that cannot be done here.
set -euo pipefail

source=$(cd "$(dirname "$0")" && pwd)
source "$source/../debian-packages.sh"
folder=${1:?usage: build.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
packages=$(dirname "$folder")/debian-packages
lock "$folder"

report() {
    local name
    name=$(cat "$1/name")
    for kind in good not-livepatch stripped truncated; do echo "$kind=$1/$kind/$name"; done
}

require "A real module" apt-get apt-cache dpkg dpkg-deb gcc make strip tar bzip2
kernel=$(newest_kernel)
if [ -z "$kernel" ]; then
    # Without lists of packages what was made before is as good.
    last=$(find "$folder" -mindepth 2 -maxdepth 2 -name done | sort -V | tail -n 1)
    [ -n "$last" ] || skip "A real module cannot be made here: apt knows no package linux-image-cloud-amd64."
    report "$(dirname "$last")"
    exit 0
fi

made=$folder/$kernel
if [ -e "$made/done" ]; then
    report "$made"
    exit 0
fi
rm -rf "$made"
mkdir -p "$made/module"
image=linux-image-$kernel-cloud-amd64
# shellcheck disable=SC2046
fetch "$packages" "$image" $(header_packages "$kernel")

root=$made/root
unpack_headers "$packages" "$kernel" "$root"
# Of the image only one module is wanted.
unpack "$packages" "$image" "$root" './lib/modules/*/kernel/lib/*.ko'

cp "$source/livepatch_cmdline.c" "$made/module/"
build_modules "$kernel" "$root" "$made/module"
module=$made/module/livepatch_cmdline.ko

name=$(patch_name "$kernel" "$(package_version "$packages" "$image")" 100.1)
echo "$name" >"$made/name"

packed() {
    cp "$2" "$made/livepatch_cmdline.ko"
    pack "$made/$1/$name" "$made/livepatch_cmdline.ko"
}

packed good "$module"
packed not-livepatch "$(find "$root/lib/modules" -name '*.ko' | sort | head -n 1)"
strip -s -o "$made/module/stripped" "$module"
packed stripped "$made/module/stripped"
head -c $(($(stat -c %s "$module") / 2)) "$module" >"$made/module/truncated"
packed truncated "$made/module/truncated"

rm -rf "$root" "$made/livepatch_cmdline.ko"
touch "$made/done"
report "$made"
