#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, runs all tests, prints each skip with its reason, and ends with
# the line "N passed, N failed, N skipped". Works as root and, for what the kernel allows, without.
#
#   tests/run.sh          each build with one compiler, 5 s per fuzz target: under 15 minutes
#   tests/run.sh --full   both compilers, TSan, clang-tidy, minutes of fuzzing, soak
#
# INSULA_JOBS=N limits the jobs of the build. Build directories stay in build/test-*.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
support=$root/tests/support
full=no
for argument in "$@"; do
    case $argument in
        --full) full=yes ;;
        *) sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    esac
done

# An id that no account has: an ordinary user with nothing of his own.
ordinary_uid=61337

# shellcheck source=tools/packages.sh
source "$root/tools/packages.sh"
install_packages "${packages_to_build[@]}" "${packages_to_test[@]}" || exit 1
if [[ $full == yes ]]; then
    install_packages "${packages_for_full[@]}" || exit 1
else
    install_packages "${packages_to_fuzz[@]}" || echo "going on without the fuzz targets" >&2
fi

# As root, the tests run as an ordinary user too, who has to get at them.
if [[ $(id -u) == 0 ]] &&
    ! setpriv --reuid=$ordinary_uid --regid=$ordinary_uid --clear-groups test -r "$root/tests/run.sh"; then
    copy=$(mktemp -d /tmp/insula-tests.XXXXXX)
    echo "other users cannot read $root: working on a copy in $copy" >&2
    trap 'rm -rf "$copy"' EXIT
    tar -C "$root" --exclude=./build --exclude=./.git -c . | tar -C "$copy" -x
    chmod 755 "$copy"
    bash "$copy/tests/run.sh" "$@"
    exit
fi

build_root=$root/build
[[ -w $root ]] || build_root=$(mktemp -d)
mkdir -p "$build_root"
results=$build_root/test-results
: >"$results"

# The consumer tests build the same again in other directories, and with another home.
if [[ -n $(command -v ccache) ]]; then
    CCACHE_DIR=$(ccache --get-config cache_dir)
    export CCACHE_DIR CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=/
fi

say() { printf '\n== %s\n' "$*"; }

# record NAME PASSED FAILED SKIPPED [REASON]: a result of this script's own
record() {
    python3 - "$results" "$@" <<'PYTHON'
import json, sys
path, name, passed, failed, skipped, *reason = sys.argv[1:]
with open(path, "a", encoding="utf-8") as out:
    out.write(json.dumps({"test": name, "passed": int(passed), "failed": int(failed), "skipped": int(skipped),
                          "skips": [f"{name}: {text}" for text in reason]}) + "\n")
PYTHON
}

# check NAME COMMAND…: one test that is a command
check() {
    local name=$1
    shift
    if "$@"; then record "$name" 1 0 0; else echo "FAIL $name"; record "$name" 0 1 0; fi
}

# build NAME COMPILER OPTION…: builds build/test-NAME; fails, as one failed test, when it does not build
build() {
    local name=$1 compiler=$2 directory=$build_root/test-$1
    shift 2
    say "build $name"
    if [[ ! -f $directory/build.ninja ]]; then
        command -v ccache >/dev/null && compiler="ccache $compiler"
        CXX=$compiler meson setup "$directory" "$root" --fatal-meson-warnings -Dwerror=true "$@" \
            >"$directory.log" 2>&1 || { cat "$directory.log"; record "build $name" 0 1 0; return 1; }
    fi
    ninja -C "$directory" ${INSULA_JOBS:+-j "$INSULA_JOBS"} >"$directory.log" 2>&1 ||
        { cat "$directory.log"; record "build $name" 0 1 0; return 1; }
}

run() { python3 "$support/run_suite.py" --results "$results" "$@"; }

# Runs COMMAND… in a mount namespace of its own whose mounts are all shared, as on a systemd host.
# They are made private first, so that nothing gets back to this machine.
in_shared_root() {
    unshare --mount --propagation private sh -c 'mount --make-rshared / && exec "$@"' sh "$@"
}

