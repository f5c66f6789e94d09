// SPDX-License-Identifier: Apache-2.0
// The handle of a running container.
#include "insula/run/machine.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "executor/fake_kernel.hpp"
#include "executor/text_list.hpp"
#include "run/machine_state.hpp"

namespace insula::test {

namespace {

using Kind = ExitStatus::Kind;
using std::chrono::milliseconds;

[[nodiscard]] Machine make_machine(FakeKernel& kernel) {
    auto state = std::make_unique<Machine::State>();
    state->kernel = &kernel;
    state->container.pid = FakeKernel::pid;
    state->container.pidfd = kernel.start_child();
    return Machine(std::move(state));
}

/// Ends as exit(`code`) does.
void let_exit(FakeKernel& kernel, int code) {
    kernel.end_code = CLD_EXITED;
    kernel.end_status = code;
    kernel.wait_status = code << 8;
}

/// The pages that a reaper shares, with init's status in them.
struct ReapersPage {
    FakeKernel& kernel;

    [[nodiscard]] linux_::SharedMemory with(std::int32_t init_status) const {
        const int fd = kernel.memfd_create("page", 1);
        program::SharedPage page;
        page.init_status = init_status;
        kernel.pwrite(fd, &page, sizeof page, 0);
        void* address = nullptr;
        kernel.mmap(sizeof page, fd, address);
        kernel.close(fd);
        return {kernel, address, sizeof page};
    }
};

}  // namespace

TEST_CASE("executor: a machine that is waited for says how it ended, once and for all") {
    struct Row {
        int code;
        int status;
        ExitStatus expected;
    };
    const Row rows[] = {
        {CLD_EXITED, 0, {.kind = Kind::exited}},
        {CLD_EXITED, 7, {.kind = Kind::exited, .code = 7}},
        {CLD_KILLED, SIGTERM, {.kind = Kind::signaled, .signal = SIGTERM}},
        {CLD_DUMPED, SIGSEGV, {.kind = Kind::signaled, .signal = SIGSEGV, .core_dumped = true}}};
    for (const Row& row : rows) {
        CAPTURE(row.status);
        FakeKernel kernel;
        kernel.end_code = row.code;
        kernel.end_status = row.status;
        Machine machine = make_machine(kernel);
        for (int i = 0; i != 3; ++i) CHECK(or_throw(machine.wait()) == row.expected);
        CHECK(or_throw(machine.wait_for(milliseconds(5))) == row.expected);
        CHECK_TEXTS(kernel.texts(), {"waitid(pidfd)"});
    }
}

TEST_CASE("executor: a wait that a signal interrupts goes on") {
    FakeKernel kernel;
    kernel.fail("waitid", 1, EINTR, 4);
    Machine machine = make_machine(kernel);
    CHECK(or_throw(machine.wait()).kind == Kind::signaled);
    CHECK(kernel.count("waitid") == 5);
}

TEST_CASE("executor: a machine that somebody else has reaped is known from its pidfd") {
    struct Row {
        int status;
        ExitStatus expected;
    };
    const Row rows[] = {
        {3 << 8, {.kind = Kind::exited, .code = 3}},
        {SIGKILL, {.kind = Kind::signaled, .signal = SIGKILL}},
        {SIGABRT | 0x80, {.kind = Kind::signaled, .signal = SIGABRT, .core_dumped = true}}};
    for (const Row& row : rows) {
        FakeKernel kernel;
        kernel.fail("waitid", 1, ECHILD);
        kernel.wait_status = row.status;
        Machine machine = make_machine(kernel);
        CHECK(or_throw(machine.wait()) == row.expected);
        // Whoever ignores SIGCHLD gets ECHILD at once, and still waits for the end.
        CHECK_TEXTS(kernel.texts(), {"waitid(pidfd)", "ppoll(pidfd)", "pidfd_get_info(pidfd)"});
    }
}

TEST_CASE("executor: a machine that the kernel is about to let go of is asked again") {
    FakeKernel kernel;
    kernel.fail("waitid", 1, ECHILD);
    kernel.wait_status = 9 << 8;
    kernel.answers_before_release = 1;
    Machine machine = make_machine(kernel);
    CHECK(or_throw(machine.wait()) == ExitStatus{.kind = Kind::exited, .code = 9});
    CHECK_TEXTS(kernel.texts(), {"waitid(pidfd)", "ppoll(pidfd)", "pidfd_get_info(pidfd)",
                                 "ppoll(pidfd, hangup, timeout)", "pidfd_get_info(pidfd)"});

    FakeKernel never;
    never.fail("waitid", 1, ECHILD);
    never.answers_before_release = 5;
    Machine stuck = make_machine(never);
    CHECK(or_throw(stuck.wait()) == ExitStatus{});
    CHECK(never.count("pidfd_get_info") == 2);
}

TEST_CASE("executor: an older kernel does not know of a machine that somebody else has reaped") {
    FakeKernel kernel;
    kernel.fail("waitid", 1, ECHILD);
    kernel.exit_information = false;
    Machine machine = make_machine(kernel);
    CHECK(or_throw(machine.wait()) == ExitStatus{});
    CHECK(or_throw(machine.wait()).kind == Kind::unknown);
    CHECK(kernel.count("waitid") == 1);
}

TEST_CASE("executor: behind a reaper init's own status counts") {
    struct Row {
        std::int32_t init;
        ExitStatus expected;
    };
    const Row rows[] = {
        {5 << 8, {.kind = Kind::exited, .code = 5}},
        {SIGSEGV | 0x80, {.kind = Kind::signaled, .signal = SIGSEGV, .core_dumped = true}},
        {-1, {.kind = Kind::exited, .code = 139}}};
    for (const Row& row : rows) {
        FakeKernel kernel;
        let_exit(kernel, 139);
        auto state = std::make_unique<Machine::State>();
        state->kernel = &kernel;
        state->container.pidfd = kernel.start_child();
        state->container.shared = ReapersPage{kernel}.with(row.init);
        Machine machine(std::move(state));
        CHECK(or_throw(machine.wait()) == row.expected);
    }
}

TEST_CASE("executor: a wait that fails is an error, and may be tried again") {
    FakeKernel kernel;
    kernel.fail("waitid", 1, ENOSYS);
    Machine machine = make_machine(kernel);
    const auto status = machine.wait();
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().call == "waitid");
    CHECK(status.error().system_error == ENOSYS);
    CHECK(machine.wait().has_value());
}

