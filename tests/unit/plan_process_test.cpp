// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan process") {
    TEST_CASE("process: rights are given up in this order, then init is executed") {
        Domain domain = rooted_domain();
        domain.os.init_dir = "/srv/job";
        domain.os.init_dir_at = {8, 5};
        domain.os.init_user = "nobody";
        domain.os.init_group = "+9";
        const ContainerPlan plan = plan_of(domain);
        std::vector<std::string> verbs;
        for (std::size_t i = place_of(plan, EnterRoot{}); i != plan.ops.size(); ++i) {
            const std::string text = to_text(plan.ops[i]);
            verbs.push_back(text.substr(0, text.find(' ')));
        }
        CHECK(verbs == std::vector<std::string>{"enter-root", "hostname", "identity",
                                                "capabilities", "chdir", "no-new-privs", "exec"});
        CHECK(*find_action<SetIdentity>(plan) == SetIdentity{.user = "nobody", .group = "+9"});
        const ChangeDirectory directory{{"/srv/job"}};
        REQUIRE(has_action(plan, directory));
        CHECK(plan.ops[place_of(plan, directory)].origin == TextPosition{8, 5});
        CHECK(plan.ops[place_of(plan, directory)].path == "/domain/os/initdir");
    }

    TEST_CASE("process: by default it is user 0 in '/'") {
        const ContainerPlan plan = plan_of(rooted_domain());
        CHECK(*find_action<SetIdentity>(plan) == SetIdentity{});
        CHECK(has_action(plan, ChangeDirectory{{"/"}}));
        CHECK(plan.ops[place_of(plan, SetIdentity{})].path.empty());
    }

    TEST_CASE("process: ids that look like numbers and are none are refused") {
        for (const char* text : {"4294967295", "99999999999", "+", "+12a", "+-1"}) {
            CAPTURE(text);
            Domain domain = rooted_domain();
            domain.os.init_user = text;
            CHECK(refusal_of(domain).path == "/domain/os/inituser");
            domain.os.init_user.clear();
            domain.os.init_group = text;
            CHECK(refusal_of(domain).path == "/domain/os/initgroup");
        }
        Domain domain = rooted_domain();
        domain.os.init_user = "12a";
        domain.os.init_group = "4294967294";
        CHECK(try_to_plan(domain, {}).has_value());
    }

    TEST_CASE("process: the host name is the name, as far as it can be one") {
        const std::string long_name(70, 'x');
        const std::pair<std::string, std::string> rows[] = {
            {"box", "box"},      {"My Box_1.local", "MyBox1local"},    {"--a-b-", "a-b-"},
            {"_-", "localhost"}, {long_name, long_name.substr(0, 64)}, {"caf\xC3\xA9", "caf"},
        };
        for (const auto& [name, hostname] : rows) {
            CAPTURE(name);
            Domain domain = rooted_domain();
            domain.name = name;
            const ContainerPlan plan = plan_of(domain);
            CHECK(has_action(plan, SetHostname{hostname}));
            CHECK((find_finding(plan, FindingCode::ignored, "/domain/name") != nullptr) ==
                  (hostname == "localhost"));
        }
    }

    TEST_CASE("process: argv is init and its arguments, or those of the caller") {
        Domain domain = rooted_domain();
        domain.os.init_args = {"-c", "echo hi"};
        const ContainerPlan own = plan_of(domain);
        CHECK(find_action<ExecInit>(own)->argv ==
              std::vector<std::string>{"/bin/sh", "-c", "echo hi"});
        CHECK(find_action<ExecInit>(own)->path.text == "/bin/sh");
        const ContainerPlan given =
            plan_of(domain, {}, {.init_args = std::vector<std::string>{"-x"}});
        CHECK(find_action<ExecInit>(given)->argv == std::vector<std::string>{"/bin/sh", "-x"});
        const ContainerPlan none = plan_of(domain, {}, {.init_args = std::vector<std::string>{}});
        CHECK(find_action<ExecInit>(none)->argv == std::vector<std::string>{"/bin/sh"});
    }

    TEST_CASE("process: the environment is exactly this, in this order") {
        Domain domain = rooted_domain();
        domain.uuid = "4DEA22B31D52d8f32516782e98ab3fa0";
        domain.os.cmdline = "quiet splash";
        domain.os.init_env = {{"A", "1", {}}, {"B", "2", {}}};
        const ContainerPlan plan = plan_of(domain);
        CHECK(find_action<ExecInit>(plan)->environment ==
              std::vector<EnvironmentVariable>{
                  {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                  {"TERM", "linux"},
                  {"HOME", "/"},
                  {"container", "lxc-libvirt"},
                  {"container_uuid", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"},
                  {"LIBVIRT_LXC_NAME", "box"},
                  {"LIBVIRT_LXC_UUID", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"},
                  {"LIBVIRT_LXC_CMDLINE", "quiet splash"},
                  {"A", "1"},
                  {"B", "2"}});
        CHECK(plan.uuid == "4dea22b3-1d52-d8f3-2516-782e98ab3fa0");
    }

    TEST_CASE("process: what is not in the definition is not in the environment") {
        Domain domain = rooted_domain();
        domain.uuid.clear();
        const ContainerPlan plan = plan_of(domain);
        CHECK(plan.uuid.empty());
        for (const EnvironmentVariable& variable : find_action<ExecInit>(plan)->environment) {
            CHECK(variable.name != "container_uuid");
            CHECK(variable.name != "LIBVIRT_LXC_UUID");
            CHECK(variable.name != "LIBVIRT_LXC_CMDLINE");
        }
    }

    TEST_CASE("process: an <initenv> replaces an earlier value in its place") {
        Domain domain = rooted_domain();
        domain.os.init_env = {{"A", "1", {}}, {"PATH", "/bin", {}}, {"A", "3", {}}};
        const ContainerPlan plan = plan_of(domain);
        const auto& environment = find_action<ExecInit>(plan)->environment;
        REQUIRE(environment.size() == 8);
        CHECK(environment.front() == EnvironmentVariable{"PATH", "/bin"});
        CHECK(environment.back() == EnvironmentVariable{"A", "3"});
    }

    TEST_CASE("process: the reaper is chosen by the definition") {
        Domain domain = rooted_domain();
        CHECK(find_action<ExecInit>(plan_of(domain))->mode == InitMode::exec);
        domain.container = ContainerExtension{.init_mode = InitMode::reaper};
        const ContainerPlan plan = plan_of(domain);
        CHECK(find_action<ExecInit>(plan)->mode == InitMode::reaper);
        CHECK(plan.ops.back().phase == Phase::exec);
        CHECK(plan.ops.back().origin == TextPosition{7, 5});
    }

    TEST_CASE("process: no_new_privs follows the profile unless it is said") {
        struct Row {
            Profile profile;
            std::optional<SwitchState> said;
            bool expected;
            std::optional<FindingCode> finding;
        };
        const Row rows[] = {
            {Profile::app, std::nullopt, true, std::nullopt},
            {Profile::app, SwitchState::on, true, std::nullopt},
            {Profile::app, SwitchState::off, false, FindingCode::weaker},
            {Profile::system, std::nullopt, false, std::nullopt},
            {Profile::system, SwitchState::on, true, FindingCode::conflict},
            {Profile::system, SwitchState::off, false, std::nullopt},
        };
        for (const Row& row : rows) {
            CAPTURE(to_text(row.profile));
            Domain domain = rooted_domain();
            domain.container = ContainerExtension{.profile = row.profile, .no_new_privs = row.said};
            const ContainerPlan plan = plan_of(domain);
            CHECK(has_action(plan, SetNoNewPrivs{}) == row.expected);
            const std::string path = "/domain/insula:container/insula:no_new_privs";
            for (const FindingCode code : {FindingCode::weaker, FindingCode::conflict})
                CHECK((find_finding(plan, code, path) != nullptr) == (row.finding == code));
        }
    }

    TEST_CASE("process: a known init of a whole system is told which profile it needs") {
        for (const char* init : {"/sbin/init", "/lib/systemd/systemd", "/sbin/openrc-init"}) {
            CAPTURE(init);
            Domain domain = rooted_domain();
            domain.os.init = init;
            CHECK(find_finding(plan_of(domain), FindingCode::conflict, "/domain/os/init") !=
                  nullptr);
            domain.container = ContainerExtension{.profile = Profile::system};
            CHECK(find_finding(plan_of(domain), FindingCode::conflict, "/domain/os/init") ==
                  nullptr);
        }
        CHECK(find_finding(plan_of(rooted_domain()), FindingCode::conflict, "/domain/os/init") ==
              nullptr);
    }
}

TEST_SUITE("plan capability") {
    using enum Capability;

    TEST_CASE("capabilities: profile and policy choose, children adjust") {
        const Capabilities app{audit_write,      chown,   dac_override, fowner, fsetid,  kill,
                               net_bind_service, net_raw, setfcap,      setgid, setpcap, setuid,
                               sys_chroot};
        const Capabilities system =
            all_capabilities() -
            Capabilities{sys_module, sys_time, Capability::mknod, audit_control, mac_admin};
        struct Row {
            Profile profile;
            CapabilityPolicy policy;
            std::vector<CapabilityState> children;
            Capabilities expected;
        };
        const Row rows[] = {
            {Profile::app, CapabilityPolicy::default_, {}, app},
            {Profile::system, CapabilityPolicy::default_, {}, system},
            {Profile::app, CapabilityPolicy::allow, {}, all_capabilities()},
            {Profile::app, CapabilityPolicy::deny, {}, {}},
            {Profile::app,
             CapabilityPolicy::default_,
             {{Capability::mknod, SwitchState::on, {}}, {net_raw, SwitchState::off, {}}},
             (app | Capabilities{Capability::mknod}) - Capabilities{net_raw}},
            {Profile::app, CapabilityPolicy::deny, {{sys_time, SwitchState::on, {}}}, {sys_time}},
            {Profile::system,
             CapabilityPolicy::allow,
             {{sys_time, SwitchState::off, {}}},
             all_capabilities() - Capabilities{sys_time}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.expected.bits());
            Domain domain = rooted_domain();
            domain.container = ContainerExtension{.profile = row.profile};
            domain.features.capability_policy = row.policy;
            domain.features.capabilities = row.children;
            const ContainerPlan plan = plan_of(domain);
            CHECK(*find_action<SetCapabilities>(plan) ==
                  SetCapabilities{.bounding = row.expected, .permitted = row.expected});
        }
    }

    TEST_CASE("capabilities: nobody gives what he does not have") {
        HostFacts facts;
        facts.capabilities.erase(sys_resource);
        Domain domain = rooted_domain();
        domain.features.capability_policy = CapabilityPolicy::allow;
        const ContainerPlan plan = plan_of(domain, facts);
        CHECK_FALSE(find_action<SetCapabilities>(plan)->permitted.contains(sys_resource));
        CHECK_FALSE(find_action<SetCapabilities>(plan)->bounding.contains(sys_resource));
        CHECK(find_finding(plan, FindingCode::not_enforced, "/domain/features/capabilities") !=
              nullptr);

        domain.features.capabilities = {{sys_resource, SwitchState::on, {12, 7}}};
        const Error error = refusal_of(domain, facts);
        CHECK(error.code == ErrorCode::denied);
        CHECK(error.xml == TextPosition{12, 7});
        // A new user namespace gives all of them to its first process.
        CHECK(plan_of(domain, user_facts()).namespaces.contains(Namespace::user));
    }

    TEST_CASE("capabilities: those that another user loses are said") {
        Domain domain = rooted_domain();
        domain.features.capabilities = {{net_admin, SwitchState::on, {}},
                                        {chown, SwitchState::off, {}}};
        const char* path = "/domain/features/capabilities/net_admin";
        for (const char* user : {"", "0", "+0", "root"}) {
            domain.os.init_user = user;
            CHECK(find_finding(plan_of(domain), FindingCode::conflict, path) == nullptr);
        }
        domain.os.init_user = "nobody";
        const ContainerPlan plan = plan_of(domain);
        CHECK(find_finding(plan, FindingCode::conflict, path) != nullptr);
        CHECK(find_finding(plan, FindingCode::conflict, "/domain/features/capabilities/chown") ==
              nullptr);
    }

    TEST_CASE("capabilities: with sys_admin each protection by mounts carries a finding") {
        Domain domain = small_domain();
        add_root(domain).access = Access::read_only;
        add_filesystem(domain, {.source = "/a", .target = "/a", .access = Access::read_only});
        add_filesystem(domain, {.source = "/b", .target = "/b"});
        domain.container =
            ContainerExtension{.masked_paths = {{{"/m"}, {}}}, .read_only_paths = {{{"/r"}, {}}}};
        const auto count = [&] {
            std::size_t found = 0;
            for (const Finding& finding : plan_of(domain).findings)
                if (finding.message.find("can be undone inside") != std::string::npos) ++found;
            return found;
        };
        CHECK(count() == 0);
        domain.features.capabilities = {{sys_admin, SwitchState::on, {}}};
        CHECK(count() == 5);
    }
}
