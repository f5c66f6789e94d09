// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan built-in mounts") {
    TEST_CASE("built-in: what every container gets, in this order after the root") {
        const ContainerPlan plan = plan_of(rooted_domain());
        const std::array<std::string_view, 20> expected{
            "root-bind /srv/box (recursive)",
            "mount proc -> /proc (nosuid, nodev, noexec)",
            "mount sysfs -> /sys (ro, nosuid, nodev, noexec)",
            "mount tmpfs -> /dev (nosuid) [mode=755, size=65536k, nr_inodes=4096]",
            "mknod /dev/null 1:3 0666",
            "mknod /dev/zero 1:5 0666",
            "mknod /dev/full 1:7 0666",
            "mknod /dev/random 1:8 0666",
            "mknod /dev/urandom 1:9 0666",
            "mknod /dev/tty 5:0 0666",
            "symlink /dev/fd -> /proc/self/fd",
            "symlink /dev/stdin -> /proc/self/fd/0",
            "symlink /dev/stdout -> /proc/self/fd/1",
            "symlink /dev/stderr -> /proc/self/fd/2",
            "symlink /dev/ptmx -> pts/ptmx",
            "mount devpts -> /dev/pts (nosuid, noexec) [newinstance, ptmxmode=0666, mode=0620, "
            "gid=5]",
            "mount tmpfs -> /dev/shm (nosuid, nodev, noexec) [mode=1777, size=65536k]",
            "mount mqueue -> /dev/mqueue (nosuid, nodev, noexec)",
            "protect /proc/bus",
            "protect /proc/fs",
        };
        REQUIRE(plan.ops.size() > expected.size());
        for (std::size_t i = 0; i != expected.size(); ++i)
            CHECK(to_text(plan.ops[i]) == expected[i]);
    }

    TEST_CASE("built-in: device nodes are the host's where none can be made") {
        HostFacts no_mknod;
        no_mknod.capabilities.erase(Capability::mknod);
        for (const HostFacts& facts : {user_facts(), no_mknod}) {
            CAPTURE(facts.uid);
            const ContainerPlan plan = plan_of(rooted_domain(), facts);
            CHECK(count_actions<MakeDevice>(plan) == 0);
            for (const char* path :
                 {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"})
                CHECK(has_action(plan, BindMount{.source = {path}, .target = {path}}));
        }
    }

    TEST_CASE("built-in: group 5 owns terminals only where it is mapped") {
        struct Row {
            std::vector<IdRange> map;
            bool mapped;
        };
        const Row rows[] = {{{{0, 1000, 5}}, false},
                            {{{0, 1000, 6}}, true},
                            {{{0, 9, 1}, {5, 2000, 1}}, true},
                            {{{0, 1000, 5}, {6, 2000, 10}}, false}};
        for (const Row& row : rows) {
            CAPTURE(row.map.front().count);
            Domain domain = rooted_domain();
            domain.id_map = IdMap{.uids = row.map, .gids = row.map};
            const auto* pts = mount_at(plan_of(domain), "/dev/pts");
            const ContainerPlan plan = plan_of(domain);
            pts = mount_at(plan, "/dev/pts");
            REQUIRE(pts != nullptr);
            CHECK((pts->options.back() == MountOption{"gid", "5"}) == row.mapped);
        }
    }

    TEST_CASE("built-in: profile system has its own /run and /tmp") {
        Domain domain = rooted_domain();
        CHECK(mount_at(plan_of(domain), "/run") == nullptr);
        domain.container = ContainerExtension{.profile = Profile::system};
        const ContainerPlan plan = plan_of(domain);
        const FilesystemMount run{.type = KernelFilesystem::tmpfs,
                                  .target = {"/run"},
                                  .flags = {MountFlag::nosuid, MountFlag::nodev},
                                  .options = {{"mode", "755"}, {"size", "20%"}}};
        CHECK(has_action(plan, run));
        REQUIRE(mount_at(plan, "/tmp") != nullptr);
        CHECK(mount_at(plan, "/tmp")->options.front() == MountOption{"mode", "1777"});
    }
}

TEST_SUITE("plan filesystem") {
    TEST_CASE("filesystem: mounts come in the order written, after the built-in ones") {
        Domain domain = rooted_domain();
        for (const char* target : {"/z", "/a", "/m"})
            add_filesystem(domain, {.source = std::string("/srv") + target, .target = target});
        const ContainerPlan plan = plan_of(domain);
        const std::size_t z = place_of(plan, BindMount{.source = {"/srv/z"}, .target = {"/z"}});
        CHECK(z > place_of(plan, *mount_at(plan, "/dev/mqueue")));
        CHECK(place_of(plan, BindMount{.source = {"/srv/a"}, .target = {"/a"}}) == z + 1);
        CHECK(place_of(plan, BindMount{.source = {"/srv/m"}, .target = {"/m"}}) == z + 2);
        CHECK(plan.ops[z].origin == TextPosition{18, 5});
        CHECK(plan.ops[z].path == "/domain/devices/filesystem[2]");
    }

    TEST_CASE("filesystem: mount is plain and writable unless asked") {
        Domain domain = rooted_domain();
        add_filesystem(domain, {.source = "/srv//a/", .target = "/./a//b/"});
        add_filesystem(domain, {.source = "/srv/b",
                                .target = "/b",
                                .access = Access::read_only,
                                .mount = MountExtension{.recursion = Recursion::submounts,
                                                        .nosuid = true,
                                                        .nodev = true,
                                                        .noexec = true}});
        const ContainerPlan plan = plan_of(domain);
        CHECK(has_action(plan, BindMount{.source = {"/srv/a"}, .target = {"/a/b"}}));
        CHECK(has_action(
            plan, BindMount{.source = {"/srv/b"},
                            .target = {"/b"},
                            .recursion = Recursion::submounts,
                            .access = Access::read_only,
                            .flags = {MountFlag::nosuid, MountFlag::nodev, MountFlag::noexec}}));
    }

    TEST_CASE("filesystem: bind takes its source from inside") {
        Domain domain = rooted_domain();
        add_filesystem(domain, {.type = FilesystemType::bind,
                                .source = "/var/log",
                                .target = "/log",
                                .access = Access::read_only});
        CHECK(has_action(plan_of(domain), GuestBindMount{.source = {"/var/log"},
                                                         .target = {"/log"},
                                                         .access = Access::read_only}));
    }

    TEST_CASE("filesystem: ram is a tmpfs of that many bytes, default unit KiB") {
        struct Row {
            ScaledSize usage;
            std::string_view bytes;
        };
        const Row rows[] = {{{16, ""}, "16384"}, {{1, "GB"}, "1000000000"}, {{3, "b"}, "3"}};
        for (const Row& row : rows) {
            CAPTURE(row.bytes);
            Domain domain = rooted_domain();
            add_filesystem(domain,
                           {.type = FilesystemType::ram, .usage = row.usage, .target = "/scratch"});
            const ContainerPlan plan = plan_of(domain);
            const auto* mount = mount_at(plan, "/scratch");
            REQUIRE(mount != nullptr);
            CHECK(mount->options == std::vector<MountOption>{{"size", std::string(row.bytes)}});
            CHECK(mount->flags == MountFlags{MountFlag::nosuid, MountFlag::nodev});
            CHECK(mount->access == Access::read_write);
        }
        for (const auto& usage : {std::optional<ScaledSize>{}, std::optional(ScaledSize{0, ""}),
                                  std::optional(ScaledSize{1, "parsec"}),
                                  std::optional(ScaledSize{UINT64_MAX, "EiB"})}) {
            Domain domain = rooted_domain();
            add_filesystem(domain,
                           {.type = FilesystemType::ram, .usage = usage, .target = "/scratch"});
            CHECK(refusal_of(domain).code == ErrorCode::invalid);
        }
    }

    TEST_CASE("filesystem: a plain mount of a tree with mounts below it needs no user namespace") {
        HostFacts facts = user_facts();
        facts.mounts = {{"/", "ext4"}, {"/srv/data/disk", "xfs"}, {"/srv/data-2", "xfs"}};
        struct Row {
            std::string source;
            Recursion recursion;
            bool planned;
        };
        const Row rows[] = {
            {"/srv/data", Recursion::none, false},
            {"/srv", Recursion::none, false},
            {"/", Recursion::none, false},
            {"/srv/data", Recursion::submounts, true},
            {"/srv/data/disk", Recursion::none, true},
            {"/srv/dat", Recursion::none, true},
            {"/srv/data-2", Recursion::none, true},
        };
        for (const Row& row : rows) {
            CAPTURE(row.source);
            Domain domain = rooted_domain();
            add_filesystem(domain, {.source = row.source,
                                    .target = "/data",
                                    .mount = MountExtension{.recursion = row.recursion}});
            CHECK(try_to_plan(domain, facts).has_value() == row.planned);
            facts.capabilities = all_capabilities();
            CHECK(try_to_plan(domain, facts).has_value());
            facts.capabilities = {};
        }
    }

    TEST_CASE("filesystem: a second view of the kernel's files is said") {
        for (const FilesystemType type : {FilesystemType::mount, FilesystemType::bind}) {
            Domain domain = rooted_domain();
            add_filesystem(domain, {.type = type, .source = "/proc/sys", .target = "/a"});
            add_filesystem(domain, {.type = type, .source = "/process", .target = "/b"});
            const ContainerPlan plan = plan_of(domain);
            CHECK(find_finding(plan, FindingCode::weaker,
                               "/domain/devices/filesystem[2]/source/@dir") != nullptr);
            CHECK(find_finding(plan, FindingCode::weaker,
                               "/domain/devices/filesystem[3]/source/@dir") == nullptr);
        }
    }
}

TEST_SUITE("plan kernel paths") {
    TEST_CASE("kernel paths: the default ones are protected and masked after all mounts") {
        Domain domain = rooted_domain();
        add_filesystem(domain, {.source = "/srv/a", .target = "/proc/sys/mine"});
        const ContainerPlan plan = plan_of(domain);
        const std::size_t mounted =
            place_of(plan, BindMount{.source = {"/srv/a"}, .target = {"/proc/sys/mine"}});
        for (const char* path :
             {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}) {
            CAPTURE(path);
            CHECK(has_action(plan, ProtectPath{{path}}));
            CHECK(place_of(plan, ProtectPath{{path}}) > mounted);
        }
        for (const char* path :
             {"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
              "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
              "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"}) {
            CAPTURE(path);
            CHECK(has_action(plan, MaskPath{{path}}));
            CHECK(place_of(plan, MaskPath{{path}}) > place_of(plan, ProtectPath{{"/proc/sys"}}));
            CHECK(place_of(plan, MaskPath{{path}}) < place_of(plan, EnterRoot{}));
        }
        CHECK(count_actions<ProtectPath>(plan) == 5);
        CHECK(count_actions<MaskPath>(plan) == 12);
    }

    TEST_CASE("kernel paths: the network's settings are the container's where the network is") {
        for (const bool system : {false, true})
            for (const bool privnet : {false, true}) {
                CAPTURE(system);
                CAPTURE(privnet);
                Domain domain = rooted_domain();
                domain.container =
                    ContainerExtension{.profile = system ? Profile::system : Profile::app};
                domain.features.private_network = privnet ? SwitchState::on : SwitchState::off;
                const ContainerPlan plan = plan_of(domain);
                CHECK(count_actions<UnprotectPath>(plan) == (system && privnet ? 2 : 0));
                if (!system || !privnet) continue;
                CHECK(place_of(plan, UnprotectPath{{"/proc/sys/net/ipv4"}}) >
                      place_of(plan, ProtectPath{{"/proc/sys"}}));
                CHECK(has_action(plan, UnprotectPath{{"/proc/sys/net/ipv6"}}));
            }
    }

    TEST_CASE("kernel paths: those of the definition come with their place") {
        Domain domain = rooted_domain();
        domain.container = ContainerExtension{.masked_paths = {{{"/etc/shadow"}, {30, 7}}},
                                              .read_only_paths = {{{"/etc/"}, {31, 7}}}};
        const ContainerPlan plan = plan_of(domain);
        REQUIRE(has_action(plan, MaskPath{{"/etc/shadow"}}));
        REQUIRE(has_action(plan, ProtectPath{{"/etc"}}));
        const Op& mask = plan.ops[place_of(plan, MaskPath{{"/etc/shadow"}})];
        CHECK(mask.origin == TextPosition{30, 7});
        CHECK(mask.path == "/domain/insula:container/insula:kernel_paths/insula:mask[1]");
        CHECK(place_of(plan, MaskPath{{"/etc/shadow"}}) > place_of(plan, ProtectPath{{"/etc"}}));
    }

    TEST_CASE("kernel paths: without the default ones a reader is told") {
        Domain domain = rooted_domain();
        domain.container = ContainerExtension{.default_kernel_paths = SwitchState::off,
                                              .masked_paths = {{{"/etc/shadow"}, {}}}};
        const ContainerPlan plan = plan_of(domain);
        CHECK(count_actions<MaskPath>(plan) == 1);
        CHECK(count_actions<ProtectPath>(plan) == 0);
        CHECK(find_finding(plan, FindingCode::weaker,
                           "/domain/insula:container/insula:kernel_paths/@default") != nullptr);
    }
}
