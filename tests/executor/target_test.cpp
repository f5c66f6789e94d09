// SPDX-License-Identifier: Apache-2.0
// How the helper finds and makes paths in a tree that may be hostile.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

[[nodiscard]] NodePtr root_of(FakeCalls& calls) {
    return find(calls.host, "/srv/root").node;
}

[[nodiscard]] Action tmpfs_at(std::string target) {
    return FilesystemMount{.target = {std::move(target)}};
}

[[nodiscard]] Run run_mount(FakeCalls& calls, std::string target) {
    return run_plan(calls, plan_of({tmpfs_at(std::move(target))}), {.trace = true});
}

}  // namespace

TEST_CASE("executor: what is missing of a target is made one component at a time") {
    FakeCalls calls = make_calls();
    const Run run = run_mount(calls, "/srv/one/two");
    CHECK(run.end == Run::End::executed);
    const Texts made = calls_of(calls, run, 1);
    CHECK_TEXTS(
        Texts(made.begin() + 4, made.end() - 3),
        {"openat2(source 0, '/srv/one/two', IN_ROOT|NO_MAGICLINKS) = -2",
         "openat2(source 0, '/', IN_ROOT|NO_MAGICLINKS)",
         "openat2(source 0, '/srv', IN_ROOT|NO_MAGICLINKS)", "close(/)",
         "openat2(source 0, '/srv/one', IN_ROOT|NO_MAGICLINKS) = -2", "mkdirat(/srv, 'one', 0755)",
         "openat2(/srv, 'one', NOFOLLOW, IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)", "close(/srv)",
         "openat2(source 0, '/srv/one/two', IN_ROOT|NO_MAGICLINKS) = -2",
         "mkdirat(one, 'two', 0755)",
         "openat2(one, 'two', NOFOLLOW, IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)", "close(one)"});
}

