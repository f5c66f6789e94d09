// SPDX-License-Identifier: Apache-2.0
// What the prober makes of a kernel's answers.
#include "linux/probe.hpp"

#include <cerrno>

#include "executor/fake_kernel.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

constexpr KernelFeatures every_feature = KernelFeatures::from_bits(0x3ff);

/// A kernel that knows everything; its child gets as far as the exec.
struct Probe {
    FakeKernel kernel{};

    Probe() {
        kernel.helper.stage_error = EBADF;
        kernel.helper.stage_call = program::Call::execve;
        put(kernel.root, "/proc/self/mountinfo", make_file("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"));
    }
    [[nodiscard]] HostFacts facts() {
        auto probed = linux_::probe(kernel);
        REQUIRE(probed.has_value());
        CHECK(kernel.reaped == kernel.clones);
        CHECK(kernel.open_fds() == 0);
        return std::move(probed).value();
    }
};

[[nodiscard]] KernelFeatures without(std::initializer_list<KernelFeature> missing) {
    return every_feature - KernelFeatures(missing);
}

void check_note(const HostFacts& facts, std::string_view part) {
    bool found = false;
    for (const std::string& note : facts.notes)
        found = found || note.find(part) != std::string::npos;
    CAPTURE(part);
    CHECK(found);
}

}  // namespace

TEST_CASE("executor: a current kernel has every feature, and nothing to say") {
    Probe probe;
    probe.kernel.uid = 7;
    probe.kernel.gid = 8;
    const HostFacts facts = probe.facts();
    CHECK(facts.features == every_feature);
    CHECK(facts.notes.empty());
    CHECK(facts.uid == 7);
    CHECK(facts.gid == 8);
    CHECK(facts.kernel_release == "6.18.0");
    CHECK(facts.arch == "x86_64");
    CHECK(probe.kernel.clones == 1);
}

TEST_CASE("executor: what only the release tells is told by it") {
    struct Row {
        const char* release;
        KernelFeatures missing;
    };
    using enum KernelFeature;
    const Row rows[] = {{"6.18.0", {}},
                        {"6.15.0-rc1", {}},
                        {"6.14.99", {tree_attach}},
                        {"5.11", {tree_attach}},
                        {"5.10.0-32-amd64", {tree_attach, user_overlay}},
                        {"4.19", {tree_attach, user_overlay}},
                        {"10.0", {}},
                        {"odd", {tree_attach, user_overlay}},
                        {"", {tree_attach, user_overlay}}};
    for (const Row& row : rows) {
        CAPTURE(row.release);
        Probe probe;
        probe.kernel.release = row.release;
        CHECK(probe.facts().features == every_feature - row.missing);
    }
}

TEST_CASE(
    "executor: a call that the kernel does not know, or a filter denies, is a missing feature") {
    struct Row {
        const char* call;
        KernelFeature feature;
    };
    using enum KernelFeature;
    constexpr Row rows[] = {
        {"openat2", openat2}, {"open_tree", mount_api}, {"mount_setattr", mount_setattr}};
    for (const Row& row : rows) {
        for (const int error : {ENOSYS, EPERM}) {
            CAPTURE(row.call);
            CAPTURE(error);
            Probe probe;
            probe.kernel.fail(row.call, 1, error);
            const HostFacts facts = probe.facts();
            CHECK(facts.features == without({row.feature}));
            check_note(facts, row.call);
        }
    }
}

TEST_CASE("executor: a call that dislikes its arguments is known") {
    for (const char* call : {"openat2", "open_tree", "mount_setattr"}) {
        CAPTURE(call);
        Probe probe;
        probe.kernel.fail(call, 1, EINVAL);
        CHECK(probe.facts().features == every_feature);
    }
}

TEST_CASE(
    "executor: mount_setattr asks for rights first, so EPERM tells an ordinary user nothing") {
    Probe user;
    user.kernel.effective = 0;
    user.kernel.fail("mount_setattr", 1, EPERM);
    CHECK(user.facts().features == every_feature);
    Probe old;
    old.kernel.effective = 0;
    old.kernel.fail("mount_setattr", 1, ENOSYS);
    CHECK(old.facts().features == without({KernelFeature::mount_setattr}));
}

