// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/path_steps.hpp"

namespace insula::init {

inline constexpr int last_signal = 64;
inline constexpr int sig_block = 0;    // SIG_BLOCK
inline constexpr int sig_setmask = 2;  // SIG_SETMASK
inline constexpr int sig_kill = 9;
inline constexpr int sig_chld = 17;
inline constexpr int sig_stop = 19;
inline constexpr int msg_peek = 0x2;
inline constexpr int msg_dontwait = 0x40;

inline void set_state(program::SharedPage& shared, program::State state) noexcept {
    __atomic_store_n(&shared.state, static_cast<uint32_t>(state), __ATOMIC_RELEASE);
}

/// Turns a list of offsets into the pointers that execve(2) takes, in place.
[[nodiscard]] inline char* const* to_pointers(program::View view, uint32_t list) noexcept {
    auto* entry = view.array<uint64_t>(list);
    for (; *entry != 0; ++entry)
        *entry = reinterpret_cast<uint64_t>(view.text(static_cast<program::Text>(*entry)));
    return view.array<char*>(list);
}

/// Whether the embedder, who holds the only other end, is still there. A container must not start
/// unowned.
template <class Calls>
[[nodiscard]] bool owner_lives(Calls& calls, int control) noexcept {
    char byte = 0;
    return calls.recvfrom(control, &byte, 1, msg_dontwait | msg_peek) != 0;
}

/// Gives init the descriptors it was promised, 3 and on; the control socket goes out of their way,
/// and closes at exec.
template <class Calls>
[[nodiscard]] Outcome place_descriptors(Context<Calls>& context) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    const int passed = static_cast<int>(context.view.header().passed_fds);
    if (passed == 0) return {};
    const int control =
        calls.fcntl(context.control, F_DUPFD_CLOEXEC, program::first_passed_fd + passed);
    if (control < 0) return outcome(control, Call::fcntl);
    context.control = control;
    for (int i = 0; i != passed; ++i)
        if (const Outcome o =
                outcome(calls.dup3(program::first_passed_fd + i, 3 + i, 0), Call::dup3);
            o.failed())
            return o;
    // The last two copies sit above the list that init sees.
    for (int i = passed > 2 ? passed - 2 : 0; i != passed; ++i)
        calls.close(program::first_passed_fd + i);
    return {};
}

/// What execve(2) did not say: which of the things it calls ENOENT or EACCES it was.
template <class Calls>
[[nodiscard]] Outcome explain_exec(Calls& calls, const char* path, int error) noexcept {
    using program::Detail;
    struct statx status{};
    const bool exists = calls.statx(AT_FDCWD, path, 0, STATX_TYPE, status) == 0;
    Detail detail = Detail::none;
    if (error == ENOENT && exists) detail = Detail::interpreter;
    if (error == EACCES && exists && is_directory(status)) detail = Detail::directory;
    return {error, program::Call::execve, detail};
}

/// Executes init in this process. Returns only when it cannot.
template <class Calls>
[[nodiscard]] Outcome execute(Context<Calls>& context, const program::Exec& op) noexcept {
    Calls& calls = context.calls;
    for (int signal = 1; signal <= last_signal; ++signal)
        if (signal != sig_kill && signal != sig_stop) calls.rt_sigaction_default(signal);
    const unsigned long none = 0;
    calls.rt_sigprocmask(sig_setmask, &none);
    calls.umask(022);
    const char* path = context.view.text(op.path);
    char* const* argv = to_pointers(context.view, op.argv);
    char* const* environment = to_pointers(context.view, op.environment);
    set_state(context.shared, program::State::executing);
    if (!owner_lives(calls, context.control)) calls.exit_group(1);
    const int error = calls.execve(path, argv, environment);
    return explain_exec(calls, path, -error);
}

/// Waits for children and passes signals on, as process 1, until `child` has ended. Its status of
/// wait4(2).
template <class Calls>
[[nodiscard]] int reap(Calls& calls, int child) noexcept {
    const unsigned long all = ~0UL;
    for (;;) {
        const int signal = calls.rt_sigtimedwait(&all);
        if (signal > 0 && signal != sig_chld) calls.kill(child, signal);
        if (signal != sig_chld) continue;
        int status = 0;
        int ended = 0;
        while ((ended = calls.wait4(-1, &status, /*WNOHANG*/ 1)) > 0)
            if (ended == child) return status;
    }
}

/// Starts init as a child, and stays. Returns only when it cannot.
template <class Calls>
[[nodiscard]] Outcome stay(Context<Calls>& context, const program::Exec& op) noexcept {
    Calls& calls = context.calls;
    const unsigned long all = ~0UL;
    calls.rt_sigprocmask(sig_block, &all);
    const int child = calls.clone_process(sig_chld);
    if (child < 0) return outcome(child, program::Call::clone);
    if (child == 0) {
        calls.setsid();
        return execute(context, op);
    }
    // Process 1 needs no descriptor. The child holds the control socket until it executes, so the
    // caller hears of that from the child alone.
    if (const Outcome o = outcome(calls.close_range(0, ~0U, 0), program::Call::close); o.failed())
        return o;
    const int status = reap(calls, child);
    __atomic_store_n(&context.shared.init_status, status, __ATOMIC_RELEASE);
    const int killed_by = status & 0x7f;
    calls.exit_group(killed_by != 0 ? 128 + killed_by : status >> 8 & 0xff);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Exec& op) noexcept {
    if (const Outcome o = place_descriptors(context); o.failed()) return o;
    return op.reaper ? stay(context, op) : execute(context, op);
}

}  // namespace insula::init
