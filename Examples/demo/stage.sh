# What a demonstration stands on: servers in a temporary directory, commands that are shown, and expectations that are checked.
# To be sourced. Everything has an end in time, and everything that was started is stopped by its process id.

swift=${SWIFT:-swift}
repository=$PWD
declare -A url=() pid_of=() machine=()
pids=()
scenes=0 expectations=0

bold='' faint='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
    bold=$'\e[1m' faint=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

# Builds programs for debugging, which is the fastest way to have them; where nobody sees SwiftPM's own progress, says how far it is.
build_programs() {
    echo "Building $* (with all their libraries the first time, which takes some minutes)…"
    local program
    for program; do
        if [ -t 1 ]; then
            "$swift" build --product "$program"
        else
            build_quietly "$program"
        fi
    done
}

build_quietly() {
    local log pid status=0 waited=0
    log=$(mktemp)
    "$swift" build --product "$1" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        [ $((waited % 30)) != 0 ] || echo "  $1: ${waited} s, $(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1)"
    done
    wait "$pid" || status=$?
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# Makes the directory that everything happens in. The programs are then found by name.
set_stage() {
    programs=${LIVEPATCH_BIN:-$("$swift" build --show-bin-path)}
    PATH="$programs:$PATH"
    stage=$(mktemp -d)
    trap clear_stage EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export XDG_CONFIG_HOME="$stage/config"
    unset LIVEPATCH_URL LIVEPATCH_CA_CRT
    local name
    for name in ${!LP_@}; do unset "$name"; done
    cd "$stage"
    began=$SECONDS
}

clear_stage() {
    local status=$? pid
    trap - EXIT
    # The chain's end first, so that nobody loses its upstream.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -TERM "${pids[i]}" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        for _ in {1..100}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        ! kill -KILL "$pid" 2>/dev/null || { echo "${red}A server had to be killed.${plain}" >&2 && status=1; }
        wait "$pid" 2>/dev/null || true
    done
    cd /
    rm -rf "$stage"
    exit "$status"
}

close_stage() {
    printf '\n%s%d scenes, %d expectations met, in %d s.%s The servers are stopped, and their files are removed.\n' \
        "$green" "$scenes" "$expectations" "$((SECONDS - began))" "$plain"
}

scene() {
    scenes=$((scenes + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$scenes" "$1" "$plain"
}

fail() {
    printf '%s✗ %s%s\n' "$red" "$1" "$plain" >&2
    exit 1
}

# start SERVER OPTION…: starts a server with a directory of its own and waits until it answers. The system chooses its port the first
# time; started again, it has the same one.
start() {
    local server=$1 line address=127.0.0.1:0
    shift
    [ -z "${url[$server]-}" ] || address=${url[$server]#http://}
    show "$server" livepatch-server --data-dir "$server" --set "server.server-address=$address" --set "patch-sync.id=$server" "$@"
    livepatch-server --data-dir "$server" --set "server.server-address=$address" --set "patch-sync.id=$server" "$@" \
        >"$server.log" 2>&1 </dev/null &
    pids+=($!)
    pid_of[$server]=$!
    for _ in {1..200}; do
        line=$(grep -s -m 1 -oE 'ready on http://[^ ]+' "$server.log" || true)
        [ -z "$line" ] || break
        kill -0 "${pids[-1]}" 2>/dev/null || { cat "$server.log" >&2 && fail "The server '$server' ended."; }
        sleep 0.05
    done
    [ -n "$line" ] || { cat "$server.log" >&2 && fail "The server '$server' was not ready within ten seconds."; }
    url[$server]=${line#ready on }
    printf '  %s\n' "$line"
}

# stop SERVER: stops a server, and waits until it has ended.
stop() {
    local pid=${pid_of[$1]}
    kill -TERM "$pid"
    wait "$pid" 2>/dev/null || true
}

# log_in SERVER: logs in with the password that the server printed at its first start.
log_in() {
    grep -m 1 -oE '\b[a-z2-9]{6}(-[a-z2-9]{6}){3}\b' "$1.log" >"$1.password" || fail "The server '$1' printed no password."
    show "$1" "livepatch-admin login --auth admin --password-stdin < $1.password"
    admin "$1" login --auth admin --password-stdin <"$1.password" 2>&1 | indented
}

# admin SERVER COMMAND…: livepatch-admin for a server, not shown.
admin() {
    local server=$1
    shift
    LIVEPATCH_URL=${url[$server]} timeout 60 livepatch-admin "$@"
}

# first_sync SERVER: waits until the sync that a server begins with is over.
first_sync() {
    for _ in {1..200}; do
        [ -z "$(admin "$1" sync reports --quiet)" ] || return 0
        sleep 0.05
    done
    fail "The server '$1' did not sync within ten seconds."
}

quietly() { timeout 60 "$@" >/dev/null; }

# quietly_at SERVER COMMAND…: a command for a server, not shown. It must succeed.
quietly_at() { LIVEPATCH_URL=${url[$1]} timeout 60 "${@:2}" >/dev/null 2>&1 </dev/null || fail "'${*:2}' failed at '$1'."; }

show() {
    local server=$1 words=() word
    shift
    for word; do
        if [ $# = 1 ] || [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]]; then words+=("$word"); else words+=("'$word'"); fi
    done
    printf '%s%8s $%s %s\n' "$faint" "$server" "$plain" "${words[*]}"
}

indented() { sed 's/^/           /'; }

words() { xargs; }

# run SERVER COMMAND…: shows a command for a server, and what it prints. It must succeed.
run() {
    local server=$1
    shift
    show "$server" "$@"
    LIVEPATCH_URL=${url[$server]} timeout 60 "$@" 2>&1 </dev/null | indented || fail "The command failed."
}

# refused SERVER STATUS COMMAND…: shows a command that must be refused with an exit status.
refused() {
    local server=$1 wanted=$2 status=0
    shift 2
    show "$server" "$@"
    LIVEPATCH_URL=${url[$server]} timeout 60 "$@" 2>&1 </dev/null | indented || status=$?
    printf '           %sexit status %d%s\n' "$faint" "$status" "$plain"
    expect "it is refused" "$status" = "$wanted"
}

# until_refused SERVER COMMAND…: repeats a command, unseen, until it is refused.
until_refused() {
    local server=$1
    shift
    for _ in {1..120}; do
        LIVEPATCH_URL=${url[$server]} timeout 60 "$@" >/dev/null 2>&1 </dev/null || return 0
        sleep 0.5
    done
    fail "Within a minute '$*' was not refused."
}

# versions SERVER TIER: the patch versions that a tier offers.
versions() {
    admin "$1" tier list --format json | awk -v tier="$2" '
        /"name":/ { gsub(/[",]/, ""); name = $2 }
        /"versions": \[$/ { inside = 1; next }
        /\]/ { inside = 0 }
        inside && name == tier { gsub(/[", ]/, ""); print }' | words
}

# expect WHAT LEFT OPERATOR RIGHT: checks what was said.
expect() {
    local what=$1
    shift
    test "$@" || fail "$what: expected '${*: -1}', found '$1'."
    expectations=$((expectations + 1))
    printf '         %s✓%s %s\n' "$green" "$plain" "$what"
}

# health SERVER [TIER] VERSION OPTION…: on how many machines a patch version is applied, has failed, is pending.
health() { admin "$1" report patch-health "${@:2}" --quiet | words; }

# --------------------------------------------------------------------------------------------------------------------------------
# A machine in QEMU, with a real kernel (Tests/Fixtures/real-kernel). 10.0.2.2 is this machine there.

# Learns what it is made of, in `machine`; where there can be none, `no_machine` says why.
find_machine() {
    local key value fixtures=$repository/Tests/Fixtures/real-kernel agent=$programs/livepatch-agent-static made
    made=$(SWIFT=$swift "$repository/Scripts/link-statically.sh" "$programs" livepatch-agent "$agent" 2>&1 >/dev/null) ||
        { no_machine=$made && return 1; }
    made=$("$fixtures/build.sh" "$repository/.build/real-kernel" 2>"$stage/machine.why") ||
        { no_machine=$(cat "$stage/machine.why") && return 1; }
    while IFS='=' read -r key value; do machine[$key]=$value; done <<<"$made"
    machine[agent]=$agent
}

# boot PATH=FILE…: starts it with those files in it, and the agent, and waits until it has booted.
boot() {
    local line=
    mkdir machine
    mkfifo machine/console.in machine/console.out
    exec {machine_in}<>machine/console.in {machine_out}<>machine/console.out
    show machine qemu-system-x86_64 -kernel "vmlinuz-${machine[release]}"
    "$repository/Tests/Fixtures/real-kernel/boot.sh" "${machine[vmlinuz]}" "${machine[initrd]}" machine \
        "bin/livepatch-agent=${machine[agent]}" "$@" >machine.log 2>&1 </dev/null &
    pids+=($!)
    pid_of[machine]=$!
    for _ in {1..120}; do
        ! IFS= read -r -t 1 -u "$machine_out" line || break
        kill -0 "${pid_of[machine]}" 2>/dev/null || { cat machine.log >&2 && fail "The machine ended."; }
    done
    [ "$line" = ready ] || { cat machine.log >&2 && fail "The machine did not boot within two minutes."; }
    asked=0
}

# in_machine COMMAND…: shows a command in it, and what it prints. It must succeed.
in_machine() {
    local line number status output errors
    show machine "$@"
    asked=$((asked + 1))
    printf '%d %s\n' "$asked" "$(printf '%q ' "$@" | base64 -w 0)" >&"$machine_in"
    IFS= read -r -t 180 -u "$machine_out" line || { cat machine.log >&2 && fail "The machine did not answer within three minutes."; }
    read -r number status output errors <<<"$line"
    for line in "$output" "$errors"; do base64 -d <<<"${line:1:-1}"; done >machine.answer
    indented <machine.answer
    [ "$status" = 0 ] || fail "The command ended with status $status in the machine."
}

# What the last command in it printed.
answer() { cat machine.answer; }

shut_down() {
    kill -TERM "${pid_of[machine]}"
    wait "${pid_of[machine]}" 2>/dev/null || true
    exec {machine_in}>&- {machine_out}>&-
}
