// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr const char* passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment\n"
    "broken:x:notanumber:1:::\n"
    "alice:x:1234:2345:Alice:/home/alice:/bin/sh\n"
    "1234567:x:77:78:a name made of digits::\n"
    "bob:x:4321:100::/:\n";
constexpr const char* group =
    "root:x:0:\n"
    "staff:x:2345:\n"
    "audio:x:29:alice,bob\n"
    "video:x:44:bob,alice\n"
    "games:x:60:bob\n"
    "prefix:x:61:alicex,xalice\n"
    "users:x:100:\n";

/// A root with users of its own, and what its init is when the definition says `os`.
struct Realm {
    Scratch scratch{};
    std::string root = scratch.root_tree();
    Realm() {
        scratch.file("root/etc/passwd", passwd);
        scratch.file("root/etc/group", group);
    }

    [[nodiscard]] Box box(const std::string& os) const {
        return {.root = mount_xml("mount", root, "/"), .os = os};
    }

    /// "UID GID: GROUP…", all three of each kind being the same.
    [[nodiscard]] std::string who(const std::string& os) const {
        const Report inside = report_of(box(os), {"report"});
        const std::vector<std::string> uids = inside.all("uid");
        const std::vector<std::string> gids = inside.all("gid");
        CHECK(std::count(uids.begin(), uids.end(), uids.front()) == 3);
        CHECK(std::count(gids.begin(), gids.end(), gids.front()) == 3);
        std::string text = uids.front() + ' ' + gids.front() + ':';
        std::vector<std::string> groups = inside.all("group");
        std::sort(groups.begin(), groups.end());
        for (const std::string& id : groups) text += ' ' + id;
        return text;
    }
};

[[nodiscard]] std::string user(const std::string& name) {
    return "<inituser>" + name + "</inituser>";
}
[[nodiscard]] std::string group_of(const std::string& name) {
    return "<initgroup>" + name + "</initgroup>";
}

}  // namespace

TEST_CASE("identity: init is root with no other groups by default") {
    INSULA_NEEDS_CONTAINERS();
    if (!is_root()) INSULA_SKIP("an ordinary user's groups stay: the kernel lets him set none");
    CHECK(Realm().who("") == "0 0:");
}

TEST_CASE("identity: names are looked up in the container's own files") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    const Realm realm;
    CHECK(realm.who(user("alice")) == "1234 2345: 29 44");
    CHECK(realm.who(user("bob")) == "4321 100: 29 44 60");
    CHECK(realm.who(user("bob") + group_of("staff")) == "4321 2345: 29 44 60");
    CHECK(realm.who(group_of("staff")) == "0 2345:");
}

TEST_CASE("identity: numbers are ids, unless somebody is called so") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    const Realm realm;
    CHECK(realm.who(user("500")) == "500 0:");
    CHECK(realm.who(user("500") + group_of("600")) == "500 600:");
    CHECK(realm.who(user("1234567")) == "77 78:");
    CHECK(realm.who(user("+1234567") + group_of("+9")) == "1234567 9:");
    CHECK(realm.who(user("4294967294") + group_of("4294967294")) == "4294967294 4294967294:");
}

TEST_CASE("identity: a root without /etc/passwd has numbers only") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    const Report inside = report_of({.os = user("7") + group_of("8")}, {"report"});
    CHECK(inside["uid"] == "7");
    CHECK(inside["gid"] == "8");
    const Result<Machine> machine = start_box({.os = user("alice")}, {});
    REQUIRE(!machine);
    CHECK(machine.error().code == ErrorCode::missing);
}

TEST_CASE("identity: who is not there is an error that names the element") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    const Realm realm;
    for (const std::string name : {"nobody-here", "broken", "alic", "alicex"}) {
        CAPTURE(name);
        const Unchanged host;
        const Result<Machine> machine = start_box(realm.box(user(name)), {});
        REQUIRE(!machine);
        CHECK(machine.error().code == ErrorCode::missing);
        CHECK(machine.error().path == "/domain/os/inituser");
        CHECK(machine.error().xml.known());
        CHECK(machine.error().op >= 0);
        CHECK(host.difference() == "");
    }
    const Result<Machine> machine = start_box(realm.box(group_of("nobody-here")), {});
    REQUIRE(!machine);
    CHECK(machine.error().code == ErrorCode::missing);
}

TEST_CASE("identity: the host's users mean nothing inside") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    REQUIRE(getpwnam("daemon") != nullptr);
    const Realm realm;
    CHECK(!start_box(realm.box(user("daemon")), {}));
}

TEST_CASE("identity: a user other than root keeps no capability") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    const Report inside = report_of({.os = user("7")}, {"report"});
    for (const char* key : {"status.CapPrm", "status.CapEff", "status.CapInh", "status.CapAmb"}) {
        CAPTURE(key);
        CHECK(inside[key] == "0000000000000000");
    }
    CHECK(inside["status.CapBnd"] != "0000000000000000");
}

TEST_CASE("identity: an ordinary user is root inside, or whom he asks to be") {
    if (is_root()) INSULA_SKIP("needs an ordinary user");
    INSULA_NEEDS_CONTAINERS();
    const std::string own = std::to_string(geteuid());
    const Report as_root = report_of({}, {"report"});
    CHECK(as_root["uid"] == "0");
    CHECK(as_root["gid"] == "0");
    const Report as_other = report_of({.os = user("1000") + group_of("1001")}, {"report"});
    CHECK(lines(as_other.all("uid")) == "1000\n1000\n1000\n");
    CHECK(lines(as_other.all("gid")) == "1001\n1001\n1001\n");
    const Report as_self = report_of({.os = user(own)}, {"report"});
    CHECK(as_self["uid"] == own);
}

TEST_CASE("identity: an ordinary user can be one of the container's own users by name") {
    if (is_root()) INSULA_SKIP("needs an ordinary user");
    INSULA_NEEDS_CONTAINERS();
    // Only one id is mapped, and a name is not known before: the kernel refuses the change.
    const Realm realm;
    const Result<Machine> machine = start_box(realm.box(user("alice")), {});
    REQUIRE(!machine);
    CHECK(machine.error().path == "/domain/os/inituser");
}

TEST_CASE("identity: hostile user files are read within bounds") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user has one id inside");
    Realm realm;
    const std::string longest(100'000, 'x');
    realm.scratch.file("root/etc/passwd", longest + ":x:1:1\n" + std::string("\0:x:2:2\n", 8) +
                                              "alice:x:1234:2345::/:/bin/sh");
    CHECK(realm.who(user("alice")) == "1234 2345: 29 44");

    std::remove((realm.root + "/etc/passwd").c_str());
    realm.scratch.link("root/etc/passwd", "/dev/zero");
    CHECK(!start_box(realm.box(user("alice")), {}));

    std::remove((realm.root + "/etc/passwd").c_str());
    realm.scratch.link("root/etc/passwd", "/proc/self/fd/0");
    CHECK(!start_box(realm.box(user("alice")), {}));
}
