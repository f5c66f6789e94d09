// SPDX-License-Identifier: Apache-2.0

// Many starts from many threads, while others do what starts must not be disturbed by.
// INSULA_SOAK=full makes it 10,000 starts.

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr int starters = 16;

[[nodiscard]] int total_starts() {
    const char* const wanted = std::getenv("INSULA_SOAK");
    return wanted != nullptr && std::string(wanted) == "full" ? 10'000 : 1'000;
}

[[nodiscard]] ContainerPlan plan_or_fail(const Box& box, const std::vector<std::string>& actions) {
    const Result<ContainerPlan> plan = plan_box(box, actions);
    REQUIRE(plan);
    return *plan;
}

struct Plans {
    ContainerPlan ends = plan_or_fail({}, {"write-fd", "1", "exit", "17"});
    ContainerPlan hangs = plan_or_fail({.features = "<privnet/>"}, {"hang"});
    ContainerPlan fails = plan_or_fail({.init = "/missing"}, {});
    ContainerPlan reaps = plan_or_fail(
        {.container = "<insula:container><insula:init mode='reaper'/></insula:container>"},
        {"orphan", "2", "exit", "18"});
};

[[nodiscard]] bool ends_with(Result<Machine> machine, int code) {
    if (!machine) return false;
    const ExitStatus expected{.kind = ExitStatus::Kind::exited, .code = code};
    return machine->wait().value_or(ExitStatus{}) == expected;
}

/// One start of the kind that `turn` says; whether it went as it should.
[[nodiscard]] bool start_one(const Plans& plans, int turn) {
    switch (turn % 8) {
        case 0: {
            const Result<Machine> machine = runtime().start(plans.fails, piped());
            return !machine && machine.error().code == ErrorCode::missing;
        }
        case 1: {
            Result<Machine> machine = runtime().start(plans.hangs, piped());
            if (!machine) return false;
            const ExitStatus killed{.kind = ExitStatus::Kind::signaled, .signal = SIGKILL};
            return machine->kill().value_or(ExitStatus{}) == killed;
        }
        case 2: return runtime().start(plans.hangs, piped()).has_value();  // and goes away at once
        case 3: return ends_with(runtime().start(plans.reaps, piped()), 18);
        default: {
            Result<Machine> machine = runtime().start(plans.ends, piped());
            if (!machine) return false;
            const UniqueFd output = machine->take_stdout();
            const std::string text = read_all(output.get());
            return text == "1\nwrite-fd:1=ok\n" && ends_with(std::move(machine), 17);
        }
    }
}

/// Takes and gives back memory, in all sizes.
void allocate(const std::atomic<bool>& over) {
    std::vector<std::vector<char>> held(64);
    for (std::size_t i = 0; !over; ++i) {
        held[i % held.size()] = std::vector<char>(std::size_t{1} << (i % 18), 'x');
        std::this_thread::yield();
    }
}

/// Loads and unloads a library, which locks the loader and changes the TLS of all threads.
void load(const std::atomic<bool>& over) {
    while (!over) {
        void* const library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
        if (library != nullptr) dlclose(library);
        std::this_thread::yield();
    }
}

/// Forks and executes: copies of every descriptor come and go.
void spawn(const std::atomic<bool>& over) {
    while (!over) {
        const pid_t child = fork();
        if (child == 0) {
            execl("/bin/true", "true", static_cast<char*>(nullptr));
            _exit(127);
        }
        int status = 0;
        if (child > 0) waitpid(child, &status, 0);
        usleep(1000);
    }
}

}  // namespace

TEST_CASE("soak: many threads start many containers while others allocate, load and fork") {
    INSULA_NEEDS_CONTAINERS();
    const Plans plans;
    const int total = total_starts();
    REQUIRE(start_one(plans, 4));
    // What the loader keeps of a library that it has seen once is no leak.
    if (void* const library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL)) dlclose(library);
    const Unchanged host;
    alarm(total > 1'000 ? 3'000 : 280);

    std::atomic<bool> over{false};
    std::atomic<int> next{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> disturbing;
    for (void (*work)(const std::atomic<bool>&) : {allocate, load, spawn})
        disturbing.emplace_back(work, std::cref(over));
    std::vector<std::thread> starting;
    for (int i = 0; i != starters; ++i)
        starting.emplace_back([&] {
            for (int turn = 0; (turn = next++) < total;)
                if (!start_one(plans, turn)) ++wrong;
        });
    for (std::thread& thread : starting) thread.join();
    over = true;
    for (std::thread& thread : disturbing) thread.join();

    alarm(0);
    CHECK(wrong == 0);
    CHECK(host.difference() == "");
}

TEST_CASE("soak: threads that start one container each and end at once") {
    INSULA_NEEDS_CONTAINERS();
    const Plans plans;
    const Unchanged host;
    alarm(280);
    for (int round = 0; round != 20; ++round) {
        std::vector<std::optional<Machine>> machines(8);
        std::vector<std::thread> threads;
        for (std::optional<Machine>& machine : machines)
            threads.emplace_back([&] {
                Result<Machine> started = runtime().start(plans.hangs, piped());
                if (started) machine.emplace(std::move(started).value());
            });
        for (std::thread& thread : threads) thread.join();
        for (std::optional<Machine>& machine : machines) {
            REQUIRE(machine);
            CHECK(!machine->wait_for(std::chrono::milliseconds(0)).value().has_value());
        }
    }
    alarm(0);
    CHECK(host.difference() == "");
}
