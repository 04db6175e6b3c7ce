#!/usr/bin/env bash
# A chain of three servers on loopback: origin → regional → site, with machines, and an outpost below a site that is tampered with.
# Shows each command that it runs, checks that what it shows is so, and leaves nothing behind. `--build` builds the programs first.
set -euo pipefail
cd "$(dirname "$0")/../.."

source Examples/demo/stage.sh
[ "${1-}" != --build ] || build_programs livepatch-server livepatch-admin generate-patches simulate-machines livepatch-agent
set_stage

# --------------------------------------------------------------------------------------------------------------------------------

scene "An origin starts, and makes an administrator. Patches enter a chain here and nowhere else."
start origin
log_in origin
run origin generate-patches patches --versions 107.1,108.1,109.1 --kernels 3
run origin livepatch-admin patch import patches
run origin livepatch-admin patch list
expect "nine files in three versions are at the origin" "$(admin origin storage patches --quiet | wc -l)" = 9

scene "What is not what its name says does not get in: this module was built for another kernel."
quietly generate-patches broken --count 1 --versions 110.1 --fault wrong-kernel
refused origin 65 livepatch-admin patch import broken

scene "A regional server gets a sync token, starts, and syncs at once. What comes enters its first tier: promotion is its own business."
run origin livepatch-admin sync-tokens add edge regional --valid-until 365d --output regional.token
# Each step is shown by itself, so nobody listens to its upstream for announcements here: else all of it would be there already.
start regional --set patch-sync.enabled=true --set "patch-sync.upstream-url=${url[origin]}" --set patch-sync.token-file=regional.token \
    --set patch-sync.machine-count-strategy=unit --set patch-sync.push.enabled=false
log_in regional
first_sync regional
run regional livepatch-admin sync reports
expect "all three versions are in its first tier" "$(versions regional edge)" = "107.1 108.1 109.1"
expect "and in no other" "$(versions regional beta)" = ""

scene "It keeps tiers of its own. Every change can be looked at first."
run regional livepatch-admin patch promote 107.1 stable --dry-run
expect "a dry run changes nothing" "$(versions regional stable)" = ""
run regional livepatch-admin patch promote 107.1 stable
run regional livepatch-admin patch promote 108.1 beta
expect "107.1 is stable" "$(versions regional stable)" = "107.1"

scene "A site gets a token for the tier beta, and mirrors the tiers (patch-sync.sync-tiers). 109.1 is only in edge, which this token does not see."
run regional livepatch-admin sync-tokens add beta site --output site.token
site=(--set patch-sync.enabled=true --set "patch-sync.upstream-url=${url[regional]}" --set patch-sync.token-file=site.token
    --set patch-sync.sync-tiers=true --set patch-sync.machine-count-strategy=unit --set patch-sync.push.enabled=false)
start site "${site[@]}"
log_in site
first_sync site
run site livepatch-admin sync reports
run site livepatch-admin tier list
expect "its tiers are those of its token and later" "$(admin site tier list --quiet | words)" = "beta candidate stable"
expect "it has what they hold" "$(versions site beta) / $(versions site stable)" = "107.1 108.1 / 107.1"
expect "109.1 does not exist for it" "$(admin site patch list --quiet | words)" = "107.1 108.1"

scene "A promotion at the regional server arrives at the site. No bytes of patches move for it."
run regional livepatch-admin patch promote 108.1 stable
run site livepatch-admin sync trigger --wait
expect "108.1 is stable at the site" "$(versions site stable)" = "107.1 108.1"

scene "The site itself cannot promote: it is told why, and where to do it instead."
refused site 77 livepatch-admin patch promote 108.1 candidate

