// SPDX-License-Identifier: Apache-2.0
// Users and groups, looked up in a database that the container's tree brings along.
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

struct Lookup {
    FakeCalls calls = make_calls();
    Run run{};

    Lookup& passwd(std::string text) { return database("/etc/passwd", std::move(text)); }
    Lookup& group(std::string text) { return database("/etc/group", std::move(text)); }
    Lookup& database(const char* path, std::string text) {
        put(find(calls.host, "/srv/root").node, path, make_file(std::move(text)));
        return *this;
    }
    Lookup& without(const char* name) {
        find(calls.host, "/srv/root/etc").node->children.erase(name);
        return *this;
    }

    bool become(const SetIdentity& identity) {
        run = run_plan(calls, plan_of({}, {identity}));
        CHECK(calls.count_files(FakeFile::Kind::file) == 0);
        return run.end == Run::End::executed;
    }
    bool become(std::string user, std::string group = {}) {
        return become(SetIdentity{.user = std::move(user), .group = std::move(group)});
    }
    void check(unsigned uid, unsigned gid, const std::vector<unsigned>& groups) const {
        CHECK(calls.uid == uid);
        CHECK(calls.gid == gid);
        CHECK(calls.groups == groups);
    }
    void check_refused(int error, program::Call call) const {
        CHECK(run.report.op == 2);
        CHECK(run.report.error == error);
        CHECK(run.report.call == call);
        CHECK(calls.count("setresuid") == 0);
    }
};

[[nodiscard]] std::string many_groups(unsigned count, const std::string& member) {
    std::string text;
    for (unsigned i = 0; i != count; ++i)
        text += "g" + std::to_string(i) + ":x:" + std::to_string(1000 + i) + ":a," + member + "\n";
    return text;
}

}  // namespace

TEST_CASE("executor: a name gets the user's id, own group and supplementary groups") {
    Lookup lookup;
    CHECK(lookup.become("web"));
    lookup.check(33, 33, {44, 45});
}

TEST_CASE("executor: a named group replaces the user's own") {
    Lookup lookup;
    CHECK(lookup.become("web", "tty"));
    lookup.check(33, 5, {44, 45});
}

TEST_CASE("executor: a number is an id when nobody is called so") {
    Lookup lookup;
    CHECK(lookup.become("1234", "99"));
    lookup.check(1234, 99, {});
    Lookup alone;
    CHECK(alone.become("1234"));
    alone.check(1234, 0, {});
}

TEST_CASE("executor: a name made of digits goes before the number") {
    Lookup lookup;
    lookup.passwd("1234:x:77:78::/:/bin/sh\n").group("99:x:88:\nx:x:66:1234\n");
    CHECK(lookup.become("1234", "99"));
    lookup.check(77, 88, {66});
}

TEST_CASE("executor: a number with a plus is never looked up") {
    Lookup lookup;
    lookup.passwd("1234:x:77:78::/:/bin/sh\n");
    CHECK(lookup.become("+1234", "+99"));
    lookup.check(1234, 99, {});
    CHECK(lookup.calls.texts("openat2(cwd").empty());
}

TEST_CASE("executor: an unknown name is refused") {
    Lookup user;
    CHECK_FALSE(user.become("nobody"));
    user.check_refused(ENOENT, program::Call::look_up_user);
    Lookup group;
    CHECK_FALSE(group.become("web", "nogroup"));
    group.check_refused(ENOENT, program::Call::look_up_group);
}

TEST_CASE("executor: without a database only numbers are known") {
    Lookup number;
    CHECK(number.without("passwd").without("group").become("7", "8"));
    number.check(7, 8, {});
    Lookup name;
    CHECK_FALSE(name.without("passwd").become("web"));
    name.check_refused(ENOENT, program::Call::look_up_user);
    Lookup group;
    CHECK_FALSE(group.without("group").become("web", "tty"));
    group.check_refused(ENOENT, program::Call::look_up_group);
}

TEST_CASE("executor: a number that is no id is refused") {
    for (const char* text :
         {"4294967295", "4294967296", "99999999999999999999999", "12a", "-1", "1 "}) {
        CAPTURE(text);
        Lookup user;
        CHECK_FALSE(user.become(text));
        user.check_refused(ENOENT, program::Call::look_up_user);
        Lookup group;
        CHECK_FALSE(group.become("web", text));
        group.check_refused(ENOENT, program::Call::look_up_group);
    }
    Lookup highest;
    CHECK(highest.become("4294967294"));
    highest.check(4294967294U, 0, {});
}

TEST_CASE("executor: a malformed line is nobody's") {
    for (const char* line :
         {"web", "web:", "web:x", "web:x:", "web:x:12", "web:x:12:", "web:x::33:", "web:x:-1:33:",
          "web:x:4294967295:33:", "web:x:33:4294967295:", "web:x:0x21:33:", "web:x: 33:33:",
          ":x:33:33:", "wEb:x:33:33:", " web:x:33:33:", "webb:x:33:33:", "we:x:33:33:"}) {
        CAPTURE(line);
        Lookup lookup;
        CHECK_FALSE(lookup.passwd(std::string(line) + "\n").become("web"));
        lookup.check_refused(ENOENT, program::Call::look_up_user);
    }
}

TEST_CASE("executor: a malformed line does not hide a later one, and leaves nothing behind") {
    Lookup lookup;
    CHECK(lookup.passwd("web:x:0:zero:\nweb:x:33:34::/:\n").become("web"));
    lookup.check(33, 34, {44, 45});
    Lookup number;
    CHECK(number.passwd("50:x:0:zero:\n").become("50"));
    number.check(50, 0, {});
}

