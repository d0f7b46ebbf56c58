#!/bin/bash
# Compares bulkhead-runtime with crun, runc and the floor, interleaved: `run` of `true`, create+start+delete, `exec` of
# `true` (medians), peak memory, the smallest memory limit; then 1000 containers in turn and 500 at once of ours.
# usage: bench/runtime.sh [ROUNDS]; RUNTIME=path of bulkhead-runtime (default: the release build);
# TURNS (1000) and CROWD (500) are how many containers are made in turn and at once.
set -euo pipefail
# Where the host has cgroup v1 and v2 side by side, `run` and create+start+delete are measured once more with v2 alone.
unified=/sys/fs/cgroup/unified
if [ -z "${BENCH_VIEW:-}" ] && [ -e $unified/cgroup.procs ]; then
    # crun 1.8 refuses hosts whose v2 tree beside v1 has a controller of its own: nobody gets to see that tree here.
    hiding=true
    if [ -n "$(cat $unified/cgroup.controllers)" ]; then hiding="umount $unified"; fi
    BENCH_VIEW=both unshare --mount bash -c "$hiding"' && exec bash "$@"' bash "$0" "$@"
    printf '\nwith cgroup v2 alone\n'
    BENCH_VIEW=unified exec unshare --mount bash "$0" "$@"
fi
if [ "${BENCH_VIEW:-}" = unified ]; then
    mount --bind $unified /mnt
    for place in $(awk '$5 ~ "^/sys/fs/cgroup/" {print $5}' /proc/self/mountinfo); do umount "$place"; done
    umount /sys/fs/cgroup
    mount --bind /mnt /sys/fs/cgroup
    umount /mnt
fi
here=$(cd "$(dirname "$0")/.." && pwd)
# crun and runc of the host, else those that scripts/fetch-tools has unpacked
PATH=$PATH:$here/.build/tools/usr/bin:$here/.build/tools/usr/sbin
libraries=$here/.build/tools/usr/lib/x86_64-linux-gnu
rounds=${1:-60}
runtime=${RUNTIME:-$here/.build/release/bulkhead-runtime}
work=$(mktemp -d /tmp/bulkhead-bench.XXXXXX)
# States belong on a file system in memory: /run may be none in a container.
state=$(mktemp -d /dev/shm/bulkhead-bench.XXXXXX)
prefix=bench-$$
names=(floor bulkhead-runtime)
for other in crun runc; do if command -v $other > /dev/null; then names+=($other); fi; done

