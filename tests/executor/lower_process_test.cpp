// SPDX-License-Identifier: Apache-2.0
// What namespaces, ids and init of a plan become for the helper.
#include <linux/sched.h>

#include "executor/program_reader.hpp"

namespace insula::test {

namespace {

[[nodiscard]] ContainerPlan with_user_namespace(IdRange uids, IdRange gids) {
    ContainerPlan plan = plan_of({}, {SetIdentity{}});
    plan.namespaces = {Namespace::user};
    plan.uid_map = {uids};
    plan.gid_map = {gids};
    return plan;
}

}  // namespace

TEST_CASE("executor: each namespace is its flag of clone3") {
    constexpr std::pair<Namespace, std::uint64_t> rows[] = {
        {Namespace::mount, CLONE_NEWNS}, {Namespace::pid, CLONE_NEWPID},
        {Namespace::uts, CLONE_NEWUTS},  {Namespace::ipc, CLONE_NEWIPC},
        {Namespace::net, CLONE_NEWNET},  {Namespace::cgroup, CLONE_NEWCGROUP}};
    std::uint64_t all = 0;
    ContainerPlan plan = plan_of({});
    for (const auto& [which, flag] : rows) {
        plan.namespaces = {which};
        CHECK(lowered(plan).clone_flags == flag);
        all |= flag;
    }
    plan.namespaces = {Namespace::mount, Namespace::pid, Namespace::uts,
                       Namespace::ipc,   Namespace::net, Namespace::cgroup};
    CHECK(lowered(plan).clone_flags == all);
    CHECK(lowered(with_user_namespace({0, 1, 1, {}}, {0, 1, 1, {}})).clone_flags == CLONE_NEWUSER);
}

TEST_CASE("executor: maps are written as the kernel reads them") {
    ContainerPlan plan = with_user_namespace({0, 100000, 65536, {}}, {0, 200000, 1, {}});
    plan.gid_map.push_back({1, 4294967290U, 5, {}});
    const LoweredPlan result = lowered(plan);
    CHECK(result.uid_map == "0 100000 65536\n");
    CHECK(result.gid_map == "0 200000 1\n1 4294967290 5\n");
    CHECK_FALSE(result.deny_setgroups);
    const LoweredPlan none = lowered(plan_of({}));
    CHECK(none.uid_map.empty());
    CHECK(none.gid_map.empty());
}

TEST_CASE("executor: groups that are kept are denied to be set, and not dropped") {
    ContainerPlan plan = with_user_namespace({0, 1000, 1, {}}, {0, 1000, 1, {}});
    CHECK(Reader(lowered(plan)).op<program::BecomeRoot>().drop_groups == 1);
    std::get<SetIdentity>(plan.ops[2].action).supplementary = SupplementaryGroups::keep;
    const LoweredPlan result = lowered(plan);
    CHECK(result.deny_setgroups);
    CHECK(Reader(result).op<program::BecomeRoot>().drop_groups == 0);
    CHECK(Reader(result).op<program::Identity>().set_groups == 0);
}

TEST_CASE("executor: capabilities are kept over the exec when the caller is not root inside") {
    struct Row {
        IdRange map;
        std::uint32_t caller;
        bool keep;
    };
    const Row rows[] = {{{0, 1000, 1, {}}, 1000, false},
                        {{0, 0, 65536, {}}, 0, false},
                        {{0, 100000, 65536, {}}, 0, true},
                        {{0, 0, 65536, {}}, 5, true},
                        {{1000, 1000, 1, {}}, 1000, true}};
    for (const Row& row : rows) {
        CAPTURE(row.caller);
        CAPTURE(row.map.start);
        const ContainerPlan plan = with_user_namespace(row.map, {0, 1000, 1, {}});
        CHECK(lowered(plan, {.caller_uid = row.caller}).keep_capabilities == row.keep);
        CHECK(Reader(lowered(plan)).op<program::BecomeRoot>().set_user ==
              (row.map.start == 0 ? 1U : 0U));
    }
    CHECK_FALSE(lowered(plan_of({}), {.caller_uid = 7}).keep_capabilities);
}

TEST_CASE("executor: users and groups are texts, or numbers with a plus") {
    struct Row {
        const char* user;
        const char* group;
        std::uint32_t uid;
        std::uint32_t gid;
        bool default_group;
    };
    constexpr Row rows[] = {{"+0", "", 0, 0, true},
                            {"+1000", "+50", 1000, 50, false},
                            {"+4294967294", "+007", 4294967294U, 7, false}};
    for (const Row& row : rows) {
        CAPTURE(row.user);
        const LoweredPlan plan =
            lowered(plan_of({}, {SetIdentity{.user = row.user, .group = row.group}}));
        const Reader reader(plan);
        const auto& op = reader.op<program::Identity>();
        CHECK(op.user.name == 0);
        CHECK(op.user.id == row.uid);
        CHECK(op.group.id == row.gid);
        CHECK(op.default_group == (row.default_group ? 1U : 0U));
    }
    const LoweredPlan plan = lowered(plan_of({}, {SetIdentity{.user = "web", .group = "12"}}));
    const Reader reader(plan);
    CHECK(reader.text(reader.op<program::Identity>().user.name) == "web");
    CHECK(reader.text(reader.op<program::Identity>().group.name) == "12");
}

TEST_CASE("executor: a number with a plus that is no id is refused, and never becomes root") {
    for (const char* text : {"+", "+web", "+12a", "+-1", "++1", "+ 1", "+4294967295", "+4294967296",
                             "+99999999999999999999"}) {
        CAPTURE(text);
        for (const SetIdentity& identity :
             {SetIdentity{.user = text, .group = {}}, SetIdentity{.user = "web", .group = text}}) {
            const auto result = linux_::lower(plan_of({}, {identity}), {});
            REQUIRE_FALSE(result.has_value());
            CHECK(result.error().code == ErrorCode::invalid);
            CHECK(result.error().op == 2);
            CHECK(result.error().xml == TextPosition{3, 1});
        }
    }
}

TEST_CASE("executor: init's lists end, and extra variables follow its own") {
    ContainerPlan plan = plan_of({});
    plan.ops.back().action = ExecInit{.path = {"/init"},
                                      .argv = {"init", "-x"},
                                      .environment = {{"A", "1"}},
                                      .mode = InitMode::reaper};
    const LoweredPlan result =
        lowered(plan, {.passed_fds = 2, .extra_environment = {{"B", "="}}, .trace = true});
    const Reader reader(result);
    const auto& exec = reader.op<program::Exec>();
    CHECK(reader.text(exec.path) == "/init");
    CHECK(reader.list(exec.argv) == std::vector<std::string>{"init", "-x"});
    CHECK(reader.list(exec.environment) == std::vector<std::string>{"A=1", "B=="});
    CHECK(exec.reaper == 1);
    CHECK(reader.header().passed_fds == 2);
    CHECK(reader.header().trace == 1);
}

}  // namespace insula::test
