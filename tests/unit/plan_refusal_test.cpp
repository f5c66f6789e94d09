// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan refusal") {
    using Change = void (*)(Domain&);

    Filesystem& second(Domain & domain) {
        return add_filesystem(domain, {.source = "/srv/a", .target = "/a"});
    }

    TEST_CASE("refusal: what this release does not do is refused by name and place") {
        struct Row {
            std::string_view path;
            std::string_view word;  ///< of the message
            Change change;
        };
        const Row rows[] = {
            {"/domain/os/type", "'hvm'", [](Domain& d) { d.os.type = OsType::hvm; }},
            {"/domain/os/type/@arch", "'i686'", [](Domain& d) { d.os.arch = "i686"; }},
            {"/domain/vcpu/@cpuset", "'0-3'", [](Domain& d) { d.cpuset = "0-3"; }},
            {"/domain/cputune/shares", "<shares>", [](Domain& d) { d.tuning.cpu_shares = 1; }},
            {"/domain/cputune/period", "<period>", [](Domain& d) { d.tuning.cpu_period = 100000; }},
            {"/domain/cputune/quota", "<quota>", [](Domain& d) { d.tuning.cpu_quota = -1; }},
            {"/domain/cputune/global_period", "<global_period>",
             [](Domain& d) { d.tuning.global_period = 100000; }},
            {"/domain/cputune/global_quota", "<global_quota>",
             [](Domain& d) { d.tuning.global_quota = 100000; }},
            {"/domain/memtune/hard_limit", "<hard_limit>",
             [](Domain& d) { d.tuning.memory_hard_limit = ScaledSize{1, ""}; }},
            {"/domain/memtune/soft_limit", "<soft_limit>",
             [](Domain& d) { d.tuning.memory_soft_limit = ScaledSize{1, ""}; }},
            {"/domain/memtune/swap_hard_limit", "<swap_hard_limit>",
             [](Domain& d) { d.tuning.memory_swap_hard_limit = ScaledSize{1, ""}; }},
            {"/domain/numatune/memory", "<numatune>",
             [](Domain& d) { d.tuning.numa_nodeset = "0"; }},
            {"/domain/numatune/memory", "<numatune>",
             [](Domain& d) { d.tuning.numa_mode = "strict"; }},
            {"/domain/blkiotune/weight", "<weight>",
             [](Domain& d) { d.tuning.block_weight = 500; }},
            {"/domain/blkiotune/device[1]", "'/dev/sda'",
             [](Domain& d) { d.tuning.block_devices = {{.device = "/dev/sda"}}; }},
            {"/domain/lxc:namespace/lxc:sharenet", "'red'",
             [](Domain& d) {
                 d.shared_namespaces = SharedNamespaces{
                     .net = SharedNamespace{.source = NamespaceSource::netns, .value = "red"}};
             }},
            {"/domain/lxc:namespace/lxc:shareipc", "shareipc",
             [](Domain& d) {
                 d.shared_namespaces = SharedNamespaces{
                     .ipc = SharedNamespace{.source = NamespaceSource::pid, .value = "1"}};
             }},
            {"/domain/lxc:namespace/lxc:shareuts", "shareuts",
             [](Domain& d) {
                 d.shared_namespaces = SharedNamespaces{
                     .uts = SharedNamespace{.source = NamespaceSource::name, .value = "b"}};
             }},
            {"/domain/resource/partition", "'/machine/x'",
             [](Domain& d) { d.partition = "/machine/x"; }},
            {"/domain/seclabel", "'selinux'",
             [](Domain& d) {
                 d.source.children.push_back(
                     {.name = "seclabel",
                      .attributes = {{"type", "dynamic"}, {"model", "selinux"}}});
             }},
            {"/i", "'bridge'",
             [](Domain& d) {
                 d.devices.push_back({Interface{.type = "bridge", .source = "br0", .path = "/i"}});
             }},
            {"/h", "'capabilities'",
             [](Domain& d) {
                 d.devices.push_back({HostDevice{
                     .mode = "capabilities", .type = "net", .source = "eth1", .path = "/h"}});
             }},
            {"/c", "'file'",
             [](Domain& d) { d.devices.push_back({Console{.type = "file", .path = "/c"}}); }},
            {"/o", "<disk>",
             [](Domain& d) { d.devices.push_back({OtherDevice{.name = "disk", .path = "/o"}}); }},
            {"/domain/devices/filesystem[2]", "'file'",
             [](Domain& d) { second(d).type = FilesystemType::file; }},
            {"/domain/devices/filesystem[2]", "'block'",
             [](Domain& d) { second(d).type = FilesystemType::block; }},
            {"/domain/devices/filesystem[2]", "'volume'",
             [](Domain& d) {
                 Filesystem& filesystem = second(d);
                 filesystem.type = FilesystemType::volume;
                 filesystem.pool = "p";
                 filesystem.volume = "v";
             }},
            {"/domain/devices/filesystem[2]/driver/@type", "'loop'",
             [](Domain& d) { second(d).driver_type = "loop"; }},
            {"/domain/devices/filesystem[2]/space_hard_limit", "'/a'",
             [](Domain& d) { second(d).space_hard_limit = ScaledSize{1, ""}; }},
            {"/domain/devices/filesystem[2]/space_soft_limit", "'/a'",
             [](Domain& d) { second(d).space_soft_limit = ScaledSize{1, ""}; }},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            Domain domain = rooted_domain();
            row.change(domain);
            const Error error = refusal_of(domain);
            CHECK(error.code == ErrorCode::unsupported);
            CHECK(error.path == row.path);
            CAPTURE(error.message);
            CHECK(error.message.find(row.word) != std::string::npos);
        }
    }

    TEST_CASE("refusal: it carries the line of its element") {
        Domain domain = rooted_domain();
        second(domain).type = FilesystemType::block;
        CHECK(refusal_of(domain).xml == TextPosition{18, 5});
        domain = rooted_domain();
        domain.tuning.memory_hard_limit = ScaledSize{1, ""};
        domain.tuning.memory_at = {9, 3};
        CHECK(refusal_of(domain).xml == TextPosition{9, 3});
        domain = rooted_domain();
        domain.devices.push_back({Interface{.type = "bridge", .at = {40, 5}, .path = "/i"}});
        CHECK(refusal_of(domain).xml == TextPosition{40, 5});
    }

    TEST_CASE("refusal: the first error of validation, with its path and place") {
        Domain domain = rooted_domain();
        domain.unread = {{.severity = Severity::warning, .message = "harmless", .path = "/w"},
                         {.severity = Severity::error,
                          .code = FindingCode::conflict,
                          .message = "two of them",
                          .path = "/e",
                          .at = {3, 4}}};
        const Error error = refusal_of(domain);
        CHECK(error.code == ErrorCode::conflict);
        CHECK(error.path == "/e");
        CHECK(error.xml == TextPosition{3, 4});
        domain.unread.pop_back();
        const ContainerPlan plan = plan_of(domain);
        REQUIRE_FALSE(plan.findings.empty());
        CHECK(plan.findings.front().path == "/w");
    }

    TEST_CASE("findings: what is said and does not stop the plan") {
        struct Row {
            FindingCode code;
            std::string_view path;
            Change change;
        };
        const Row rows[] = {
            {FindingCode::not_enforced, "/domain/memory", [](Domain&) {}},
            {FindingCode::not_enforced, "/domain", [](Domain&) {}},
            {FindingCode::not_enforced, "/domain/insula:container",
             [](Domain& d) { d.container = ContainerExtension{.profile = Profile::system}; }},
            {FindingCode::not_enforced, "/c",
             [](Domain& d) { d.devices.push_back({Console{.type = "pty", .path = "/c"}}); }},
            {FindingCode::not_enforced, "/domain/resource/partition",
             [](Domain& d) { d.partition = "/machine"; }},
            {FindingCode::not_enforced, "/domain/on_poweroff",
             [](Domain& d) { d.on_poweroff = LifecycleAction::restart; }},
            {FindingCode::not_enforced, "/domain/on_reboot",
             [](Domain& d) { d.on_reboot = LifecycleAction::preserve; }},
            {FindingCode::not_enforced, "/domain/on_crash",
             [](Domain& d) { d.on_crash = LifecycleAction::restart; }},
            {FindingCode::ignored, "/domain/@type", [](Domain& d) { d.type = DomainType::openvz; }},
            {FindingCode::ignored, "/v",
             [](Domain& d) { d.devices.push_back({OtherDevice{.name = "video", .path = "/v"}}); }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/@accessmode",
             [](Domain& d) { second(d).access_mode = "mapped"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/@model",
             [](Domain& d) { second(d).model = "virtio"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/@multidevs",
             [](Domain& d) { second(d).multidevs = "remap"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/@fmode",
             [](Domain& d) { second(d).fmode = "644"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/@dmode",
             [](Domain& d) { second(d).dmode = "755"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/driver/@format",
             [](Domain& d) { second(d).driver_format = "raw"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/driver/@wrpolicy",
             [](Domain& d) { second(d).driver_wrpolicy = "immediate"; }},
            {FindingCode::ignored, "/domain/devices/filesystem[2]/source/@usage",
             [](Domain& d) { second(d).usage = ScaledSize{1, ""}; }},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            Domain domain = rooted_domain();
            row.change(domain);
            const ContainerPlan plan = plan_of(domain);
            CHECK(find_finding(plan, row.code, row.path) != nullptr);
            CHECK(find_error(plan.findings) == nullptr);
        }
    }

    TEST_CASE("findings: nothing is said about what is harmless") {
        Domain domain = rooted_domain();
        const std::size_t before = plan_of(domain).findings.size();
        domain.vcpus = 4;
        domain.current_memory = ScaledSize{.value = 1, .unit = "MiB"};
        domain.os.arch = "x86_64";
        domain.on_reboot = LifecycleAction::destroy;
        domain.devices.push_back({OtherDevice{.name = "emulator", .path = "/e"}});
        domain.source.children.push_back({.name = "seclabel", .attributes = {{"type", "none"}}});
        std::get<Filesystem>(domain.devices.front().node).access_mode = "passthrough";
        CHECK(plan_of(domain).findings.size() == before);
    }

    TEST_CASE("findings: <lxc:namespace> with type 'none' shares nothing and is planned") {
        Domain domain = rooted_domain();
        domain.shared_namespaces = SharedNamespaces{.net = SharedNamespace{}};
        CHECK(try_to_plan(domain, {}).has_value());
    }

    TEST_CASE("findings: what validation says is not said again") {
        Domain domain = rooted_domain();
        domain.devices.push_back({OtherDevice{.name = "video", .path = "/v"}});
        domain.unread = {{.code = FindingCode::ignored, .message = "a video", .path = "/v"}};
        const ContainerPlan plan = plan_of(domain);
        CHECK(std::count_if(plan.findings.begin(), plan.findings.end(),
                            [](const Finding& finding) { return finding.path == "/v"; }) == 1);
    }

    TEST_CASE("plan: it passes its own check and depends on its arguments only") {
        Domain domain = rooted_domain();
        second(domain);
        CHECK(validate(plan_of(domain)).has_value());
        CHECK(validate(plan_of(domain, user_facts())).has_value());
        CHECK(identical(plan_of(domain), plan_of(domain)));
        // What a domain built in C++ may hold and no document can.
        std::get<Filesystem>(domain.devices.back().node).target = std::string("/a\0b", 4);
        const Error error = refusal_of(domain);
        CHECK(error.code == ErrorCode::invalid);
    }
}