TEST_CASE("executor: a file is made for a mounted file, and directories above it") {
    FakeCalls calls = make_calls();
    const Run run = run_plan(
        calls, plan_of({BindMount{.source = {"/srv/config"}, .target = {"/etc/app/config"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK_TEXTS(calls.texts("mk"),
                {"mkdirat(/etc, 'app', 0755)", "mknodat(app, 'config', 0100644, 0)"});
    CHECK(calls.inside("/etc/app/config")->text == "config");
}

TEST_CASE("executor: a directory is not mounted on a file") {
    FakeCalls calls = make_calls();
    const Run run = run_mount(calls, "/etc/passwd");
    CHECK(run.report.op == 1);
    CHECK(run.report.call == program::Call::move_mount);
    CHECK(calls.count("mkdirat") == 0);
}

TEST_CASE("executor: every path inside is resolved in the root and without magic links") {
    for (const ContainerPlan& plan : {typical_plan(), layered_plan()}) {
        FakeCalls calls = make_calls();
        CHECK(run_plan(calls, plan).end == Run::End::executed);
        for (const std::string& text : calls.texts("openat2(")) {
            CAPTURE(text);
            if (text.starts_with("openat2(new tmpfs, 'u")) continue;  // our own scratch mount
            CHECK(text.find("NO_MAGICLINKS") != std::string::npos);
            const bool database = text.starts_with("openat2(cwd, '/etc/");  // the root is ours then
            CHECK((database || text.find("IN_ROOT") != std::string::npos));
        }
    }
}

TEST_CASE("executor: what goes into one directory is found by its name there") {
    FakeCalls calls = make_calls();
    const Run run = run_plan(
        calls,
        plan_of({tmpfs_at("/dev"), MakeDevice{.path = {"/dev/null"}, .major = 1, .minor = 3},
                 tmpfs_at("/dev/shm"), tmpfs_at("/dev/mqueue"),
                 MakeSymlink{.path = {"/dev/fd"}, .target = "/proc/self/fd"}}),
        {.trace = true});
    CHECK(run.end == Run::End::executed);
    const Texts mounted = calls_of(calls, run, 4);
    CHECK_TEXTS(Texts(mounted.begin() + 4, mounted.end() - 3),
                {"openat2(/dev, 'mqueue', IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS) = -2",
                 "mkdirat(/dev, 'mqueue', 0755)",
                 "openat2(/dev, 'mqueue', NOFOLLOW, IN_ROOT|NO_MAGICLINKS|NO_SYMLINKS)"});
    CHECK(calls_of(calls, run, 5).size() == 1);
    CHECK(calls.inside("/dev/fd")->kind == Node::Kind::symlink);
}

TEST_CASE("executor: a directory that was covered is looked up again") {
    // The second mount covers /dev, whatever it is called by then.
    for (const std::string cover : {"/dev", "/dev/", "/dev/.", "/dev/pts/.."}) {
        CAPTURE(cover);
        FakeCalls calls = make_calls();
        const Run run = run_plan(
            calls,
            plan_of({tmpfs_at("/dev/pts"),
                     MakeDevice{.path = {"/dev/null"}, .major = 1, .minor = 3}, tmpfs_at(cover),
                     MakeDevice{.path = {"/dev/zero"}, .major = 1, .minor = 5}}));
        CHECK(run.end == Run::End::executed);
        CHECK(calls.inside("/dev/null") == nullptr);
        CHECK(calls.inside("/dev/zero") != nullptr);
    }
}

TEST_CASE("executor: no link is followed to or below /dev, /proc and /sys") {
    struct Row {
        const char* target;
        bool refused;
    };
    constexpr Row rows[] = {{"/dev", true},      {"/dev/shm", true}, {"/proc", true},
                            {"/sys/fs/x", true}, {"/device", false}, {"/srv/dev", false},
                            {"/process", false}, {"/", false}};
    for (const Row& row : rows) {
        CAPTURE(row.target);
        FakeCalls calls = make_calls();
        (void)run_mount(calls, row.target);
        const std::string first = calls.texts("openat2(source 0").front();
        CHECK((first.find("NO_SYMLINKS") != std::string::npos) == row.refused);
    }
}

TEST_CASE("executor: a link where a kernel file system goes is refused") {
    for (const char* place : {"/proc", "/sys", "/dev"}) {
        CAPTURE(place);
        FakeCalls calls = make_calls();
        put(root_of(calls), place, make_link("/data"));
        const Run run = run_mount(calls, place);
        CHECK(run.report.op == 1);
        CHECK(run.report.error == ELOOP);
        CHECK(run.report.call == program::Call::openat2);
        CHECK(run.report.detail == program::Detail::target);
        CHECK(calls.count("move_mount") == 1);  // the root's
    }
}

TEST_CASE("executor: a link in the tree leads to where it says inside, never outside") {
    FakeCalls calls = make_calls();
    put(root_of(calls), "/way", make_link("../../../../data"));
    const Run run = run_mount(calls, "/way/below");
    CHECK(run.end == Run::End::executed);
    CHECK(calls.inside("/data/below") != nullptr);
    CHECK(find(calls.host, "/data/below").error == ENOENT);
}

TEST_CASE("executor: nothing is made through a link to nothing") {
    for (const char* target : {"/way", "/way/below"}) {
        CAPTURE(target);
        FakeCalls calls = make_calls();
        put(root_of(calls), "/way", make_link("/nowhere"));
        const Run run = run_mount(calls, target);
        CHECK(run.report.op == 1);
        CHECK(run.report.error == EEXIST);
        CHECK(run.report.detail == program::Detail::dangling_link);
        CHECK(find(root_of(calls), "/nowhere").error == ENOENT);
        CHECK(calls.count_files(FakeFile::Kind::path) == 0);
        CHECK(calls.count_files(FakeFile::Kind::mount) == 0);
    }
}

TEST_CASE("executor: a file on the way is no directory") {
    FakeCalls calls = make_calls();
    const Run run = run_mount(calls, "/etc/passwd/below");
    CHECK(run.report.error == ENOTDIR);
    CHECK(run.report.detail == program::Detail::target);
}

TEST_CASE("executor: a component that cannot be made is the target's failure") {
    FakeCalls directory = make_calls();
    directory.fail("mkdirat", 1, EROFS);
    const Run first = run_mount(directory, "/new");
    CHECK(first.report.error == EROFS);
    CHECK(first.report.call == program::Call::mkdirat);
    CHECK(first.report.detail == program::Detail::target);

    FakeCalls file = make_calls();
    file.fail("mknodat", 1, EROFS);
    const Run second =
        run_plan(file, plan_of({BindMount{.source = {"/srv/config"}, .target = {"/new"}}}));
    CHECK(second.report.error == EROFS);
    CHECK(second.report.call == program::Call::mknodat);
    CHECK(second.report.detail == program::Detail::target);
}

TEST_CASE("executor: openat2 is asked 128 times while the kernel says EAGAIN or EINTR") {
    for (const int error : {EAGAIN, EINTR}) {
        CAPTURE(error);
        FakeCalls patient = make_calls();
        patient.fail("openat2", 1, error, 127);
        CHECK(run_mount(patient, "/data").end == Run::End::executed);

        FakeCalls calls = make_calls();
        calls.fail("openat2", 1, error, 1000);
        const Run run = run_mount(calls, "/data");
        CHECK(run.report.op == 1);
        CHECK(run.report.error == error);
        CHECK(run.report.call == program::Call::openat2);
        CHECK(calls.count("openat2") == 128);
    }
}

TEST_CASE("executor: repeated and final slashes of a target make no entries") {
    FakeCalls calls = make_calls();
    CHECK(run_mount(calls, "//srv///one//").end == Run::End::executed);
    CHECK_TEXTS(calls.texts("mkdirat"), {"mkdirat(//srv, 'one', 0755)"});
}

TEST_CASE("executor: a mount whose target is a file below slashes gets a file") {
    FakeCalls calls = make_calls();
    const Run run =
        run_plan(calls, plan_of({BindMount{.source = {"/srv/config"}, .target = {"/new"}}}));
    CHECK(run.end == Run::End::executed);
    CHECK(calls.inside("/new")->kind == Node::Kind::regular);
}

TEST_CASE("executor: a target of 4095 bytes can be made, a longer one is refused") {
    const std::string component = "/" + std::string(254, 'x');
    std::string path;
    while (path.size() + component.size() <= 4095) path += component;
    path += "/" + std::string(4095 - path.size() - 1, 'y');
    FakeCalls fits = make_calls();
    CHECK(run_mount(fits, path).end == Run::End::executed);

    FakeCalls calls = make_calls();
    const Run run = run_mount(calls, path + "z");
    CHECK(run.report.error == ENAMETOOLONG);
    CHECK(run.report.detail == program::Detail::target);
    CHECK(calls.count_files(FakeFile::Kind::path) == 0);
    CHECK(calls.count_files(FakeFile::Kind::mount) == 0);
}

TEST_CASE("executor: the working directory is entered inside the root, by descriptor") {
    FakeCalls calls = make_calls();
    const Run run = run_plan(calls, plan_of({}, {ChangeDirectory{{"/srv"}}}), {.trace = true});
    CHECK_TEXTS(calls_of(calls, run, 2), {"openat2(source 0, '/srv', IN_ROOT|NO_MAGICLINKS)",
                                          "fchdir(/srv)", "close(/srv)"});
    CHECK(calls.working_directory == calls.inside("/srv"));
}

TEST_CASE("executor: a working directory that is missing or a file is refused") {
    for (const auto& [path, error] : {std::pair{"/none", ENOENT}, {"/etc/passwd", ENOTDIR}}) {
        CAPTURE(path);
        FakeCalls calls = make_calls();
        const Run run = run_plan(calls, plan_of({}, {ChangeDirectory{{path}}}));
        CHECK(run.report.op == 2);
        CHECK(run.report.error == error);
        CHECK(run.report.call == program::Call::chdir);
    }
}

}  // namespace insula::test
