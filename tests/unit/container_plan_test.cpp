// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("container plan") {
    ContainerPlan good() {
        ContainerPlan plan;
        plan.name = "box";
        plan.ops = {
            {.action = BindRoot{.source = {"/srv/box"}}},
            {.action = EnterRoot{}},
            {.phase = Phase::confine, .action = SetHostname{"box"}},
            {.phase = Phase::exec, .action = ExecInit{.path = {"/bin/sh"}, .argv = {"/bin/sh"}}}};
        return plan;
    }

    void insert(ContainerPlan & plan, std::size_t at, Action action, Phase phase = Phase::setup) {
        plan.ops.insert(plan.ops.begin() + static_cast<std::ptrdiff_t>(at),
                        {.phase = phase, .action = std::move(action)});
    }

    TEST_CASE("validate: a plan that can run") {
        CHECK(validate(good()).has_value());
    }

    TEST_CASE("validate: names the step that cannot stand where it is") {
        const std::string nul("/a\0b", 4);
        struct Row {
            const char* what;
            int op;
            void (*change)(ContainerPlan&);
        };
        const Row rows[] = {
            {"no ops", -1, [](ContainerPlan& p) { p.ops.clear(); }},
            {"no root", 0, [](ContainerPlan& p) { p.ops.erase(p.ops.begin()); }},
            {"two roots", 1, [](ContainerPlan& p) { insert(p, 1, TmpfsRoot{}); }},
            {"root is not entered", 1,
             [](ContainerPlan& p) { p.ops = {p.ops.front(), p.ops.back()}; }},
            {"entered twice", 2, [](ContainerPlan& p) { insert(p, 2, EnterRoot{}); }},
            {"no init", 2, [](ContainerPlan& p) { p.ops.pop_back(); }},
            {"init too early", 2, [](ContainerPlan& p) { insert(p, 2, p.ops.back().action); }},
            {"mount after the entry", 2,
             [](ContainerPlan& p) { insert(p, 2, MakeDirectory{.path = {"/a"}}); }},
            {"identity before the entry", 1, [](ContainerPlan& p) { insert(p, 1, SetIdentity{}); }},
            {"phase too late", 1, [](ContainerPlan& p) { p.ops[0].phase = Phase::confine; }},
            {"relative guest path", 1, [](ContainerPlan& p) { insert(p, 1, MaskPath{{"proc"}}); }},
            {"empty host path", 0, [](ContainerPlan& p) { p.ops[0].action = BindRoot{}; }},
            {"empty option", 0,
             [](ContainerPlan& p) { p.ops[0].action = TmpfsRoot{.options = {{"", "x"}}}; }},
            {"no argv", 3,
             [](ContainerPlan& p) { p.ops[3].action = ExecInit{.path = {"/bin/sh"}}; }},
            {"'=' in a variable", 3,
             [](ContainerPlan& p) {
                 std::get<ExecInit>(p.ops[3].action).environment = {{"A=B", "c"}};
             }},
            {"no user", 2,
             [](ContainerPlan& p) { insert(p, 2, SetIdentity{.user = ""}, Phase::confine); }},
            {"no host name", 2, [](ContainerPlan& p) { p.ops[2].action = SetHostname{""}; }},
            {"long host name", 2,
             [](ContainerPlan& p) { p.ops[2].action = SetHostname{std::string(65, 'x')}; }},
            {"no link target", 1,
             [](ContainerPlan& p) { insert(p, 1, MakeSymlink{.path = {"/a"}}); }},
            {"map without namespace", -1,
             [](ContainerPlan& p) { p.uid_map = p.gid_map = {{0, 1, 1}}; }},
            {"namespace without map", -1,
             [](ContainerPlan& p) { p.namespaces.insert(Namespace::user); }},
            {"half a map", -1,
             [](ContainerPlan& p) {
                 p.namespaces.insert(Namespace::user);
                 p.uid_map = {{0, 1, 1}};
             }},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            ContainerPlan plan = good();
            row.change(plan);
            const auto checked = validate(plan);
            REQUIRE_FALSE(checked.has_value());
            CHECK(checked.error().code == ErrorCode::invalid);
            CHECK(checked.error().op == row.op);
        }
        for (const Action& action :
             {Action(BindMount{.source = {nul}, .target = {"/a"}}),
              Action(BindMount{.source = {"/a"}, .target = {nul}}),
              Action(GuestBindMount{.source = {nul}, .target = {"/a"}}),
              Action(OverlayMount{.lower = {"/a"}, .target = {nul}}),
              Action(FilesystemMount{.target = {nul}}), Action(MakeDevice{.path = {nul}}),
              Action(ProtectPath{{nul}}), Action(UnprotectPath{{nul}}),
              Action(MakeSymlink{.path = {"/a"}, .target = nul})}) {
            CAPTURE(action.index());
            ContainerPlan plan = good();
            insert(plan, 1, action);
            CHECK(validate(plan).error().op == 1);
        }
    }

    TEST_CASE("validate: an error carries the origin of its op") {
        ContainerPlan plan = good();
        insert(plan, 1, MaskPath{{"proc"}});
        plan.ops[1].origin = {5, 6};
        plan.ops[1].path = "/x";
        CHECK(validate(plan).error().xml == TextPosition{5, 6});
        CHECK(validate(plan).error().path == "/x");
    }

    TEST_CASE("equality: origins and findings do not count, identity counts all") {
        const ContainerPlan plan = good();
        CHECK(plan == good());
        CHECK(identical(plan, good()));

        using Change = void (*)(ContainerPlan&);
        const Change beside[] = {
            [](ContainerPlan& p) { p.ops[1].origin = {1, 1}; },
            [](ContainerPlan& p) { p.ops[1].path = "/x"; },
            [](ContainerPlan& p) { p.findings.push_back({.message = "m"}); },
        };
        for (const Change change : beside) {
            ContainerPlan other = good();
            change(other);
            CHECK(plan == other);
            CHECK_FALSE(identical(plan, other));
        }
        ContainerPlan mapped = good();
        mapped.uid_map = {{0, 1, 1, {1, 1}}};
        ContainerPlan elsewhere = good();
        elsewhere.uid_map = {{0, 1, 1, {2, 1}}};
        CHECK(mapped == elsewhere);
        CHECK_FALSE(identical(mapped, elsewhere));
        ContainerPlan later = good();
        later.ops[1].phase = Phase::confine;
        CHECK_FALSE(plan == later);
    }
}
