// SPDX-License-Identifier: Apache-2.0

// Stage 1: between clone3 and the helper's exec. The child shares the caller's memory (CLONE_VM:
// nothing is copied, so the size of the caller does not matter) but has its own stack, descriptor
// table and namespaces. It makes a dozen raw system calls and touches only the job: no libc, no
// TLS, no allocation, no virtual call, and this file is built without stack protector and
// sanitizers. Why not do everything here: docs/explanation/architecture.md, "exec first".

#include "linux/stage_one.hpp"

#include <linux/futex.h>
#include <linux/time_types.h>

#include "init/program.hpp"
#include "init/syscall.hpp"
#include "init/uapi.hpp"

namespace {

using insula::init::system_call;
using insula::linux_::StageOneJob;
using insula::program::Call;

long address(const void* pointer) {
    return reinterpret_cast<long>(pointer);
}

[[noreturn]] void give_up(StageOneJob* job, long error, Call call) {
    job->error = static_cast<int>(-error);
    job->call = static_cast<std::uint16_t>(call);
    for (;;) system_call(__NR_exit, 1);
}

/// Puts the listed descriptors at 0, 1, 2, … and closes all others. Copies first, above the list,
/// because one of them may stand where another belongs.
void place_descriptors(StageOneJob* job) {
    const int count = job->descriptor_count;
    for (int i = 0; i != count; ++i) {
        const long copy = system_call(__NR_fcntl, job->descriptors[i], F_DUPFD_CLOEXEC, count);
        if (copy < 0) give_up(job, copy, Call::fcntl);
        job->copies[i] = static_cast<int>(copy);
    }
    for (int i = 0; i != count; ++i) {
        const int flags = i + 1 == count ? O_CLOEXEC : 0;  // the helper program closes at exec
        const long placed = system_call(__NR_dup3, job->copies[i], i, flags);
        if (placed < 0) give_up(job, placed, Call::dup3);
    }
    const long closed = system_call(__NR_close_range, count, ~0U, 0);
    if (closed < 0) give_up(job, closed, Call::close);
}

/// An exec by a user who is not mapped to 0 in the new user namespace clears the permitted set,
/// unless the capabilities are ambient (capabilities(7), "Transformation of capabilities during
/// execve"). Changes this task's credentials only: the caller's dumpable flag belongs to the
/// memory, and a change of capabilities in a child namespace leaves it alone.
void keep_capabilities(StageOneJob* job) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    long result = system_call(__NR_capget, address(&header), address(data));
    if (result < 0) give_up(job, result, Call::capget);
    data[0].inheritable = data[0].permitted;
    data[1].inheritable = data[1].permitted;
    result = system_call(__NR_capset, address(&header), address(data));
    if (result < 0) give_up(job, result, Call::capset);
    for (int capability = 0; capability != 64; ++capability) {
        if ((data[capability / 32].permitted >> (capability % 32) & 1) == 0) continue;
        result = system_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
        if (result < 0) give_up(job, result, Call::raise_ambient);
    }
}

[[noreturn]] void child(StageOneJob* job) {
    place_descriptors(job);
    if (job->wait_for_maps) {
        char byte;
        const long got = system_call(__NR_read, job->control, address(&byte), 1);
        if (got < 0) give_up(job, got, Call::read);
        if (got == 0) give_up(job, -EPIPE, Call::read);  // the owner died
    }
    if (job->keep_capabilities) keep_capabilities(job);
    const long error = system_call(__NR_execveat, job->descriptor_count - 1, address(""),
                                   address(static_cast<const void*>(job->argv)),
                                   address(static_cast<const void*>(job->environment)),
                                   insula::uapi::at_empty_path);
    give_up(job, error, Call::execve);
}

/// clone3(2) that returns in the caller only; the child calls `function(job)` on the stack that
/// `arguments` name.
long clone_and_call(clone_args* arguments, void (*function)(StageOneJob*), StageOneJob* job) {
#if defined(__x86_64__)
    long result;
    register void (*r12)(StageOneJob*) __asm__("r12") = function;
    register StageOneJob* r13 __asm__("r13") = job;
    __asm__ volatile(
        "syscall\n"
        "test %%rax, %%rax\n"
        "jnz 1f\n"
        "xor %%ebp, %%ebp\n"
        "mov %%r13, %%rdi\n"
        "call *%%r12\n"
        "hlt\n"
        "1:\n"
        : "=a"(result)
        : "a"(static_cast<long>(__NR_clone3)), "D"(arguments), "S"(sizeof *arguments), "r"(r12),
          "r"(r13)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = __NR_clone3;
    register long x0 __asm__("x0") = reinterpret_cast<long>(arguments);
    register long x1 __asm__("x1") = sizeof *arguments;
    register void (*x19)(StageOneJob*) __asm__("x19") = function;
    register StageOneJob* x20 __asm__("x20") = job;
    __asm__ volatile(
        "svc 0\n"
        "cbnz x0, 1f\n"
        "mov x29, #0\n"
        "mov x0, x20\n"
        "blr x19\n"
        "brk #0\n"
        "1:\n"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x19), "r"(x20)
        : "memory");
    return x0;
#endif
}

}  // namespace

int insula::linux_::insula_clone_stage_one(StageOneJob* job) noexcept {
    clone_args arguments{};
    arguments.flags =
        job->clone_flags | CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&job->pidfd);
    arguments.child_tid = reinterpret_cast<std::uint64_t>(&job->thread);
    // exit_signal stays 0: an embedder is not told of a child that fails here. Exec sets it to
    // SIGCHLD.
    arguments.stack = reinterpret_cast<std::uint64_t>(job->stack);
    arguments.stack_size = job->stack_size;

    // No handler of the embedder's may run on the child's stack, so every signal is blocked, with
    // the raw call: libc's leaves its own two (32, 33) open. The child keeps the full mask until
    // the helper resets it.
    const unsigned long all = ~0UL;
    unsigned long before = 0;
    system_call(__NR_rt_sigprocmask, 0 /*SIG_BLOCK*/, address(&all), address(&before), sizeof all);
    const long pid = clone_and_call(&arguments, child, job);
    system_call(__NR_rt_sigprocmask, 2 /*SIG_SETMASK*/, address(&before), 0, sizeof before);
    return static_cast<int>(pid);
}

void insula::linux_::insula_wait_for_stage_one(StageOneJob* job) noexcept {
    // Not FUTEX_PRIVATE: the kernel wakes the word of CLONE_CHILD_CLEARTID as a shared one.
    while (__atomic_load_n(&job->thread, __ATOMIC_ACQUIRE) != 0)
        system_call(__NR_futex, address(&job->thread), FUTEX_WAIT, 1, 0);
}
