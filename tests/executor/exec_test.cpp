// SPDX-License-Identifier: Apache-2.0
// The last step: what init gets, and when it is not executed.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"
#include "init/exec_steps.hpp"

namespace insula::test {

namespace {

[[nodiscard]] ContainerPlan exec_plan(ExecInit init) {
    ContainerPlan plan = plan_of({});
    plan.ops.back().action = std::move(init);
    return plan;
}

[[nodiscard]] ContainerPlan exec_plan(std::string path) {
    return exec_plan(ExecInit{.path = {path}, .argv = {path}});
}

void put_program(FakeCalls& calls, std::string_view path, std::string text) {
    auto program = make_file(std::move(text));
    program->mode = 0755;
    put(find(calls.host, "/srv/root").node, path, program);
}

}  // namespace

TEST_CASE("executor: init gets its arguments and environment in order") {
    FakeCalls calls = make_calls();
    const ContainerPlan plan = exec_plan(ExecInit{.path = {"/bin/sh"},
                                                  .argv = {"sh", "", "two words"},
                                                  .environment = {{"A", "1"}, {"B", ""}}});
    const Run run = run_plan(calls, plan, {.extra_environment = {{"LISTEN_FDS", "0"}}});
    CHECK(run.end == Run::End::executed);
    CHECK(run.state == program::State::executing);
    CHECK_TEXTS(calls.executed, {"/bin/sh", "sh", "", "two words"});
    CHECK_TEXTS(calls.environment, {"A=1", "B=", "LISTEN_FDS=0"});
}

TEST_CASE("executor: init starts with default signals, an open mask and the usual umask") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, exec_plan("/bin/sh")).end == Run::End::executed);
    CHECK(calls.count("rt_sigaction") == 62);  // 64 without SIGKILL and SIGSTOP
    CHECK(calls.texts("rt_sigaction(9)").empty());
    CHECK(calls.texts("rt_sigaction(19)").empty());
    CHECK_TEXTS(calls.texts("rt_sigprocmask"), {"rt_sigprocmask(SIG_SETMASK, none)"});
    CHECK_TEXTS(calls.texts("umask"), {"umask(022)"});
    const auto texts = calls.texts();
    CHECK(texts[texts.size() - 2] == "recvfrom(control)");
    CHECK(texts.back() == "execve('/bin/sh')");
}

TEST_CASE("executor: passed descriptors come to stand at 3 and on, and nothing else is inherited") {
    for (const unsigned passed : {0U, 1U, 2U, 3U, 4U, 10U, 100U}) {
        for (const bool reaper : {false, true}) {
            CAPTURE(passed);
            CAPTURE(reaper);
            FakeCalls calls = make_calls(passed);
            calls.child = 0;
            ContainerPlan plan = typical_plan();
            if (reaper) std::get<ExecInit>(plan.ops.back().action).mode = InitMode::reaper;
            const Run run = run_plan(calls, plan, {.passed_fds = passed});
            CHECK(run.end == Run::End::executed);
            std::vector<int> expected;
            for (int fd = 0; fd != 3 + static_cast<int>(passed); ++fd) expected.push_back(fd);
            CHECK(calls.inheritable_fds() == expected);
            for (unsigned i = 0; i != passed; ++i)
                CHECK(calls.fds.at(3 + static_cast<int>(i)).first->label ==
                      "passed " + std::to_string(i));
            CHECK(calls.count_files(FakeFile::Kind::control) == 1);
        }
    }
}

TEST_CASE("executor: a descriptor that cannot be placed stops the run") {
    for (const auto& [call, reported] :
         {std::pair{"fcntl", program::Call::fcntl}, {"dup3", program::Call::dup3}}) {
        CAPTURE(call);
        FakeCalls calls = make_calls(3);
        calls.fail(call, 1, EMFILE);
        const Run run = run_plan(calls, exec_plan("/bin/sh"), {.passed_fds = 3});
        CHECK(run.report.op == 2);
        CHECK(run.report.error == EMFILE);
        CHECK(run.report.call == reported);
        CHECK(calls.count("execve") == 0);
    }
}

