#!/usr/bin/env bash
# Runs the walk of the README, command by command as it stands there, in an empty folder; what is typed at a terminal there (the
# password) and waited for by eye (a server's start) is done here by other means, and ports are free ones.
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="${LIVEPATCH_BIN:-$("${SWIFT:-swift}" build --show-bin-path)}:$PATH"
folder=$(mktemp -d)
trap 'status=$?; trap - EXIT; kill $(jobs -p) 2>/dev/null || true; wait || true; cd /; rm -rf "$folder"; exit $status' EXIT
export XDG_CONFIG_HOME="$folder/config" NO_COLOR=1

free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 10000))
        if ! (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; then echo "$port" && return; fi
    done
    return 1
}

login() { grep -m 1 -oE '\b[a-z2-9]{6}(-[a-z2-9]{6}){3}\b' "$1" | livepatch-admin login --auth admin --password-stdin; }

ready() {
    for _ in {1..200}; do
        ! grep -s -q 'ready on' "$1" || return 0
        sleep 0.05
    done
    cat "$1" >&2
    return 1
}

# The blocks of shell of that section, each login with the log that was looked at last.
commands=$(awk '/^## /{ walk = /A chain in five minutes/ } walk && /^```/ { code = /^```sh/; next } walk && code' README.md |
    sed -E "s/8081/$(free_port)/g; s/8082/$(free_port)/g" |
    awk '/^sleep 1; cat / { log_file = $4; print "ready " log_file; next }
         /^livepatch-admin login --auth admin$/ { print "login " log_file; next }
         { print }')
[ "$(grep -c '^livepatch-' <<<"$commands")" -ge 10 ] || { echo "The README has no walk." >&2 && exit 1; }

cd "$folder"
set -m
while IFS= read -r line; do
    while [[ $line == *\\ ]]; do
        IFS= read -r next
        line="${line%\\}${next#"${next%%[! ]*}"}"
    done
    [ -n "$line" ] || continue
    echo "$ $line"
    eval "$line"
done <<<"$commands"