TEST_CASE("executor: without user namespaces clone3 is tried without them") {
    Probe probe;
    probe.kernel.fail("clone3", 1, EPERM);
    const HostFacts facts = probe.facts();
    CHECK(facts.features == without({KernelFeature::user_namespace}));
    CHECK(probe.kernel.clones == 1);
    CHECK(probe.kernel.count("clone3") == 2);
    CHECK(probe.kernel.job.clone_flags == 0);
}

TEST_CASE("executor: without clone3 nothing that needs it is known") {
    using enum KernelFeature;
    for (const int error : {ENOSYS, EPERM}) {
        CAPTURE(error);
        Probe probe;
        probe.kernel.fail("clone3", 1, error, 2);
        const HostFacts facts = probe.facts();
        CHECK(facts.features == without({clone3, user_namespace, close_range, pidfd_info}));
        check_note(facts, "clone3");
        CHECK(probe.kernel.clones == 0);
    }
}

TEST_CASE("executor: a child that stops at close_range tells that it is missing") {
    Probe probe;
    probe.kernel.helper.stage_error = ENOSYS;
    probe.kernel.helper.stage_call = program::Call::close;
    const HostFacts facts = probe.facts();
    CHECK(facts.features == without({KernelFeature::close_range}));
    check_note(facts, "close_range");
}

TEST_CASE("executor: a kernel that forgets how a reaped child ended says so") {
    Probe probe;
    probe.kernel.exit_information = false;
    CHECK(probe.facts().features == without({KernelFeature::pidfd_info}));
}

TEST_CASE("executor: memory that must not be executed is noted with its sysctl") {
    for (const int error : {EACCES, EPERM, ENOSYS}) {
        CAPTURE(error);
        Probe probe;
        probe.kernel.fail("memfd_create", 1, error);
        const HostFacts facts = probe.facts();
        CHECK(facts.features == without({KernelFeature::memfd_exec}));
        check_note(facts, "vm.memfd_noexec");
    }
    Probe old;
    old.kernel.memfd_flags = uapi::mfd_exec;  // before Linux 6.3: every memfd can be executed
    CHECK(old.facts().features == every_feature);
}

TEST_CASE("executor: the switch that keeps a user from user namespaces is named") {
    struct Row {
        const char* path;
        const char* content;
        const char* note;
    };
    constexpr Row rows[] = {
        {"/proc/sys/kernel/unprivileged_userns_clone", "0\n", "kernel.unprivileged_userns_clone=0"},
        {"/proc/sys/user/max_user_namespaces", "0\n", "user.max_user_namespaces=0"},
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
         "kernel.apparmor_restrict_unprivileged_userns=1"}};
    for (const Row& row : rows) {
        CAPTURE(row.path);
        Probe probe;
        probe.kernel.effective = 0;
        probe.kernel.fail("clone3", 1, EPERM);
        put(probe.kernel.root, row.path, make_file(row.content));
        const HostFacts facts = probe.facts();
        CHECK(facts.notes.size() == 1);
        check_note(facts, row.note);
        Probe other;
        other.kernel.effective = 0;
        other.kernel.fail("clone3", 1, EPERM);
        put(other.kernel.root, row.path, make_file("15\n"));
        CHECK(other.facts().notes.empty());
    }
}

TEST_CASE("executor: interrupted calls of the prober are made again") {
    Probe probe;
    probe.kernel.fail("waitid", 1, EINTR, 2);
    probe.kernel.fail("read", 1, EINTR, 2);
    CHECK(probe.facts().features == every_feature);
    CHECK(probe.kernel.count("waitid") == 3);
}

TEST_CASE("executor: what the prober cannot do without is an error") {
    struct Row {
        const char* call;
        int error;
        ErrorCode code;
    };
    constexpr Row rows[] = {{"capget", EPERM, ErrorCode::denied},
                            {"uname", EPERM, ErrorCode::denied},
                            {"open", EACCES, ErrorCode::denied},
                            {"open", ENOENT, ErrorCode::missing},
                            {"read", EIO, ErrorCode::system}};
    for (const Row& row : rows) {
        CAPTURE(row.call);
        Probe probe;
        probe.kernel.fail(row.call, 1, row.error);
        const auto probed = linux_::probe(probe.kernel);
        REQUIRE_FALSE(probed.has_value());
        CHECK(probed.error().code == row.code);
        CHECK(probed.error().call == row.call);
        CHECK(probed.error().system_error == row.error);
        CHECK(probe.kernel.open_fds() == 0);
        CHECK(probe.kernel.reaped == probe.kernel.clones);
    }
}

}  // namespace insula::test
