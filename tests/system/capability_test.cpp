// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"
#include "system/mount_table.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr const char* system_profile = "<insula:container profile='system'/>";

/// As in /proc/PID/status.
[[nodiscard]] std::string hexadecimal(std::uint64_t bits) {
    char text[24];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
    return text;
}

/// What can be kept at all: root's own, and everything in a user namespace.
[[nodiscard]] Capabilities available() {
    return is_root() ? facts().capabilities : all_capabilities();
}

/// Checks that init has exactly `wanted`, as far as the caller has it himself.
void check_sets(const Box& box, Capabilities wanted) {
    const Report inside = report_of(box, {"report"});
    const std::string bits = hexadecimal((wanted & available()).bits());
    CHECK(inside["status.CapBnd"] == bits);
    CHECK(inside["status.CapPrm"] == bits);
    CHECK(inside["status.CapEff"] == bits);
    CHECK(inside["status.CapInh"] == hexadecimal(0));
    CHECK(inside["status.CapAmb"] == hexadecimal(0));
}

/// The 14 of the OCI default but mknod.
[[nodiscard]] Capabilities app_set() {
    using enum Capability;
    return {chown,   dac_override,     fowner,  fsetid,     kill,        setgid, setuid,
            setpcap, net_bind_service, net_raw, sys_chroot, audit_write, setfcap};
}

}  // namespace

TEST_CASE("capability: the profile app keeps the set of the OCI runtimes without mknod") {
    INSULA_NEEDS_CONTAINERS();
    check_sets({}, app_set());
}

TEST_CASE("capability: the profile system keeps what libvirt's driver keeps") {
    INSULA_NEEDS_CONTAINERS();
    using enum Capability;
    check_sets(
        {.container = system_profile},
        all_capabilities() - Capabilities{sys_module, sys_time, mknod, audit_control, mac_admin});
}

TEST_CASE("capability: the definition adds to the default and takes away from it") {
    INSULA_NEEDS_CONTAINERS();
    using enum Capability;
    check_sets({.features = "<capabilities policy='default'><sys_nice state='on'/>"
                            "<net_raw state='off'/></capabilities>"},
               (app_set() | Capabilities{sys_nice}) - Capabilities{net_raw});
}

TEST_CASE("capability: the policies allow and deny start from everything and nothing") {
    INSULA_NEEDS_CONTAINERS();
    using enum Capability;
    check_sets({.features = "<capabilities policy='deny'/>"}, {});
    check_sets({.features = "<capabilities policy='deny'><chown state='on'/></capabilities>"},
               {chown});
    check_sets({.features = "<capabilities policy='allow'/>"}, all_capabilities());
    check_sets({.features = "<capabilities policy='allow'><mknod state='off'/></capabilities>"},
               all_capabilities() - Capabilities{mknod});
}

TEST_CASE("capability: the sets are exact when process 1 is the reaper") {
    INSULA_NEEDS_CONTAINERS();
    check_sets({.container = "<insula:container><insula:init mode='reaper'/></insula:container>"},
               app_set());
}

TEST_CASE("capability: no_new_privs follows the profile, and the definition") {
    INSULA_NEEDS_CONTAINERS();
    const auto flag = [](const std::string& container) {
        return report_of({.container = container}, {"report"})["status.NoNewPrivs"];
    };
    CHECK(flag("") == "1");
    CHECK(flag(system_profile) == "0");
    CHECK(flag("<insula:container><insula:no_new_privs state='off'/></insula:container>") == "0");
    CHECK(flag("<insula:container profile='system'><insula:no_new_privs state='on'/>"
               "</insula:container>") == "1");
}

TEST_CASE("capability: masked files are empty and masked directories are empty and closed") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of(
        {.features = "<privnet/>"},
        {"cat", "/proc/kcore", "cat", "/proc/interrupts", "list", "/sys/firmware", "create",
         "/sys/firmware/x", "cat", "/proc/timer_list", "remount", "/sys/firmware", "report"});
    for (const char* path : {"/proc/kcore", "/proc/interrupts", "/proc/timer_list"}) {
        if (!exists(path)) continue;
        CAPTURE(path);
        CHECK(inside[std::string("cat:") + path] == "");
        CHECK(mount_at(inside, path).target == path);
    }
    if (exists("/sys/firmware")) {
        CHECK(inside.all("list:/sys/firmware").empty());
        CHECK(inside["create:/sys/firmware/x"] == "EROFS");
        CHECK(inside["remount:/sys/firmware"] == "EPERM");
    }
}

