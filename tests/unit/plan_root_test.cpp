// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan root") {
    TEST_CASE("root: a directory with target '/' comes first and brings the mounts below it") {
        const ContainerPlan plan = plan_of(rooted_domain());

        CHECK(plan.ops.front().action == Action(BindRoot{.source = {"/srv/box"}}));
        CHECK(std::get<BindRoot>(plan.ops.front().action).recursion == Recursion::submounts);
        CHECK(plan.ops.front().origin == TextPosition{14, 5});
        CHECK(plan.ops.front().path == "/domain/devices/filesystem[1]");
        CHECK_FALSE(has_action(plan, SealRoot{}));
        CHECK(find_finding(plan, FindingCode::weaker, "/domain/devices") == nullptr);
    }

    TEST_CASE("root: it comes first wherever it is written") {
        Domain domain = small_domain();
        add_filesystem(domain, {.source = "/srv/data", .target = "/data"});
        add_root(domain);
        const ContainerPlan plan = plan_of(domain);
        CHECK(std::holds_alternative<BindRoot>(plan.ops.front().action));
        CHECK(count_actions<BindRoot>(plan) == 1);
        CHECK(bind_at(plan, "/data") != nullptr);
    }

    TEST_CASE("root: read-only is sealed after all mounts, just before it is entered") {
        Domain domain = small_domain();
        add_root(domain).access = Access::read_only;
        const ContainerPlan plan = plan_of(domain);

        CHECK(std::get<BindRoot>(plan.ops.front().action).access == Access::read_only);
        CHECK(place_of(plan, SealRoot{}) + 1 == place_of(plan, EnterRoot{}));
    }

    TEST_CASE("root: without one the host's is shared, and that is said") {
        const ContainerPlan plan = plan_of(small_domain());
        CHECK(plan.ops.front().action == Action(BindRoot{.source = {"/"}}));
        CHECK(find_finding(plan, FindingCode::weaker, "/domain/devices") != nullptr);
        CHECK(mount_at(plan, "/proc") != nullptr);
        CHECK(mount_at(plan, "/dev") != nullptr);
        CHECK(mount_at(plan, "/sys") != nullptr);
        // The host's own /run and /tmp stay visible, as libvirt's text says.
        CHECK(mount_at(plan, "/run") == nullptr);
    }

    TEST_CASE("root: ram is a tmpfs of the size written") {
        Domain domain = small_domain();
        add_filesystem(domain, {.type = FilesystemType::ram,
                                .usage = ScaledSize{.value = 2, .unit = "MiB"},
                                .target = "/",
                                .access = Access::read_only});
        const ContainerPlan plan = plan_of(domain);
        const TmpfsRoot expected{.options = {{"size", "2097152"}, {"mode", "755"}},
                                 .flags = {MountFlag::nosuid, MountFlag::nodev}};
        CHECK(plan.ops.front().action == Action(expected));
        CHECK(has_action(plan, SealRoot{}));
    }

    TEST_CASE("root: <insula:mount> flags reach it") {
        Domain domain = small_domain();
        add_root(domain).mount = MountExtension{.nosuid = true, .noexec = true};
        CHECK(std::get<BindRoot>(plan_of(domain).ops.front().action).flags ==
              MountFlags{MountFlag::nosuid, MountFlag::noexec});
    }

    TEST_CASE("root: type 'bind' cannot be one") {
        Domain domain = small_domain();
        add_filesystem(domain, {.type = FilesystemType::bind, .source = "/a", .target = "/"});
        CHECK(refusal_of(domain).code == ErrorCode::invalid);
    }

    TEST_CASE("root: two are refused") {
        Domain domain = rooted_domain();
        add_root(domain, "/srv/other");
        CHECK(refusal_of(domain).xml == TextPosition{18, 5});
    }
}

