// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>
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

namespace {

[[nodiscard]] std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
}

/// A tmpfs of the host for the time of a test; needs root.
class MountedTmpfs {
public:
    explicit MountedTmpfs(const std::string& path) : path_(path) {
        REQUIRE(mount("tmpfs", path_.c_str(), "tmpfs", 0, nullptr) == 0);
    }
    MountedTmpfs(const MountedTmpfs&) = delete;
    MountedTmpfs& operator=(const MountedTmpfs&) = delete;
    ~MountedTmpfs() { umount2(path_.c_str(), MNT_DETACH); }

private:
    std::string path_;
};

}  // namespace

TEST_CASE("root: a directory becomes the root, and is all there is") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.file("root/etc/motd", "welcome");
    const Report inside =
        report_of({.init = "/init", .root = mount_xml("mount", root, "/"), .with_probe = false},
                  {"report", "list", "/", "cat", "/etc/motd", "create", "/made", "chdir", ".."});
    CHECK(lines(sorted(inside.all("list:/"))) == "dev\netc\ninit\nproc\nsys\n");
    CHECK(inside["cat:/etc/motd"] == "welcome");
    CHECK(inside["create:/made"] == "ok");
    CHECK(inside["cwd"] == "/");
    CHECK(inside["exe"] == "/init");
    CHECK(exists(root + "/made"));
}

TEST_CASE("root: a read-only directory cannot be written, nor made writable") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    scratch.file("root/etc/motd", "welcome", 0666);
    scratch.directory("root/tmp");
    const Report inside = report_of(
        {.root = mount_xml("mount", root, "/", "<readonly/>"), .devices = ram_xml("/tmp")},
        {"report", "create", "/made", "write", "/etc/motd", "mkdir", "/new", "cat", "/etc/motd",
         "remount", "/", "create", "/tmp/works"});
    CHECK(inside["create:/made"] == "EROFS");
    CHECK(inside["write:/etc/motd"] == "EROFS");
    CHECK(inside["mkdir:/new"] == "EROFS");
    CHECK(inside["cat:/etc/motd"] == "welcome");
    CHECK(inside["remount:/"] == "EPERM");
    CHECK(inside["create:/tmp/works"] == "ok");
    CHECK(mount_at(inside, "/").flags.starts_with("ro "));
    CHECK(!exists(root + "/made"));
}

TEST_CASE("root: mounts below a directory come along, and are as read-only as it is") {
    if (!is_root()) INSULA_SKIP("needs root to mount something below the root");
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    const MountedTmpfs below(scratch.directory("root/below"));
    scratch.file("root/below/here", "", 0666);
    const Unchanged host;
    const Report writable = report_of({.root = mount_xml("mount", root, "/")},
                                      {"exists", "/below/here", "write", "/below/here"});
    CHECK(writable["exists:/below/here"] == "ok");
    CHECK(writable["write:/below/here"] == "ok");
    const Report closed = report_of(
        {.root = mount_xml("mount", root, "/", "<readonly/>")},
        {"report", "exists", "/below/here", "write", "/below/here", "create", "/below/x"});
    CHECK(closed["exists:/below/here"] == "ok");
    CHECK(closed["write:/below/here"] == "EROFS");
    CHECK(closed["create:/below/x"] == "EROFS");
    CHECK(mount_at(closed, "/below").flags.starts_with("ro "));
    CHECK(host.difference() == "");
}

TEST_CASE("root: a tmpfs holds what is put there, and is gone afterwards") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({}, {"report", "create", "/made", "list", "/", "stat", "/"});
    CHECK(inside["create:/made"] == "ok");
    CHECK(lines(sorted(inside.all("list:/"))) == "dev\nmade\nprobe\nproc\nsys\n");
    CHECK(mount_at(inside, "/").type == "tmpfs");
    CHECK(mount_at(inside, "/").flags == "nosuid nodev ");
    CHECK(mount_at(inside, "/").options.find("size=16384k") != std::string::npos);
    CHECK(inside["stat:/"].starts_with("0755 0 0 "));
    CHECK(report_of({}, {"exists", "/made"})["exists:/made"] == "ENOENT");
}

