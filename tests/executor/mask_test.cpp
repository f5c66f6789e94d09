// SPDX-License-Identifier: Apache-2.0
// How kernel files are hidden and protected.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

/// A /dev with its null device, and /proc, as every plan has them before its masks.
[[nodiscard]] std::vector<Action> kernel_mounts(std::vector<Action> more) {
    std::vector<Action> actions{
        FilesystemMount{.type = KernelFilesystem::tmpfs, .target = {"/dev"}},
        MakeDevice{.path = {"/dev/null"}, .major = 1, .minor = 3},
        FilesystemMount{.type = KernelFilesystem::proc, .target = {"/proc"}}};
    for (Action& action : more) actions.push_back(std::move(action));
    return actions;
}
constexpr std::int32_t first = 4;  // step of the first of `more`

[[nodiscard]] Run run_masks(FakeCalls& calls, std::vector<Action> more) {
    return run_plan(calls, plan_of(kernel_mounts(std::move(more))), {.trace = true});
}

}  // namespace

TEST_CASE("executor: a file is hidden under the container's null device") {
    FakeCalls calls = make_calls();
    const Run run = run_masks(calls, {MaskPath{{"/proc/kcore"}}});
    CHECK_TEXTS(
        calls_of(calls, run, first),
        {"openat2(source 0, '/proc/kcore', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)",
         "statx(/proc/kcore)", "openat2(source 0, '/dev/null', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)",
         "statx(/dev/null)", "open_tree(/dev/null)", "move_mount(clone of /dev/null, /proc/kcore)",
         "close(clone of /dev/null)", "close(/proc/kcore)"});
    CHECK(calls.inside("/proc/kcore")->kind == Node::Kind::character);
}

TEST_CASE("executor: the null device is opened and checked once") {
    FakeCalls calls = make_calls();
    const Run run = run_masks(calls, {MaskPath{{"/proc/kcore"}}, MaskPath{{"/proc/keys"}}});
    CHECK(run.end == Run::End::executed);
    CHECK(calls.texts("statx(/dev/null)").size() == 1);
    CHECK_TEXTS(
        calls_of(calls, run, first + 1),
        {"openat2(source 0, '/proc/keys', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)", "statx(/proc/keys)",
         "open_tree(/dev/null)", "move_mount(clone of /dev/null, /proc/keys)",
         "close(clone of /dev/null)", "close(/proc/keys)"});
    CHECK(calls.inside("/proc/keys")->kind == Node::Kind::character);
}

TEST_CASE("executor: a directory is hidden under an empty read-only tmpfs, which is made once") {
    FakeCalls calls = make_calls();
    const Run run = run_masks(calls, {MaskPath{{"/proc/acpi"}}, MaskPath{{"/proc/bus"}}});
    CHECK_TEXTS(
        calls_of(calls, run, first),
        {"openat2(source 0, '/proc/acpi', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)", "statx(/proc/acpi)",
         "fsopen('tmpfs')", "fsconfig(tmpfs, create)", "fsmount(tmpfs, RDONLY|NOSUID|NODEV|NOEXEC)",
         "close(tmpfs)", "fcntl(new tmpfs, F_DUPFD_CLOEXEC, 0)",
         "move_mount(new tmpfs, /proc/acpi)", "close(new tmpfs)", "close(/proc/acpi)"});
    CHECK_TEXTS(
        calls_of(calls, run, first + 1),
        {"openat2(source 0, '/proc/bus', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)", "statx(/proc/bus)",
         "open_tree(new tmpfs)", "move_mount(clone of new tmpfs, /proc/bus)",
         "close(clone of new tmpfs)", "close(/proc/bus)"});
    CHECK(run.end == Run::End::executed);
}

TEST_CASE("executor: what is not there need not be hidden or protected") {
    for (const int error : {0, ENOENT, ENOTDIR}) {
        CAPTURE(error);
        FakeCalls calls = make_calls();
        if (error != 0) calls.fail("openat2", 4, error, 3);
        const Run run = run_masks(calls, {MaskPath{{"/proc/none"}}, ProtectPath{{"/proc/none"}},
                                          UnprotectPath{{"/proc/none"}}});
        CHECK(run.end == Run::End::executed);
        for (std::int32_t step = first; step != first + 3; ++step)
            CHECK(calls_of(calls, run, step).size() == 1);
    }
}

