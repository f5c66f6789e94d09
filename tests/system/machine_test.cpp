// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;
using namespace std::chrono_literals;

namespace {

[[nodiscard]] ExitStatus exited(int code) {
    return {.kind = ExitStatus::Kind::exited, .code = code};
}
[[nodiscard]] ExitStatus killed(int signal) {
    return {.kind = ExitStatus::Kind::signaled, .signal = signal};
}

/// A machine whose init has done `actions` and said so.
[[nodiscard]] Machine running(std::vector<std::string> actions, Box box = {}) {
    actions.insert(actions.end(), {"say", "up"});
    actions.push_back("hang");
    Result<Machine> machine = start_box(box, actions, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    return std::move(machine).value();
}

[[nodiscard]] bool is_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return poll(&one, 1, 0) == 1;
}

/// A limit on core dumps, for the time of a case.
class CoreLimit {
public:
    explicit CoreLimit(rlim_t bytes) {
        getrlimit(RLIMIT_CORE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        applied_ = setrlimit(RLIMIT_CORE, &limit) == 0;
    }
    CoreLimit(const CoreLimit&) = delete;
    CoreLimit& operator=(const CoreLimit&) = delete;
    ~CoreLimit() { setrlimit(RLIMIT_CORE, &before_); }

    [[nodiscard]] bool applied() const { return applied_; }

private:
    rlimit before_{};
    bool applied_ = false;
};

[[nodiscard]] bool is_gone(int pid) {
    return kill(pid, 0) < 0 && errno == ESRCH;
}

}  // namespace

TEST_CASE("machine: the exit code is init's, exactly") {
    INSULA_NEEDS_CONTAINERS();
    for (const int code : {0, 1, 2, 7, 125, 127, 128, 255}) {
        CAPTURE(code);
        Result<Machine> machine = start_box({}, {"exit", std::to_string(code)}, piped());
        REQUIRE(machine);
        CHECK(machine->wait().value() == exited(code));
        CHECK(machine->wait().value() == exited(code));
    }
}

TEST_CASE("machine: a killed init is known by its signal") {
    INSULA_NEEDS_CONTAINERS();
    Machine machine = running({});
    CHECK(machine.signal(SIGKILL));
    CHECK(machine.wait().value() == killed(SIGKILL));
}

TEST_CASE("machine: a crash is known by its signal, and whether it left a core") {
    INSULA_NEEDS_CONTAINERS();
    const auto crash = [] {
        Result<Machine> machine = start_box({}, {"crash"}, piped());
        REQUIRE(machine);
        return machine->wait().value();
    };
    {
        const CoreLimit none(0);
        CHECK(crash() == killed(SIGSEGV));
    }
    const CoreLimit plenty(1U << 26);
    // Elsewhere the kernel hands the core to a program of the host, which may refuse it.
    if (!plenty.applied() || content_of("/proc/sys/kernel/core_pattern") != "core\n") return;
    ExitStatus dumped = killed(SIGSEGV);
    dumped.core_dumped = true;
    CHECK(crash() == dumped);
}

TEST_CASE("machine: pid and pidfd name the same process until it is gone") {
    INSULA_NEEDS_CONTAINERS();
    Machine machine = running({});
    const std::string info = content_of("/proc/self/fdinfo/" + std::to_string(machine.pidfd().raw));
    CHECK(info.find("Pid:\t" + std::to_string(machine.pid()) + "\n") != std::string::npos);
    CHECK(lines({link_of("/proc/" + std::to_string(machine.pid()) + "/ns/pid")}) !=
          lines({link_of("/proc/self/ns/pid")}));
    CHECK(!is_readable(machine.pidfd().raw));
    CHECK(machine.signal(SIGKILL));
    pollfd one{machine.pidfd().raw, POLLIN, 0};
    CHECK(poll(&one, 1, 10'000) == 1);
    CHECK(machine.wait());
    CHECK(is_gone(machine.pid()));
}

TEST_CASE("machine: waiting with a timeout says nothing while the container runs") {
    INSULA_NEEDS_CONTAINERS();
    Machine machine = running({});
    const auto before = std::chrono::steady_clock::now();
    const Result<std::optional<ExitStatus>> early = machine.wait_for(50ms);
    CHECK(std::chrono::steady_clock::now() - before >= 50ms);
    REQUIRE(early);
    CHECK(!early->has_value());
    CHECK(!machine.wait_for(0ms).value().has_value());
    CHECK(machine.signal(SIGKILL));
    CHECK(machine.wait_for(10s).value() == killed(SIGKILL));
    CHECK(machine.wait_for(0ms).value() == killed(SIGKILL));
}

TEST_CASE("machine: signals arrive at init") {
    INSULA_NEEDS_CONTAINERS();
    Result<Machine> machine = start_box(
        {}, {"catch", std::to_string(SIGUSR2), "say", "up", "await", "exit", "5"}, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    CHECK(machine->signal(SIGUSR2));
    CHECK(read_line(output.get()) == "caught=" + std::to_string(SIGUSR2));
    CHECK(machine->wait().value() == exited(5));
}

TEST_CASE("machine: wrong and late signals are told apart") {
    INSULA_NEEDS_CONTAINERS();
    Machine machine = running({});
    CHECK(machine.signal(9999).error().code == ErrorCode::invalid);
    CHECK(machine.kill().value() == killed(SIGKILL));
    CHECK(machine.signal(SIGTERM).error().code == ErrorCode::missing);
    CHECK(machine.kill().value() == killed(SIGKILL));
}

TEST_CASE("machine: stop asks first") {
    INSULA_NEEDS_CONTAINERS();
    Result<Machine> machine = start_box(
        {}, {"catch", std::to_string(SIGTERM), "say", "up", "await", "exit", "3"}, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    CHECK(machine->stop(60s).value() == exited(3));
    CHECK(machine->stop(60s).value() == exited(3));
}

TEST_CASE("machine: stop kills whoever does not listen, after the grace period") {
    INSULA_NEEDS_CONTAINERS();
    Machine machine = running({"ignore", std::to_string(SIGTERM)});
    const auto before = std::chrono::steady_clock::now();
    CHECK(machine.stop(100ms).value() == killed(SIGKILL));
    CHECK(std::chrono::steady_clock::now() - before >= 100ms);
}

TEST_CASE("machine: whoever goes away takes the container along") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    int pid = 0;
    {
        const Machine machine = running({});
        pid = machine.pid();
        CHECK(!is_gone(pid));
    }
    CHECK(is_gone(pid));
    CHECK(host.difference() == "");
}

TEST_CASE("machine: moving hands over, and assignment ends what was there") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        Machine first = running({});
        Machine second = running({});
        const int first_pid = first.pid();
        const int second_pid = second.pid();
        first = std::move(second);
        CHECK(is_gone(first_pid));
        CHECK(!is_gone(second_pid));
        CHECK(first.pid() == second_pid);
        const Machine third = std::move(first);
        CHECK(third.pid() == second_pid);
        CHECK(!is_gone(second_pid));
    }
    CHECK(host.difference() == "");
}

TEST_CASE("machine: a detached container outlives its machine") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    int pid = 0;
    {
        UniqueFd pidfd;
        {
            Machine machine = running({});
            pid = machine.pid();
            pidfd = machine.detach();
        }
        REQUIRE(pidfd.valid());
        CHECK(!is_readable(pidfd.get()));
        CHECK(!is_gone(pid));
        CHECK(syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0);
        siginfo_t info{};
        CHECK(waitid(static_cast<idtype_t>(3 /*P_PIDFD*/), static_cast<id_t>(pidfd.get()), &info,
                     WEXITED) == 0);
        CHECK(info.si_status == SIGKILL);
    }
    CHECK(is_gone(pid));
    CHECK(host.difference() == "");
}

TEST_CASE("machine: the end of process 1 is the end of everything in the container") {
    INSULA_NEEDS_CONTAINERS();
    Result<Machine> machine = start_box({}, {"linger", "3", "say", "up", "hang"}, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    CHECK(machine->kill().value() == killed(SIGKILL));
    // The others held the pipe as well: end-of-file means that none of them is left.
    CHECK(read_all(output.get()) == "");
}

TEST_CASE("machine: one runtime starts different machines one after the other and at once") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        std::vector<Machine> machines;
        for (int i = 0; i != 10; ++i)
            machines.push_back(running({}, {.name = "m" + std::to_string(i)}));
        CHECK(children().size() >= 10);
        CHECK(machines[4].kill().value() == killed(SIGKILL));
        CHECK(!machines[5].wait_for(0ms).value().has_value());
    }
    CHECK(host.difference() == "");
}
