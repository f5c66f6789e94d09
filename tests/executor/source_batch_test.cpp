// SPDX-License-Identifier: Apache-2.0
// Mounts that the caller sends in batches, and those that the helper takes itself.
#include <algorithm>
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

/// A plan with `count` sources, the root's included; one without any has a tmpfs root.
[[nodiscard]] ContainerPlan plan_with_sources(unsigned count) {
    std::vector<Action> mounts;
    for (unsigned i = 1; i < count; ++i)
        mounts.push_back(BindMount{.source = {"/srv/data"}, .target = {"/data"}});
    ContainerPlan plan = plan_of(std::move(mounts));
    if (count == 0) plan.ops[0].action = TmpfsRoot{};
    return plan;
}

constexpr linux_::LoweringOptions by_helper{.source_taker = linux_::SourceTaker::helper};

/// Most mounts of the caller's that are open at a time.
[[nodiscard]] std::size_t most_open(const FakeCalls& calls, const std::string& opened) {
    std::size_t now = 0;
    std::size_t most = 0;
    for (const FakeCall& call : calls.log) {
        if (call.text.starts_with(opened)) ++now;
        if (call.text.starts_with("close(clone of /srv/data)")) --now;
        most = std::max(most, now);
    }
    return most;
}

}  // namespace

TEST_CASE("executor: sources arrive in batches of 200, and all but the first are asked for") {
    struct Row {
        unsigned sources;
        unsigned received;
        unsigned asked;
    };
    constexpr Row rows[] = {{0, 0, 0},   {1, 1, 0},   {199, 1, 0},  {200, 1, 0},
                            {201, 2, 1}, {400, 2, 1}, {1000, 5, 4}, {1001, 6, 5}};
    for (const Row& row : rows) {
        CAPTURE(row.sources);
        FakeCalls calls = make_calls();
        const Run run = run_plan(calls, plan_with_sources(row.sources));
        if (row.sources != 0) CHECK(run.end == Run::End::executed);
        CHECK(calls.count("recvmsg") == row.received);
        CHECK(calls.count("sendto") == row.asked);
        CHECK(calls.texts("move_mount(source").size() == row.sources);
        CHECK(calls.count_files(FakeFile::Kind::source) == (row.sources == 0 ? 0 : 1));
    }
}

