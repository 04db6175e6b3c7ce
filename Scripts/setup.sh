#!/usr/bin/env bash
# Sees to it that this machine has what a build needs. Touches nothing, and needs no network, if it has.
#
#   setup.sh [static] [kernel] [packaging] [monitoring] [python] [bench]
#
# With more words: also what a program that is linked statically needs, what a real kernel is patched and run with, what Debian
# packages are tried with, the Prometheus that checks the alert rules and dashboards, what makes virtual environments of Python, and
# the programs that measurements are compared with.
set -euo pipefail

needed_swift=6.3
# What Package.swift links with beside what Swift itself brings: SQLite, libarchive, the C library's crypt, zlib (of swift-nio-extras).
packages=(libsqlite3-dev libarchive-dev libcrypt-dev zlib1g-dev)
for more; do
    case $more in
        # The libraries that libarchive stands on.
        static) packages+=(libbz2-dev liblzma-dev libzstd-dev) ;;
        # QEMU, and what modules and an initial file system are made with.
        kernel) packages+=(qemu-system-x86 cpio make gcc binutils bzip2) ;;
        # A bare Debian, and what reckons how well a unit is hardened.
        packaging) packages+=(debootstrap systemd) ;;
        # For the tests that fetch a package of Python's into a folder of their own.
        python) packages+=(python3-venv) ;;
        # With promtool.
        monitoring) packages+=(prometheus) ;;
        # Whichever package they are of.
        bench)
            for program in nginx:nginx-light wrk:wrk rsync:rsync curl:curl aria2c:aria2 openssl:openssl valgrind:valgrind strip:binutils; do
                PATH=$PATH:/usr/sbin command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
            done
            ;;
        *) echo "setup: what is '$more'?" >&2 && exit 64 ;;
    esac
done

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 69 # EX_UNAVAILABLE
}

swift=${SWIFT:-swift}
command -v "$swift" >/dev/null ||
    fail "Swift $needed_swift or later is needed, and '$swift' is not on the PATH." "Install it from https://www.swift.org/install/linux/."
version=$("$swift" --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)+).*/\1/p' | head -n 1)
[ "$(printf '%s\n' "$needed_swift" "${version:-0}" | sort -V | head -n 1)" = "$needed_swift" ] ||
    fail "Swift $needed_swift or later is needed, and this is ${version:-a version that it does not tell}." \
        "Install a newer one from https://www.swift.org/install/linux/, or name it: make SWIFT=/path/to/swift …"

if ! command -v dpkg-query >/dev/null; then
    for header in sqlite3.h archive.h crypt.h zlib.h; do
        [ -e "/usr/include/$header" ] || [ -e "/usr/local/include/$header" ] ||
            fail "$header is missing: install the development files of SQLite 3, libarchive, libcrypt and zlib." \
                "On Debian and its relatives this happens by itself; this system has no dpkg."
    done
    [ $# = 0 ] || fail "What '$*' needs is installed with Debian's packages, and this system has no dpkg."
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        fail "These Debian packages are missing: ${missing[*]}." "Have them installed as root: apt-get install ${missing[*]}"
    root=(sudo)
fi
echo "setup: installing ${missing[*]}"
# RUNLEVEL: no service of a package that is installed here is to be started (invoke-rc.d(8)).
install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y --no-install-recommends)
{ "${install[@]}" update && "${install[@]}" install "${missing[@]}"; } </dev/null >/dev/null ||
    fail "Installing ${missing[*]} failed; what apt-get said stands above."
