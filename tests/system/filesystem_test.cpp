// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"
#include "system/mount_table.hpp"

using namespace insula;
using namespace insula::test;

TEST_CASE("filesystem: a directory of the host is shown, and what is written is there") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("data/old", "from outside");
    const Report inside = report_of({.devices = mount_xml("mount", scratch / "data", "/data")},
                                    {"cat", "/data/old", "create", "/data/new"});
    CHECK(inside["cat:/data/old"] == "from outside");
    CHECK(inside["create:/data/new"] == "ok");
    CHECK(exists(scratch / "data/new"));
}

TEST_CASE("filesystem: read-only is read-only, and stays so") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("data/old", "from outside", 0666);
    const Report inside = report_of(
        {.devices = mount_xml("mount", scratch / "data", "/data", "<readonly/>")},
        {"cat", "/data/old", "create", "/data/new", "write", "/data/old", "remount", "/data"});
    CHECK(inside["cat:/data/old"] == "from outside");
    CHECK(inside["create:/data/new"] == "EROFS");
    CHECK(inside["write:/data/old"] == "EROFS");
    CHECK(inside["remount:/data"] == "EPERM");
    CHECK(!exists(scratch / "data/new"));
}

TEST_CASE("filesystem: a file is mounted over a file, which is made where it is missing") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string config = scratch.file("config", "ours", 0666);
    const std::string root = scratch.root_tree();
    scratch.file("root/etc/present", "theirs");
    const Report inside =
        report_of({.root = mount_xml("mount", root, "/"),
                   .devices = mount_xml("mount", config, "/etc/present") +
                              mount_xml("mount", config, "/etc/deep/absent", "<readonly/>")},
                  {"cat", "/etc/present", "cat", "/etc/deep/absent", "write", "/etc/present",
                   "write", "/etc/deep/absent"});
    CHECK(inside["cat:/etc/present"] == "ours");
    CHECK(inside["cat:/etc/deep/absent"] == "ours");
    CHECK(inside["write:/etc/present"] == "ok");
    CHECK(inside["write:/etc/deep/absent"] == "EROFS");
    CHECK(content_of(root + "/etc/present") == "theirs");
    CHECK(content_of(root + "/etc/deep/absent") == "");
}

TEST_CASE("filesystem: missing targets are made with the mode 0755, whatever the umask") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.directory("data");
    const mode_t before = umask(0077);
    const Report inside = report_of({.devices = mount_xml("mount", scratch / "data", "/a/b/c")},
                                    {"stat", "/a", "stat", "/a/b", "report"});
    const mode_t after = umask(before);
    CHECK(after == 0077);
    CHECK(inside["stat:/a"].starts_with("0755 0 0 "));
    CHECK(inside["stat:/a/b"].starts_with("0755 0 0 "));
    CHECK(mount_at(inside, "/a/b/c").flags.find("ro") == std::string::npos);
}

TEST_CASE("filesystem: type bind shows a second time what is already inside") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("data/sub/file", "x", 0666);
    const Report inside = report_of(
        {.devices = mount_xml("mount", scratch / "data", "/data") +
                    mount_xml("bind", "/data/sub", "/again", "<readonly/>") +
                    mount_xml("bind", "/data/sub/file", "/one")},
        {"cat", "/again/file", "write", "/again/file", "write", "/data/sub/file", "cat", "/one"});
    CHECK(inside["cat:/again/file"] == "x");
    CHECK(inside["cat:/one"] == "x");
    CHECK(inside["write:/again/file"] == "EROFS");
    CHECK(inside["write:/data/sub/file"] == "ok");
}

TEST_CASE("filesystem: type ram is an empty file system of the size that was asked") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({.devices = ram_xml("/ram")},
                                    {"report", "create", "/ram/a", "list", "/ram", "stat", "/ram"});
    CHECK(inside["create:/ram/a"] == "ok");
    CHECK(lines(inside.all("list:/ram")) == "a\n");
    const MountLine mount = mount_at(inside, "/ram");
    CHECK(mount.type == "tmpfs");
    CHECK(mount.flags == "nosuid nodev ");
    CHECK(mount.options.find("size=16384k") != std::string::npos);
}

