// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "cli/command_line.hpp"
#include "cli/reporter.hpp"
#include "cli/signal_relay.hpp"
#include "insula/run/machine.hpp"

namespace insula::cli {

/// Stays with a running container until it ends: passes signals on, and ends it when it is asked to
/// or runs for too long.
class Supervisor {
public:
    Supervisor(Machine& machine, const SignalRelay& relay, const RunRequest& request,
               const Reporter& reporter);

    [[nodiscard]] Result<ExitStatus> supervise();
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

private:
    using Clock = std::chrono::steady_clock;
    enum class Verdict { go_on, kill };

    [[nodiscard]] Verdict on_ending_signal(int number);
    [[nodiscard]] Verdict on_deadline();
    [[nodiscard]] Verdict terminate();
    [[nodiscard]] int poll_timeout() const;
    void forward(int number);

    Machine& machine_;
    const SignalRelay& relay_;
    const RunRequest& request_;
    const Reporter& reporter_;
    std::optional<Clock::time_point> deadline_;  ///< of the run, then of the grace period
    bool interrupted_ = false;
    bool terminating_ = false;
    bool timed_out_ = false;
};

}  // namespace insula::cli