TEST_CASE("executor: what cannot be looked at is not left unhidden") {
    for (const int error : {EACCES, EPERM, ELOOP, ENOMEM, ENOSYS, EIO}) {
        for (const bool protect : {false, true}) {
            CAPTURE(error);
            CAPTURE(protect);
            FakeCalls calls = make_calls();
            calls.fail("openat2", 4, error);
            const Run run = run_masks(calls, {protect ? Action(ProtectPath{{"/proc/keys"}})
                                                      : Action(MaskPath{{"/proc/keys"}})});
            CHECK(run.report.op == first);
            CHECK(run.report.error == error);
            CHECK(run.report.call == program::Call::openat2);
        }
    }
}

TEST_CASE("executor: a link below /proc is not hidden in place of what it leads to") {
    FakeCalls calls = make_calls();
    put(calls.proc, "keys", make_link("/etc"));
    const Run run = run_masks(calls, {MaskPath{{"/proc/keys"}}});
    CHECK(run.report.op == first);
    CHECK(run.report.error == ELOOP);
}

TEST_CASE("executor: nothing is hidden under a null device that is not one") {
    const auto zero = make_device(1, 5);
    const auto terminal = make_device(3, 3);
    for (const NodePtr& fake : {make_file("secret"), zero, terminal, std::make_shared<Node>()}) {
        FakeCalls calls = make_calls();
        put(find(calls.host, "/srv/root").node, "/dev/null", fake);
        // No /dev of ours: the tree's own is in sight.
        const Run run = run_plan(
            calls, plan_of({FilesystemMount{.type = KernelFilesystem::proc, .target = {"/proc"}},
                            MaskPath{{"/proc/kcore"}}}));
        CHECK(run.report.op == 2);
        CHECK(run.report.error == ENXIO);
        CHECK(run.report.detail == program::Detail::not_a_device);
        CHECK(calls.count_files(FakeFile::Kind::path) == 0);
        CHECK(calls.count_files(FakeFile::Kind::tree) == 0);
    }
}

TEST_CASE("executor: a link to the null device is no null device") {
    FakeCalls calls = make_calls();
    const NodePtr root = find(calls.host, "/srv/root").node;
    put(root, "/null", make_device(1, 3));
    put(root, "/dev/null", make_link("/null"));
    const Run run = run_plan(
        calls, plan_of({FilesystemMount{.type = KernelFilesystem::proc, .target = {"/proc"}},
                        MaskPath{{"/proc/kcore"}}}));
    CHECK(run.report.op == 2);
    CHECK(run.report.error == ELOOP);
}

TEST_CASE("executor: a protected path covers itself, read-only to the bottom") {
    FakeCalls calls = make_calls();
    const Run run = run_masks(calls, {ProtectPath{{"/proc/sys"}}});
    CHECK_TEXTS(calls_of(calls, run, first),
                {"openat2(source 0, '/proc/sys', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)",
                 "open_tree(/proc/sys, recursive)",
                 "mount_setattr(clone of /proc/sys, recursive, set RDONLY, clear 0, private)",
                 "move_mount(clone of /proc/sys, /proc/sys)", "close(clone of /proc/sys)",
                 "close(/proc/sys)"});
}

TEST_CASE("executor: a path is made writable again by covering it with itself") {
    FakeCalls calls = make_calls();
    const Run run = run_masks(calls, {UnprotectPath{{"/proc/sys/kernel"}}});
    const Texts made = calls_of(calls, run, first);
    CHECK(made[2] ==
          "mount_setattr(clone of /proc/sys/kernel, recursive, set 0, clear RDONLY, private)");
}

TEST_CASE("executor: a mask whose kind cannot be seen is refused") {
    FakeCalls calls = make_calls();
    calls.fail("statx", 1, ENOSYS);
    const Run run = run_masks(calls, {MaskPath{{"/proc/kcore"}}});
    CHECK(run.report.op == first);
    CHECK(run.report.error == ENOSYS);
    CHECK(run.report.call == program::Call::fstat);
}

TEST_CASE("executor: a mask that runs out of descriptors says so") {
    FakeCalls calls = make_calls();
    calls.fail("fcntl", 1, EMFILE);
    const Run run = run_masks(calls, {MaskPath{{"/proc/acpi"}}});
    CHECK(run.report.op == first);
    CHECK(run.report.error == EMFILE);
    CHECK(run.report.call == program::Call::fcntl);
    CHECK(calls.count_files(FakeFile::Kind::path) == 0);
}

}  // namespace insula::test
