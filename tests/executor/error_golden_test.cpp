// SPDX-License-Identifier: Apache-2.0
// The full text of what goes wrong, as the command prints it: tests/data/golden/errors.txt.
#include <cerrno>
#include <functional>

#include "executor/spawn_support.hpp"
#include "linux/explain.hpp"
#include "linux/helper_program.hpp"
#include "linux/sources.hpp"
#include "support/golden.hpp"

namespace insula::test {

namespace {

/// What the helper's report of `plan` comes to, on a kernel that `break_it` has changed.
[[nodiscard]] Error helper_error(const ContainerPlan& plan,
                                 const std::function<void(FakeCalls&)>& break_it,
                                 const linux_::LoweringOptions& options = {}) {
    FakeCalls calls = make_calls();
    calls.child = 0;
    break_it(calls);
    const Run run = run_plan(calls, plan, options);
    REQUIRE(run.end == Run::End::reported);
    return linux_::explain(plan, run.report);
}

[[nodiscard]] Error start_failure(const ContainerPlan& plan,
                                  const std::function<void(FakeKernel&)>& break_it,
                                  const StartOptions& options = {}) {
    Start start;
    break_it(start.kernel);
    const auto spawned = start.run(plan, options);
    REQUIRE_FALSE(spawned.has_value());
    return spawned.error();
}

[[nodiscard]] NodePtr root_of(FakeCalls& calls) {
    return find(calls.host, "/srv/root").node;
}

/// The error of `typical_plan` when the call that begins with `text` fails.
[[nodiscard]] Error refused(const std::string& text, int error) {
    return helper_error(typical_plan(), [&](FakeCalls& calls) { calls.fail_text(text, error); });
}

/// The error of `typical_plan` with another init.
[[nodiscard]] Error init_error(const std::string& path, int error = 0) {
    ContainerPlan plan = typical_plan();
    std::get<ExecInit>(plan.ops.back().action) = ExecInit{.path = {path}, .argv = {path}};
    return helper_error(plan, [&](FakeCalls& calls) {
        auto script = make_file("#!/usr/bin/perl\n");
        script->mode = 0755;
        put(root_of(calls), "/bin/script", script);
        if (error != 0) calls.fail("execve", 1, error);
    });
}

/// The error of `typical_plan` with something else in the container's tree.
[[nodiscard]] Error tree_error(const std::string& path, const NodePtr& node) {
    return helper_error(typical_plan(), [&](FakeCalls& calls) { put(root_of(calls), path, node); });
}

class Errors {
public:
    void add(const std::string& name, const Error& error) {
        text_ += "== " + name + "\n" + describe(error, "box.xml") + "\n\n";
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_{};
};

void add_mount_errors(Errors& errors) {
    errors.add("a refused mount", refused("move_mount(source 1", EPERM));
    errors.add("a target on a read-only file system", refused("mkdirat(/, 'new'", EROFS));
    errors.add("a dangling link on the way to a target", tree_error("/new", make_link("/nowhere")));
    errors.add("a file on the way to a target", tree_error("/new", make_file("")));
    errors.add("a link where /proc goes", tree_error("/proc", make_link("/srv")));
    errors.add("directories that are renamed all the time", refused("openat2", EAGAIN));
    errors.add("a call that the kernel does not know", refused("fsopen", ENOSYS));
    errors.add("a protection that is refused", refused("mount_setattr(clone of /proc/sys,", EPERM));
    errors.add("a root that stays writable", refused("mount_setattr(source 0, set", EINVAL));
    errors.add("an option that the kernel refuses",
               helper_error(typical_plan(), [](FakeCalls& calls) {
                   calls.kernel_text = "e tmpfs: Bad value for 'size'\n";
                   calls.fail_text("fsconfig(tmpfs, size=67108864", EINVAL);
               }));
    errors.add("too few descriptors for the mounts",
               helper_error(typical_plan(), [](FakeCalls& calls) { calls.batch_limit = 1; }));
    errors.add("a source inside that is missing",
               helper_error(plan_of({GuestBindMount{.source = {"/nothing"}, .target = {"/data"}}}),
                            [](FakeCalls&) {}));
    errors.add(
        "a null device that is none",
        helper_error(plan_of({MaskPath{{"/data"}}, MaskPath{{"/etc/passwd"}}}),
                     [](FakeCalls& calls) { put(root_of(calls), "/dev/null", make_file("")); }));
}

void add_user_namespace_errors(Errors& errors) {
    const linux_::LoweringOptions options{.source_taker = linux_::SourceTaker::helper,
                                          .caller_uid = 1000};
    const auto fail = [&](const std::string& text, int error) {
        return helper_error(
            rootless_plan(), [&](FakeCalls& calls) { calls.fail_text(text, error); }, options);
    };
    errors.add("a bind that a user namespace refuses", fail("open_tree('/srv/data'", EINVAL));
    errors.add("a source that a user may not reach", fail("open_tree('/srv/data'", EACCES));
    errors.add("a proc that a user namespace refuses", fail("fsconfig(proc, create", EPERM));
    errors.add("an overlay that a user namespace refuses", fail("fsconfig(overlay, create", EPERM));
    errors.add("a full pid table for a reaper's child", fail("clone", EAGAIN));
    errors.add("a user namespace that is refused",
               start_failure(rootless_plan(), [](FakeKernel& kernel) {
                   kernel.effective = 0;
                   kernel.fail("clone3", 1, EPERM);
               }));
    errors.add("too many user namespaces", start_failure(rootless_plan(), [](FakeKernel& kernel) {
                   kernel.fail("clone3", 1, ENOSPC);
               }));
    errors.add("an id map that is refused", start_failure(mapped_plan(), [](FakeKernel& kernel) {
                   kernel.fail("write", 1, EPERM);
               }));
}

void add_process_errors(Errors& errors) {
    errors.add("a missing init", init_error("/bin/none"));
    errors.add("a directory as init", init_error("/srv"));
    errors.add("a script with a missing interpreter", init_error("/bin/script"));
    errors.add("an init that may not be executed", init_error("/etc/passwd"));
    errors.add("an init that is no program", init_error("/bin/sh", ENOEXEC));
    errors.add("too many arguments", init_error("/bin/sh", E2BIG));
    errors.add("an unknown user", tree_error("/etc/passwd", make_file("root:x:0:0:::\n")));
    errors.add("an unknown group", tree_error("/etc/group", make_file("root:x:0:\n")));
    errors.add("a user database that is a directory",
               tree_error("/etc/passwd", std::make_shared<Node>()));
    errors.add("a user database without end",
               tree_error("/etc/passwd", make_file(std::string(17UL << 20, '\n'))));
    std::string groups = "media:x:44:\n";
    for (int i = 0; i != 1025; ++i) groups += "g:x:" + std::to_string(1000 + i) + ":web\n";
    errors.add("a user in too many groups", tree_error("/etc/group", make_file(groups)));
    errors.add("a missing working directory", refused("openat2(source 0, '/srv', ", ENOENT));
    errors.add("a host name that is refused", refused("sethostname", EPERM));
    errors.add("a capability that cannot be dropped", refused("prctl CAPBSET_DROP", EPERM));
}

void add_start_errors(Errors& errors) {
    const ContainerPlan plan = typical_plan();
    const auto fail = [](const char* call, unsigned nth, int error) {
        return [=](FakeKernel& kernel) { kernel.fail(call, nth, error); };
    };
    errors.add("a missing source", start_failure(plan, fail("open_tree", 2, ENOENT)));
    errors.add("a source without permission", start_failure(plan, fail("open_tree", 2, EACCES)));
    errors.add("a caller without CAP_SYS_ADMIN", start_failure(plan, fail("open_tree", 1, EPERM)));
    errors.add("a missing root", start_failure(plan, fail("open_tree", 1, ENOENT)));
    errors.add("a full pid table", start_failure(plan, fail("clone3", 1, EAGAIN)));
    errors.add("a full descriptor table", start_failure(plan, fail("memfd_create", 1, EMFILE)));
    errors.add("no memory", start_failure(plan, fail("mmap", 1, ENOMEM)));
    errors.add("a start that is canceled", start_failure(plan,
                                                         [](FakeKernel& kernel) {
                                                             kernel.own(30, "cancel");
                                                             kernel.poll_answer = 2;
                                                         },
                                                         {.cancel = {30}}));
    errors.add("a start that takes too long",
               start_failure(plan, [](FakeKernel& kernel) { kernel.poll_answer = 0; },
                             {.timeout = std::chrono::hours(1)}));
    errors.add("a helper that is killed", start_failure(plan, [](FakeKernel& kernel) {
                   kernel.helper.end = program::State::running;
               }));
    errors.add("a descriptor that is not open",
               start_failure(plan, [](FakeKernel&) {}, {.passed_fds = {{.fd = {77}}}}));
}

/// The prefix of the build is not part of the text.
[[nodiscard]] std::string without_prefix(std::string text) {
    const std::string path = INSULA_HELPER_PATH;
    for (std::size_t at = 0; (at = text.find(path)) != std::string::npos;)
        text.replace(at, path.size(), "LIBEXECDIR/insula/insula-init");
    return text;
}

}  // namespace

TEST_CASE("executor: errors read as written down") {
    Errors errors;
    add_mount_errors(errors);
    add_user_namespace_errors(errors);
    add_process_errors(errors);
    add_start_errors(errors);
    FakeKernel kernel;
    kernel.fail("memfd_create", 1, EACCES);
    const auto helper = linux_::make_helper(kernel);
    REQUIRE_FALSE(helper.has_value());
    errors.add("memory that must not be executed", helper.error());
    check_golden("errors.txt", without_prefix(errors.text()));
}

}  // namespace insula::test
