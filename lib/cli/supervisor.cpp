// SPDX-License-Identifier: Apache-2.0
#include "cli/supervisor.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <climits>

namespace insula::cli {

Supervisor::Supervisor(Machine& machine, const SignalRelay& relay, const RunRequest& request,
                       const Reporter& reporter)
    : machine_(machine), relay_(relay), request_(request), reporter_(reporter) {
    if (request.timeout.count() != 0) deadline_ = Clock::now() + request.timeout;
}

int Supervisor::poll_timeout() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

void Supervisor::forward(int number) {
    // `missing` means that init has ended, which the pidfd tells next.
    if (const Result<void> sent = machine_.signal(number);
        !sent && sent.error().code != ErrorCode::missing)
        reporter_.error(sent.error());
}

/// Asks init to end; the grace period begins.
Supervisor::Verdict Supervisor::terminate() {
    if (signal_fate(machine_.pid(), SIGTERM) == SignalFate::dropped) {
        reporter_.note("init has no handler for SIGTERM: killing the container");
        return Verdict::kill;
    }
    terminating_ = true;
    deadline_ = Clock::now() + request_.grace;
    forward(SIGTERM);
    return Verdict::go_on;
}

Supervisor::Verdict Supervisor::on_ending_signal(int number) {
    if (number == SIGTERM) return terminating_ ? Verdict::kill : terminate();
    if (signal_fate(machine_.pid(), number) == SignalFate::dropped) {
        reporter_.note(std::string("init has no handler for ") + signal_name(number) +
                       ": killing the container");
        return Verdict::kill;
    }
    if (number == SIGINT) {
        // At a terminal, an interrupt is a key of the program that handles it, as often as pressed.
        if (interrupted_ && ::isatty(STDIN_FILENO) != 1) return Verdict::kill;
        interrupted_ = true;
    }
    forward(number);
    return Verdict::go_on;
}

Supervisor::Verdict Supervisor::on_deadline() {
    if (terminating_) {
        reporter_.note("the grace period has passed: killing the container");
        return Verdict::kill;
    }
    timed_out_ = true;
    reporter_.note("the timeout has passed: stopping the container");
    return terminate();
}

Result<ExitStatus> Supervisor::supervise() {
    std::array<pollfd, 3> watched{pollfd{machine_.pidfd().raw, POLLIN, 0},
                                  pollfd{relay_.ending().raw, POLLIN, 0},
                                  pollfd{relay_.others().raw, POLLIN, 0}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), poll_timeout()) < 0 && errno != EINTR)
            return Error{.code = ErrorCode::system,
                         .message = "cannot wait for the container",
                         .call = "poll",
                         .system_error = errno};
        if (watched[0].revents != 0) return machine_.wait();
        while (const auto number = SignalRelay::next(relay_.others())) forward(*number);
        while (const auto number = SignalRelay::next(relay_.ending()))
            if (on_ending_signal(*number) == Verdict::kill) return machine_.kill();
        if (deadline_ && Clock::now() >= *deadline_ && on_deadline() == Verdict::kill)
            return machine_.kill();
    }
}

}  // namespace insula::cli