TEST_CASE("capability: read-only kernel paths cannot be written") {
    INSULA_NEEDS_CONTAINERS();
    const std::string features = "<privnet/><capabilities policy='allow'/>";
    const std::vector<std::string> actions{"report",
                                           "write",
                                           "/proc/sys/kernel/hostname",
                                           "write",
                                           "/proc/sysrq-trigger",
                                           "write",
                                           "/proc/sys/net/ipv4/ip_forward",
                                           "read",
                                           "/proc/sys/kernel/hostname",
                                           "write",
                                           "/proc/sys/kernel/domainname"};
    const Report app = report_of({.features = features}, actions);
    // In a user namespace the file belongs to somebody else, which the kernel notices first.
    CHECK(app["write:/proc/sys/kernel/hostname"] == (is_root() ? "EROFS" : "EACCES"));
    CHECK(mount_at(app, "/proc/sys").flags == "ro nosuid nodev noexec ");
    if (exists("/proc/sysrq-trigger")) CHECK(app["write:/proc/sysrq-trigger"] == "EROFS");
    CHECK(app["write:/proc/sys/net/ipv4/ip_forward"] == "EROFS");
    CHECK(app["read:/proc/sys/kernel/hostname"] == "ok");

    // With a network of its own, its settings are the container's in the profile system.
    const Report system = report_of({.features = features, .container = system_profile}, actions);
    CHECK(system["write:/proc/sys/kernel/hostname"] == (is_root() ? "EROFS" : "EACCES"));
    CHECK(system["write:/proc/sys/net/ipv4/ip_forward"] == "ok");
}

TEST_CASE("capability: paths of the definition are masked and protected as well") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.file("data/secret", "secret", 0666);
    scratch.file("data/directory/inside", "x", 0666);
    scratch.file("data/fixed/inside", "x", 0666);
    const Report inside = report_of(
        {.devices = mount_xml("mount", scratch / "data", "/data"),
         .container = "<insula:container><insula:kernel_paths default='off'>"
                      "<insula:mask path='/data/secret'/><insula:mask path='/data/directory'/>"
                      "<insula:mask path='/data/not-there'/><insula:readonly path='/data/fixed'/>"
                      "</insula:kernel_paths></insula:container>"},
        {"cat", "/data/secret", "list", "/data/directory", "write", "/data/fixed/inside", "cat",
         "/data/fixed/inside", "exists", "/data/not-there", "report"});
    CHECK(inside["cat:/data/secret"] == "");
    CHECK(inside.all("list:/data/directory").empty());
    CHECK(inside["write:/data/fixed/inside"] == "EROFS");
    CHECK(inside["cat:/data/fixed/inside"] == "x");
    CHECK(inside["exists:/data/not-there"] == "ENOENT");
    for (const MountLine& mount : mount_table(inside)) CHECK(mount.target != "/proc/kcore");
    CHECK(content_of(scratch / "data/secret") == "secret");
}

TEST_CASE("capability: what the caller lacks himself cannot be given") {
    if (!is_root()) INSULA_SKIP("needs root: in a user namespace everybody has everything");
    const Capabilities lacking = all_capabilities() - facts().capabilities;
    if (lacking.empty()) INSULA_SKIP("this root has every capability");
    for (const auto& row : spellings<Capability>) {
        if (!lacking.contains(row.value)) continue;
        const std::string name(row.text);
        const Result<ContainerPlan> plan =
            plan_box({.features = "<capabilities policy='default'><" + name +
                                  " state='on'/></capabilities>"},
                     {});
        REQUIRE(!plan);
        CHECK(plan.error().code == ErrorCode::denied);
        CHECK(plan.error().path == "/domain/features/capabilities/" + name);
    }
}