TEST_CASE("executor: a wait with a timeout says nothing of a machine that runs") {
    FakeKernel kernel;
    kernel.poll_answer = 0;
    Machine machine = make_machine(kernel);
    for (const milliseconds timeout : {milliseconds(0), milliseconds(1), milliseconds(-5)})
        CHECK_FALSE(or_throw(machine.wait_for(timeout)).has_value());
    CHECK(kernel.texts("ppoll(pidfd, timeout)").size() == 3);
    CHECK(kernel.reaped == 0);
    kernel.poll_answer = 1;
    CHECK(or_throw(machine.wait_for(milliseconds(1000000))).has_value());
    CHECK(kernel.reaped == 1);
}

TEST_CASE("executor: a signal goes to process 1, by its pidfd") {
    FakeKernel kernel;
    Machine machine = make_machine(kernel);
    CHECK(machine.signal(SIGHUP).has_value());
    CHECK(kernel.signals == std::vector<int>{SIGHUP});
    CHECK(machine.pid() == FakeKernel::pid);
    CHECK(machine.pidfd().valid());
}

TEST_CASE("executor: a signal that cannot be sent is told apart") {
    struct Row {
        int error;
        ErrorCode code;
    };
    constexpr Row rows[] = {
        {ESRCH, ErrorCode::missing}, {EINVAL, ErrorCode::invalid}, {EPERM, ErrorCode::denied}};
    for (const Row& row : rows) {
        CAPTURE(row.error);
        FakeKernel kernel;
        kernel.fail("pidfd_send_signal", 1, row.error);
        Machine machine = make_machine(kernel);
        const auto sent = machine.signal(SIGHUP);
        REQUIRE_FALSE(sent.has_value());
        CHECK(sent.error().code == row.code);
        CHECK(sent.error().call == "pidfd_send_signal");
        CHECK(sent.error().system_error == row.error);
    }
}

TEST_CASE("executor: no signal is sent to a process that was reaped") {
    FakeKernel kernel;
    Machine machine = make_machine(kernel);
    (void)machine.wait();
    CHECK(machine.signal(SIGTERM).error().code == ErrorCode::missing);
    CHECK(machine.stop(milliseconds(1)).has_value());
    CHECK(machine.kill().has_value());
    CHECK(kernel.signals.empty());
}

TEST_CASE("executor: a machine is stopped by SIGTERM, and after its grace by SIGKILL") {
    FakeKernel obedient;
    let_exit(obedient, 0);
    Machine first = make_machine(obedient);
    CHECK(or_throw(first.stop(milliseconds(50))).kind == Kind::exited);
    CHECK(obedient.signals == std::vector<int>{SIGTERM});

    FakeKernel stubborn;
    stubborn.poll_answer = 0;
    Machine second = make_machine(stubborn);
    CHECK(or_throw(second.stop(milliseconds(50))).signal == SIGKILL);
    CHECK(stubborn.signals == std::vector<int>{SIGTERM, SIGKILL});

    FakeKernel gone;
    gone.fail("pidfd_send_signal", 1, ESRCH);
    Machine third = make_machine(gone);
    CHECK(third.stop(milliseconds(50)).has_value());
    CHECK(gone.reaped == 1);
}

TEST_CASE("executor: a machine that goes away is killed and reaped") {
    FakeKernel kernel;
    {
        const Machine machine = make_machine(kernel);
    }
    CHECK_TEXTS(kernel.texts(), {"pidfd_send_signal(pidfd, 9)", "waitid(pidfd)", "close(pidfd)"});

    FakeKernel ended;
    {
        Machine machine = make_machine(ended);
        (void)machine.wait();
    }
    CHECK(ended.signals.empty());
    CHECK(ended.reaped == 1);
}

TEST_CASE("executor: a machine that is assigned to ends first, one that was moved from never") {
    FakeKernel one;
    FakeKernel two;
    {
        Machine machine = make_machine(one);
        Machine other = make_machine(two);
        machine = std::move(other);
        CHECK(one.reaped == 1);
        CHECK(two.reaped == 0);
    }
    CHECK(one.signals.size() == 1);
    CHECK(two.signals.size() == 1);
    CHECK(two.reaped == 1);
}

TEST_CASE("executor: a machine that is detached lives on") {
    FakeKernel kernel;
    {
        Machine machine = make_machine(kernel);
        UniqueFd pidfd = machine.detach();
        CHECK(pidfd.valid());
        kernel.close(pidfd.release());
    }
    CHECK(kernel.signals.empty());
    CHECK(kernel.reaped == 0);
}

}  // namespace insula::test
