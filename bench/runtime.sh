#!/bin/bash
# Compares `bulkhead-runtime run` of a bundle running `true` with crun, runc and the floor, interleaved, and prints
# medians. usage: bench/runtime.sh [ROUNDS]; RUNTIME=path of bulkhead-runtime (default: the release build).
set -euo pipefail
# crun 1.8 refuses hosts whose v2 tree beside v1 has a controller of its own: nobody gets to see that tree here.
if [ -n "$(cat /sys/fs/cgroup/unified/cgroup.controllers 2> /dev/null)" ] && [ -z "${BENCH_INSIDE:-}" ]; then
    BENCH_INSIDE=1 exec unshare --mount sh -c 'umount /sys/fs/cgroup/unified; exec "$@"' sh "$0" "$@"
fi
here=$(cd "$(dirname "$0")/.." && pwd)
# crun and runc of the host, else those that scripts/fetch-tools has unpacked
PATH=$PATH:$here/.build/tools/usr/bin:$here/.build/tools/usr/sbin
export LD_LIBRARY_PATH=$here/.build/tools/usr/lib/x86_64-linux-gnu
rounds=${1:-60}
runtime=${RUNTIME:-$here/.build/release/bulkhead-runtime}
work=$(mktemp -d /tmp/bulkhead-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/rootfs"/{bin,proc,dev,sys,etc} "$work/state"
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/true"
strip -o "$work/bulkhead-runtime" "$runtime"
cc -O2 -static -o "$work/floor" "$here/bench/floor.c"
# One configuration for all: what `runc spec` writes, without a terminal.
(cd "$work" && "$work/bulkhead-runtime" spec)
python3 - "$work/config.json" << 'PYTHON'
import json, sys
with open(sys.argv[1]) as file: configuration = json.load(file)
configuration["ociVersion"] = "1.0.2"
configuration["process"].update(terminal=False, args=["/bin/true"])
with open(sys.argv[1], "w") as file: json.dump(configuration, file)
PYTHON

cat > "$work/time.c" <<'C'
// Runs a command and prints its time in microseconds.
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
extern char **environ;
int main(int count, char **words) {
    struct timespec a, b;
    pid_t pid;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (posix_spawnp(&pid, words[1], NULL, NULL, words + 1, environ)) return 1;
    waitpid(pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (status) return 1;
    printf("%ld\n", (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
    return count < 2;
}
C
cc -O2 -o "$work/time" "$work/time.c"

names=(floor bulkhead-runtime)
for other in crun runc; do if command -v $other > /dev/null; then names+=($other); fi; done
run() {
    case $1 in
        floor) "$work/time" "$work/floor" "$work/rootfs" /bin/true ;;
        bulkhead-runtime) "$work/time" "$work/bulkhead-runtime" --root "$work/state/b" run -b "$work" "bench-$2" ;;
        *) "$work/time" "$1" --root "$work/state/$1" run -b "$work" "bench-$2" ;;
    esac
}
for round in $(seq -2 "$rounds"); do
    for name in "${names[@]}"; do
        microseconds=$(run "$name" "$round" < /dev/null) || { echo "$name has failed" >&2; exit 1; }
        # The first rounds only fill the caches.
        if [ "$round" -gt 0 ]; then echo "$microseconds" >> "$work/$name.times"; fi
    done
done 2>&1
median() { sort -n "$work/$1.times" | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }
floor=$(median floor)
printf '%-18s %10s %10s\n' program 'median ms' '× floor'
for name in "${names[@]}"; do
    awk -v n="$name" -v m="$(median "$name")" -v f="$floor" 'BEGIN {printf "%-18s %10.2f %10.2f\n", n, m / 1000, m / f}'
done
if [ -e "$work/crun.times" ]; then
    awk -v m="$(median bulkhead-runtime)" -v c="$(median crun)" -v f="$floor" 'BEGIN {
        printf "bulkhead-runtime: %.2f × crun (budget 0.60), %.2f × floor (budget 2.00)\n", m / c, m / f}'
fi