TEST_CASE("executor: sources are attached in the order of the plan") {
    FakeCalls calls = make_calls();
    const Run run =
        run_plan(calls, plan_of({BindMount{.source = {"/srv/config"}, .target = {"/etc/one"}},
                                 BindMount{.source = {"/etc/group"}, .target = {"/etc/two"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK_TEXTS(
        calls.texts("move_mount(source"),
        {"move_mount(source 0, /)", "move_mount(source 1, one)", "move_mount(source 2, two)"});
    CHECK(calls.inside("/etc/one")->text == "config");
}

TEST_CASE("executor: a helper that takes the sources asks nobody") {
    for (const unsigned sources : {0U, 1U, 199U, 200U, 201U, 1000U}) {
        CAPTURE(sources);
        FakeCalls calls = make_calls();
        const Run run = run_plan(calls, plan_with_sources(sources), by_helper);
        if (sources != 0) CHECK(run.end == Run::End::executed);
        CHECK(calls.count("recvmsg") == 0);
        CHECK(calls.count("sendto") == 0);
        CHECK(calls.count("open_tree") == sources);
        CHECK(calls.count("mount_setattr") == sources);
        CHECK(most_open(calls, "open_tree('/srv/data')") <= 200);
        CHECK(calls.count_files(FakeFile::Kind::tree) == (sources == 0 ? 0 : 1));
    }
}

TEST_CASE("executor: a helper takes a batch before it attaches the first mount of it") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, plan_with_sources(3), by_helper).end == Run::End::executed);
    const auto mounts = calls.texts("move_mount");
    CHECK(mounts.front() == "move_mount(clone of /srv/root, /)");
    std::size_t taken = 0;
    for (const FakeCall& call : calls.log) {
        if (call.name == "move_mount") break;
        if (call.name == "open_tree") ++taken;
    }
    CHECK(taken == 3);
}

TEST_CASE("executor: a taken source is private and read-only before it is attached") {
    ContainerPlan plan = plan_of({BindMount{.source = {"/srv/data"},
                                            .target = {"/data"},
                                            .access = Access::read_only,
                                            .flags = {MountFlag::nosuid}}});
    plan.ops[0].action = BindRoot{.source = {"/srv/root"}, .access = Access::read_only};
    FakeCalls calls = make_calls();
    const Run run =
        run_plan(calls, plan, {.source_taker = linux_::SourceTaker::helper, .trace = true});
    CHECK(run.end == Run::End::executed);
    // The root itself stays writable until its targets are made.
    CHECK_TEXTS(calls_of(calls, run, 0),
                {"open_tree('/srv/root', recursive)",
                 "mount_setattr(clone of /srv/root, recursive, set RDONLY, clear 0, private)",
                 "mount_setattr(clone of /srv/root, set 0, clear RDONLY)",
                 "move_mount(clone of /srv/root, /)"});
    CHECK(calls_of(calls, run, 1)[1] ==
          "mount_setattr(clone of /srv/data, set RDONLY|NOSUID, clear 0, private)");
}

TEST_CASE("executor: a source that cannot be taken is its own op's failure") {
    struct Row {
        const char* call;
        program::Call reported;
        program::Detail detail;
    };
    constexpr Row rows[] = {
        {"open_tree", program::Call::open_tree, program::Detail::source},
        {"mount_setattr", program::Call::mount_setattr, program::Detail::attributes}};
    for (const Row& row : rows) {
        CAPTURE(row.call);
        FakeCalls calls = make_calls();
        calls.fail(row.call, 2, EACCES);
        const Run run = run_plan(calls, plan_with_sources(3), by_helper);
        CHECK(run.report.op == 1);
        CHECK(run.report.error == EACCES);
        CHECK(run.report.call == row.reported);
        CHECK(run.report.detail == row.detail);
        CHECK(calls.count("move_mount") == 0);
    }
}

TEST_CASE("executor: a helper whose owner is gone ends, and starts nothing") {
    FakeCalls calls = make_calls();
    calls.owner_lives = false;
    const Run run = run_plan(calls, plan_with_sources(1));
    CHECK(run.end == Run::End::exited);
    CHECK(calls.exit_status == 1);
    CHECK(calls.count("move_mount") == 0);

    FakeCalls later = make_calls();
    later.fail("sendto", 1, EPIPE);
    CHECK(run_plan(later, plan_with_sources(201)).end == Run::End::exited);
    CHECK(later.count("execve") == 0);
}

TEST_CASE("executor: a message without its descriptors stops the run") {
    for (const int arrived : {0, 1, 4}) {
        CAPTURE(arrived);
        FakeCalls calls = make_calls();
        calls.batch_limit = arrived;  // what a limit on open files does: MSG_CTRUNC
        const Run run = run_plan(calls, plan_with_sources(5));
        CHECK(run.report.op == 0);
        CHECK(run.report.error == EMFILE);
        CHECK(run.report.call == program::Call::recvmsg);
        CHECK(run.report.detail == program::Detail::source);
        CHECK(calls.count("move_mount") == 0);
    }
}

TEST_CASE("executor: a message that cannot be received is said of the op that needs it") {
    FakeCalls calls = make_calls();
    calls.fail("recvmsg", 2, ENOMEM);
    const Run run = run_plan(calls, plan_with_sources(201));
    CHECK(run.report.op == 200);
    CHECK(run.report.error == ENOMEM);
    CHECK(run.report.call == program::Call::recvmsg);
}

}  // namespace insula::test
