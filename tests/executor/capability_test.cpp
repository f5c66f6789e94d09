// SPDX-License-Identifier: Apache-2.0
// The order in which rights are given up, and what is left.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

using enum Capability;

[[nodiscard]] Run run_rights(FakeCalls& calls, std::vector<Action> actions) {
    return run_plan(calls, plan_of({}, std::move(actions)), {.trace = true});
}

/// The names of `texts` up to the parenthesis, repetitions once.
[[nodiscard]] Texts names_of(const Texts& texts) {
    Texts names;
    for (const std::string& text : texts) {
        const std::string name = text.substr(0, text.find('('));
        if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
}

}  // namespace

TEST_CASE("executor: exactly the named capabilities are left") {
    FakeCalls calls = make_calls();
    const Capabilities few{chown, net_raw, sys_admin};
    const Run run = run_rights(calls, {SetCapabilities{.bounding = few | Capabilities{kill},
                                                       .permitted = few,
                                                       .inheritable = {chown}}});
    CHECK(run.end == Run::End::executed);
    CHECK(calls.bounding == (few | Capabilities{kill}).bits());
    CHECK(calls.permitted == few.bits());
    CHECK(calls.effective == few.bits());
    CHECK(calls.inheritable == Capabilities{chown}.bits());
    CHECK(calls.ambient == 0);
}

TEST_CASE("executor: the bounding set is dropped while setpcap is still there") {
    FakeCalls calls = make_calls();
    const Run run = run_rights(calls, {SetCapabilities{}});
    CHECK_TEXTS(names_of(calls_of(calls, run, 2)),
                {"capget", "prctl CAPBSET_DROP", "capset", "prctl AMBIENT_CLEAR_ALL"});
    CHECK(calls.bounding == 0);
    CHECK(calls.permitted == 0);
}

TEST_CASE("executor: capabilities outlive the change to another user until they are set") {
    FakeCalls calls = make_calls();
    const Capabilities few{net_raw};
    const Run run = run_rights(
        calls,
        {SetIdentity{.user = "+1000", .group = "+1000"},
         SetCapabilities{.bounding = few, .permitted = few, .inheritable = few, .ambient = few}});
    CHECK(run.end == Run::End::executed);
    CHECK_TEXTS(calls_of(calls, run, 2), {"setgroups(0)", "setresgid(1000, 1000, 1000)",
                                          "prctl KEEPCAPS(1)", "setresuid(1000, 1000, 1000)"});
    CHECK_TEXTS(names_of(calls_of(calls, run, 3)),
                {"capget", "capset", "prctl CAPBSET_DROP", "capset", "prctl AMBIENT_CLEAR_ALL",
                 "prctl AMBIENT_RAISE"});
    CHECK(calls.uid == 1000);
    CHECK(calls.permitted == few.bits());
    CHECK(calls.ambient == few.bits());
    CHECK(calls.bounding == few.bits());
}

TEST_CASE("executor: user 0 needs no kept capabilities") {
    FakeCalls calls = make_calls();
    CHECK(run_rights(calls, {SetIdentity{}}).end == Run::End::executed);
    CHECK(calls.count("prctl KEEPCAPS") == 0);
    CHECK_TEXTS(calls.texts("setres"), {"setresgid(0, 0, 0)", "setresuid(0, 0, 0)"});
}

TEST_CASE("executor: capabilities that only a newer kernel knows end the list") {
    for (const int last : {40, 41, 50, 63}) {
        CAPTURE(last);
        FakeCalls calls = make_calls();
        calls.last_capability = last;
        const Run run = run_rights(calls, {SetCapabilities{}});
        CHECK(run.end == Run::End::executed);
        CHECK(calls.bounding == 0);
        CHECK(calls.count("prctl CAPBSET_DROP") ==
              static_cast<unsigned>(last == 63 ? 64 : last + 2));
    }
}

TEST_CASE("executor: a capability that cannot be dropped stops the run") {
    for (const int error : {EPERM, EINVAL, ENOSYS}) {
        CAPTURE(error);
        FakeCalls calls = make_calls();
        calls.fail("prctl CAPBSET_DROP", 1, error);
        const Run run = run_rights(calls, {SetCapabilities{}});
        CHECK(run.report.op == 2);
        CHECK(run.report.error == error);
        CHECK(run.report.call == program::Call::drop_bounding);
        CHECK(calls.count("execve") == 0);
    }
}

TEST_CASE("executor: a capability that is not there cannot be kept") {
    FakeCalls calls = make_calls();
    calls.permitted = calls.effective = Capabilities{setpcap, setuid, setgid}.bits();
    const Run run = run_rights(calls, {SetCapabilities{.permitted = {sys_admin}}});
    CHECK(run.report.op == 2);
    CHECK(run.report.error == EPERM);
    CHECK(run.report.call == program::Call::capset);
}

TEST_CASE("executor: an ambient capability that is not inheritable is refused") {
    FakeCalls calls = make_calls();
    const Run run = run_rights(calls, {SetCapabilities{.permitted = {chown}, .ambient = {chown}}});
    CHECK(run.report.error == EPERM);
    CHECK(run.report.call == program::Call::raise_ambient);
}

TEST_CASE("executor: a host name and the loopback interface are set") {
    FakeCalls calls = make_calls();
    const Run run = run_rights(calls, {SetHostname{"box"}, RaiseLoopback{}, SetNoNewPrivs{}});
    CHECK(run.end == Run::End::executed);
    CHECK(calls.hostname == "box");
    CHECK(calls.loopback_up);
    CHECK(calls.no_new_privs);
    CHECK_TEXTS(calls_of(calls, run, 3), {"socket(2)", "ioctl(socket)", "close(socket)"});
}

TEST_CASE("executor: the socket for the loopback interface is closed when it is refused") {
    FakeCalls calls = make_calls();
    calls.fail("ioctl", 1, EPERM);
    const Run run = run_rights(calls, {RaiseLoopback{}});
    CHECK(run.report.op == 2);
    CHECK(run.report.call == program::Call::ioctl);
    CHECK(calls.count_files(FakeFile::Kind::socket) == 0);
}

TEST_CASE("executor: a user namespace is entered as its root before anything else") {
    ContainerPlan plan = plan_of({}, {SetIdentity{}});
    plan.namespaces.insert(Namespace::user);
    plan.uid_map = plan.gid_map = {{.start = 0, .target = 100000, .count = 65536}};
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, plan).end == Run::End::executed);
    CHECK(calls.log[0].text == "setgroups(0)");
    CHECK(calls.log[1].text == "setresgid(0, 0, 0)");
    CHECK(calls.log[2].text == "setresuid(0, 0, 0)");
    CHECK(calls.log[3].text == "mount('/')");
}

TEST_CASE("executor: where groups may not be set they are left alone") {
    ContainerPlan plan = plan_of({}, {SetIdentity{.supplementary = SupplementaryGroups::keep}});
    plan.namespaces.insert(Namespace::user);
    plan.uid_map = plan.gid_map = {{.start = 0, .target = 1000, .count = 1}};
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, plan).end == Run::End::executed);
    CHECK(calls.count("setgroups") == 0);
}

}  // namespace insula::test
