// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "insula/core/export.hpp"
#include "insula/core/fd.hpp"
#include "insula/core/result.hpp"

namespace insula::inline v0 {

/// How the container's init ended.
struct ExitStatus {
    enum class Kind : std::uint8_t {
        exited,    ///< by itself, with `code`
        signaled,  ///< killed by `signal`
        unknown,   ///< another part of the process reaped it, and the kernel is older than
                   ///< Linux 6.15
    };
    Kind kind = Kind::unknown;
    int code = 0;
    int signal = 0;
    bool core_dumped = false;

    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// Owns a running container: when it goes away the container is killed, reaped and undone, unless
/// it was detached.
///
/// One thread at a time may use a machine; different machines may be used at the same time.
class INSULA_API Machine {
public:
    struct State;

    explicit Machine(std::unique_ptr<State> state) noexcept;
    Machine(Machine&&) noexcept;
    Machine& operator=(Machine&&) noexcept;
    ~Machine();

    /// Process id of the container's process 1, as the caller's pid namespace sees it.
    [[nodiscard]] std::int32_t pid() const noexcept;
    /// Becomes readable when the container has ended: for poll(2). Stays the machine's.
    [[nodiscard]] FdRef pidfd() const noexcept;

    /// The caller's ends of pipes that `StartOptions` asked for; taken once, empty afterwards.
    [[nodiscard]] UniqueFd take_stdin() noexcept;
    [[nodiscard]] UniqueFd take_stdout() noexcept;
    [[nodiscard]] UniqueFd take_stderr() noexcept;

    /// Waits until init has ended; with a timeout, nothing when that passes first. Later calls give
    /// the same answer.
    [[nodiscard]] Result<ExitStatus> wait();
    [[nodiscard]] Result<std::optional<ExitStatus>> wait_for(std::chrono::milliseconds timeout);

    /// Sends `number` to process 1. `missing` when it has ended. The kernel drops what process 1
    /// has no handler for, but SIGKILL and SIGSTOP (pid_namespaces(7)).
    Result<void> signal(int number);
    /// SIGTERM, then after `grace` SIGKILL; waits for the end.
    [[nodiscard]] Result<ExitStatus> stop(std::chrono::milliseconds grace);
    /// SIGKILL; waits for the end.
    [[nodiscard]] Result<ExitStatus> kill();

    /// Lets the container outlive this object. Gives the pidfd to the caller.
    [[nodiscard]] UniqueFd detach() noexcept;

private:
    std::unique_ptr<State> state_;
};

}  // namespace insula::inline v0
