#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the command, and shows a container: first its plan, then itself.
# Works as root and as an ordinary user; asks nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/packages.sh
source "$root/tools/packages.sh"
install_packages "${packages_to_build[@]}" || exit 1

if [[ -w $root ]]; then
    build=$root/build/quickstart
elif [[ -n ${HOME:-} && -w $HOME ]]; then
    build=${XDG_CACHE_HOME:-$HOME/.cache}/insula/quickstart
else
    build=$(mktemp -d)/quickstart
fi

say() { printf '\n== %s\n' "$*"; }

say "building in $build"
if [[ ! -f $build/build.ninja ]]; then
    mkdir -p "$(dirname "$build")"
    meson setup --buildtype=release -Dtests=disabled -Dexamples=disabled -Dcli=enabled \
        "$build" "$root" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
fi
ninja -C "$build" ${INSULA_JOBS:+-j "$INSULA_JOBS"}

insula=$build/lib/cli/insula
hello=$root/examples/domains/hello.xml

say "the plan: insula plan --format tree examples/domains/hello.xml"
"$insula" plan --quiet --format tree "$hello"

say "the container: insula run examples/domains/hello.xml"
"$insula" run "$hello"

say "outside again"
if [[ -e /written-inside ]]; then
    echo "/written-inside is on the host: the container leaked" >&2
    exit 1
fi
echo "there is no /written-inside on the host"
