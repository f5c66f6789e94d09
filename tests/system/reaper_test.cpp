// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;
using namespace std::chrono_literals;

namespace {

[[nodiscard]] Box reaped() {
    return {.container = "<insula:container><insula:init mode='reaper'/></insula:container>"};
}

[[nodiscard]] ExitStatus status_of(const std::vector<std::string>& actions) {
    const Result<Ended> ended = run_box(reaped(), actions);
    REQUIRE(ended);
    return ended->status;
}

}  // namespace

TEST_CASE("reaper: init is a child of process 1, and there is nothing else") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of(reaped(), {"report", "processes", "cat", "/proc/1/comm"});
    CHECK(inside["pid"] == "2");
    CHECK(inside["ppid"] == "1");
    CHECK(inside["processes"] == "2");
    CHECK(inside["cat:/proc/1/comm"] == "insula-init\n");
}

TEST_CASE("reaper: the exit code of init is the machine's") {
    INSULA_NEEDS_CONTAINERS();
    for (const int code : {0, 1, 3, 128, 137, 255}) {
        CAPTURE(code);
        CHECK(status_of({"exit", std::to_string(code)}) ==
              ExitStatus{.kind = ExitStatus::Kind::exited, .code = code});
    }
}

TEST_CASE("reaper: the signal that ended init is the machine's") {
    INSULA_NEEDS_CONTAINERS();
    for (const int signal : {SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGRTMAX}) {
        CAPTURE(signal);
        CHECK(status_of({"signal", std::to_string(signal)}) ==
              ExitStatus{.kind = ExitStatus::Kind::signaled, .signal = signal});
    }
}

TEST_CASE("reaper: a core that init dumped is said") {
    INSULA_NEEDS_CONTAINERS();
    const ExitStatus status = status_of({"crash"});
    CHECK(status.kind == ExitStatus::Kind::signaled);
    CHECK(status.signal == SIGSEGV);
}

TEST_CASE("reaper: orphans are collected") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of(reaped(), {"orphan", "50", "settle", "processes"});
    CHECK(inside["processes"] == "2");
    CHECK(inside["zombies"] == "0");
}

TEST_CASE("reaper: an init that is process 1 itself has to collect its own") {
    INSULA_NEEDS_CONTAINERS();
    // What the case above would say if nobody collected.
    const Report inside = report_of({}, {"orphan", "5", "processes"});
    CHECK(inside["zombies"] == "5");
}

TEST_CASE("reaper: an orphan's end is not taken for init's") {
    INSULA_NEEDS_CONTAINERS();
    CHECK(status_of({"orphan", "20", "exit", "4"}) ==
          ExitStatus{.kind = ExitStatus::Kind::exited, .code = 4});
}

TEST_CASE("reaper: signals go on to init") {
    INSULA_NEEDS_CONTAINERS();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH, SIGRTMIN + 1}) {
        CAPTURE(signal);
        const std::string number = std::to_string(signal);
        Result<Machine> machine =
            start_box(reaped(), {"catch", number, "say", "up", "await", "exit", "6"}, piped());
        REQUIRE(machine);
        const UniqueFd output = machine->take_stdout();
        CHECK(read_line(output.get()) == "say=up");
        CHECK(machine->signal(signal));
        CHECK(read_line(output.get()) == "caught=" + number);
        CHECK(machine->wait().value() == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 6});
    }
}

TEST_CASE("reaper: stop ends an init that does not listen") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        Result<Machine> machine =
            start_box(reaped(), {"ignore", std::to_string(SIGTERM), "say", "up", "hang"}, piped());
        REQUIRE(machine);
        const UniqueFd output = machine->take_stdout();
        CHECK(read_line(output.get()) == "say=up");
        CHECK(machine->stop(50ms).value() ==
              ExitStatus{.kind = ExitStatus::Kind::signaled, .signal = SIGKILL});
        CHECK(read_all(output.get()) == "");
    }
    CHECK(host.difference() == "");
}

TEST_CASE("reaper: the end of init ends what it left behind") {
    INSULA_NEEDS_CONTAINERS();
    const Result<Ended> ended = run_box(reaped(), {"linger", "3", "exit", "2"});
    REQUIRE(ended);
    CHECK(ended->status == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 2});
}

TEST_CASE("reaper: process 1 keeps nothing of the embedder open") {
    INSULA_NEEDS_CONTAINERS();
    Result<Machine> machine = start_box(reaped(), {"say", "up", "hang"}, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    if (is_root()) {
        const Report seen = [&] {
            std::string text;
            for (int fd = 0; fd != 64; ++fd) {
                const std::string link = link_of("/proc/" + std::to_string(machine->pid()) +
                                                 "/fd/" + std::to_string(fd));
                if (!link.empty()) text += "fd." + std::to_string(fd) + "=" + link + "\n";
            }
            return Report(text);
        }();
        // Mounts of the container's own may stay; nothing else may.
        for (const std::string& name : seen.names("fd."))
            CHECK(seen["fd." + name].starts_with("/"));
        CHECK(!seen.has("fd.1"));
    }
    CHECK(machine->kill());
}

TEST_CASE("reaper: an init that cannot be executed fails the start, and leaves nothing") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    Box box = reaped();
    box.init = "/not/there";
    const Result<Machine> machine = start_box(box, {});
    REQUIRE(!machine);
    CHECK(machine.error().code == ErrorCode::missing);
    CHECK(machine.error().call == "execve");
    CHECK(host.difference() == "");
}