# run_everywhere BUILD SUITE…: with each kind of user and each kind of root that there is
run_everywhere() {
    local build=$1
    shift
    local common=(--results "$results" --build "$build_root/test-$build" --suite "$@")
    if [[ $(id -u) != 0 ]]; then
        python3 "$support/run_suite.py" --label "$build, user" "${common[@]}"
        record "$* as root" 0 0 1 "needs root"
        record "$* under a shared root" 0 0 1 "needs root"
        return
    fi
    local name
    for name in root user; do
        local who=()
        [[ $name == user ]] && who=(--uid "$ordinary_uid")
        python3 "$support/run_suite.py" --label "$build, $name" "${who[@]}" "${common[@]}"
        if in_shared_root true; then
            in_shared_root python3 "$support/run_suite.py" --label "$build, $name, shared root" \
                "${who[@]}" "${common[@]}"
        else
            record "$* as $name under a shared root" 0 0 1 "this machine refuses a mount namespace"
        fi
    done
}

# Assertions stay on. Compilers take four times as long to optimize what UBSan adds, and GCC twice as
# long as clang in any case.
debug=(-Ddebug=true -Doptimization=1 -Db_ndebug=false)
sanitizers=(-Ddebug=true -Doptimization=0 -Db_ndebug=false "-Db_sanitize=address,undefined"
            -Db_lundef=false)
sanitizing_compiler=g++
[[ -n $(command -v clang++-19) ]] && sanitizing_compiler=clang++-19
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1
export INSULA_TEST_ROUNDS=50
export INSULA_CONSUMER_COMPILERS=g++
release_suites=unit,command,consumer
if [[ $full == yes ]]; then
    export INSULA_TEST_ROUNDS=1000 INSULA_CONSUMER_COMPILERS="g++ clang++-19 clang++-14"
    release_suites=$release_suites,system  # the soak is a case of it
fi

# fuzz SECONDS: runs each target that many seconds on a copy of its corpus
fuzz() {
    local seconds=$1 target name
    if ! command -v clang++-19 >/dev/null; then
        record fuzz 0 0 1 "clang++-19 is not installed"
        return
    fi
    build fuzz clang++-19 "${debug[@]}" -Dfuzz=enabled -Dtests=disabled -Dexamples=disabled -Dcli=disabled ||
        return
    say "fuzz, $seconds s per target"
    for target in "$build_root"/test-fuzz/tests/fuzz/fuzz-*; do
        [[ -f $target && -x $target ]] || continue
        name=$(basename "$target")
        # what is found goes to a directory of the build's; the seeds in the tree stay as they are
        local subject=${name#fuzz-}
        local found=$build_root/test-fuzz/corpus-$subject
        local seeds=$root/tests/fuzz/corpus/$subject dictionary=$root/tests/fuzz/$subject.dict
        mkdir -p "$found"
        run --label "$seconds s" --timeout $((seconds + 120)) --command "$name" "$target" \
            -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
            -dict="$dictionary" -artifact_prefix="$build_root/test-fuzz/crash-$subject-" "$found" "$seeds"
    done
}

tidy() {
    say "clang-tidy"
    local sources
    mapfile -t sources < <(cd "$root" && find lib -name '*.cpp' | sort)
    check clang-tidy env -C "$root" run-clang-tidy-19 -quiet -p "$build_root/test-clang" \
        -j "${INSULA_JOBS:-$(nproc)}" "${sources[@]/#/$root/}"
}

if build sanitized "$sanitizing_compiler" "${sanitizers[@]}" -Dcli=disabled -Dexamples=disabled; then
    say "unit and executor tests"
    run --label sanitized --build "$build_root/test-sanitized" --suite unit executor
    say "system tests"
    run_everywhere sanitized system
fi
if build release g++ -Dbuildtype=release -Dtests=enabled "-Dtest_suites=$release_suites"; then
    say "release build: units, the static command, examples"
    run --label release --build "$build_root/test-release" --suite unit
    run_everywhere release command
    say "consumer tests"
    run --label release --build "$build_root/test-release" --suite consumer --timeout 900
fi
fuzz "$([[ $full == yes ]] && echo 180 || echo 5)"

if [[ $full == yes ]]; then
    if build clang clang++-19 "${debug[@]}"; then
        run --label clang --build "$build_root/test-clang" --suite unit executor
        run_everywhere clang system
        tidy
    fi
    if build threads g++ "${debug[@]}" -Db_sanitize=thread -Db_lundef=false; then
        run --label threads --build "$build_root/test-threads" --suite unit executor
        run_everywhere threads system
    fi
    say "soak"
    run --label soak --build "$build_root/test-release" --suite soak --timeout 3600
fi

say "summary"
python3 "$support/summary.py" "$results"