scene "108.1 turns out to be bad. It is blocked at the origin, and at the end of the chain it is gone, two syncs later."
run origin livepatch-admin patch block 108.1 --reason "hangs under memory pressure"
run regional livepatch-admin sync trigger --wait
run site livepatch-admin sync trigger --wait
expect "no tier of the site offers it" "$(versions site beta) / $(versions site stable)" = "107.1 / 107.1"
run site livepatch-admin patch show 108.1
expect "the site knows who blocked it and why" "$(admin site patch show 108.1 | grep -c 'hangs under memory pressure')" = 1

scene "It was another patch after all. Everything is recorded, and a change is taken back by its number."
run origin livepatch-admin history --limit 3
run origin livepatch-admin undo "$(admin origin history --limit 1 --quiet)"
run regional livepatch-admin sync trigger --wait
run site livepatch-admin sync trigger --wait
expect "108.1 is back where it was" "$(versions site stable)" = "107.1 108.1"

scene "What a server has done it can tell."
run site livepatch-admin sync reports
run site livepatch-admin storage verify
run site livepatch-admin sync status

scene "Machines are attached to each server with an auth token for a tier. 300 of them, simulated here, check in."
run site livepatch-admin auth-token branches stable --output site.machines
run site simulate-machines fleet --server "${url[site]}" --token-file site.machines --add 210
run regional livepatch-admin auth-token offices stable --output regional.machines
run regional simulate-machines fleet --server "${url[regional]}" --token-file regional.machines --add 75
run origin livepatch-admin auth-token laboratory edge --machine-limit 20 --output origin.machines
run origin simulate-machines fleet --server "${url[origin]}" --token-file origin.machines --add 15 --kernels 1
run site livepatch-admin report patch-health stable 108.1
expect "108.1 is in the kernels of the site's machines" "$(health site stable 108.1)" = "210 0 0"
for server in site regional; do quietly_at "$server" livepatch-admin sync trigger --wait; done
run origin livepatch-admin report summary --include-downstream
expect "the origin knows of those two servers below it" "$(health origin stable 108.1 --include-downstream)" = "285 0 0"

scene "109.1 did well in the origin's laboratory, and goes to everybody. Kernels that the laboratory lacks do not take it, and say why."
run regional livepatch-admin patch promote 109.1 stable
run site livepatch-admin sync trigger --wait
run site simulate-machines fleet --failing 109.1 --failing-kernels 5.4
run site livepatch-admin report patch-health stable 109.1
expect "it failed on a third of the site's machines" "$(health site stable 109.1)" = "140 70 0"
for server in site regional; do quietly_at "$server" livepatch-admin sync trigger --wait; done
run origin livepatch-admin report patch-health 109.1 --include-downstream
expect "the origin sees it in the whole tree" "$(health origin 109.1 --include-downstream)" = "205 95 0"

scene "It is blocked at the origin, and the machines give it up."
run origin livepatch-admin patch block 109.1 --reason "does not fit kernels 5.4"
run regional livepatch-admin sync trigger --wait
run site livepatch-admin sync trigger --wait
run site simulate-machines fleet
expect "no machine has it" "$(grep -c 109.1 fleet || true)" = 0
expect "the site's machines are back at 108.1" "$(health site stable 108.1)" = "210 0 0"

# A machine that runs a kernel, where there is QEMU.
if find_machine; then
    scene "And a real machine: Debian's kernel ${machine[release]} in QEMU, which no program patches but the agent."
    mkdir real && cp "${machine[first]}" "${machine[second]}" real/
    run origin livepatch-admin patch import real
    run regional livepatch-admin sync trigger --wait
    run regional livepatch-admin patch promote 100.1 stable
    run site livepatch-admin sync trigger --wait
    boot root/token=site.machines
    in_machine cat /proc/cmdline
    in_machine sh -c "livepatch-agent enable - --server http://10.0.2.2:${url[site]##*:} </root/token"
    in_machine livepatch-agent refresh
    in_machine cat /proc/cmdline
    expect "the running kernel was patched" "$(answer)" = "patched by 100.1"

    scene "A promotion brings it the second version, which takes the place of the first; a block takes that back."
    run regional livepatch-admin patch promote 101.1 stable
    run site livepatch-admin sync trigger --wait
    in_machine livepatch-agent refresh
    in_machine cat /proc/cmdline
    expect "it runs the second" "$(answer)" = "patched by 101.1"
    run site livepatch-admin report patch-health stable 101.1
    expect "the site knows" "$(health site stable 101.1)" = "1 0 0"
    run origin livepatch-admin patch block 101.1 --reason "shows too little"
    run regional livepatch-admin sync trigger --wait
    run site livepatch-admin sync trigger --wait
    in_machine livepatch-agent refresh
    in_machine livepatch-agent status
    in_machine cat /proc/cmdline
    expect "it is back at the first" "$(answer)" = "patched by 100.1"
    quietly_at origin livepatch-admin patch block 100.1 --reason "the machine is switched off"
    shut_down
