#!/bin/bash
# Makes what a real machine in QEMU needs: Debian's current cloud kernel, an initial file system for it, and live patches for it, built
# from its own headers.
#
#   build.sh FOLDER
#
# Packages are downloaded into a folder beside FOLDER and unpacked below it; nothing is installed. What has been made is kept there and
# used again. boot.sh starts the machine.
# Prints lines KEY=VALUE:
#   kernel, flavour, release       as in 6.1.0-56.192.2, cloud-amd64 and 6.1.0-56-cloud-amd64
#   vmlinuz, initrd                the kernel, and its initial file system
#   first, second                  live patches 100.1 and 101.1, of which the second takes the place of the first
#   unknown-function               102.1, a live patch whose old function does not exist in any kernel
#   other-release                  103.1, a live patch built for another release of the same kernel, under this one's name
#   not-livepatch                  104.1, a module that would patch, without livepatch=Y
#   third                          105.1, a live patch like the first two
#   elsewhere                      106.1, the one for another release, under the name that it deserves
# Exits with 77 and one sentence on standard error where that cannot be done here.
set -euo pipefail

source=$(cd "$(dirname "$0")" && pwd)
source "$source/../debian-packages.sh"
folder=${1:?usage: build.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
packages=$(dirname "$folder")/debian-packages
lock "$folder"

require "A real machine" apt-get apt-cache dpkg dpkg-deb gcc make strip tar bzip2 cpio gzip sha256sum qemu-system-x86_64
kernel=$(newest_kernel)
# What was made from other sources than these is not what these make.
sources=$(cat "$source"/* "$source/../debian-packages.sh" "$source/../real-module/livepatch_cmdline.c" | sha256sum | cut -c 1-12)
if [ -z "$kernel" ]; then
    # Without lists of packages what was made before is as good.
    last=$(find "$folder" -mindepth 2 -maxdepth 2 -path "*-$sources/made" | sort -V | tail -n 1)
    [ -n "$last" ] || skip "A real machine cannot be made here: apt knows no package linux-image-cloud-amd64."
    cat "$last"
    exit 0
fi

made=$folder/$kernel-$sources
if [ -e "$made/made" ]; then
    cat "$made/made"
    exit 0
fi
find "$folder" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
mkdir -p "$made/modules" "$made/patches"

# Another release of the same kernel, which would load: that it is another one is for us to see.
other=$(apt-cache pkgnames "linux-headers-${kernel%-*}-" | sed -n 's/^linux-headers-\([0-9.]*-[0-9]*\)-cloud-amd64$/\1/p' |
    grep -vFx "$kernel" | sort -V | tail -n 1) || other=
[ -n "$other" ] || skip "A real machine cannot be made here: apt knows no second release of Linux ${kernel%-*}."

image=linux-image-$kernel-cloud-amd64
# shellcheck disable=SC2046
fetch "$packages" "$image" busybox-static $(header_packages "$kernel") $(header_packages "$other")

root=$made/root
unpack_headers "$packages" "$kernel" "$root"
unpack_headers "$packages" "$other" "$root"

# variant NAME LINE…: a module that differs from the plain one in what these lines define.
variant() {
    local name=$1
    shift
    { printf '#define %s\n' "$@" && echo "#include \"$source/../real-module/livepatch_cmdline.c\""; } >"$name.c"
}
mkdir "$made/modules/this" "$made/modules/other"
cd "$made/modules/this"
variant livepatch_first 'SHOWN "patched by 100.1"'
variant livepatch_second 'SHOWN "patched by 101.1"'
variant livepatch_third 'SHOWN "patched by 105.1"'
variant livepatch_unknown_function 'OLD_FUNCTION "no_such_function_in_any_kernel"'
variant livepatch_unmarked 'SHOWN "patched by 104.1"' UNMARKED
build_modules "$kernel" "$root" "$PWD"
cd "$made/modules/other"
variant livepatch_other 'SHOWN "patched by a module for another release"'
build_modules "$other" "$root" "$PWD"
cd "$made"

version=$(package_version "$packages" "$image")
name() { echo "patches/$1/$(patch_name "$kernel" "$version" "$2")"; }
pack "$(name first 100.1)" modules/this/livepatch_first.ko
pack "$(name second 101.1)" modules/this/livepatch_second.ko
pack "$(name unknown-function 102.1)" modules/this/livepatch_unknown_function.ko
pack "$(name other-release 103.1)" modules/other/livepatch_other.ko
pack "$(name not-livepatch 104.1)" modules/this/livepatch_unmarked.ko
pack "$(name third 105.1)" modules/this/livepatch_third.ko
elsewhere=patches/elsewhere/$(patch_name "$other" "$(package_version "$packages" "linux-headers-$other-cloud-amd64")" 106.1)
pack "$elsewhere" modules/other/livepatch_other.ko

# The network card's modules, in the order in which they need one another.
network=(virtio/virtio_ring virtio/virtio virtio/virtio_pci_legacy_dev virtio/virtio_pci_modern_dev virtio/virtio_pci)
network+=(../net/core/failover net/net_failover net/virtio_net)
unpack "$packages" "$image" "$root" "./boot/vmlinuz-*" "./lib/modules/*/kernel/drivers/virtio/*" \
    "./lib/modules/*/kernel/net/core/failover.ko" "./lib/modules/*/kernel/drivers/net/net_failover.ko" \
    "./lib/modules/*/kernel/drivers/net/virtio_net.ko"
mv "$root/boot/vmlinuz-$kernel-cloud-amd64" vmlinuz
unpack "$packages" busybox-static "$root" ./bin/busybox
mkdir -p tree/bin tree/modules
cp "$root/bin/busybox" tree/bin/
install -m 755 "$source/init" tree/init
for index in "${!network[@]}"; do
    path=$root/lib/modules/$kernel-cloud-amd64/kernel/drivers/${network[index]}.ko
    cp "$path" "tree/modules/$index-$(basename "$path")"
done
(cd tree && find . | LC_ALL=C sort | cpio -o -H newc --owner 0:0 --quiet) | gzip -1 >initrd

rm -rf "$root" tree modules
{
    sed -E 's/.*\/livepatch-(.*)-(cloud-amd64)-.*/kernel=\1\nflavour=\2/' <<<"$(name first 100.1)"
    echo "release=$kernel-cloud-amd64"
    echo "vmlinuz=$made/vmlinuz"
    echo "initrd=$made/initrd"
    echo "first=$made/$(name first 100.1)"
    echo "second=$made/$(name second 101.1)"
    echo "unknown-function=$made/$(name unknown-function 102.1)"
    echo "other-release=$made/$(name other-release 103.1)"
    echo "not-livepatch=$made/$(name not-livepatch 104.1)"
    echo "third=$made/$(name third 105.1)"
    echo "elsewhere=$made/$elsewhere"
} >making
mv making made
cat made
