// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

[[nodiscard]] std::string map_xml(const std::string& uids, const std::string& gids) {
    return "<idmap>" + uids + gids + "</idmap>";
}
[[nodiscard]] std::string range_xml(const char* what, unsigned start, unsigned target,
                                    unsigned count) {
    return std::string("<") + what + " start='" + std::to_string(start) + "' target='" +
           std::to_string(target) + "' count='" + std::to_string(count) + "'/>";
}

/// 0 and on inside are 100000 and on outside.
[[nodiscard]] std::string shifted() {
    return map_xml(range_xml("uid", 0, 100000, 65536), range_xml("gid", 0, 100000, 65536));
}

[[nodiscard]] std::string words(const std::string& text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' || (!out.empty() && out.back() != ' ' && out.back() != '\n')) out += c;
    return out;
}

}  // namespace

TEST_CASE("user namespace: ids inside are others outside") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Scratch scratch;
    const std::string data = scratch.directory("data");
    REQUIRE(chown(data.c_str(), 100000, 100000) == 0);
    scratch.file("data/of-the-host");
    const Unchanged host;
    const Report inside = report_of(
        {.devices = mount_xml("mount", data, "/data"), .domain = shifted()},
        {"report", "create", "/data/made", "stat", "/data/made", "stat", "/data/of-the-host"});
    CHECK(words(inside["uid_map"]) == "0 100000 65536");
    CHECK(lines(inside.all("uid")) == "0\n0\n0\n");
    CHECK(lines(inside.all("gid")) == "0\n0\n0\n");
    CHECK(inside.all("group").empty());
    CHECK(inside["stat:/data/made"].find(" 0 0 ") != std::string::npos);
    CHECK(inside["stat:/data/of-the-host"].find(" 65534 65534 ") != std::string::npos);
    struct stat status{};
    REQUIRE(stat((data + "/made").c_str(), &status) == 0);
    CHECK(status.st_uid == 100000);
    CHECK(status.st_gid == 100000);
    CHECK(host.difference() == "");
}

TEST_CASE("user namespace: everything that a container does works in one") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    REQUIRE(chown(root.c_str(), 100000, 100000) == 0);
    scratch.file("data/file", "x");
    for (const char* network : {"", "<privnet/>"})
        for (const std::string& container :
             {std::string(), std::string("<insula:container profile='system'/>"),
              std::string("<insula:container><insula:init mode='reaper'/></insula:container>")})
            for (const std::string& tree : {ram_xml("/"), mount_xml("mount", root, "/"),
                                            mount_xml("template", "host", "/")}) {
                CAPTURE(network);
                CAPTURE(container);
                CAPTURE(tree);
                const Unchanged host;
                const Report inside = report_of(
                    {.root = tree,
                     .devices = ram_xml("/ram") +
                                mount_xml("mount", scratch / "data", "/data", "<readonly/>") +
                                mount_xml("bind", "/data", "/again"),
                     .features = network,
                     .domain = shifted(),
                     .container = container},
                    {"cat", "/again/file", "create", "/ram/x", "write", "/dev/null"});
                CHECK(inside["cat:/again/file"] == "x");
                CHECK(inside["create:/ram/x"] == "ok");
                CHECK(inside["write:/dev/null"] == "ok");
                CHECK(host.difference() == "");
            }
}

TEST_CASE("user namespace: init may be another user of the map") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Report inside = report_of(
        {.os = "<inituser>1000</inituser><initgroup>1001</initgroup>", .domain = shifted()},
        {"report"});
    CHECK(lines(inside.all("uid")) == "1000\n1000\n1000\n");
    CHECK(lines(inside.all("gid")) == "1001\n1001\n1001\n");
    CHECK(inside["status.CapEff"] == "0000000000000000");
}

TEST_CASE("user namespace: a map of several ranges is written as it is") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Report inside = report_of(
        {.domain = map_xml(range_xml("uid", 0, 100000, 1000) + range_xml("uid", 1000, 5000, 10),
                           range_xml("gid", 0, 200000, 1000) + range_xml("gid", 2000, 7000, 1))},
        {"report", "cat", "/proc/self/gid_map"});
    REQUIRE(inside.all("uid_map").size() == 2);
    CHECK(words(inside.all("uid_map")[0]) == "0 100000 1000");
    CHECK(words(inside.all("uid_map")[1]) == "1000 5000 10");
    CHECK(words(inside["cat:/proc/self/gid_map"]) == "0 200000 1000\n2000 7000 1\n");
}

TEST_CASE("user namespace: what outer root owns is out of its reach") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Scratch scratch;
    scratch.file("data/secret", "secret", 0600);
    const Report inside =
        report_of({.devices = mount_xml("mount", scratch / "data", "/data"), .domain = shifted()},
                  {"read", "/data/secret", "create", "/data/x"});
    CHECK(inside["read:/data/secret"] == "EACCES");
    CHECK(inside["create:/data/x"] == "EACCES");
}

TEST_CASE("user namespace: the embedder stays dumpable, and its capabilities are not touched") {
    if (!is_root()) INSULA_SKIP("needs root to map a range of ids");
    const Unchanged host;
    for (int i = 0; i != 5; ++i) CHECK(report_of({.domain = shifted()}, {"report"})["pid"] == "1");
    CHECK(!start_box({.init = "/missing", .domain = shifted()}, {}));
    CHECK(host.difference() == "");
}

TEST_CASE("user namespace: an ordinary user has one of his own, with his id in it") {
    if (is_root()) INSULA_SKIP("needs an ordinary user");
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.directory("data");
    const Unchanged host;
    const Report inside = report_of(
        {.devices = mount_xml("mount", scratch / "data", "/data")},
        {"report", "create", "/data/made", "stat", "/data/made", "cat", "/proc/self/setgroups"});
    CHECK(words(inside["uid_map"]) == "0 " + std::to_string(geteuid()) + " 1");
    CHECK(inside["cat:/proc/self/setgroups"] == "deny\n");
    CHECK(inside["stat:/data/made"].find(" 0 0 ") != std::string::npos);
    struct stat status{};
    REQUIRE(stat((scratch / "data/made").c_str(), &status) == 0);
    CHECK(status.st_uid == geteuid());
    CHECK(host.difference() == "");
}

TEST_CASE("user namespace: an ordinary user may not map what is not his") {
    if (is_root()) INSULA_SKIP("needs an ordinary user");
    INSULA_NEEDS_CONTAINERS();
    const Result<ContainerPlan> plan = plan_box({.domain = shifted()}, {});
    REQUIRE(!plan);
    CHECK(plan.error().path.starts_with("/domain/idmap"));
    CHECK(!plan.error().hint.empty());
}

TEST_CASE("user namespace: an ordinary user cannot take what he may not read") {
    if (is_root()) INSULA_SKIP("needs an ordinary user");
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({.root = mount_xml("template", "host", "/")},
                                    {"read", "/etc/shadow", "create", "/usr/insula-test"});
    CHECK(inside["read:/etc/shadow"] != "ok");
    // What he may make goes to a layer of his own.
    CHECK(inside["create:/usr/insula-test"] == "ok");
    CHECK(!exists("/usr/insula-test"));
}
