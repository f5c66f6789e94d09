// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "insula/core/fd.hpp"
#include "insula/core/result.hpp"
#include "linux/kernel.hpp"

namespace insula::linux_ {

/// A moment to wait for, or none.
class Deadline {
public:
    /// `limit` from now; none when it is zero.
    explicit Deadline(std::chrono::milliseconds limit)
        : end_(limit.count() == 0 ? std::nullopt
                                  : std::optional(std::chrono::steady_clock::now() + limit)) {}

    [[nodiscard]] bool exists() const noexcept { return end_.has_value(); }
    /// What is left, never negative.
    [[nodiscard]] timespec left() const;

private:
    std::optional<std::chrono::steady_clock::time_point> end_;
};

inline constexpr char end_of_messages = '\0';

/// Fails with `busy` when `cancel` is readable already, before there is anything to undo.
[[nodiscard]] Result<void> check_not_given_up(Kernel& kernel, int socket, FdRef cancel);

/// The next byte that arrives on `socket`, or `end_of_messages` when the other end is closed.
/// `busy` when `deadline` passes or `cancel` becomes readable first.
[[nodiscard]] Result<char> await_message(Kernel& kernel, int socket, FdRef cancel,
                                         const Deadline& deadline);

/// Whether `fd` becomes readable before `deadline`.
[[nodiscard]] Result<bool> await_readable(Kernel& kernel, int fd, const Deadline& deadline);

/// Whether the other side of `fd` is gone before `deadline`: for a pidfd, whether the process has
/// been reaped (Linux 6.9).
[[nodiscard]] Result<bool> await_hangup(Kernel& kernel, int fd, const Deadline& deadline);

}  // namespace insula::linux_
