// SPDX-License-Identifier: Apache-2.0
#include "insula/plan/json.hpp"
#include "plan_support.hpp"
#include "support/golden.hpp"

using namespace plan_test;
using insula::test::check_golden;

TEST_SUITE("plan golden") {
    void check_all(const std::string& name, const ContainerPlan& plan) {
        check_golden(name + ".txt", to_text(plan));
        check_golden(name + ".tree", to_tree(plan));
        check_golden(name + ".json", to_json(plan));
    }

    Domain full_domain() {
        Domain domain = small_domain();
        domain.os.init_args = {"-c", "echo \"hello, world\""};
        domain.os.init_env = {{"LANG", "C.UTF-8", {}}};
        domain.os.init_dir = "/srv/www";
        domain.os.init_user = "www-data";
        domain.features.private_network = SwitchState::on;
        add_root(domain, "/var/lib/box").access = Access::read_only;
        add_filesystem(domain, {.source = "/srv/www", .target = "/srv/www"});
        add_filesystem(domain, {.source = "/etc/ssl/my certificates",
                                .target = "/etc/ssl/certs",
                                .access = Access::read_only,
                                .mount = MountExtension{.recursion = Recursion::submounts,
                                                        .nosuid = true,
                                                        .nodev = true,
                                                        .noexec = true}});
        add_filesystem(domain, {.type = FilesystemType::ram,
                                .usage = ScaledSize{.value = 16, .unit = "MiB"},
                                .target = "/var/cache"});
        add_filesystem(
            domain, {.type = FilesystemType::bind, .source = "/srv/www/log", .target = "/var/log"});
        domain.container = ContainerExtension{.masked_paths = {{{"/etc/machine-id"}, {40, 7}}}};
        return domain;
    }

    TEST_CASE("golden: a web server") {
        check_all("web_server", plan_of(full_domain()));
    }

    TEST_CASE("golden: the template host, as root and as an ordinary user") {
        Domain domain = small_domain();
        add_host_template(domain);
        HostFacts root;
        root.mounts = {{"/", "ext4"}, {"/boot/efi", "vfat"}, {"/home", "xfs"}};
        root.root_entries.push_back({"/boot", FileKind::directory, {}, 0755});
        root.root_entries.push_back({"/boot/efi", FileKind::directory, {}, 0755});
        root.root_entries.push_back({"/boot/vmlinuz", FileKind::regular, {}, 0644});
        HostFacts user = user_facts();
        user.mounts = root.mounts;
        user.root_entries = root.root_entries;
        check_all("host_template_root", plan_of(domain, root));
        check_all("host_template_user", plan_of(domain, user));
    }

    TEST_CASE("golden: a whole system in a user namespace") {
        Domain domain = small_domain();
        domain.os.init = "/sbin/init";
        domain.id_map = IdMap{.uids = {{0, 100000, 65536, {9, 5}}},
                              .gids = {{0, 100000, 65536, {10, 5}}},
                              .at = {8, 3}};
        domain.features.private_network = SwitchState::on;
        add_root(domain, "/var/lib/machines/debian");
        domain.container = ContainerExtension{.profile = Profile::system, .at = {30, 3}};
        check_all("system", plan_of(domain));
    }

    TEST_CASE("golden: thirty file systems stay readable") {
        Domain domain = rooted_domain();
        for (int i = 0; i != 30; ++i) {
            const std::string number = std::to_string(i);
            add_filesystem(domain, {.source = "/srv/volumes/tenant-" + std::to_string(i % 4) +
                                              "/volume-" + number,
                                    .target = "/data/" + std::to_string(i % 4) + "/v" + number,
                                    .access = i % 3 == 0 ? Access::read_only : Access::read_write});
        }
        check_golden("thirty_filesystems.tree", to_tree(plan_of(domain)));
    }

    TEST_CASE("golden: the facts of a host and the findings of a file") {
        check_golden("host_facts.json", to_json(user_facts()));
        check_golden("findings.json", to_json(plan_of(small_domain()).findings, "box.xml"));
    }
}
