// SPDX-License-Identifier: Apache-2.0
// The host's mounts and root entries, as the template `host` needs them.
#include <cerrno>

#include "executor/fake_kernel.hpp"
#include "executor/text_list.hpp"
#include "linux/probe.hpp"

namespace insula::test {

namespace {

struct Tree {
    FakeKernel kernel{};

    explicit Tree(std::string table) {
        kernel.root->children.erase("dev");
        put(kernel.root, "/proc/self/mountinfo", make_file(std::move(table)));
    }
    [[nodiscard]] HostFacts facts() {
        HostFacts facts;
        REQUIRE(linux_::probe_tree(kernel, facts).has_value());
        return facts;
    }
};

/// One line of mountinfo for a mount at `path`, as the kernel writes it.
[[nodiscard]] std::string line(const std::string& path, const std::string& type = "ext4",
                               const std::string& fields = "shared:1 ") {
    return "29 1 8:1 / " + path + " rw,relatime " + fields + "- " + type + " /dev/sda1 rw\n";
}

[[nodiscard]] Texts paths(const std::vector<HostMount>& mounts) {
    Texts out;
    for (const HostMount& mount : mounts) out.push_back(mount.path + " " + mount.type);
    return out;
}

[[nodiscard]] Texts paths(const std::vector<HostEntry>& entries) {
    Texts out;
    for (const HostEntry& entry : entries) out.push_back(entry.path);
    return out;
}

}  // namespace

TEST_CASE("executor: mounts are listed in the order of the table, with their types") {
    Tree tree(line("/") + line("/home", "btrfs", "") +
              line("/srv", "xfs", "master:2 propagate_from:1 ") + line("/home", "fuse.sshfs"));
    CHECK_TEXTS(paths(tree.facts().mounts),
                {"/ ext4", "/home btrfs", "/srv xfs", "/home fuse.sshfs"});
}

TEST_CASE("executor: what no template shows is not listed") {
    Tree tree(line("/") + line("/proc", "proc") + line("/proc/sys/fs/binfmt_misc", "binfmt_misc") +
              line("/sys", "sysfs") + line("/dev", "devtmpfs") + line("/dev/pts", "devpts") +
              line("/run", "tmpfs") + line("/run/user/0", "tmpfs") + line("/tmp", "tmpfs") +
              line("/runner") + line("/system") + line("/tmpfiles/a"));
    CHECK_TEXTS(paths(tree.facts().mounts),
                {"/ ext4", "/runner ext4", "/system ext4", "/tmpfiles/a ext4"});
}

TEST_CASE("executor: escaped bytes of a path are restored") {
    struct Row {
        const char* written;
        const char* path;
    };
    constexpr Row rows[] = {{"/a\\040b", "/a b"},
                            {"/a\\011b", "/a\tb"},
                            {"/a\\012b", "/a\nb"},
                            {"/a\\134b", "/a\\b"},
                            {"/a\\134040b", "/a\\040b"},
                            {"/\\040", "/ "},
                            {"/a\\", "/a\\"},
                            {"/a\\04", "/a\\04"},
                            {"/a\\999", "/a\\999"},
                            {"/gr\xc3\xbc\xc3\x9f", "/gr\xc3\xbc\xc3\x9f"},
                            {"/a\\043b", "/a#b"}};
    for (const Row& row : rows) {
        CAPTURE(row.path);
        Tree tree(line("/") + line(row.written));
        const HostFacts facts = tree.facts();
        REQUIRE(facts.mounts.size() == 2);
        CHECK(facts.mounts[1].path == row.path);
    }
}

TEST_CASE("executor: a path that looks like the end of the optional fields is a path") {
    Tree tree(line("/") + line("/a\\040-\\040b"));
    CHECK(tree.facts().mounts[1].path == "/a - b");
}

TEST_CASE("executor: a line that is none is left out") {
    Tree tree("\n29 1 8:1 / /x rw\n\ngarbage\n" + line("/"));
    CHECK_TEXTS(paths(tree.facts().mounts), {"/ ext4"});
    Tree unended("29 1 8:1 / / rw - ext4");
    CHECK_TEXTS(paths(unended.facts().mounts), {"/ ext4"});
    Tree empty("");
    CHECK(empty.facts().mounts.empty());
}

TEST_CASE("executor: the entries of the root come in the order of their names, with their kinds") {
    Tree tree(line("/"));
    put(tree.kernel.root, "/usr/bin");
    put(tree.kernel.root, "/bin", make_link("usr/bin"));
    put(tree.kernel.root, "/swapfile", make_file("x"))->mode = 0600;
    put(tree.kernel.root, "/node", make_device(1, 3));
    put(tree.kernel.root, "/root")->mode = 0700;
    for (const char* hidden : {"/sys", "/dev", "/run", "/tmp"}) put(tree.kernel.root, hidden);
    const HostFacts facts = tree.facts();
    const std::vector<HostEntry> expected{{"/bin", FileKind::symlink, "usr/bin", 0777},
                                          {"/node", FileKind::other, {}, 0666},
                                          {"/root", FileKind::directory, {}, 0700},
                                          {"/swapfile", FileKind::regular, {}, 0600},
                                          {"/usr", FileKind::directory, {}, 0755}};
    CHECK(facts.root_entries == expected);
}

TEST_CASE("executor: every directory on the way to a mount is listed once") {
    Tree tree(line("/") + line("/srv/a/one") + line("/srv/a/two") + line("/home"));
    for (const char* path : {"/home/user", "/srv/a/one", "/srv/a/two", "/srv/a/three", "/srv/b/x"})
        put(tree.kernel.root, path);
    CHECK_TEXTS(paths(tree.facts().root_entries),
                {"/home", "/srv", "/srv/a", "/srv/b", "/srv/a/one", "/srv/a/three", "/srv/a/two"});
    CHECK_TEXTS(tree.kernel.texts("open("),
                {"open(/proc/self/mountinfo)", "open(/)", "open(/srv)", "open(/srv/a)"});
}

TEST_CASE("executor: a directory of many entries is read to its end") {
    Tree tree(line("/"));
    for (int i = 0; i != 5000; ++i)
        put(tree.kernel.root, "/entry-" + std::to_string(100000 + i), make_file(""));
    CHECK(tree.facts().root_entries.size() == 5000);
    CHECK(tree.kernel.count("getdents64") > 2);
}

TEST_CASE("executor: what this user may not list, and what goes away meanwhile, is left out") {
    Tree denied(line("/") + line("/srv/a/one"));
    put(denied.kernel.root, "/srv/a/one");
    denied.kernel.fail("open", 3, EACCES);  // after the table and "/": /srv
    CHECK_TEXTS(paths(denied.facts().root_entries), {"/srv", "/srv/a/one"});

    Tree gone(line("/"));
    for (const char* path : {"/a", "/b", "/c"}) put(gone.kernel.root, path);
    gone.kernel.fail("statx", 2, ENOENT);
    CHECK_TEXTS(paths(gone.facts().root_entries), {"/a", "/c"});

    Tree link(line("/"));
    put(link.kernel.root, "/a", make_link("b"));
    link.kernel.fail("readlinkat", 1, EINVAL);
    CHECK(link.facts().root_entries.empty());
}

TEST_CASE("executor: a root that breaks off while it is read is an error") {
    Tree tree(line("/"));
    put(tree.kernel.root, "/a");
    tree.kernel.fail("getdents64", 1, EIO);
    HostFacts facts;
    const auto probed = linux_::probe_tree(tree.kernel, facts);
    REQUIRE_FALSE(probed.has_value());
    CHECK(probed.error().system_error == EIO);
    CHECK(probed.error().call == "getdents64");
}

}  // namespace insula::test
