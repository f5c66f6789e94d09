// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

/// Checks that exactly the namespaces `made` are not the test's own.
void check_namespaces(const Report& inside, Namespaces made) {
    constexpr std::pair<Namespace, const char*> all[] = {
        {Namespace::mount, "mnt"},     {Namespace::pid, "pid"},  {Namespace::uts, "uts"},
        {Namespace::ipc, "ipc"},       {Namespace::net, "net"},  {Namespace::user, "user"},
        {Namespace::cgroup, "cgroup"}, {Namespace::time, "time"}};
    for (const auto& [which, name] : all) {
        CAPTURE(name);
        const std::string outside = link_of(std::string("/proc/self/ns/") + name);
        const std::string seen = inside[std::string("ns.") + name];
        REQUIRE(seen.starts_with(name));
        CHECK((seen != outside) == made.contains(which));
    }
}

[[nodiscard]] Namespaces always() {
    Namespaces made{Namespace::mount, Namespace::pid, Namespace::uts, Namespace::ipc};
    if (!facts().capabilities.contains(Capability::sys_admin)) made.insert(Namespace::user);
    return made;
}

}  // namespace

TEST_CASE("namespace: a container has its own mounts, processes, names and queues") {
    INSULA_NEEDS_CONTAINERS();
    check_namespaces(report_of({}, {"report"}), always());
}

TEST_CASE("namespace: a private network is one namespace more") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({.features = "<privnet/>"}, {"report", "cat", "/proc/net/dev"});
    check_namespaces(inside, always() | Namespaces{Namespace::net});

    // loopback and nothing else, and it is up
    const std::string devices = inside["cat:/proc/net/dev"];
    CHECK(devices.find("lo:") != devices.npos);
    CHECK(devices.find("eth") == devices.npos);
}

TEST_CASE("namespace: the loopback interface of a private network is up") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({.features = "<privnet/>"},
                                    {"cat", "/proc/net/route", "cat", "/sys/class/net/lo/operstate",
                                     "cat", "/sys/class/net/lo/flags"});
    CHECK(inside["cat:/sys/class/net/lo/flags"] == "0x9\n");  // IFF_UP | IFF_LOOPBACK
}

TEST_CASE("namespace: an id map brings a user namespace") {
    INSULA_NEEDS_CONTAINERS();
    const std::string uid = is_root() ? "100000" : std::to_string(geteuid());
    const std::string gid = is_root() ? "100000" : std::to_string(getegid());
    const std::string count = is_root() ? "65536" : "1";
    const Report inside = report_of(
        {.domain = "<idmap><uid start='0' target='" + uid + "' count='" + count +
                   "'/><gid start='0' target='" + gid + "' count='" + count + "'/></idmap>"},
        {"report"});
    check_namespaces(inside, always() | Namespaces{Namespace::user});
}

TEST_CASE("namespace: init is process 1 and leads a session of its own") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({}, {"report", "processes"});
    CHECK(inside["pid"] == "1");
    CHECK(inside["ppid"] == "0");
    CHECK(inside["sid"] == "1");
    CHECK(inside["pgrp"] == "1");
    CHECK(inside["processes"] == "1");
    CHECK(inside["status.Threads"] == "1");
}

TEST_CASE("namespace: the host name is the container's, and only there") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    const Report inside = report_of({.name = "my_Box-1.x"}, {"report"});
    CHECK(inside["hostname"] == "myBox-1x");
    CHECK(host.difference() == "");
}

TEST_CASE("namespace: two containers share none of their own namespaces") {
    INSULA_NEEDS_CONTAINERS();
    const Report one = report_of({.features = "<privnet/>"}, {"report", "say", "x"});
    // The first ended, and namespace numbers are used again: so both live at the same time here.
    Result<Machine> first =
        start_box({.features = "<privnet/>"}, {"report", "say", "x", "hang"}, piped());
    REQUIRE(first);
    const UniqueFd output = first->take_stdout();
    std::string text;
    for (std::string line; line != "say=x"; text += line + '\n') line = read_line(output.get());
    const Report held(text);
    const Report second = report_of({.features = "<privnet/>"}, {"report"});
    for (const char* name : {"ns.mnt", "ns.pid", "ns.uts", "ns.ipc", "ns.net"}) {
        CAPTURE(name);
        CHECK(held[name] != second[name]);
    }
    CHECK(one["pid"] == "1");
}
