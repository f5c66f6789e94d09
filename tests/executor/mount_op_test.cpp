// SPDX-License-Identifier: Apache-2.0
// What the ops that build the tree ask of the kernel.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

struct OpRun {
    FakeCalls calls = make_calls();
    Run run{};

    /// Runs `action` as step 1 of a plan.
    Texts of(Action action) {
        const ContainerPlan plan = plan_of({std::move(action)});
        run = run_plan(calls, plan, {.trace = true});
        return calls_of(calls, run, 1);
    }
};

/// Runs a plan whose root is `root`.
Texts root_calls(Action root, FakeCalls& calls) {
    ContainerPlan plan = plan_of({});
    plan.ops[0].action = std::move(root);
    const Run run = run_plan(calls, plan, {.trace = true});
    CHECK(run.report.op != 0);
    return calls_of(calls, run, 0);
}

}  // namespace

TEST_CASE("executor: the copied mounts are made private before anything else") {
    FakeCalls calls = make_calls();
    CHECK(run_plan(calls, plan_of({})).end == Run::End::executed);
    CHECK(calls.log.front().text == "mount('/')");
}

TEST_CASE("executor: a root directory is a mount of the caller's, put over the old root") {
    FakeCalls calls = make_calls();
    CHECK_TEXTS(root_calls(BindRoot{.source = {"/srv/root"}}, calls),
                {"recvmsg(control)", "move_mount(source 0, /)"});
}

TEST_CASE("executor: a tmpfs root is made with its options and flags") {
    FakeCalls calls = make_calls();
    const Texts made = root_calls(
        TmpfsRoot{.options = {{"mode", "755"}, {"size", "4096"}}, .flags = {MountFlag::nosuid}},
        calls);
    CHECK_TEXTS(made, {"fsopen('tmpfs')", "fsconfig(tmpfs, mode=755)", "fsconfig(tmpfs, size=4096)",
                       "fsconfig(tmpfs, create)", "fsmount(tmpfs, NOSUID)", "close(tmpfs)",
                       "move_mount(new tmpfs, /)"});
}

TEST_CASE("executor: a layered root gets upper directories that look like the lower one") {
    FakeCalls calls = make_calls();
    calls.host->mode = 0711;
    const Texts made = root_calls(OverlayRoot{.lower = {"/"}}, calls);
    CHECK_TEXTS(made, {"statx(cwd, '/')", "mkdirat(new tmpfs, 'u0', 0700)",
                       "openat2(new tmpfs, 'u0', read)", "fchown(u0, 0, 0)", "fchmod(u0, 0711)",
                       "close(u0)", "mkdirat(new tmpfs, 'w0', 0700)", "fchdir(new tmpfs)",
                       "fsopen('overlay')", "fsconfig(overlay, lowerdir=/)",
                       "fsconfig(overlay, upperdir=u0)", "fsconfig(overlay, workdir=w0)",
                       "fsconfig(overlay, create)", "fsmount(overlay, 0)", "close(overlay)",
                       "move_mount(new overlay, /)"});
    // The scratch mount is on the old root too: both have to go.
    CHECK(calls.count("umount2") == 2);
}