# runtime NAME WORDS…: one command of a runtime, through the clock where CLOCK is set.
runtime() {
    local name=$1 program
    shift
    case $name in
        bulkhead-runtime) ${CLOCK:-} "$work/bulkhead-runtime" --root "$state/$name" "$@" ;;
        # The fetched libraries are for the fetched programs only.
        *)
            program=$(command -v "$name")
            case $program in
                "$here"/*) LD_LIBRARY_PATH=$libraries ${CLOCK:-} "$program" --root "$state/$name" "$@" ;;
                *) ${CLOCK:-} "$program" --root "$state/$name" "$@" ;;
            esac ;;
    esac
}
finish() {
    for name in "${names[@]:1}"; do
        for id in $(ls "$state/$name" 2> /dev/null); do
            CLOCK='' runtime "$name" delete --force "$id" > /dev/null 2>&1 || true
        done
    done
    rm -rf "$work" "$state"
}
trap finish EXIT

mkdir -p "$work/rootfs"/{bin,proc,dev,sys,etc}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/true"
ln -s busybox "$work/rootfs/bin/sleep"
strip -o "$work/bulkhead-runtime" "$runtime"
cc -O2 -static -o "$work/floor" "$here/bench/floor.c"
cc -O2 -static -o "$work/clock" "$here/bench/clock.c"
# Programs begin as after the host's start, read in by the kernel: of a file that was just written one fault may map
# megabytes, which then count as the process's (Linux 6.18). Files that others have in use stay as they are.
sync
for file in "$work"/bulkhead-runtime "$(command -v crun)" "$(command -v runc)" "$libraries"/*.so*; do
    if [ -f "$file" ]; then dd if="$file" iflag=nocache count=0 2> /dev/null; fi
done
# One configuration for all: what `spec` writes, without a terminal. configure DIRECTORY PROGRAM [MEMORY]
(cd "$work" && "$work/bulkhead-runtime" spec)
configure() {
    mkdir -p "$work/$1"
    python3 - "$work/config.json" "$work/$1/config.json" "$work/rootfs" "${3:-0}" $2 << 'PYTHON'
import json, sys
source, target, root, memory, *arguments = sys.argv[1:]
with open(source) as file: configuration = json.load(file)
configuration["ociVersion"] = "1.0.2"
configuration["root"]["path"] = root
configuration["process"].update(terminal=False, args=arguments)
if int(memory): configuration["linux"]["resources"]["memory"] = {"limit": int(memory), "swap": int(memory)}
with open(target, "w") as file: json.dump(configuration, file)
PYTHON
}
configure true /bin/true
configure sleep '/bin/sleep 100000'
# Without CAP_SYS_RESOURCE crun 1.8 can't load v2's programs for devices.
if [ "${BENCH_VIEW:-}" = unified ]; then
    for other in "${names[@]:2}"; do
        CLOCK='' runtime "$other" run -b "$work/true" "$prefix-try" < /dev/null > "$work/said" 2>&1 && continue
        echo "without $other, which says: $(tail -n 1 "$work/said")"
        CLOCK='' runtime "$other" delete --force "$prefix-try" > /dev/null 2>&1 || true
        names=($(printf '%s\n' "${names[@]}" | grep -vx "$other"))
    done
fi

# What is measured: each prints microseconds and the runtime's peak memory in KiB.
CLOCK="$work/clock"
run() { if [ "$1" = floor ]; then "$work/clock" "$work/floor" "$work/rootfs" /bin/true; else runtime "$1" run -b "$work/true" "$prefix-$2"; fi; }
life() {
    if [ "$1" = floor ]; then run floor; return; fi
    { runtime "$1" create -b "$work/true" "$prefix-$2"
      runtime "$1" start "$prefix-$2"
      runtime "$1" delete --force "$prefix-$2"; } |
        awk '{time += $1; if ($2 > memory) memory = $2} END {print time, memory}'
}
execute() { runtime "$1" exec "$prefix-sleeper" /bin/true; }

# measure WHAT NAMES…
measure() {
    local what=$1 round name result
    shift
    for round in $(seq -2 "$rounds"); do
        for name in "$@"; do
            result=$($what "$name" "$round" < /dev/null) || { echo "$name has failed: $what" >&2; exit 1; }
            # The first rounds only fill the caches.
            if [ "$round" -gt 0 ]; then echo "$result" >> "$work/$name.$what"; fi
        done
    done
}
median() { sort -n "$work/$1.$2" | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }
# The quarter that was least disturbed by whatever else the host does.
quartile() { sort -n "$work/$1.$2" | awk '{a[NR] = $1} END {print a[int((NR + 3) / 4)]}'; }
peak() { sort -n -k 2 "$work/$1.$2" | awk '{a[NR] = $2} END {print a[int((NR + 1) / 2)]}'; }
# show WHAT TITLE BUDGET-OF-CRUN BUDGET-OF-FLOOR
show() {
    local name floor crun
    floor=$(median floor run)
    crun=0
    if [ -e "$work/crun.$1" ]; then crun=$(median crun "$1"); fi
    printf '%-22s %10s %10s %8s %8s %9s\n' "$2" 'median ms' 'quartile' '× floor' '× crun' 'peak KiB'
    for name in "${names[@]}"; do
        [ -e "$work/$name.$1" ] || continue
        awk -v n="$name" -v m="$(median "$name" "$1")" -v q="$(quartile "$name" "$1")" -v f="$floor" -v c="$crun" \
            -v p="$(peak "$name" "$1")" 'BEGIN {
                printf "%-22s %10.2f %10.2f %8.2f %8s %9d\n", n, m / 1000, q / 1000, m / f, c ? sprintf("%.2f", m / c) : "-", p}'
    done
    echo "budget: $3 × crun${4:+, $4 × floor}; peak memory no more than crun's"
    echo
}

measure run "${names[@]}"
show run 'run of true' 0.60 2.00
measure life "${names[@]}"
show life 'create, start, delete' 0.60 2.00
if [ "${BENCH_VIEW:-}" = unified ]; then exit; fi
for name in "${names[@]:1}"; do CLOCK='' runtime "$name" run -d -b "$work/sleep" "$prefix-sleeper" < /dev/null > /dev/null 2>&1; done
measure execute "${names[@]:1}"
show execute 'exec of true' 0.50
for name in "${names[@]:1}"; do CLOCK='' runtime "$name" delete --force "$prefix-sleeper"; done

echo 'smallest memory limit with which true runs, KiB (budget: no more than crun)'
CLOCK=''
for name in "${names[@]:1}"; do
    found='none up to 32768'
    for kibibytes in $(seq 256 256 32768); do
        configure limited /bin/true $((kibibytes * 1024))
        if runtime "$name" run -b "$work/limited" "$prefix-limited" < /dev/null > /dev/null 2>&1; then found=$kibibytes; break; fi
        runtime "$name" delete --force "$prefix-limited" > /dev/null 2>&1 || true
    done
    printf '%-22s %10s\n' "$name" "$found"
done
echo

# Of those made here: the others have left some of what did not fit its limit.
groups() { find /sys/fs/cgroup -type d -name "$prefix-own-*" | wc -l; }
available() { awk '/^MemAvailable/ {print $2}' /proc/meminfo; }
descriptors() { awk '{print $1}' /proc/sys/fs/file-nr; }
turns=${TURNS:-1000}
before=$(available) open=$(descriptors)
for turn in $(seq "$turns"); do runtime bulkhead-runtime run -b "$work/true" "$prefix-own-$turn" < /dev/null; done
echo "$turns containers in turn: control groups left $(groups), states left $(ls "$state/bulkhead-runtime" | wc -l)," \
    "MemAvailable $((before - $(available))) KiB less, open files of the whole host $(($(descriptors) - open)) more"

crowd=${CROWD:-500}
before=$(available) begun=$(date +%s%N)
for one in $(seq "$crowd"); do
    runtime bulkhead-runtime run -d -b "$work/sleep" "$prefix-own-$one" < /dev/null > /dev/null 2>&1
done
ended=$(date +%s%N)
running=$(runtime bulkhead-runtime list | grep -c ' running ' || true)
echo "$crowd containers at once: $running running, started in $(((ended - begun) / crowd / 1000)) µs each," \
    "$(((before - $(available)) / crowd)) KiB of memory each"
for one in $(seq "$crowd"); do runtime bulkhead-runtime delete --force "$prefix-own-$one"; done
echo "deleted again: control groups left $(groups)"
[ "$running" = "$crowd" ] && [ "$(groups)" = 0 ]