TEST_CASE("executor: an owner who died at the last moment leaves no container that starts") {
    for (const unsigned passed : {0U, 3U}) {
        for (const InitMode mode : {InitMode::exec, InitMode::reaper}) {
            CAPTURE(passed);
            FakeCalls calls = make_calls(passed);
            calls.owner_lives = false;
            calls.child = 0;
            ContainerPlan plan =
                exec_plan(ExecInit{.path = {"/bin/sh"}, .argv = {"sh"}, .mode = mode});
            plan.ops[0].action = TmpfsRoot{};  // nothing to wait for
            const Run run = run_plan(calls, plan, {.passed_fds = passed});
            CHECK(run.end == Run::End::exited);
            CHECK(calls.exit_status == 1);
            CHECK(calls.count("recvfrom") == 1);
            CHECK(calls.count("execve") == 0);
        }
    }
}

TEST_CASE("executor: any other answer of the control socket means that the owner lives") {
    for (const int error : {EAGAIN, EINTR, ENOMEM}) {
        CAPTURE(error);
        FakeCalls calls = make_calls();
        calls.fail("recvfrom", 1, error);
        CHECK(run_plan(calls, exec_plan("/bin/sh")).end == Run::End::executed);
    }
}

TEST_CASE("executor: why init cannot be executed is told apart") {
    using program::Detail;
    struct Row {
        const char* path;
        int error;
        Detail detail;
    };
    constexpr Row rows[] = {{"/bin/none", ENOENT, Detail::none},
                            {"/bin/script", ENOENT, Detail::interpreter},
                            {"/srv", EACCES, Detail::directory},
                            {"/etc/passwd", EACCES, Detail::none},
                            {"/etc/passwd/x", ENOTDIR, Detail::none}};
    for (const Row& row : rows) {
        CAPTURE(row.path);
        FakeCalls calls = make_calls();
        put_program(calls, "/bin/script", "#!/no/such/interpreter\n");
        const Run run = run_plan(calls, exec_plan(row.path));
        CHECK(run.end == Run::End::reported);
        CHECK(run.state == program::State::failed);
        CHECK(run.report.op == 2);
        CHECK(run.report.error == row.error);
        CHECK(run.report.call == program::Call::execve);
        CHECK(run.report.detail == row.detail);
    }
}

TEST_CASE("executor: another reason for which init cannot be executed comes along as it is") {
    for (const int error : {ENOEXEC, ENOMEM, EPERM, E2BIG, EISDIR, ETXTBSY}) {
        CAPTURE(error);
        FakeCalls calls = make_calls();
        calls.fail("execve", 1, error);
        const Run run = run_plan(calls, exec_plan("/bin/sh"));
        CHECK(run.report.error == error);
        CHECK(run.report.detail == program::Detail::none);
    }
}

TEST_CASE("executor: each op leaves one trace entry with its step, its result and its time") {
    FakeCalls calls = make_calls();
    const ContainerPlan plan = typical_plan();
    const auto lowered = linux_::lower(plan, {.trace = true});
    const Run run = run_plan(calls, plan, {.trace = true});
    CHECK(run.end == Run::End::executed);
    REQUIRE(run.trace.size() == lowered->op_count);
    CHECK(run.trace.front().op == -1);
    std::int32_t last = -1;
    for (const program::TraceEntry& entry : run.trace) {
        CHECK(entry.op >= last);
        CHECK(entry.error == 0);
        last = entry.op;
    }
    CHECK(last == static_cast<std::int32_t>(plan.ops.size()) - 1);
    CHECK(run.trace.front().nanoseconds == 10);
    CHECK(run.trace.back().nanoseconds == 0);  // it never came back
}

TEST_CASE("executor: the trace ends with the op that failed") {
    FakeCalls calls = make_calls();
    calls.fail("sethostname", 1, EPERM);
    const ContainerPlan plan = typical_plan();
    const Run run = run_plan(calls, plan, {.trace = true});
    CHECK(run.trace.back().op == index_of<SetHostname>(plan));
    CHECK(run.trace.back().error == EPERM);
    FakeCalls untraced = make_calls();
    CHECK(run_plan(untraced, plan).trace.empty());
}

TEST_CASE("executor: an op that is not known is refused") {
    auto lowered = linux_::lower(plan_of({}), {});
    const program::View view(lowered->program.data());
    auto& op = const_cast<program::OpHeader&>(view.first_op());
    op.code = static_cast<program::OpCode>(999);
    FakeCalls calls = make_calls();
    const Run run = run_program(calls, lowered->program);
    CHECK(run.state == program::State::failed);
    CHECK(run.report.error == EINVAL);
    CHECK(calls.log.empty());
}

}  // namespace insula::test
