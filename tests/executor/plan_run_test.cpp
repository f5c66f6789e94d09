// SPDX-License-Identifier: Apache-2.0
// Whole plans, from the first call to init: their order, and what they come to.
#include <algorithm>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

/// Where the call that begins with `text` stands in the log.
[[nodiscard]] std::size_t place_of(const FakeCalls& calls, const std::string& text) {
    const auto found = std::find_if(calls.log.begin(), calls.log.end(), [&](const FakeCall& call) {
        return call.text.starts_with(text);
    });
    CHECK_MESSAGE(found != calls.log.end(), text);
    return static_cast<std::size_t>(found - calls.log.begin());
}

void check_order(const FakeCalls& calls, const Texts& texts) {
    for (std::size_t i = 1; i != texts.size(); ++i) {
        CAPTURE(texts[i]);
        CHECK(place_of(calls, texts[i - 1]) < place_of(calls, texts[i]));
    }
}

[[nodiscard]] bool is_null_device(const NodePtr& node) {
    return node != nullptr && node->kind == Node::Kind::character && node->device == (1U << 8 | 3);
}

}  // namespace

TEST_CASE("executor: a plan cuts the host off, builds, enters, gives up its rights, and executes") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, typical_plan()).end == Run::End::executed);
    check_order(calls, {"mount('/')",
                        "recvmsg",
                        "move_mount(source 0, /)",
                        "fsopen('proc')",
                        "fsopen('sysfs')",
                        "fsopen('tmpfs')",
                        "mknodat(/dev, 'null'",
                        "symlinkat('/proc/self/fd'",
                        "fsopen('devpts')",
                        "move_mount(source 1",
                        "move_mount(source 2",
                        "move_mount(clone of /proc/sys,",
                        "move_mount(new tmpfs, /proc/acpi)",
                        "mount_setattr(source 0, set RDONLY",
                        "pivot_root",
                        "umount2",
                        "sethostname",
                        "ioctl",
                        "setgroups",
                        "setresgid",
                        "prctl KEEPCAPS",
                        "setresuid",
                        "prctl CAPBSET_DROP",
                        "prctl AMBIENT_CLEAR",
                        "fchdir(/srv)",
                        "prctl NO_NEW_PRIVS",
                        "rt_sigaction",
                        "recvfrom",
                        "execve"});
}

TEST_CASE("executor: init of a plan finds what the definition says") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, typical_plan()).end == Run::End::executed);
    CHECK_TEXTS(calls.executed, {"/bin/sh", "/bin/sh", "-c", "true"});
    CHECK(std::find(calls.environment.begin(), calls.environment.end(), "GREETING=hello") !=
          calls.environment.end());
    CHECK(calls.hostname == "box");
    CHECK(calls.loopback_up);
    CHECK(calls.no_new_privs);
    CHECK(calls.uid == 33);
    CHECK(calls.gid == 44);
    CHECK(calls.groups == std::vector<unsigned>{44, 45});
    const std::uint64_t sys_admin = std::uint64_t{1} << CAP_SYS_ADMIN;
    CHECK((calls.permitted & sys_admin) == 0);
    CHECK((calls.bounding & sys_admin) == 0);
    CHECK(calls.inheritable == 0);
    CHECK(calls.ambient == 0);
    CHECK(calls.working_directory == calls.inside("/srv"));
    CHECK(calls.inheritable_fds() == std::vector<int>{0, 1, 2});

    CHECK(calls.inside("/new/place/file")->text == "data");
    CHECK(calls.inside("/etc/app/config")->text == "config");
    CHECK(calls.inside("/data/passwd")->text == calls.inside("/etc/passwd")->text);
    CHECK(calls.inside("/scratch")->children.empty());
    CHECK(is_null_device(calls.inside("/dev/null")));
    CHECK(is_null_device(calls.inside("/proc/kcore")));
    CHECK(calls.inside("/proc/acpi")->children.empty());
    CHECK(calls.inside("/sys/firmware")->children.empty());
    CHECK(calls.inside("/dev/ptmx")->text == "pts/ptmx");
}

TEST_CASE("executor: what a layered plan makes does not reach the host") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, layered_plan()).end == Run::End::executed);
    CHECK(calls.inside("/etc/passwd")->text == find(calls.host, "/etc/passwd").node->text);
    CHECK(calls.inside("/tmp") != nullptr);
    CHECK(find(calls.host, "/tmp").error != 0);
    CHECK(find(calls.host, "/dev/pts").error != 0);
    // The old root and the scratch mount on it.
    CHECK(calls.count("umount2") == 2);
}

TEST_CASE("executor: a rootless plan becomes root of its own ids first") {
    FakeCalls calls = make_calls();
    calls.child = 0;
    const linux_::LoweringOptions options{.source_taker = linux_::SourceTaker::helper,
                                          .caller_uid = 1000};
    CHECK(run_plan(calls, rootless_plan(), options).end == Run::End::executed);
    CHECK(calls.log.front().text == "setresgid(0, 0, 0)");
    CHECK(calls.count("mknodat") == calls.texts("mknodat(/dev, '").size());
    for (const std::string& text : calls.texts("mknodat("))  // files to mount on, no devices
        CHECK(text.find(", 0100644, 0)") != std::string::npos);
    CHECK(is_null_device(calls.inside("/dev/null")));
    CHECK(calls.inside("/lib")->text == "usr/lib");
    CHECK(calls.inside("/srv/data/file")->text == "data");
    CHECK(calls.count("setgroups") == 0);
}

TEST_CASE("executor: every clone of a plan is private before it is attached") {
    // The fake refuses to attach one that is not: each of these is a clone of the host's.
    for (const ContainerPlan& plan : {rootless_plan(), typical_plan()}) {
        FakeCalls calls = make_calls();
        calls.child = 0;
        const Run run =
            run_plan(calls, plan, {.source_taker = linux_::SourceTaker::helper, .caller_uid = 7});
        CHECK(run.end == Run::End::executed);
        for (const FakeCall& call : calls.log)
            if (call.text.starts_with("open_tree('"))
                CHECK((&call + 1)->text.ends_with(", private)"));
    }
}

}  // namespace insula::test
