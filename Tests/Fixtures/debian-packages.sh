# Packages of Debian that are unpacked, and not installed. To be sourced.

# Ends the script: what it makes cannot be had here.
skip() {
    echo "$*" >&2
    exit 77
}

# lock FOLDER: makes a folder, and lets one script at a time in.
lock() {
    mkdir -p "$1"
    exec 9>"$1/lock"
    flock 9
}

# require WHAT TOOL…: what is made here needs the tools, and a PC.
require() {
    local what=$1 tool
    shift
    for tool; do command -v "$tool" >/dev/null || skip "$what cannot be made here: there is no $tool."; done
    [ "$(dpkg --print-architecture)" = amd64 ] || skip "$what is made for amd64 only, and this is $(dpkg --print-architecture)."
}

# The newest of Debian's cloud kernels, as in 6.1.0-56; nothing if apt knows none.
newest_kernel() {
    local kernel
    kernel=$(named_kernel)
    if [ -z "$kernel" ] && update_lists; then kernel=$(named_kernel); fi
    echo "$kernel"
}

named_kernel() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: linux-image-\(.*\)-cloud-amd64$/\1/p' | head -n 1
}

update_lists() { [ "$(id -u)" = 0 ] && timeout 120 apt-get update -qq >/dev/null 2>&1 </dev/null; }

# fetch FOLDER PACKAGE…: downloads those packages that the folder lacks.
fetch() {
    local folder=$1 package
    shift
    (
        lock "$folder"
        missing=()
        for package; do compgen -G "$folder/${package}_*.deb" >/dev/null || missing+=("$package"); done
        [ ${#missing[@]} -gt 0 ] || exit 0
        # Only what has arrived as a whole has the name of a package.
        rm -rf "$folder/partial"
        mkdir "$folder/partial"
        cd "$folder/partial"
        download() { timeout 300 apt-get download -qq "${missing[@]}" >"$folder/log" 2>&1 </dev/null; }
        download || { update_lists && download; } || exit 1
        mv -- *.deb "$folder/"
        cd "$folder"
        rmdir partial
    ) || skip "These packages of Debian cannot be downloaded: $*. $(tail -n 1 "$folder/log" 2>/dev/null)"
}

# unpack FOLDER PACKAGE ROOT [PATTERN…]: unpacks a downloaded package, or the files of it that match.
unpack() {
    local archive folder=$1 package=$2 root=$3
    shift 3
    archive=$(compgen -G "$folder/${package}_*.deb" | sort -V | tail -n 1)
    mkdir -p "$root"
    [ $# -gt 0 ] || set -- '*'
    dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$root" --wildcards "$@"
}

# package_version FOLDER PACKAGE: as in 6.1.192-2.
package_version() { dpkg-deb -f "$(compgen -G "$1/$2_*.deb" | sort -V | tail -n 1)" Version; }

# header_packages KERNEL: what modules for a cloud kernel are built with.
header_packages() {
    echo "linux-headers-$1-cloud-amd64 linux-headers-$1-common linux-kbuild-$(series "$1")"
}

# unpack_headers FOLDER KERNEL ROOT: unpacks them, so that they can be used where they lie.
unpack_headers() {
    local package
    for package in $(header_packages "$2"); do unpack "$1" "$package" "$3"; done
    # Debian's headers include one another by absolute paths.
    sed -i "s|^include /usr/src/|include $3/usr/src/|" "$3/usr/src/linux-headers-$2-cloud-amd64/Makefile"
}

# build_modules KERNEL ROOT FOLDER: builds every .c of the folder that begins with livepatch_ as a module, without debug information.
build_modules() {
    local source
    for source in "$3"/livepatch_*.c; do echo "obj-m += $(basename "$source" .c).o"; done >"$3/Makefile"
    if ! make -C "$2/usr/src/linux-headers-$1-cloud-amd64" M="$3" modules >"$3/log" 2>&1 </dev/null; then
        tail -n 20 "$3/log" >&2
        exit 1
    fi
    # Without these the bytes do not depend on where it was built.
    strip --strip-debug -R .note.gnu.build-id "$3"/livepatch_*.ko
}

series() { cut -d . -f 1,2 <<<"$1"; }

# patch_name KERNEL PACKAGE-VERSION PATCH-VERSION: package 6.1.192-2 of kernel 6.1.0-56 is written 6.1.0-56.192.2.
patch_name() {
    local upload
    upload=$(tr - . <<<"${2#"$(series "$1")".}")
    echo "livepatch-$1.$upload-cloud-amd64-$3-amd64.tar.bz2"
}

# pack FILE MODULE: packs a module as a patch file.
pack() {
    local tree version
    version=$(sed -E 's/.*-([0-9]+\.[0-9]+)-amd64\.tar\.bz2$/\1/' <<<"$1")
    tree=$(mktemp -d)
    mkdir -p "$tree/livepatch-$version" "$(dirname "$1")"
    cp "$2" "$tree/livepatch-$version/"
    echo '{"cves": ["CVE-2024-1086"], "released": "2024-06-01T12:00:00Z"}' >"$tree/livepatch-$version/patch.json"
    tar -c -j -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -f "$1" "livepatch-$version"
    rm -rf "$tree"
}
