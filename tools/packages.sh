# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by examples/quickstart.sh and tests/run.sh: the packages that the project needs, and how
# they get here. Only on Debian and its relatives is anything installed, and never with a question.

packages_to_build=(g++ meson ninja-build pkg-config libpugixml-dev libcli11-dev)
packages_to_test=(ccache doctest-dev nlohmann-json3-dev python3 util-linux)
# for the fuzz targets; without them those tests are skipped
packages_to_fuzz=(clang-19 libclang-rt-19-dev)
packages_for_full=("${packages_to_fuzz[@]}" clang-tidy-19 clang-14)

package_is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing_packages() {
    local name
    for name in "$@"; do
        package_is_installed "$name" || echo "$name"
    done
}

run_as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null
}

apt_install() {
    run_as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}

# install_packages NAME…: returns 0 when all are here afterwards. Otherwise says which to install by
# hand, and returns 1.
install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        install_packages_elsewhere "$@"
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} == 0 ]] && return 0
    if ! can_install; then
        echo "missing packages; as root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}" >&2
    # The lists on the machine may be too old for the mirror, so a failure is tried again with new ones.
    apt_install "${missing[@]}" 2>/dev/null && return 0
    run_as_root apt-get update </dev/null >&2 || true
    apt_install "${missing[@]}" && return 0
    echo "cannot install ${missing[*]}" >&2
    return 1
}

# Without Debian's tools the build itself is asked: what it needs may be here by any way.
install_packages_elsewhere() {
    local tool absent=()
    for tool in g++ meson ninja pkg-config python3; do
        command -v "$tool" >/dev/null || absent+=("$tool")
    done
    local library
    for library in pugixml CLI11; do
        pkg-config --exists "$library" 2>/dev/null || absent+=("$library")
    done
    [[ ${#absent[@]} == 0 ]] && return 0
    cat >&2 <<TEXT
This system has no apt-get, and these are missing: ${absent[*]}
Install what your system calls the following packages of Debian, then start again:
  $*
TEXT
    return 1
}