TEST_CASE("executor: the first of two lines counts") {
    Lookup lookup;
    CHECK(lookup.passwd("web:x:33:34:\nweb:x:0:0:\n").become("web"));
    lookup.check(33, 34, {44, 45});
}

TEST_CASE("executor: a file without a final line feed is read to its end") {
    Lookup lookup;
    lookup.passwd("a:x:1:1:\n\n\nweb:x:33:34").group("log:x:45:a,web");
    CHECK(lookup.become("web", "log"));
    lookup.check(33, 45, {45});
}

TEST_CASE("executor: lines are the same however few bytes a read gives") {
    for (const long size : {1L, 2L, 7L, 4096L}) {
        CAPTURE(size);
        Lookup lookup;
        lookup.calls.read_size = size;
        CHECK(lookup.become("web"));
        lookup.check(33, 33, {44, 45});
    }
}

TEST_CASE("executor: a line of 4095 bytes is read, a longer one skipped") {
    const std::string head = "web:x:33:34:";
    Lookup fits;
    CHECK(fits.passwd(head + std::string(4095 - head.size(), 'x') + "\n").become("web"));
    fits.check(33, 34, {44, 45});
    for (const std::size_t length : {4096U, 4097U, 8192U, 100000U}) {
        CAPTURE(length);
        const std::string line = head + std::string(length - head.size(), 'x');
        Lookup lookup;
        CHECK_FALSE(lookup.passwd(line + "\n").become("web"));
        lookup.check_refused(ENOENT, program::Call::look_up_user);
        Lookup next;
        CHECK(next.passwd(line + "\nweb:x:35:36:\n").become("web"));
        next.check(35, 36, {44, 45});
        Lookup unended;
        CHECK_FALSE(unended.passwd(line).become("web"));
    }
}

TEST_CASE("executor: the tail of a line that is too long is not a line") {
    Lookup lookup;
    CHECK_FALSE(lookup.passwd(std::string(4095, 'x') + "web:x:0:0:\n").become("web"));
    lookup.check_refused(ENOENT, program::Call::look_up_user);
}

TEST_CASE("executor: bytes of any kind do no harm") {
    using namespace std::string_literals;
    Lookup lookup;
    lookup.passwd("web\0:x:0:0:\n\xff\xfe\r\n:::::::\nweb:\0:0:0\n\nweb:x:33:34:\r\n"s)
        .group("\0\0\nlog:x:45:,,web,,\nbad\nx:x:46:web\0,web\nempty:x:47:\n"s);
    CHECK(lookup.become("web"));
    lookup.check(33, 34, {45, 46});
}

TEST_CASE("executor: a group that names its member twice is joined once") {
    Lookup lookup;
    CHECK(lookup.group("log:x:45:web,web,web\n").become("web"));
    lookup.check(33, 33, {45});
}

TEST_CASE("executor: a user may be in 1024 supplementary groups and is not left out of one more") {
    Lookup fits;
    CHECK(fits.group(many_groups(1024, "web")).become("web"));
    CHECK(fits.calls.groups.size() == 1024);
    CHECK(fits.calls.groups.back() == 2023);
    Lookup lookup;
    CHECK_FALSE(lookup.group(many_groups(1025, "web")).become("web"));
    lookup.check_refused(ENOSPC, program::Call::look_up_group);
}

TEST_CASE("executor: a group behind thousands of others is found") {
    Lookup lookup;
    lookup.group(many_groups(5000, "b") + "log:x:45:web\n");
    CHECK(lookup.become("web", "log"));
    lookup.check(33, 45, {45});
}

TEST_CASE("executor: kept groups are neither looked up nor set") {
    Lookup lookup;
    CHECK(lookup.become(
        SetIdentity{.user = "web", .group = {}, .supplementary = SupplementaryGroups::keep}));
    CHECK(lookup.calls.count("setgroups") == 0);
    CHECK(lookup.calls.texts("openat2(cwd, '/etc/group'").empty());
}

TEST_CASE("executor: a database is a regular file, read without magic links or waiting") {
    Lookup directory;
    put(find(directory.calls.host, "/srv/root").node, "/etc/passwd");
    CHECK_FALSE(directory.become("web"));
    CHECK(directory.run.report.error == EINVAL);
    Lookup device;
    put(find(device.calls.host, "/srv/root").node, "/etc/group", make_device(1, 5));
    CHECK_FALSE(device.become("web"));
    CHECK(device.run.report.error == EINVAL);
}

TEST_CASE("executor: a database of more than 16 MiB is refused") {
    Lookup lookup;
    std::string text(17UL << 20, '\n');
    CHECK_FALSE(lookup.passwd(std::move(text)).become("web"));
    lookup.check_refused(EFBIG, program::Call::look_up_user);
    CHECK(lookup.run.report.detail == program::Detail::too_big);
}

TEST_CASE("executor: a database that cannot be read is not called too big") {
    for (const auto& [nth, call] :
         {std::pair{1U, program::Call::look_up_user}, {2U, program::Call::look_up_group}}) {
        CAPTURE(nth);
        Lookup lookup;
        lookup.calls.fail("read", nth, EIO);
        CHECK_FALSE(lookup.become("web"));
        lookup.check_refused(EIO, call);
        CHECK(lookup.run.report.detail == program::Detail::none);
    }
}

}  // namespace insula::test
