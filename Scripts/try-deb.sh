#!/usr/bin/env bash
# Installs the Debian packages in a bare Debian, uses them there, upgrades, removes and purges them, and looks at what is left.
#
#   try-deb.sh FOLDER
#
# FOLDER holds the packages that `build-deb.sh` made. The bare system is made once, by debootstrap, and kept in .build/.
# Exits with 77 and one sentence on standard error where such a system cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$(realpath "$1")
bare=$PWD/.build/bare-debian.tar
without() { echo "The packages cannot be tried here: $1." >&2 && exit 77; }

[ "$(id -u)" = 0 ] || without "changing the root directory takes root"
command -v debootstrap >/dev/null || without "there is no debootstrap"
command -v systemd-analyze >/dev/null || without "there is no systemd-analyze"
unshare --mount --pid --fork true 2>/dev/null || without "there are no namespaces"

scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT
chmod 0755 "$scratch"
if [ ! -e "$bare" ]; then
    debootstrap --variant=minbase --include=adduser,ca-certificates bookworm "$scratch/made" >"$scratch/log" 2>&1 ||
        without "debootstrap says: $(tail -n 1 "$scratch/log")"
    tar -C "$scratch/made" --exclude='./dev/*' --exclude='./var/cache/apt/*' -cf "$bare.$$" .
    mv "$bare.$$" "$bare"
    rm -rf "$scratch/made"
fi
root=$scratch/root
mkdir "$root"
tar -C "$root" -xf "$bare"
mkdir "$root/packages"
cp "$packages"/livepatch-*.deb "$root/packages/"

# In namespaces of its own, that everything started there ends with it.
unshare --mount --pid --fork --kill-child bash -s "$root" <<'OUTSIDE'
set -euo pipefail
root=$1
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive bash -s <<'INSIDE'
set -euo pipefail
fail() { echo "try-deb: $*" >&2 && exit 1; }
# What there is of this project, but for the user's entry and what Debian remembers of packages.
traces() { find / -xdev \( -path /proc -o -path /packages -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -name '*livepatch*' -print; }

[ -z "$(traces)" ] || fail "the bare system is not bare: $(traces)"
dpkg -i /packages/livepatch-server_*.deb >/tmp/out 2>&1 || { cat /tmp/out && fail "the server cannot be installed"; }
grep -q "systemctl enable --now livepatch-server" /tmp/out || fail "nobody is told what to do next"

[ "$(stat -c '%U:%G %a' /etc/livepatch/server.yaml)" = "root:livepatch 640" ] || fail "the settings are open to others"
[ "$(stat -c '%U:%G %a' /var/lib/livepatch)" = "livepatch:livepatch 700" ] || fail "the data directory is open to others"
for program in livepatch-server livepatch-admin livepatch-sync; do
    needed=$(ldd "/usr/bin/$program" | awk '{ print $1 }' | grep -vE '^(linux-vdso|libc|libm|/lib64/ld-linux-x86-64|/lib/ld-linux-aarch64)\.so' || true)
    [ -z "$needed" ] || fail "$program needs more than glibc: $needed"
    bash -n "/usr/share/bash-completion/completions/$program" || fail "the completions of $program do not parse"
    zcat "/usr/share/man/man8/$program.8.gz" | grep -q '^\.Dt' || fail "$program has no page in the manual"
done
[ -e /usr/share/man/man8/livepatch-admin-patch-block.8.gz ] || fail "a command has no page in the manual"

user=(setpriv --reuid=livepatch --regid=livepatch --init-groups env HOME=/tmp)
"${user[@]}" livepatch-server --config /etc/livepatch/server.yaml --check-config >/dev/null || fail "the settings are refused"
cd /var/lib/livepatch
"${user[@]}" livepatch-server --config /etc/livepatch/server.yaml --set server.server-address=127.0.0.1:0 >/tmp/server.log 2>&1 &
server=$!
for _ in $(seq 600); do
    if grep -q 'ready on' /tmp/server.log || ! kill -0 $server 2>/dev/null; then break; fi
    sleep 0.05
done
LIVEPATCH_URL=$(sed -nE 's/.*ready on ([^ ]+) .*/\1/p' /tmp/server.log)
[ -n "$LIVEPATCH_URL" ] || { cat /tmp/server.log && fail "the server does not start"; }
export LIVEPATCH_URL
grep -m 1 -oE '\b[a-z2-9]{6}(-[a-z2-9]{6}){3}\b' /tmp/server.log | livepatch-admin login --auth admin --password-stdin >/dev/null 2>&1
[ "$(livepatch-admin tier list --quiet | tr '\n' ' ')" = "edge beta candidate stable " ] || fail "the server does not answer"
kill -TERM $server
wait $server || fail "the server did not stop in order"
rm -rf /root/.config /root/.local

# An upgrade keeps what somebody has set.
echo '# mine' >>/etc/livepatch/server.yaml
dpkg -i /packages/livepatch-server_*.deb >/dev/null 2>&1 || fail "it cannot be installed over itself"
grep -q '^# mine' /etc/livepatch/server.yaml || fail "an upgrade overwrites settings"
dpkg -r livepatch-server >/dev/null 2>&1 || fail "it cannot be removed"
[ ! -e /usr/bin/livepatch-server ] || fail "the program is still there"
[ -e /var/lib/livepatch/livepatch.sqlite ] || ls /var/lib/livepatch | grep -q . || fail "removing it deletes what it keeps"
[ -e /etc/livepatch/server.yaml ] || fail "removing it deletes the settings"
dpkg -P livepatch-server >/dev/null 2>&1 || fail "it cannot be purged"
[ -z "$(traces)" ] || fail "a purge leaves $(traces)"

dpkg -i /packages/livepatch-agent_*.deb >/tmp/out 2>&1 || { cat /tmp/out && fail "the agent cannot be installed"; }
livepatch-agent status >/tmp/out 2>&1 && fail "an agent that is not attached says that all is well"
grep -q 'livepatch-agent enable' /tmp/out || { cat /tmp/out && fail "nobody is told how to attach the machine"; }
dpkg -P livepatch-agent >/dev/null 2>&1 || fail "the agent cannot be purged"
[ -z "$(traces)" ] || fail "the agent's purge leaves $(traces)"
INSIDE
OUTSIDE

# What the units keep from whoever takes a service over, as systemd reckons it: from 0.0 to 10.0. The agent runs as root and loads modules.
systemd-analyze security --offline=yes --no-pager --threshold=20 Packaging/systemd/livepatch-server.service >"$scratch/log" ||
    { cat "$scratch/log" && exit 1; }
systemd-analyze security --offline=yes --no-pager --threshold=33 Packaging/systemd/livepatch-agent.service >"$scratch/log" ||
    { cat "$scratch/log" && exit 1; }
echo "The packages were installed in a bare Debian, used, upgraded, removed and purged."
