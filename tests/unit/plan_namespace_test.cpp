// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan namespace") {
    constexpr Namespaces always{Namespace::mount, Namespace::pid, Namespace::uts, Namespace::ipc};

    Domain mapped_domain(std::vector<IdRange> uids, std::vector<IdRange> gids) {
        Domain domain = rooted_domain();
        domain.id_map = IdMap{.uids = std::move(uids), .gids = std::move(gids), .at = {8, 3}};
        return domain;
    }

    TEST_CASE("namespaces: mount, pid, uts and ipc are always new, the network is the host's") {
        const ContainerPlan plan = plan_of(rooted_domain());
        CHECK(plan.namespaces == always);
        CHECK(plan.uid_map.empty());
        CHECK_FALSE(has_action(plan, RaiseLoopback{}));
        CHECK(find_finding(plan, FindingCode::weaker, "/domain/features") != nullptr);
    }

    TEST_CASE("namespaces: <privnet/> brings a network with lo up") {
        Domain domain = rooted_domain();
        domain.features.private_network = SwitchState::on;
        domain.features.private_network_at = {9, 5};
        const ContainerPlan plan = plan_of(domain);
        CHECK(plan.namespaces == (always | Namespaces{Namespace::net}));
        REQUIRE(has_action(plan, RaiseLoopback{}));
        CHECK(plan.ops[place_of(plan, RaiseLoopback{})].origin == TextPosition{9, 5});
        CHECK(place_of(plan, RaiseLoopback{}) > place_of(plan, EnterRoot{}));
        CHECK(find_finding(plan, FindingCode::weaker, "/domain/features") == nullptr);
    }

    TEST_CASE("user namespace: comes with an id map") {
        const std::vector<IdRange> map{{0, 100000, 65536}};
        const ContainerPlan plan = plan_of(mapped_domain(map, map));
        CHECK(plan.namespaces == (always | Namespaces{Namespace::user}));
        CHECK(plan.uid_map == map);
        CHECK(plan.gid_map == map);
        CHECK(find_action<SetIdentity>(plan)->supplementary == SupplementaryGroups::of_user);
    }

    TEST_CASE("user namespace: an ordinary user gets one with his own ids, and is told") {
        const ContainerPlan plan = plan_of(rooted_domain(), user_facts());
        CHECK(plan.namespaces == (always | Namespaces{Namespace::user}));
        CHECK(plan.uid_map == std::vector<IdRange>{{0, user_id, 1}});
        CHECK(plan.gid_map == std::vector<IdRange>{{0, user_id, 1}});
        CHECK(find_action<SetIdentity>(plan)->supplementary == SupplementaryGroups::keep);
        CHECK(find_finding(plan, FindingCode::weaker, "/domain") != nullptr);
    }

    TEST_CASE("user namespace: an ordinary user's map follows the numbers that init wants") {
        Domain domain = rooted_domain();
        domain.os.init_user = "33";
        domain.os.init_group = "+34";
        const ContainerPlan plan = plan_of(domain, user_facts());
        CHECK(plan.uid_map == std::vector<IdRange>{{33, user_id, 1}});
        CHECK(plan.gid_map == std::vector<IdRange>{{34, user_id, 1}});
        CHECK(
            *find_action<SetIdentity>(plan) ==
            SetIdentity{.user = "33", .group = "+34", .supplementary = SupplementaryGroups::keep});

        domain.os.init_user = "www-data";
        domain.os.init_group.clear();
        const ContainerPlan named = plan_of(domain, user_facts());
        CHECK(named.uid_map == std::vector<IdRange>{{0, user_id, 1}});
        CHECK(find_finding(named, FindingCode::conflict, "/domain/os/inituser") != nullptr);
    }

    TEST_CASE("user namespace: an ordinary user may map exactly his own id") {
        const std::vector<IdRange> own{{0, user_id, 1}};
        const ContainerPlan plan = plan_of(mapped_domain(own, own), user_facts());
        CHECK(plan.uid_map == own);
        CHECK(find_action<SetIdentity>(plan)->supplementary == SupplementaryGroups::keep);

        struct Row {
            std::vector<IdRange> uids;
            std::vector<IdRange> gids;
            std::string_view path;
            TextPosition at;
        };
        const Row rows[] = {
            {{{0, 5, 1, {20, 5}}}, own, "/domain/idmap/uid[1]", {20, 5}},
            {{{0, user_id, 2, {21, 5}}}, own, "/domain/idmap/uid[1]", {21, 5}},
            {{own[0], {1, 100000, 65536, {22, 5}}}, own, "/domain/idmap/uid[2]", {22, 5}},
            {own, {{0, 7, 1, {23, 5}}}, "/domain/idmap/gid[1]", {23, 5}},
            {own, {{0, 7, 1}}, "/domain/idmap/gid[1]", {8, 3}},
            {own, {own[0], {1, 100000, 1, {24, 5}}}, "/domain/idmap/gid[2]", {24, 5}},
            {{own[0], {1, user_id + 1, 1, {25, 5}}}, own, "/domain/idmap/uid[2]", {25, 5}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.path);
            const Error error = refusal_of(mapped_domain(row.uids, row.gids), user_facts());
            CHECK(error.code == ErrorCode::unsupported);
            CHECK(error.path == row.path);
            CHECK(error.xml == row.at);
        }
    }

    TEST_CASE("user namespace: where none can be made the reason is passed on") {
        HostFacts facts = user_facts();
        facts.features.erase(KernelFeature::user_namespace);
        facts.notes = {"something else", "user namespaces are disabled by sysctl x"};
        const Error denied = refusal_of(rooted_domain(), facts);
        CHECK(denied.code == ErrorCode::denied);
        CHECK(denied.hint == facts.notes[1]);

        facts.capabilities = all_capabilities();
        CHECK(plan_of(rooted_domain(), facts).uid_map.empty());
        const std::vector<IdRange> map{{0, 100000, 65536}};
        const Error error = refusal_of(mapped_domain(map, map), facts);
        CHECK(error.code == ErrorCode::unsupported);
        CHECK(error.xml == TextPosition{8, 3});
    }

    TEST_CASE("user namespace: numbers of init that are not mapped are refused before the start") {
        const std::vector<IdRange> map{{0, 100000, 1000}};
        struct Row {
            std::string user;
            std::string group;
            std::string_view path;  ///< "" means it is planned
        };
        const Row rows[] = {
            {"999", "", ""},
            {"1000", "", "/domain/os/inituser"},
            {"", "1000", "/domain/os/initgroup"},
            {"+5", "+999", ""},
            {"www-data", "", ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.user);
            CAPTURE(row.group);
            Domain domain = mapped_domain(map, map);
            domain.os.init_user = row.user;
            domain.os.init_group = row.group;
            const auto plan = try_to_plan(domain, {});
            CHECK(plan.has_value() == row.path.empty());
            if (plan) continue;
            CHECK(plan.error().path == row.path);
        }
    }

    TEST_CASE("user namespace: /sys is the host's where the network is") {
        Domain domain = rooted_domain();
        const BindMount host_sys{.source = {"/sys"},
                                 .target = {"/sys"},
                                 .recursion = Recursion::submounts,
                                 .access = Access::read_only,
                                 .flags = {MountFlag::nosuid, MountFlag::nodev, MountFlag::noexec}};
        const ContainerPlan shared = plan_of(domain, user_facts());
        CHECK(has_action(shared, host_sys));
        CHECK(mount_at(shared, "/sys") == nullptr);
        CHECK(place_of(shared, MaskPath{{"/sys/fs/cgroup"}}) == place_of(shared, host_sys) + 1);

        domain.features.private_network = SwitchState::on;
        const ContainerPlan own = plan_of(domain, user_facts());
        CHECK_FALSE(has_action(own, host_sys));
        CHECK_FALSE(has_action(own, MaskPath{{"/sys/fs/cgroup"}}));
        REQUIRE(mount_at(own, "/sys") != nullptr);
        CHECK(mount_at(own, "/sys")->access == Access::read_only);
    }
}
