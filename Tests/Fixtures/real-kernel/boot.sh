#!/bin/bash
# Starts a machine in QEMU, without hardware support: the kernel and the initial file system that build.sh has made, and more files.
#
#   boot.sh VMLINUZ INITRD FOLDER [PATH=FILE]…
#
# FOLDER is the machine's own, and is there. Each FILE is put into the machine as /PATH, as in bin/program. What the machine's kernel and
# its first process print comes to standard output; FOLDER/console.in and FOLDER/console.out are its second serial line (see init).
# The machine reaches this one's 127.0.0.1 as 10.0.2.2. The process becomes QEMU, and ends when the machine has switched itself off.
set -euo pipefail

vmlinuz=$1 initrd=$2 folder=$(cd "$3" && pwd)
shift 3
mkdir -p "$folder/files"
for pair; do
    mkdir -p "$(dirname "$folder/files/${pair%%=*}")"
    ln -sf "$(realpath "${pair#*=}")" "$folder/files/${pair%%=*}"
done
# Archives one behind the other, each at a multiple of four bytes, are one file system, and what is not compressed need not be unpacked.
cp "$initrd" "$folder/initrd"
truncate -s %4 "$folder/initrd"
(cd "$folder/files" && find . | LC_ALL=C sort | cpio -o -H newc --owner 0:0 --quiet --dereference) >>"$folder/initrd"
rm -rf "$folder/files"
for end in in out; do [ -p "$folder/console.$end" ] || mkfifo -m 600 "$folder/console.$end"; done

# An hour of a processor's time is far more than any scenario takes.
ulimit -t 3600
# Without the option rdrand the kernel waits a second for randomness; a second processor makes it slower.
exec qemu-system-x86_64 -accel tcg -machine q35 -cpu qemu64,+rdrand -smp 1 -m 768 -nodefaults -no-user-config -display none -no-reboot \
    -serial stdio -serial "pipe:$folder/console" -kernel "$vmlinuz" -initrd "$folder/initrd" \
    -append "console=ttyS0 quiet panic=-1" -netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= </dev/null
