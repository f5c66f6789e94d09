// SPDX-License-Identifier: Apache-2.0
#include "linux/await.hpp"

#include <cerrno>

#include "linux/explain.hpp"

namespace insula::linux_ {

timespec Deadline::left() const {
    using namespace std::chrono;
    const auto rest = duration_cast<nanoseconds>(*end_ - steady_clock::now()).count();
    if (rest <= 0) return {0, 0};
    return {static_cast<time_t>(rest / 1'000'000'000), static_cast<long>(rest % 1'000'000'000)};
}

namespace {

/// Polls until one of `fds` is readable: their number, or 0 at the deadline.
[[nodiscard]] Result<int> poll_until(Kernel& kernel, pollfd* fds, std::size_t count,
                                     const Deadline& deadline) {
    for (;;) {
        const timespec left = deadline.exists() ? deadline.left() : timespec{};
        const int ready = kernel.ppoll(fds, count, deadline.exists() ? &left : nullptr);
        if (ready >= 0) return ready;
        if (ready != -EINTR) return start_error(-ready, "ppoll", "cannot wait");
    }
}

/// Whether one of `events` comes on `fd` before `deadline`.
[[nodiscard]] Result<bool> await_events(Kernel& kernel, int fd, short events,
                                        const Deadline& deadline) {
    pollfd one{fd, events, 0};
    INSULA_TRY(const int ready, poll_until(kernel, &one, 1, deadline));
    return ready != 0;
}

[[nodiscard]] Error given_up() {
    return start_error(ECANCELED, {}, "the start was given up");
}

}  // namespace

Result<void> check_not_given_up(Kernel& kernel, int socket, FdRef cancel) {
    if (!cancel.valid()) return {};
    pollfd fds[] = {{socket, POLLIN, 0}, {cancel.raw, POLLIN, 0}};
    constexpr timespec now{};
    const int ready = kernel.ppoll(fds, 2, &now);
    if (ready < 0 && ready != -EINTR) return start_error(-ready, "ppoll", "cannot wait");
    if (ready > 0 && fds[1].revents != 0) return given_up();
    return {};
}

Result<char> await_message(Kernel& kernel, int socket, FdRef cancel, const Deadline& deadline) {
    if (deadline.exists() || cancel.valid()) {
        pollfd fds[] = {{socket, POLLIN, 0}, {cancel.raw, POLLIN, 0}};
        INSULA_TRY(const int ready, poll_until(kernel, fds, cancel.valid() ? 2 : 1, deadline));
        if (ready == 0) return start_error(ETIMEDOUT, {}, "the start took too long");
        // A start that came through at the same moment has come through: init may have been seen.
        if (fds[0].revents == 0) return given_up();
    }
    for (;;) {
        char message = 0;
        const long got = kernel.recv(socket, &message, 1, 0);
        if (got > 0) return message;
        if (got == 0) return end_of_messages;
        // A peer that dies with our message unread resets the connection (unix(7)).
        if (got == -ECONNRESET) return end_of_messages;
        if (got != -EINTR)
            return start_error(static_cast<int>(-got), "recv", "cannot hear from the helper");
    }
}

Result<bool> await_readable(Kernel& kernel, int fd, const Deadline& deadline) {
    return await_events(kernel, fd, POLLIN, deadline);
}

Result<bool> await_hangup(Kernel& kernel, int fd, const Deadline& deadline) {
    return await_events(kernel, fd, 0, deadline);  // POLLHUP is always told
}

}  // namespace insula::linux_
