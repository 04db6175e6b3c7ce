#!/usr/bin/env bash
# Makes the Debian packages livepatch-server (with livepatch-admin and livepatch-sync) and livepatch-agent out of what an ordinary build has made.
#
#   build-deb.sh FOLDER OUT
#
# FOLDER is where the build lies (`swift build --show-bin-path`), with `generate-manual` in it for the manual's pages; OUT is the
# folder that the packages go to. The same sources and tools make the same bytes.
# Exits with 77 and one sentence on standard error where libraries to link with are not there.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1 out=$2
version=$("$folder/livepatch-server" --version | awk '{ print $2 }')
architecture=$(dpkg --print-architecture)
glibc=$(getconf GNU_LIBC_VERSION | awk '{ print $2 }')
epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH=$epoch
day=$(date -u -d "@$epoch" +%F)

mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"

# A program, its completions, and its pages of the manual.
place() {
    local root=$1 program=$2 shell
    mkdir -p "$root"/usr/{bin,share/man/man8,share/bash-completion/completions,share/zsh/vendor-completions,share/fish/vendor_completions.d}
    Scripts/link-statically.sh "$folder" "$program" "$folder/$program-packaged" glibc
    install -m 0755 "$folder/$program-packaged" "$root/usr/bin/$program"
    "$folder/$program" --generate-completion-script bash >"$root/usr/share/bash-completion/completions/$program"
    "$folder/$program" --generate-completion-script zsh >"$root/usr/share/zsh/vendor-completions/_$program"
    "$folder/$program" --generate-completion-script fish >"$root/usr/share/fish/vendor_completions.d/$program.fish"
    mkdir -p "$stage/manual"
    "$folder/generate-manual" "$folder/$program" --multi-page --section 8 --date "$day" -o "$stage/manual" >/dev/null
    for page in "$stage/manual"/*.8; do
        # Pages are named as they are asked for: livepatch-admin-patch-block(8).
        gzip -9n <"$page" >"$root/usr/share/man/man8/$(basename "$page" .8 | tr . -).8.gz"
    done
    rm -r "$stage/manual"
}

package() {
    local name=$1 root=$stage/$1
    mkdir -p "$root/DEBIAN" "$root/usr/lib/systemd/system" "$root/usr/share/doc/$name"
    install -m 0644 "Packaging/systemd/$name.service" "$root/usr/lib/systemd/system/"
    install -m 0644 LICENSE "$root/usr/share/doc/$name/copyright"
    for script in postinst prerm postrm; do install -m 0755 "Packaging/debian/$name/$script" "$root/DEBIAN/$script"; done
    [ ! -e "Packaging/debian/$name/conffiles" ] || install -m 0644 "Packaging/debian/$name/conffiles" "$root/DEBIAN/"
    sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@GLIBC@/$glibc/; s/@MAINTAINER@/${MAINTAINER:-Livepatch for Swift <root@localhost>}/" \
        "Packaging/debian/$name/control" >"$root/DEBIAN/control"
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf "%P\\n" | sort | xargs -d "\\n" md5sum >DEBIAN/md5sums)
    find "$root" -exec touch -h -d "@$epoch" {} +
    chmod -R u+rwX,go+rX,go-w "$root"
    dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" --build "$root" "$out/${name}_${version}_$architecture.deb" >/dev/null
    echo "$out/${name}_${version}_$architecture.deb"
}

server=$stage/livepatch-server
for program in livepatch-server livepatch-admin livepatch-sync; do place "$server" "$program"; done
mkdir -p "$server/etc/livepatch"
install -m 0644 Packaging/server.yaml "$server/etc/livepatch/server.yaml"
package livepatch-server

place "$stage/livepatch-agent" livepatch-agent
package livepatch-agent
