#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a release in build/bench, measures, and prints Markdown tables. About two minutes. Needs
# root for all but the planner; crun and bubblewrap are compared where they are installed.
#
#   tests/bench/run.sh               everything
#   tests/bench/run.sh --check       and end with status 1 when a bar of report.py is missed
#   tests/bench/run.sh --rounds N    N rounds in place of 200
#   tests/bench/run.sh --realtime    under SCHED_FIFO: what else the machine does disturbs less
#
# INSULA_JOBS=N limits the jobs of the build.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=200
check=()
scheduling=()
while (($# != 0)); do
    case $1 in
        --check) check=(--check) ;;
        --rounds) rounds=${2:?--rounds needs a number}; shift ;;
        --realtime) scheduling=(chrt --fifo 1) ;;
        *) sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    esac
    shift
done

build=$root/build/bench
if [[ ! -f $build/build.ninja ]]; then
    meson setup "$build" "$root" --buildtype=release -Dbench=enabled -Dtests=disabled \
        -Dexamples=disabled -Dcli=enabled >&2
fi
ninja -C "$build" ${INSULA_JOBS:+-j"$INSULA_JOBS"} >&2

results=$(mktemp)
trap 'rm -f "$results"' EXIT

# measure PROGRAM ARGUMENT…
measure() {
    local program=$1
    shift
    echo "$program $*" >&2
    "${scheduling[@]}" "$build/tests/bench/$program" --json "$@" >>"$results"
}

measure bench-plan
if [[ $(id -u) == 0 ]]; then
    for set in A B C; do
        measure bench-start --set $set --rounds "$rounds" --peers
    done
    measure bench-start --memory 1024 --rounds $((rounds / 2))
    measure bench-start --host-mounts 1000 --rounds $((rounds / 2))
    for binds in 10 100 1000; do
        measure bench-start --binds $binds --rounds $((rounds / 4 + 1))
    done
    for set in A B C; do
        measure bench-command --set $set --rounds $((rounds / 2))
    done
else
    echo "not root: only the planner is measured" >&2
fi
python3 "$root/tests/bench/report.py" "${check[@]}" "$results"
