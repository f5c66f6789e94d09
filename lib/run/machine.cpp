// SPDX-License-Identifier: Apache-2.0
#include "insula/run/machine.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "linux/await.hpp"
#include "linux/explain.hpp"
#include "run/machine_state.hpp"

namespace insula::inline v0 {

namespace {

using linux_::Deadline;

[[nodiscard]] ExitStatus from_siginfo(const siginfo_t& info) noexcept {
    if (info.si_code == CLD_EXITED)
        return {.kind = ExitStatus::Kind::exited, .code = info.si_status};
    return {.kind = ExitStatus::Kind::signaled,
            .signal = info.si_status,
            .core_dumped = info.si_code == CLD_DUMPED};
}

/// The status word of wait4(2), which the reaper and PIDFD_GET_INFO give.
[[nodiscard]] ExitStatus from_wait_status(int status) noexcept {
    if (WIFEXITED(status)) return {.kind = ExitStatus::Kind::exited, .code = WEXITSTATUS(status)};
    return {.kind = ExitStatus::Kind::signaled,
            .signal = WTERMSIG(status),
            .core_dumped = WCOREDUMP(status) != 0};
}

/// The status of a process that somebody else has reaped, or is reaping: where SIGCHLD is ignored,
/// the kernel says that there is no child a moment before it lets go of it. Since Linux 6.15 the
/// pidfd knows the status from then on.
[[nodiscard]] ExitStatus ask_pidfd(linux_::Kernel& kernel, int pidfd) {
    constexpr std::chrono::seconds longest_release(1);
    const auto ask = [&](uapi::PidfdInfo& info) {
        info.mask = uapi::pidfd_info_exit;
        return kernel.pidfd_get_info(pidfd, info) >= 0;
    };
    const auto knows = [](const uapi::PidfdInfo& info) {
        return (info.mask & uapi::pidfd_info_exit) != 0;
    };
    uapi::PidfdInfo info{};
    if (!ask(info)) return {};
    if (!knows(info)) {
        const Result<bool> released =
            linux_::await_hangup(kernel, pidfd, Deadline(longest_release));
        if (!released || !released.value() || !ask(info) || !knows(info)) return {};
    }
    return from_wait_status(info.exit_code);
}

[[nodiscard]] UniqueFd take(linux_::HeldFd& fd) noexcept {
    return UniqueFd::adopt(fd.release());
}

/// Waits for the end and learns how it came.
[[nodiscard]] Result<ExitStatus> collect(Machine::State& state) {
    if (state.status) return *state.status;
    linux_::Kernel& kernel = *state.kernel;
    const int pidfd = state.container.pidfd.get();
    siginfo_t info{};
    int reaped = 0;
    do reaped = linux_::reap(kernel, pidfd, info);
    while (reaped == -EINTR);
    if (reaped == -ECHILD) {
        INSULA_TRY([[maybe_unused]] const bool ended,
                   linux_::await_readable(kernel, pidfd, Deadline(std::chrono::milliseconds{})));
        state.status = ask_pidfd(kernel, pidfd);
    } else if (reaped < 0) {
        return linux_::start_error(-reaped, "waitid", "cannot wait for the container");
    } else {
        state.status = from_siginfo(info);
    }
    if (!state.container.shared.valid()) return *state.status;
    // Process 1 was the reaper: it knows what became of init.
    const int init_status =
        __atomic_load_n(&state.container.shared.page().init_status, __ATOMIC_ACQUIRE);
    if (init_status >= 0) state.status = from_wait_status(init_status);
    return *state.status;
}

}  // namespace

Machine::Machine(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Machine::Machine(Machine&&) noexcept = default;

Machine& Machine::operator=(Machine&& other) noexcept {
    if (this != &other) {
        const Machine ended(std::move(*this));
        state_ = std::move(other.state_);
    }
    return *this;
}

Machine::~Machine() {
    if (state_ == nullptr || state_->status) return;
    state_->kernel->pidfd_send_signal(state_->container.pidfd.get(), SIGKILL);
    (void)collect(*state_);
}

std::int32_t Machine::pid() const noexcept {
    return state_->container.pid;
}
FdRef Machine::pidfd() const noexcept {
    return {state_->container.pidfd.get()};
}

UniqueFd Machine::take_stdin() noexcept {
    return take(state_->container.streams[0]);
}
UniqueFd Machine::take_stdout() noexcept {
    return take(state_->container.streams[1]);
}
UniqueFd Machine::take_stderr() noexcept {
    return take(state_->container.streams[2]);
}

Result<ExitStatus> Machine::wait() {
    return collect(*state_);
}

Result<std::optional<ExitStatus>> Machine::wait_for(std::chrono::milliseconds timeout) {
    using Answer = std::optional<ExitStatus>;
    if (state_->status) return Answer(state_->status);
    // A deadline of zero would mean none.
    const Deadline deadline(std::max(timeout, std::chrono::milliseconds(1)));
    INSULA_TRY(const bool ended,
               linux_::await_readable(*state_->kernel, state_->container.pidfd.get(), deadline));
    if (!ended) return Answer();
    INSULA_TRY(const ExitStatus status, collect(*state_));
    return Answer(status);
}

Result<void> Machine::signal(int number) {
    if (state_->status)
        return Error{.code = ErrorCode::missing, .message = "the container has ended"};
    const int sent = state_->kernel->pidfd_send_signal(state_->container.pidfd.get(), number);
    if (sent >= 0) return {};
    if (sent == -ESRCH)
        return Error{.code = ErrorCode::missing,
                     .message = "the container has ended",
                     .call = "pidfd_send_signal",
                     .system_error = ESRCH};
    Error error = linux_::start_error(-sent, "pidfd_send_signal",
                                      "cannot send signal " + std::to_string(number));
    if (sent == -EINVAL) error.code = ErrorCode::invalid;
    return error;
}

Result<ExitStatus> Machine::stop(std::chrono::milliseconds grace) {
    if (const Result<void> sent = signal(SIGTERM); !sent && sent.error().code != ErrorCode::missing)
        return sent.error();
    INSULA_TRY(const auto ended, wait_for(grace));
    if (ended) return *ended;
    return kill();
}

Result<ExitStatus> Machine::kill() {
    if (const Result<void> sent = signal(SIGKILL); !sent && sent.error().code != ErrorCode::missing)
        return sent.error();
    return wait();
}

UniqueFd Machine::detach() noexcept {
    UniqueFd pidfd = take(state_->container.pidfd);
    state_.reset();
    return pidfd;
}

}  // namespace insula::inline v0