TEST_CASE("filesystem: later ones are mounted over earlier ones") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("one/which", "one");
    scratch.file("two/which", "two");
    scratch.directory("one/below");
    const std::string at_same =
        mount_xml("mount", scratch / "one", "/data") + mount_xml("mount", scratch / "two", "/data");
    CHECK(report_of({.devices = at_same}, {"cat", "/data/which"})["cat:/data/which"] == "two");

    const std::string below_last = mount_xml("mount", scratch / "one", "/data") +
                                   mount_xml("mount", scratch / "two", "/data/below");
    CHECK(report_of({.devices = below_last},
                    {"cat", "/data/below/which"})["cat:/data/below/which"] == "two");

    const std::string below_first = mount_xml("mount", scratch / "two", "/data/below") +
                                    mount_xml("mount", scratch / "one", "/data");
    const Report hidden =
        report_of({.devices = below_first}, {"list", "/data/below", "cat", "/data/which"});
    CHECK(hidden["cat:/data/which"] == "one");
    CHECK(hidden.all("list:/data/below").empty());

    // taken before it is shadowed
    const std::string kept = mount_xml("mount", scratch / "one", "/data") +
                             mount_xml("bind", "/data", "/kept") +
                             mount_xml("mount", scratch / "two", "/data");
    const Report both = report_of({.devices = kept}, {"cat", "/kept/which", "cat", "/data/which"});
    CHECK(both["cat:/kept/which"] == "one");
    CHECK(both["cat:/data/which"] == "two");
}

TEST_CASE("filesystem: mounts below a source come along only when asked, and obey") {
    if (!is_root()) INSULA_SKIP("needs root to mount something below the source");
    const Scratch scratch;
    const std::string below = scratch.directory("data/below");
    REQUIRE(mount("tmpfs", below.c_str(), "tmpfs", 0, nullptr) == 0);
    scratch.file("data/below/here", "", 0666);
    const auto inside = [&](const char* more) {
        return report_of({.devices = mount_xml("mount", scratch / "data", "/data", more)},
                         {"exists", "/data/below/here", "write", "/data/below/here"});
    };
    const Report plain = inside("");
    const Report recursive = inside("<insula:mount recursive='yes'/>");
    const Report closed = inside("<readonly/><insula:mount recursive='yes'/>");
    umount2(below.c_str(), MNT_DETACH);
    CHECK(plain["exists:/data/below/here"] == "ENOENT");
    CHECK(recursive["write:/data/below/here"] == "ok");
    CHECK(closed["exists:/data/below/here"] == "ok");
    CHECK(closed["write:/data/below/here"] == "EROFS");
}

TEST_CASE("filesystem: names may hold anything that a path can") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string odd = "we ird,na:me\\\"é$(id)";
    scratch.file(odd + "/which", "odd");
    const Report inside =
        report_of({.devices = mount_xml("mount", scratch / odd, "/" + odd) +
                              mount_xml("bind", "/" + odd, "/second " + odd)},
                  {"cat", "/" + odd + "/which", "cat", "/second " + odd + "/which"});
    CHECK(inside["cat:/" + odd + "/which"] == "odd");
    CHECK(inside["cat:/second " + odd + "/which"] == "odd");
}

TEST_CASE("filesystem: more sources than one message carries arrive, in order") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    std::string devices;
    std::vector<std::string> actions;
    constexpr int count = 300;
    for (int i = 0; i != count; ++i) {
        const std::string number = std::to_string(i);
        scratch.file("d" + number + "/which", number);
        devices += mount_xml("mount", scratch / ("d" + number), "/m/" + number);
        actions.insert(actions.end(), {"cat", "/m/" + number + "/which"});
    }
    const Unchanged host;
    const Report inside = report_of({.devices = devices}, actions);
    for (int i = 0; i != count; ++i) {
        const std::string number = std::to_string(i);
        CHECK(inside["cat:/m/" + number + "/which"] == number);
    }
    CHECK(host.difference() == "");
}