TEST_SUITE("template host") {
    HostFacts busy_facts() {
        HostFacts facts;
        facts.mounts = {{"/", "ext4"},         {"/home", "xfs"},          {"/boot", "ext4"},
                        {"/boot/efi", "vfat"}, {"/var/lib/x", "overlay"}, {"/snap/a", "squashfs"},
                        {"/home", "btrfs"}};
        facts.root_entries = {
            {"/var/lib/x", FileKind::directory, {}, 0755},
            {"/boot", FileKind::directory, {}, 0700},
            {"/boot/efi", FileKind::directory, {}, 0755},
            {"/boot/vmlinuz", FileKind::regular, {}, 0644},
            {"/bin", FileKind::symlink, "usr/bin", 0777},
            {"/dev", FileKind::directory, {}, 0755},
            {"/home", FileKind::directory, {}, 0755},
            {"/proc", FileKind::directory, {}, 0555},
            {"/run", FileKind::directory, {}, 0755},
            {"/snap", FileKind::directory, {}, 0755},
            {"/snap/a", FileKind::directory, {}, 0755},
            {"/socket", FileKind::other, {}, 0755},
            {"/sys", FileKind::directory, {}, 0555},
            {"/tmp", FileKind::directory, {}, 01777},
            {"/usr", FileKind::directory, {}, 0755},
            {"/usr/share", FileKind::directory, {}, 0755},
            {"/var", FileKind::directory, {}, 0755},
            {"/var/lib", FileKind::directory, {}, 0711},
            {"/var/log", FileKind::directory, {}, 0755},
        };
        return facts;
    }

    HostFacts busy_user_facts() {
        HostFacts facts = busy_facts();
        facts.uid = facts.gid = user_id;
        facts.capabilities = {};
        return facts;
    }

    Domain host_domain() {
        Domain domain = small_domain();
        add_host_template(domain);
        return domain;
    }

    /// The texts of the ops before /proc is mounted.
    std::vector<std::string> root_texts(const ContainerPlan& plan) {
        std::vector<std::string> texts;
        for (const Op& op : plan.ops) {
            if (const auto* mount = std::get_if<FilesystemMount>(&op.action);
                mount != nullptr && mount->target.text == "/proc")
                break;
            texts.push_back(to_text(op));
        }
        return texts;
    }

    TEST_CASE("template host: layers over the root and over each mount of the host") {
        const ContainerPlan plan = plan_of(host_domain(), busy_facts());
        CHECK(root_texts(plan) == std::vector<std::string>{
                                      "root-overlay /",
                                      "overlay /boot -> /boot",
                                      "bind /boot/efi -> /boot/efi (ro)",
                                      "overlay /home -> /home",
                                      "bind /snap/a -> /snap/a (ro)",
                                  });
        CHECK(find_finding(plan, FindingCode::ignored, "/domain/devices/filesystem[1]") != nullptr);
        CHECK(plan.ops[1].origin == TextPosition{14, 5});
    }

    TEST_CASE("template host: in a user namespace it is put together entry by entry") {
        const ContainerPlan plan = plan_of(host_domain(), busy_user_facts());
        CHECK(root_texts(plan) == std::vector<std::string>{
                                      "root-tmpfs [mode=755]",
                                      "symlink /bin -> usr/bin",
                                      "mkdir /boot 0700",
                                      "bind /boot/efi -> /boot/efi (ro)",
                                      "bind /boot/vmlinuz -> /boot/vmlinuz (ro)",
                                      "overlay /home -> /home",
                                      "mkdir /snap 0755",
                                      "bind /snap/a -> /snap/a (ro)",
                                      "overlay /usr -> /usr",
                                      "mkdir /var 0755",
                                      "mkdir /var/lib 0711",
                                      "mkdir /var/lib/x 0755",
                                      "overlay /var/log -> /var/log",
                                  });
    }

    TEST_CASE("template host: /run and /tmp are new, so that no host socket is visible") {
        for (const HostFacts& facts : {busy_facts(), busy_user_facts()}) {
            CAPTURE(facts.uid);
            const ContainerPlan plan = plan_of(host_domain(), facts);
            REQUIRE(mount_at(plan, "/run") != nullptr);
            REQUIRE(mount_at(plan, "/tmp") != nullptr);
            CHECK(mount_at(plan, "/run")->type == KernelFilesystem::tmpfs);
            CHECK(mount_at(plan, "/tmp")->options.front() == MountOption{"mode", "1777"});
        }
    }

    TEST_CASE("template host: read-only shows it without layers, under a sealed root") {
        Domain domain = small_domain();
        add_host_template(domain).access = Access::read_only;

        const ContainerPlan root = plan_of(domain, busy_facts());
        CHECK(root_texts(root)[1] == "bind /boot -> /boot (ro)");
        CHECK(count_actions<OverlayMount>(root) == 0);
        CHECK(has_action(root, SealRoot{}));

        HostFacts facts = busy_user_facts();
        facts.features.erase(KernelFeature::user_overlay);
        const ContainerPlan user = plan_of(domain, facts);
        CHECK(count_actions<OverlayMount>(user) == 0);
        CHECK(has_action(user, SealRoot{}));
    }

    TEST_CASE("template host: mounted files are shown, mounted namespaces are not") {
        HostFacts facts;
        facts.mounts = {
            {"/", "ext4"}, {"/etc/hosts", "ext4"}, {"/etc/ns", "nsfs"}, {"/etc/socket", "tmpfs"}};
        facts.root_entries.push_back({"/etc/hosts", FileKind::regular, {}, 0644});
        facts.root_entries.push_back({"/etc/ns", FileKind::regular, {}, 0444});
        facts.root_entries.push_back({"/etc/socket", FileKind::other, {}, 0444});
        const ContainerPlan plan = plan_of(host_domain(), facts);
        CHECK(root_texts(plan) ==
              std::vector<std::string>{"root-overlay /", "bind /etc/hosts -> /etc/hosts (ro)"});
    }

    TEST_CASE("template host: needs overlays where it uses them") {
        HostFacts facts = busy_user_facts();
        facts.features.erase(KernelFeature::user_overlay);
        CHECK(refusal_of(host_domain(), facts).code == ErrorCode::unsupported);
        facts = busy_user_facts();
        facts.root_entries.clear();
        CHECK(refusal_of(host_domain(), facts).code == ErrorCode::missing);
    }

    TEST_CASE("template host: is a root and no other") {
        Domain domain = rooted_domain();
        add_host_template(domain).target = "/host";
        CHECK(refusal_of(domain).code == ErrorCode::unsupported);
        domain = host_domain();
        std::get<Filesystem>(domain.devices.front().node).source = "debian";
        const Error error = refusal_of(domain);
        CHECK(error.code == ErrorCode::unsupported);
        CHECK(error.message.find("'debian'") != std::string::npos);
    }
}
