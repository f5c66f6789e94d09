// SPDX-License-Identifier: Apache-2.0
// bench-floor SET ROOT PROGRAM: the floor as a command of its own, static, for bench-command.
#include <cstdio>
#include <exception>
#include <string_view>

#include "floor.hpp"

int main(int argc, char** argv) {
    using insula::bench::Set;
    const std::string_view set = argc == 4 ? argv[1] : "";
    if (set != "A" && set != "B" && set != "C") {
        (void)std::fputs("usage: bench-floor A|B|C ROOT PROGRAM\n", stderr);
        return 2;
    }
    try {
        insula::bench::run_floor(
            {.set = static_cast<Set>(set[0]), .root = argv[2], .program = argv[3]});
        return 0;
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
