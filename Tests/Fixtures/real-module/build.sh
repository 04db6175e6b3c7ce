#!/bin/bash
# Builds a real live patch for Debian's current cloud kernel, from that kernel's own headers, and packs it as patch files.
#
#   build.sh FOLDER
#
# Packages are downloaded and unpacked below FOLDER; nothing is installed. What has been made is kept there and used again.
# Prints a line KEY=FILE for each:
#   good           the live patch, under the name that it deserves
#   not-livepatch  a module of Debian's kernel package, packed under the same name
#   stripped       the live patch without its symbols, packed under the same name
#   truncated      the first half of the live patch, packed under the same name
# Exits with 77 and one sentence on standard error where that cannot be done here.
set -euo pipefail

skip() {
    echo "$*" >&2
    exit 77
}

source=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: build.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/lock"
flock 9

report() {
    local name
    name=$(cat "$1/name")
    for kind in good not-livepatch stripped truncated; do echo "$kind=$1/$kind/$name"; done
}

for tool in apt-get apt-cache dpkg dpkg-deb gcc make strip tar bzip2; do
    command -v "$tool" >/dev/null || skip "A real module cannot be built here: there is no $tool."
done
[ "$(dpkg --print-architecture)" = amd64 ] || skip "A real module is built for amd64 only, and this is $(dpkg --print-architecture)."

current() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: linux-image-\(.*\)-cloud-amd64$/\1/p' | head -n 1; }
kernel=$(current) || kernel=
if [ -z "$kernel" ] && [ "$(id -u)" = 0 ]; then
    timeout 120 apt-get update -qq >/dev/null 2>&1 || true
    kernel=$(current) || kernel=
fi
if [ -z "$kernel" ]; then
    # Without lists of packages what was made before is as good.
    last=$(find "$folder" -mindepth 2 -maxdepth 2 -name done | sort -V | tail -n 1)
    [ -n "$last" ] || skip "A real module cannot be built here: apt knows no package linux-image-cloud-amd64."
    report "$(dirname "$last")"
    exit 0
fi

made=$folder/$kernel
if [ -e "$made/done" ]; then
    report "$made"
    exit 0
fi
rm -rf "$made"
mkdir -p "$made/packages"
series=$(echo "$kernel" | cut -d . -f 1,2)
headers=linux-headers-$kernel-cloud-amd64
image=linux-image-$kernel-cloud-amd64
(
    cd "$made/packages"
    timeout 300 apt-get download -qq "$image" "$headers" "linux-headers-$kernel-common" "linux-kbuild-$series" >log 2>&1
) || skip "A real module cannot be built here: the packages of Linux $kernel cannot be downloaded. $(tail -n 1 "$made/packages/log")"

root=$made/root
mkdir -p "$root"
for package in "$made"/packages/linux-headers-*.deb "$made"/packages/linux-kbuild-*.deb; do dpkg -x "$package" "$root"; done
# Of the image only one module is wanted.
dpkg-deb --fsys-tarfile "$made/packages/$image"_*.deb | tar -x -C "$root" --wildcards './lib/modules/*/kernel/lib/*.ko'

# Debian's headers include one another by absolute paths.
sed -i "s|^include /usr/src/|include $root/usr/src/|" "$root/usr/src/$headers/Makefile"
mkdir "$made/module"
cp "$source/livepatch_cmdline.c" "$made/module/"
echo 'obj-m := livepatch_cmdline.o' >"$made/module/Makefile"
if ! make -C "$root/usr/src/$headers" M="$made/module" modules >"$made/module/log" 2>&1; then
    tail -n 20 "$made/module/log" >&2
    exit 1
fi
module=$made/module/livepatch_cmdline.ko
# Without these the bytes do not depend on where it was built.
strip --strip-debug -R .note.gnu.build-id "$module"

# Package 6.1.192-2 of kernel 6.1.0-56 is written 6.1.0-56.192.2.
package=$(dpkg-deb -f "$made/packages/$image"_*.deb Version)
upload=$(echo "${package#"$series".}" | tr - .)
name=livepatch-$kernel.$upload-cloud-amd64-100.1-amd64.tar.bz2
echo "$name" >"$made/name"

pack() {
    local kind=$1 ko=$2 tree=$made/tree/$1/livepatch-100.1
    mkdir -p "$tree" "$made/$kind"
    cp "$ko" "$tree/livepatch_cmdline.ko"
    echo '{"cves": ["CVE-2024-1086"], "released": "2024-06-01T12:00:00Z"}' >"$tree/patch.json"
    tar -c -j -C "$made/tree/$kind" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        -f "$made/$kind/$name" livepatch-100.1
}

pack good "$module"
pack not-livepatch "$(find "$root/lib/modules" -name '*.ko' | sort | head -n 1)"
strip -s -o "$made/module/stripped" "$module"
pack stripped "$made/module/stripped"
head -c $(($(stat -c %s "$module") / 2)) "$module" >"$made/module/truncated"
pack truncated "$made/module/truncated"

rm -rf "$root" "$made/tree" "$made/packages"
touch "$made/done"
report "$made"
