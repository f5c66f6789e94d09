// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

class Disposition {
public:
    Disposition(int number, void (*handler)(int), int flags = 0) : number_(number) {
        struct sigaction action{};
        action.sa_handler = handler;
        action.sa_flags = flags;
        sigaction(number_, &action, &before_);
    }
    Disposition(const Disposition&) = delete;
    Disposition& operator=(const Disposition&) = delete;
    ~Disposition() { sigaction(number_, &before_, nullptr); }

private:
    int number_;
    struct sigaction before_{};
};

void reap_everything(int) {
    const int saved = errno;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = saved;
}

/// What a machine may say of an init that exits with 9 and that somebody else reaps.
[[nodiscard]] bool is_honest(const ExitStatus& status) {
    if (facts().features.contains(KernelFeature::pidfd_info))
        return status == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 9};
    return status == ExitStatus{} ||
           status == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 9};
}

void check_statuses() {
    const Unchanged host;
    for (int i = 0; i != 10; ++i) {
        Result<Machine> machine = start_box({}, {"exit", "9"}, piped());
        REQUIRE(machine);
        CHECK(is_honest(machine->wait().value()));
        Result<Machine> hanging = start_box({}, {"hang"}, piped());
        REQUIRE(hanging);
        CHECK(hanging->kill());
        CHECK(!start_box({.init = "/missing"}, {}));
    }
    CHECK(host.difference() == "");
}

/// Success and failure, in each way that a plan is run here.
void run_and_fail() {
    CHECK(report_of({}, {"report"})["pid"] == "1");
    CHECK(report_of({.root = mount_xml("template", "host", "/"), .features = "<privnet/>"},
                    {"report"})["pid"] == "1");
    CHECK(!start_box({.init = "/missing"}, {}));
    CHECK(!start_box({.devices = mount_xml("mount", "/insula/missing", "/x")}, {}));
    CHECK(!start_box({.os = "<initdir>/missing</initdir>"}, {}));
}

}  // namespace

TEST_CASE("embedder: nothing of the process and of the host changes, by success or failure") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    run_and_fail();
    CHECK(host.difference() == "");
}

TEST_CASE("embedder: settings that are not the usual ones stay as they are") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const UniqueFd before = UniqueFd::adopt(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const mode_t mask = umask(0137);
    REQUIRE(chdir(scratch.path().c_str()) == 0);
    const Disposition pipe(SIGPIPE, SIG_IGN);
    const Disposition user(SIGUSR1, [](int) {});
    sigset_t blocked;
    sigset_t previous;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGRTMIN + 2);
    pthread_sigmask(SIG_BLOCK, &blocked, &previous);
    {
        const Unchanged host;
        run_and_fail();
        CHECK(host.difference() == "");
    }
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    REQUIRE(fchdir(before.get()) == 0);
    umask(mask);
}

TEST_CASE("embedder: one that is not dumpable stays so, and is none the worse") {
    INSULA_NEEDS_CONTAINERS();
    if (!is_root()) INSULA_SKIP("needs root: /proc of a process that is not dumpable is root's");
    prctl(PR_SET_DUMPABLE, 0);
    const Unchanged host;
    run_and_fail();
    CHECK(host.difference() == "");
    CHECK(prctl(PR_GET_DUMPABLE) == 0);
    prctl(PR_SET_DUMPABLE, 1);
}

TEST_CASE("embedder: one that ignores SIGCHLD still learns how a container ended") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition ignored(SIGCHLD, SIG_IGN);
    check_statuses();
}

TEST_CASE("embedder: one that asks for no zombies still learns how a container ended") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition none(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    check_statuses();
}

TEST_CASE("embedder: one whose handler reaps every child still learns how a container ended") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition greedy(SIGCHLD, reap_everything, SA_RESTART);
    check_statuses();
}

TEST_CASE("embedder: handlers that interrupt every call are no trouble") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition alarmed(SIGALRM, [](int) {});
    const itimerval often{{0, 500}, {0, 500}};
    const itimerval never{};
    setitimer(ITIMER_REAL, &often, nullptr);
    int started = 0;
    for (int i = 0; i != 20; ++i) {
        Result<Machine> machine = start_box({}, {"exit", "3"}, piped());
        if (!machine) {
            MESSAGE(describe(machine.error()));
            continue;
        }
        ++started;
        const Result<ExitStatus> status = machine->wait();
        CHECK(status.value() == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 3});
    }
    setitimer(ITIMER_REAL, &never, nullptr);
    CHECK(started == 20);
}

TEST_CASE("embedder: a thread that starts a container and ends leaves it running") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    static_cast<void>(facts());
    std::optional<Machine> machine;
    UniqueFd output;
    std::thread starter([&] {
        Result<Machine> started = start_box(
            {}, {"catch", std::to_string(SIGTERM), "say", "up", "await", "exit", "8"}, piped());
        if (!started) return;
        output = started->take_stdout();
        machine.emplace(std::move(started).value());
    });
    starter.join();
    REQUIRE(machine);
    CHECK(read_line(output.get()) == "say=up");
    CHECK(!machine->wait_for(std::chrono::milliseconds(50)).value().has_value());
    CHECK(machine->signal(SIGTERM));
    CHECK(machine->wait().value() == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 8});
}

TEST_CASE("embedder: a start from a thread leaves the others' signals and the process alone") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    std::thread([] {
        for (int i = 0; i != 5; ++i) {
            Result<Machine> machine = start_box({}, {"exit", "0"}, piped());
            if (machine) static_cast<void>(machine->wait());
        }
    }).join();
    CHECK(host.difference() == "");
}

TEST_CASE("embedder: two runtimes are independent, and machines outlive theirs") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        std::optional<Machine> machine;
        {
            const Result<Runtime> own = Runtime::create();
            REQUIRE(own);
            const Result<ContainerPlan> plan = plan_box({}, {"exit", "2"});
            REQUIRE(plan);
            Result<Machine> started = own->start(*plan, piped());
            REQUIRE(started);
            machine.emplace(std::move(started).value());
        }
        CHECK(machine->wait().value() == ExitStatus{.kind = ExitStatus::Kind::exited, .code = 2});
        CHECK(report_of({}, {"report"})["pid"] == "1");
    }
    CHECK(host.difference() == "");
}
