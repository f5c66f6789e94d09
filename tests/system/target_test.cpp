// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

/// The index of the op whose action is a `Kind` for `target`.
template <class Kind>
[[nodiscard]] int op_at(const ContainerPlan& plan, std::string_view target) {
    for (std::size_t i = 0; i != plan.ops.size(); ++i)
        if (const auto* action = std::get_if<Kind>(&plan.ops[i].action);
            action != nullptr && action->target.text == target)
            return static_cast<int>(i);
    return -1;
}

/// The error of a box that must not start; the host must be as before.
[[nodiscard]] Error refusal_of(const Box& box) {
    const Unchanged host;
    const Result<Machine> machine = start_box(box, {});
    REQUIRE(!machine);
    CHECK(host.difference() == "");
    return machine.error();
}

}  // namespace

TEST_CASE("target: a symbolic link leads to a place inside the root") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.directory("root/real");
    scratch.file("data/which", "data");
    scratch.link("root/absolute", "/real");
    scratch.link("root/relative", "real");
    scratch.link("root/climbing", "../../../../../../../../real");
    for (const std::string link : {"absolute", "relative", "climbing"}) {
        CAPTURE(link);
        const Report inside =
            report_of({.root = mount_xml("mount", root, "/"),
                       .devices = mount_xml("mount", scratch / "data", "/" + link + "/" + link)},
                      {"cat", "/real/" + link + "/which"});
        CHECK(inside["cat:/real/" + link + "/which"] == "data");
        CHECK(exists(root + "/real/" + link));
    }
}

TEST_CASE("target: a hostile link to a directory of the host makes nothing there") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    const std::string outside = scratch.directory("outside");
    scratch.directory("data");
    scratch.link("root/escape", outside);
    const Error error = refusal_of({.root = mount_xml("mount", root, "/"),
                                    .devices = mount_xml("mount", scratch / "data", "/escape/x")});
    CHECK(error.op >= 0);
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(error.xml.known());
    CHECK(!error.hint.empty());
    CHECK(!exists(outside + "/x"));
    CHECK(!exists(root + outside));
}

TEST_CASE("target: a link through /proc does not lead out of the root") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    const std::string name = "insula-escape-" + std::to_string(std::hash<std::string>{}(root));
    scratch.directory("data");
    for (const char* target : {"/proc/1/root", "/proc/self/root", "/proc/self/cwd"}) {
        CAPTURE(target);
        scratch.link("root/escape", target);
        const Error error =
            refusal_of({.root = mount_xml("mount", root, "/"),
                        .devices = mount_xml("mount", scratch / "data", "/escape/" + name)});
        CHECK(error.system_error == ELOOP);
        CHECK(!exists("/" + name));
        REQUIRE(std::remove((root + "/escape").c_str()) == 0);
    }
}

TEST_CASE("target: a root whose kernel directories are links is refused") {
    INSULA_NEEDS_CONTAINERS();
    for (const std::string name : {"proc", "sys", "dev"}) {
        CAPTURE(name);
        const Scratch scratch;
        const std::string root = scratch.root_tree();
        const std::string elsewhere = scratch.directory("root/elsewhere");
        scratch.link("root/" + name, "elsewhere");
        const Box box{.root = mount_xml("mount", root, "/"), .features = "<privnet/>"};
        const Result<ContainerPlan> plan = plan_box(box, {});
        REQUIRE(plan);
        const Error error = refusal_of(box);
        CHECK(error.code == ErrorCode::invalid);
        CHECK(error.system_error == ELOOP);
        CHECK(error.op == op_at<FilesystemMount>(*plan, "/" + name));
        CHECK(!error.hint.empty());
    }
}

TEST_CASE("target: a dangling link is refused, and where it points nothing is made") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.directory("data");
    scratch.link("root/dangling", "/nowhere");
    const Error error = refusal_of({.root = mount_xml("mount", root, "/"),
                                    .devices = mount_xml("mount", scratch / "data", "/dangling")});
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(!error.hint.empty());
    CHECK(!exists(root + "/nowhere"));
}

TEST_CASE("target: a file on the way is an error that names the element") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.directory("data");
    scratch.file("root/file");
    const Error error = refusal_of({.root = mount_xml("mount", root, "/"),
                                    .devices = mount_xml("mount", scratch / "data", "/file/x")});
    CHECK(error.code == ErrorCode::missing);
    CHECK(error.system_error == ENOTDIR);
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(error.call == "openat2");
}

TEST_CASE("target: a directory does not go over a file") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.directory("data");
    scratch.file("root/file");
    const Error error = refusal_of({.root = mount_xml("mount", root, "/"),
                                    .devices = mount_xml("mount", scratch / "data", "/file")});
    CHECK(error.call == "move_mount");
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(error.hint.find("over a directory") != std::string::npos);
}

TEST_CASE("target: a source that is a link inside the root stays inside") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.file("root/secret/which", "inside");
    scratch.link("root/link", "/secret");
    const Report inside = report_of(
        {.root = mount_xml("mount", root, "/"), .devices = mount_xml("bind", "/link", "/shown")},
        {"cat", "/shown/which"});
    CHECK(inside["cat:/shown/which"] == "inside");

    // The same name exists outside, and is not what is shown.
    scratch.link("root/passwd", "/etc/passwd");
    const Error error = refusal_of({.root = mount_xml("mount", root, "/"),
                                    .devices = mount_xml("bind", "/passwd", "/stolen")});
    CHECK(error.code == ErrorCode::missing);
}

TEST_CASE("target: a tree read-only by mode is no obstacle to what is there already") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    for (const char* name : {"root/proc", "root/sys", "root/dev", "root/probe"})
        scratch.directory(name);
    REQUIRE(chmod(root.c_str(), 0555) == 0);
    const Report inside = report_of({.root = mount_xml("mount", root, "/")}, {"exists", "/init"});
    CHECK(inside["exists:/init"] == "ok");
    REQUIRE(chmod(root.c_str(), 0755) == 0);
}