TEST_CASE("root: a read-only tmpfs is sealed when everything is in it") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside =
        report_of({.root = ram_xml("/", "<readonly/>"), .devices = ram_xml("/a/b")},
                  {"create", "/made", "create", "/a/made", "create", "/a/b/made"});
    CHECK(inside["create:/made"] == "EROFS");
    CHECK(inside["create:/a/made"] == "EROFS");
    CHECK(inside["create:/a/b/made"] == "ok");
}

TEST_CASE("root: without a root file system the host's own is shared, but for the kernel's parts") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("old", "from outside");
    const Unchanged host;
    const Report inside =
        report_of({.init = probe_source() + "/probe", .root = "", .with_probe = false},
                  {"report", "cat", scratch / "old", "create", scratch / "new", "processes", "list",
                   "/dev", "cat", "/etc/passwd", "write", "/proc/sys/kernel/hostname"});
    CHECK(inside["cat:" + (scratch / "old")] == "from outside");
    CHECK(inside["create:" + (scratch / "new")] == "ok");
    CHECK(exists(scratch / "new"));
    CHECK(inside["cat:/etc/passwd"] == content_of("/etc/passwd"));
    CHECK(inside["processes"] == "1");
    CHECK(mount_at(inside, "/proc/sys").flags.starts_with("ro "));
    CHECK(mount_at(inside, "/dev").options.find("size=65536k") != std::string::npos);
    CHECK(host.difference() == "");
}

TEST_CASE("root: the template host shows the host, and keeps what is written to itself") {
    INSULA_NEEDS_CONTAINERS();
    const std::string name = "/etc/insula-test-" + std::to_string(getpid());
    const std::string top = "/insula-test-" + std::to_string(getpid());
    const Unchanged host;
    const Report inside = report_of(
        {.root = mount_xml("template", "host", "/")},
        {"report", "cat", "/etc/passwd", "create", top, "exists", top, "processes", "exists",
         "/usr/bin/env", "list", "/tmp", "mkdir", "/usr" + name.substr(4), "stat", "/"});
    CHECK(inside["cat:/etc/passwd"] == content_of("/etc/passwd"));
    CHECK(inside["exists:/usr/bin/env"] == "ok");
    CHECK(inside["create:" + top] == "ok");
    CHECK(inside["exists:" + top] == "ok");
    CHECK(inside["mkdir:/usr" + name.substr(4)] == "ok");
    CHECK(inside.all("list:/tmp").empty());
    CHECK(!exists(top));
    CHECK(!exists("/usr" + name.substr(4)));
    CHECK(host.difference() == "");
}

TEST_CASE("root: the template host can be read-only") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of(
        {.root = mount_xml("template", "host", "/", "<readonly/>")},
        {"create", "/made", "create", "/etc/made", "create", "/tmp/made", "cat", "/etc/passwd"});
    CHECK(inside["create:/made"] == "EROFS");
    CHECK(inside["create:/etc/made"] != "ok");
    CHECK(inside["create:/tmp/made"] == "ok");
    CHECK(inside["cat:/etc/passwd"] == content_of("/etc/passwd"));
}

TEST_CASE("root: every built-in file system is the container's own") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside =
        report_of({.features = "<privnet/>"},
                  {"report", "create", "/dev/shm/a", "create", "/dev/mqueue/a", "create", "/sys/a",
                   "create", "/dev/a", "stat", "/dev/shm", "stat", "/dev"});
    CHECK(inside["create:/dev/shm/a"] == "ok");
    CHECK(inside["create:/dev/mqueue/a"] == "ok");
    CHECK(inside["create:/dev/a"] == "ok");
    CHECK(inside["create:/sys/a"] == "EROFS");
    CHECK(inside["stat:/dev/shm"].starts_with("1777 0 0 "));
    CHECK(inside["stat:/dev"].starts_with("0755 0 0 "));
    CHECK(mount_at(inside, "/proc").type == "proc");
    CHECK(mount_at(inside, "/dev/pts").type == "devpts");
    CHECK(mount_at(inside, "/dev/pts").options.find("ptmxmode=666") != std::string::npos);
    CHECK(!exists("/dev/shm/a"));
}
