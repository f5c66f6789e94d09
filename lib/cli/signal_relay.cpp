// SPDX-License-Identifier: Apache-2.0
#include "cli/signal_relay.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "cli/input.hpp"

namespace insula::cli {
namespace {

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr std::array other_signals{SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGALRM};

template <std::size_t Count>
sigset_t set_of(const std::array<int, Count>& numbers) {
    sigset_t set{};
    sigemptyset(&set);
    for (const int number : numbers) sigaddset(&set, number);
    return set;
}

Error relay_error(const char* call, int number) {
    return Error{.code = ErrorCode::system,
                 .message = "cannot take signals for the container",
                 .call = call,
                 .system_error = number};
}

/// The hexadecimal number after `name` in the text of /proc/PID/status; all bits where it is not
/// there.
std::uint64_t status_mask(const std::string& status, std::string_view name) {
    const std::size_t found = status.find(name);
    if (found == std::string::npos) return UINT64_MAX;
    return std::strtoull(status.c_str() + found + name.size(), nullptr, 16);
}

}  // namespace

Result<SignalRelay> SignalRelay::create() {
    const sigset_t ending = set_of(ending_signals);
    const sigset_t others = set_of(other_signals);
    sigset_t all = ending;
    for (const int number : other_signals) sigaddset(&all, number);
    sigset_t before{};
    if (const int number = pthread_sigmask(SIG_BLOCK, &all, &before); number != 0)
        return relay_error("pthread_sigmask", number);
    SignalRelay relay(UniqueFd::adopt(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK)),
                      UniqueFd::adopt(::signalfd(-1, &others, SFD_CLOEXEC | SFD_NONBLOCK)), before);
    if (!relay.ending_.valid() || !relay.others_.valid()) return relay_error("signalfd", errno);
    return relay;
}

SignalRelay::SignalRelay(UniqueFd ending, UniqueFd others, const sigset_t& before) noexcept
    : ending_(std::move(ending)), others_(std::move(others)), before_(before) {}

SignalRelay::SignalRelay(SignalRelay&& other) noexcept
    : ending_(std::move(other.ending_)),
      others_(std::move(other.others_)),
      before_(other.before_),
      active_(std::exchange(other.active_, false)) {}

SignalRelay::~SignalRelay() {
    if (active_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalRelay::next(FdRef fd) {
    signalfd_siginfo info{};
    const ssize_t count = ::read(fd.raw, &info, sizeof(info));
    if (count != static_cast<ssize_t>(sizeof(info))) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

SignalFate signal_fate(int pid, int number) {
    const Result<std::string> status = read_input("/proc/" + std::to_string(pid) + "/status");
    if (!status) return SignalFate::handled;
    const std::uint64_t kept = status_mask(status.value(), "\nSigBlk:") |
                               status_mask(status.value(), "\nSigIgn:") |
                               status_mask(status.value(), "\nSigCgt:");
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(number - 1);
    return (kept & bit) != 0 ? SignalFate::handled : SignalFate::dropped;
}

const char* signal_name(int number) noexcept {
    switch (number) {
        case SIGINT: return "SIGINT";
        case SIGTERM: return "SIGTERM";
        case SIGHUP: return "SIGHUP";
        case SIGQUIT: return "SIGQUIT";
        default: return "a signal";
    }
}

}  // namespace insula::cli
