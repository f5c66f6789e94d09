// SPDX-License-Identifier: Apache-2.0
// The helper that stays as process 1.
#include <cerrno>
#include <csignal>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

constexpr int child = 42;

[[nodiscard]] ContainerPlan reaper_plan() {
    ContainerPlan plan = plan_of({});
    std::get<ExecInit>(plan.ops.back().action).mode = InitMode::reaper;
    return plan;
}

/// The parent side: `child` ends with `status`.
[[nodiscard]] Run run_reaper(FakeCalls& calls, int status) {
    calls.child = child;
    calls.signals.push_back(SIGCHLD);
    calls.ended.emplace_back(child, status);
    return run_plan(calls, reaper_plan());
}

}  // namespace

TEST_CASE("executor: the reaper ends as init did, and writes its status down") {
    struct Row {
        int status;
        int exit_status;
    };
    constexpr Row rows[] = {{0, 0},         {7 << 8, 7},    {255 << 8, 255},
                            {SIGKILL, 137}, {SIGTERM, 143}, {SIGSEGV | 0x80, 139}};
    for (const Row& row : rows) {
        CAPTURE(row.status);
        FakeCalls calls = make_calls();
        const Run run = run_reaper(calls, row.status);
        CHECK(run.end == Run::End::exited);
        CHECK(calls.exit_status == row.exit_status);
        CHECK(run.init_status == row.status);
    }
}

TEST_CASE("executor: signals are blocked before the child is there") {
    FakeCalls calls = make_calls();
    (void)run_reaper(calls, 0);
    const auto texts = calls.texts();
    std::size_t clone = 0;
    while (texts[clone] != "clone(17)") ++clone;
    CHECK(texts[clone - 1] == "rt_sigprocmask(SIG_BLOCK, all)");
}

TEST_CASE("executor: the reaper keeps no descriptor") {
    for (const unsigned passed : {0U, 1U, 2U, 3U, 10U}) {
        for (const ContainerPlan& plan : {reaper_plan(), rootless_plan()}) {
            CAPTURE(passed);
            FakeCalls calls = make_calls(passed);
            calls.child = child;
            calls.signals.push_back(SIGCHLD);
            calls.ended.emplace_back(child, 0);
            const Run run = run_plan(calls, plan, {.passed_fds = passed});
            CHECK(run.end == Run::End::exited);
            for (const auto& [fd, slot] : calls.fds)
                FAIL_CHECK(fd << " is open: " << slot.first->label);
        }
    }
}

TEST_CASE("executor: the reaper passes on every signal but SIGCHLD") {
    FakeCalls calls = make_calls();
    calls.signals = {SIGTERM, SIGHUP, 34, 64, -EINTR, -EAGAIN};
    const Run run = run_reaper(calls, 0);
    CHECK(run.end == Run::End::exited);
    CHECK(calls.killed_with == std::vector<int>{SIGTERM, SIGHUP, 34, 64});
    CHECK(calls.texts("kill(42, ").size() == 4);
}

TEST_CASE("executor: the reaper collects orphans until init has ended") {
    FakeCalls calls = make_calls();
    calls.child = child;
    calls.signals = {SIGCHLD, SIGCHLD, SIGCHLD};
    calls.ended = {{50, 0}, {51, 1 << 8}, {0, 0}, {0, 0}, {52, 0}, {child, 3 << 8}, {53, 0}};
    const Run run = run_plan(calls, reaper_plan());
    CHECK(run.end == Run::End::exited);
    CHECK(calls.exit_status == 3);
    CHECK(run.init_status == 3 << 8);
    CHECK(calls.count("wait4") == 6);
    CHECK(calls.texts("wait4").front() == "wait4(-1, 1)");
}

TEST_CASE("executor: the child leads a session of its own and is executed") {
    FakeCalls calls = make_calls();
    calls.child = 0;
    const Run run = run_plan(calls, reaper_plan());
    CHECK(run.end == Run::End::executed);
    CHECK(run.state == program::State::executing);
    const auto texts = calls.texts();
    std::size_t clone = 0;
    while (texts[clone] != "clone(17)") ++clone;
    CHECK(texts[clone + 1] == "setsid()");
    CHECK(calls.texts("rt_sigprocmask").back() == "rt_sigprocmask(SIG_SETMASK, none)");
    CHECK(run.init_status == -1);
}

TEST_CASE("executor: a full pid table keeps the reaper from starting init") {
    FakeCalls calls = make_calls();
    calls.fail("clone", 1, EAGAIN);
    const Run run = run_plan(calls, reaper_plan());
    CHECK(run.end == Run::End::reported);
    CHECK(run.report.op == 2);
    CHECK(run.report.error == EAGAIN);
    CHECK(run.report.call == program::Call::clone);
}

TEST_CASE("executor: the child reports why init cannot be executed") {
    FakeCalls calls = make_calls();
    calls.child = 0;
    calls.fail("execve", 1, ENOEXEC);
    const Run run = run_plan(calls, reaper_plan());
    CHECK(run.end == Run::End::reported);
    CHECK(run.state == program::State::failed);
    CHECK(run.report.error == ENOEXEC);
}

}  // namespace insula::test
