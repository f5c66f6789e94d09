// SPDX-License-Identifier: Apache-2.0

// The helper `insula-init`: the first program in every container. It has its own memory and no
// libc, finds the control socket and the Program at fixed descriptors, does what the Program says,
// and becomes the container's init or stays as process 1.

#include "init/apply.hpp"

extern "C" {

// The compiler may call these three for what it copies and clears.
void* memcpy(void* to, const void* from, size_t size) {
    auto* out = static_cast<char*>(to);
    const auto* in = static_cast<const char*>(from);
    for (size_t i = 0; i != size; ++i) out[i] = in[i];
    return to;
}
void* memmove(void* to, const void* from, size_t size) {
    if (to <= from) return memcpy(to, from, size);
    auto* out = static_cast<char*>(to);
    const auto* in = static_cast<const char*>(from);
    while (size-- != 0) out[size] = in[size];
    return to;
}
void* memset(void* to, int value, size_t size) {
    auto* out = static_cast<char*>(to);
    for (size_t i = 0; i != size; ++i) out[i] = static_cast<char>(value);
    return to;
}
[[noreturn]] void insula_init_main();

}  // extern "C"

namespace {

using namespace insula;

constexpr int prot_read_write = 0x1 | 0x2;
constexpr int map_shared = 0x01;
/// Room for most Programs: what lies beyond the end of the file is not touched.
constexpr unsigned long usual_size = 65536;

/// Maps the first `size` bytes of the file with the shared page and the Program.
[[nodiscard]] program::SharedPage& map(init::KernelCalls& calls, unsigned long size) {
    const long address = calls.mmap(size, prot_read_write, map_shared, program::program_fd, 0);
    if (address < 0 && address > -4096) calls.exit_group(1);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as integers
    return *reinterpret_cast<program::SharedPage*>(address);
}

/// Waits until the caller has written the Program. End-of-file means that he died.
void await_program(init::KernelCalls& calls) {
    char byte = 0;
    if (calls.read(program::control_fd, &byte, 1) != 1) calls.exit_group(1);
}

[[noreturn]] void run() {
    init::KernelCalls calls;
    // Nobody may look into the helper: it holds descriptors of the host until init runs
    // (CVE-2016-9962).
    calls.prctl(PR_SET_DUMPABLE, 0);
    calls.prctl(PR_SET_NAME, reinterpret_cast<unsigned long>("insula-init"));
    calls.fcntl(program::control_fd, F_SETFD, FD_CLOEXEC);
    calls.umask(0);
    calls.setsid();

    await_program(calls);
    program::SharedPage* shared = &map(calls, usual_size);
    const unsigned long size = shared->program_offset + shared->program_size;
    if (size > usual_size) shared = &map(calls, size);
    const program::View view(reinterpret_cast<char*>(shared) + shared->program_offset);
    calls.close(program::program_fd);
    if (view.header().magic_number != program::magic) calls.exit_group(1);
    (void)init::apply(calls, view, *shared);
    calls.exit_group(1);
}

}  // namespace

void insula_init_main() {
    run();
}

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  and $-16, %rsp\n"
    "  call insula_init_main\n"
    "  hlt\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  bl insula_init_main\n"
    "  brk #0\n");
#endif
