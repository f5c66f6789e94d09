// SPDX-License-Identifier: Apache-2.0
// The smallest program: it ends, and nothing else. What a container start costs is then all that is
// measured.
#include <asm/unistd.h>

#include "init/syscall.hpp"

extern "C" [[noreturn]] void _start() {
    for (;;) insula::init::system_call(__NR_exit_group, 0);
}