TEST_CASE("executor: overlays share one scratch mount and number their layers") {
    FakeCalls calls = make_calls();
    const Run run = run_plan(
        calls, plan_of({OverlayMount{{"/etc"}, {"/srv"}}, OverlayMount{{"/srv/data"}, {"/data"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK(calls.texts("fsopen('tmpfs')").size() == 1);
    CHECK_TEXTS(calls.texts("fsconfig(overlay, upperdir"),
                {"fsconfig(overlay, upperdir=u0)", "fsconfig(overlay, upperdir=u1)"});
    CHECK(calls.inside("/data/file")->text == "data");
}

TEST_CASE("executor: an overlay in a user namespace uses attributes that a user may set") {
    FakeCalls calls = make_calls();
    ContainerPlan plan = plan_of({OverlayMount{{"/etc"}, {"/srv"}}});
    plan.namespaces.insert(Namespace::user);
    plan.uid_map = plan.gid_map = {{.start = 0, .target = 1000, .count = 1}};
    CHECK(run_plan(calls, plan).end == Run::End::executed);
    CHECK(calls.texts("fsconfig(overlay, userxattr").size() == 1);
    CHECK(calls.log.front().text == "setgroups(0)");
}

TEST_CASE("executor: an owner that is not mapped does not keep an overlay from being made") {
    for (const int error : {EINVAL, EPERM}) {
        CAPTURE(error);
        FakeCalls calls = make_calls();
        calls.fail("fchown", 1, error);
        const Run run = run_plan(calls, plan_of({OverlayMount{{"/etc"}, {"/srv"}}}));
        CHECK(run.end == Run::End::executed);
    }
}

TEST_CASE("executor: a new file system is attached where its target is") {
    OpRun op;
    const Texts made = op.of(FilesystemMount{.type = KernelFilesystem::sysfs,
                                             .target = {"/sys"},
                                             .access = Access::read_only,
                                             .flags = {MountFlag::nosuid, MountFlag::noexec}});
    CHECK_TEXTS(
        made, {"fsopen('sysfs')", "fsconfig(sysfs, create)", "fsmount(sysfs, RDONLY|NOSUID|NOEXEC)",
               "close(sysfs)", "openat2(source 0, '/sys', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)",
               "move_mount(new sysfs, /sys)", "close(new sysfs)", "close(/sys)"});
}

TEST_CASE("executor: an option without value is a flag") {
    OpRun op;
    const Texts made = op.of(FilesystemMount{
        .type = KernelFilesystem::devpts, .target = {"/srv"}, .options = {{"newinstance", {}}}});
    CHECK(made[1] == "fsconfig(devpts, newinstance)");
    CHECK(op.run.report.error == 0);
}

TEST_CASE("executor: what the kernel says of a refused option comes along") {
    for (const char* call : {"fsconfig", "fsmount"}) {
        CAPTURE(call);
        OpRun op;
        op.calls.kernel_text = "e tmpfs: Bad value for 'size'\n";
        op.calls.fail(call, 1, EINVAL);
        (void)op.of(FilesystemMount{.target = {"/srv"}, .options = {{"size", "much"}}});
        CHECK(op.run.report.op == 1);
        CHECK(op.run.report.error == EINVAL);
        CHECK(std::string(op.run.report.kernel_text) == "e tmpfs: Bad value for 'size'");
        CHECK(op.calls.count_files(FakeFile::Kind::context) == 0);
    }
}

TEST_CASE("executor: what the kernel says is cut where the report ends") {
    OpRun op;
    op.calls.kernel_text = std::string(1000, 'x');
    op.calls.fail("fsconfig", 1, EINVAL);
    (void)op.of(FilesystemMount{.target = {"/srv"}});
    CHECK(std::string(op.run.report.kernel_text) == std::string(255, 'x'));
}

TEST_CASE("executor: a mount of the caller's is attached as it came") {
    OpRun op;
    const Texts made = op.of(BindMount{.source = {"/srv/data"}, .target = {"/data"}});
    CHECK_TEXTS(made, {"statx(source 1)", "openat2(source 0, '/data', IN_ROOT|NO_MAGICLINKS)",
                       "move_mount(source 1, /data)", "close(source 1)", "close(/data)"});
    CHECK(op.calls.inside("/data/file")->text == "data");
}

TEST_CASE("executor: a mount inside is cloned, private, with its flags before it is attached") {
    OpRun op;
    const Texts made = op.of(GuestBindMount{.source = {"/etc"},
                                            .target = {"/data"},
                                            .recursion = Recursion::submounts,
                                            .access = Access::read_only,
                                            .flags = {MountFlag::nodev}});
    CHECK_TEXTS(
        made,
        {"openat2(source 0, '/etc', IN_ROOT|NO_MAGICLINKS)", "open_tree(/etc, recursive)",
         "mount_setattr(clone of /etc, recursive, set RDONLY|NODEV, clear 0, private)",
         "close(/etc)", "statx(clone of /etc)", "openat2(source 0, '/data', IN_ROOT|NO_MAGICLINKS)",
         "move_mount(clone of /etc, /data)", "close(clone of /etc)", "close(/data)"});
}

TEST_CASE("executor: a missing source inside is said of the source") {
    OpRun op;
    (void)op.of(GuestBindMount{.source = {"/nothing"}, .target = {"/data"}});
    CHECK(op.run.report.error == ENOENT);
    CHECK(op.run.report.call == program::Call::openat2);
    CHECK(op.run.report.detail == program::Detail::source);
}

TEST_CASE("executor: a refused move_mount stops the run and names its op") {
    const ContainerPlan plan =
        plan_of({BindMount{.source = {"/srv/data"}, .target = {"/data"}}}, {SetHostname{"never"}});
    FakeCalls calls = make_calls();
    calls.fail("move_mount", 2, EPERM);

    const Run run = run_plan(calls, plan);

    CHECK(run.report.op == 1);
    CHECK(run.report.error == EPERM);
    CHECK(run.report.call == program::Call::move_mount);
    CHECK(run.report.detail == program::Detail::attach);
    CHECK(run.state == program::State::failed);
    CHECK(plan.ops[1].origin == TextPosition{2, 1});
    CHECK(calls.count("sethostname") == 0);
}

TEST_CASE("executor: new entries of one directory are made below one descriptor") {
    FakeCalls calls = make_calls();
    const Run run = run_plan(
        calls, plan_of({MakeDirectory{{"/srv/a"}, 0700},
                        MakeDevice{.path = {"/srv/tty"}, .major = 5, .minor = 0, .mode = 0620},
                        MakeSymlink{{"/srv/link"}, "a/b"}, MakeDirectory{{"/top"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK(calls.texts("openat2(source 0, '/srv'").size() == 1);
    CHECK_TEXTS(calls.texts("mk"),
                {"mkdirat(/srv, 'a', 0700)", "mknodat(/srv, 'tty', 020620, 1280)",
                 "mkdirat(/, 'top', 0755)"});
    CHECK_TEXTS(calls.texts("symlinkat"), {"symlinkat('a/b', /srv, 'link')"});
    CHECK(calls.count_files(FakeFile::Kind::path) == 1);  // the directory of the last one
}

TEST_CASE("executor: a directory is opened again after something may have covered it") {
    FakeCalls calls = make_calls();
    const Run run =
        run_plan(calls, plan_of({MakeDirectory{{"/srv/a"}}, FilesystemMount{.target = {"/srv"}},
                                 MakeDirectory{{"/srv/b"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK(calls.inside("/srv/b") != nullptr);
    CHECK(calls.inside("/srv/a") == nullptr);
}

TEST_CASE("executor: a directory may exist, a device and a link may not") {
    FakeCalls directory = make_calls();
    CHECK(run_plan(directory, plan_of({MakeDirectory{{"/etc"}}})).end == Run::End::executed);
    FakeCalls device = make_calls();
    CHECK(run_plan(device, plan_of({MakeDevice{.path = {"/etc/passwd"}}})).report.error == EEXIST);
    FakeCalls link = make_calls();
    CHECK(run_plan(link, plan_of({MakeSymlink{{"/etc/passwd"}, "x"}})).report.error == EEXIST);
}

TEST_CASE("executor: the root becomes read-only by itself, and is entered without a path") {
    FakeCalls calls = make_calls();
    const ContainerPlan plan = plan_of({SealRoot{}});
    const Run run = run_plan(calls, plan, {.trace = true});
    CHECK_TEXTS(calls_of(calls, run, 1), {"mount_setattr(source 0, set RDONLY, clear 0)"});
    CHECK_TEXTS(calls_of(calls, run, 2),
                {"fchdir(source 0)", "pivot_root('.', '.')", "umount2('.')", "chdir('/')"});
}

}  // namespace insula::test
