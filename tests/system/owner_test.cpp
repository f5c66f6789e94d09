// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr int rounds = 50;

[[nodiscard]] long nanoseconds_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

/// A plan that takes some milliseconds to run, and whose init tells the time.
[[nodiscard]] ContainerPlan long_plan(const Scratch& scratch, const char* container, int mounts) {
    scratch.directory("data");
    std::string devices;
    for (int i = 0; i != mounts; ++i)
        devices += mount_xml("mount", scratch / "data", "/m/" + std::to_string(i));
    const Result<ContainerPlan> plan =
        plan_box({.devices = devices, .container = container}, {"clock", "exit", "42"});
    REQUIRE(plan);
    return *plan;
}

/// Starts a container, and waits for its end. Its init appends to `marker`.
[[nodiscard]] bool own_one(const ContainerPlan& plan, const std::string& marker) {
    const UniqueFd file =
        UniqueFd::adopt(open(marker.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    StartOptions options;
    options.standard_input.kind = Stream::Kind::null;
    options.standard_output = {.kind = Stream::Kind::given, .fd = file.ref()};
    Result<Machine> machine = runtime().start(plan, options);
    return machine && machine->wait();
}

/// Starts containers one after the other until it is killed.
[[noreturn]] void own_containers(const ContainerPlan& plan, const std::string& marker) {
    while (own_one(plan, marker)) {
    }
    _exit(1);
}

/// In microseconds, up to its end.
[[nodiscard]] long duration_of_start(const ContainerPlan& plan, const std::string& marker) {
    const long before = nanoseconds_now();
    REQUIRE(own_one(plan, marker));
    return (nanoseconds_now() - before) / 1000;
}

/// Becomes the parent of whoever loses his own, for the time of a case.
class Subreaper {
public:
    Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
    Subreaper(const Subreaper&) = delete;
    Subreaper& operator=(const Subreaper&) = delete;
    ~Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 0); }

    /// Waits until no child is left. A hang ends the test program.
    void collect() const {
        alarm(60);
        while (waitpid(-1, nullptr, __WALL) > 0) {
        }
        alarm(0);
    }
};

/// How many inits ran that much later than `moment` that they cannot have been on their way.
[[nodiscard]] int started_after(const std::string& marker, long moment) {
    constexpr long on_its_way = 5'000'000;
    int count = 0;
    for (const std::string& clock : Report(content_of(marker)).all("clock"))
        if (std::atol(clock.c_str()) > moment + on_its_way) ++count;
    return count;
}

/// Kills owners at random moments. The number of inits that were started by nobody.
[[nodiscard]] int kill_owners(const char* container) {
    const Scratch scratch;
    const std::string marker = scratch / "marker";
    const ContainerPlan plan = long_plan(scratch, container, 1000);
    const Subreaper subreaper;
    std::mt19937 random(20240607);
    // Each owner lives for two starts at most, however busy the machine is.
    std::uniform_int_distribution<long> pause(0, 2 * duration_of_start(plan, marker));
    int unowned = 0;
    for (int round = 0; round != rounds; ++round) {
        const pid_t owner = fork();
        if (owner == 0) own_containers(plan, marker);
        usleep(static_cast<useconds_t>(pause(random)));
        REQUIRE(kill(owner, SIGKILL) == 0);
        int status = 0;
        REQUIRE(waitpid(owner, &status, 0) == owner);
        REQUIRE(WIFSIGNALED(status));
        const long dead = nanoseconds_now();
        subreaper.collect();
        unowned += started_after(marker, dead);
    }
    CHECK(content_of(marker).find("clock=") != std::string::npos);
    return unowned;
}

}  // namespace

TEST_CASE("owner: killed at any moment, he leaves no container that starts, and none that waits") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    // The machine may be so busy that an init was on its way for long.
    CHECK(kill_owners("") <= rounds / 10);
    CHECK(host.difference() == "");
}

TEST_CASE("owner: the same with the reaper as process 1") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    CHECK(kill_owners("<insula:container><insula:init mode='reaper'/></insula:container>") <=
          rounds / 10);
    CHECK(host.difference() == "");
}

TEST_CASE("owner: the same in a user namespace, where stage 1 waits for its ids") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids; the others cover one's own");
    const Unchanged host;
    const Scratch scratch;
    const std::string marker = scratch / "marker";
    Result<ContainerPlan> plan =
        plan_box({.domain = "<idmap><uid start='0' target='100000' count='65536'/>"
                            "<gid start='0' target='100000' count='65536'/></idmap>"},
                 {"clock", "exit", "42"});
    REQUIRE(plan);
    const Subreaper subreaper;
    std::mt19937 random(7);
    std::uniform_int_distribution<useconds_t> pause(0, 5'000);
    for (int round = 0; round != rounds; ++round) {
        const pid_t owner = fork();
        if (owner == 0) own_containers(*plan, marker);
        usleep(pause(random));
        REQUIRE(kill(owner, SIGKILL) == 0);
        subreaper.collect();
    }
    CHECK(host.difference() == "");
}

TEST_CASE("owner: one who dies while the helper waits for him leaves nothing") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user's helper takes its mounts itself");
    const Scratch scratch;
    const std::string marker = scratch / "marker";
    // So many mounts that the helper has to ask its owner for more of them.
    const ContainerPlan plan = long_plan(scratch, "", 1000);
    const Subreaper subreaper;
    const Unchanged host;
    int waited = 0;
    for (int round = 0; round != 10; ++round) {
        std::remove(marker.c_str());
        const pid_t owner = fork();
        if (owner == 0) own_containers(plan, marker);
        // Stopped as soon as he has a child: the helper gets no answer from then on.
        const std::string list =
            "/proc/" + std::to_string(owner) + "/task/" + std::to_string(owner) + "/children";
        if (!exists(list)) {
            kill(owner, SIGKILL);
            subreaper.collect();
            INSULA_SKIP("needs a kernel with CONFIG_PROC_CHILDREN");
        }
        while (content_of(list).empty()) {
        }
        REQUIRE(kill(owner, SIGSTOP) == 0);
        int status = 0;
        REQUIRE(waitpid(owner, &status, WUNTRACED) == owner);
        usleep(20'000);
        const bool was_waiting = !content_of(list).empty() && content_of(marker).empty();
        if (was_waiting) ++waited;
        REQUIRE(kill(owner, SIGKILL) == 0);
        subreaper.collect();
        if (was_waiting) CHECK(content_of(marker).empty());
    }
    CHECK(host.difference() == "");
    CHECK(waited > 0);
}