else
    printf '\n%s(No real machine: %s)%s\n' "$faint" "$no_machine" "$plain"
fi

scene "An outpost is put below the site. It trusts those who signed, the origin and the regional server, and not who relays: it was told their roots."
run site livepatch-admin sync-tokens add beta outpost --output outpost.token
roots=$(admin regional trust status --format json | awk '/"fingerprint":/ { gsub(/[",]/, ""); print $2 }' | sort -u | paste -sd,)
start outpost --set patch-sync.enabled=true --set "patch-sync.upstream-url=${url[site]}" --set patch-sync.token-file=outpost.token \
    --set patch-sync.sync-tiers=true --set "patch-sync.trusted-roots=$roots" --set patch-sync.push.enabled=false
log_in outpost
first_sync outpost
expect "it has what the site has" "$(versions outpost beta)" = "$(versions site beta)"
run outpost livepatch-admin trust status

scene "Somebody takes the site over, and changes one byte of a patch on its way. The outpost does not take the patch."
stop site
cp -a site site.before
start site "${site[@]}"
quietly generate-patches later --count 1 --versions 111.1
run origin livepatch-admin patch import later
run regional livepatch-admin sync trigger --wait
run regional livepatch-admin patch promote 111.1 beta
run site livepatch-admin sync trigger --wait
digest=$(sha256sum later/* | cut -c1-64)
patch=$(find site/content -name "$digest")
cp "$patch" untouched
show site "printf X | dd of=$patch bs=1 seek=100 conv=notrunc"
printf X | dd of="$patch" bs=1 seek=100 conv=notrunc status=none
refused outpost 75 livepatch-admin sync trigger --wait
expect "nothing of it is served" "$(find outpost/content -name "$digest" | wc -l)" = 0
cp untouched "$patch"
run outpost livepatch-admin sync trigger --wait
expect "the true bytes are taken" "$(find outpost/content -name "$digest" | wc -l)" = 1

scene "The site is put back to what it was before, with tier documents that were right then. The outpost knows newer ones."
stop site
mv site site.now
mv site.before site
start site "${site[@]}" --set patch-sync.upstream-url=http://127.0.0.1:9
refused outpost 65 livepatch-admin sync trigger --wait
expect "it keeps what it has" "$(versions outpost beta)" = "107.1 108.1 111.1"

scene "The site is cut off from above, so that a block does not reach it. What the origin signs is good for a day; here for 15 seconds."
stop site
rm -r site
mv site.now site
stop origin
start origin --set server.metadata-lifetime=15s
start site "${site[@]}"
quietly generate-patches latest --count 1 --versions 112.1
run origin livepatch-admin patch import latest
for server in regional site outpost; do quietly_at "$server" livepatch-admin sync trigger --wait; done
stop site
start site "${site[@]}" --set patch-sync.upstream-url=http://127.0.0.1:9
run origin livepatch-admin patch block 111.1 --reason "somebody does not want this to be known"
until_refused outpost livepatch-admin sync trigger --wait
refused outpost 65 livepatch-admin sync trigger --wait
refused outpost 65 livepatch-admin trust status

close_stage
