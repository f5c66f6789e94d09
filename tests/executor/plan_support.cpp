// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <doctest/doctest.h>

#include "executor/run_program.hpp"
#include "insula/plan/plan_container.hpp"

namespace insula::test {

namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "web:x:33:33:web:/var/www:/bin/sh\n";
constexpr std::string_view group =
    "root:x:0:\n"
    "tty:x:5:\n"
    "web:x:33:\n"
    "media:x:44:nobody,web\n"
    "log:x:45:web\n"
    "webs:x:46:webs\n";

/// A root tree with a program, a user database and places to mount on.
void put_root(const NodePtr& at) {
    auto shell = make_file("ELF");
    shell->mode = 0755;
    put(at, "/bin/sh", shell);
    put(at, "/etc/passwd", make_file(std::string(passwd)));
    put(at, "/etc/group", make_file(std::string(group)));
    for (const char* directory : {"/dev", "/proc", "/sys", "/srv", "/data"}) put(at, directory);
}

[[nodiscard]] Domain base_domain() {
    Domain domain;
    domain.name = "box";
    domain.name_at = {2, 3};
    domain.memory = ScaledSize{.value = 1, .unit = "GiB"};
    domain.os.init = "/bin/sh";
    domain.os.init_at = {5, 5};
    return domain;
}

void add(Domain& domain, Filesystem filesystem) {
    const auto line = static_cast<std::uint32_t>(10 + 4 * domain.devices.size());
    filesystem.at = {line, 5};
    filesystem.path =
        "/domain/devices/filesystem[" + std::to_string(domain.devices.size() + 1) + "]";
    domain.devices.push_back({.node = std::move(filesystem)});
}

[[nodiscard]] ContainerPlan plan(const Domain& domain, const HostFacts& facts) {
    auto made = plan_container(domain, facts);
    REQUIRE_MESSAGE(made.has_value(), (made ? std::string() : made.error().message));
    return std::move(made).value();
}

}  // namespace

NodePtr make_host() {
    auto host = std::make_shared<Node>();
    put_root(host);
    put_root(put(host, "/srv/root"));
    put(host, "/srv/data/file", make_file("data"));
    put(host, "/srv/config", make_file("config"));
    put(host, "/srv/root/mnt");
    put(host, "/usr/bin");
    put(host, "/home/user");
    put(host, "/lib", make_link("usr/lib"));
    for (const char* file : {"null", "zero", "full", "random", "urandom", "tty"})
        put(host, std::string("/dev/") + file, make_device(1, 3));
    put(host, "/sys/fs/cgroup");
    return host;
}

FakeCalls make_calls(unsigned passed_fds) {
    FakeCalls calls(passed_fds);
    calls.host = make_host();
    for (const char* directory : {"acpi", "bus", "fs", "irq", "sys/kernel", "self/fd"})
        put(calls.proc, directory);
    for (const char* file : {"kcore", "keys", "sysrq-trigger", "timer_list"})
        put(calls.proc, file, make_file(""));
    for (const char* directory : {"firmware", "fs/cgroup", "kernel"}) put(calls.sysfs, directory);
    return calls;
}

ContainerPlan plan_of(std::vector<Action> before_entry, std::vector<Action> after_entry) {
    ContainerPlan plan;
    const auto push = [&plan](Phase phase, Action action) {
        const auto line = static_cast<std::uint32_t>(plan.ops.size() + 1);
        plan.ops.push_back({.phase = phase, .action = std::move(action), .origin = {line, 1}});
    };
    push(Phase::setup, BindRoot{.source = {"/srv/root"}});
    for (Action& action : before_entry) push(Phase::setup, std::move(action));
    push(Phase::setup, EnterRoot{});
    for (Action& action : after_entry) push(Phase::confine, std::move(action));
    push(Phase::exec, ExecInit{.path = {"/bin/sh"}, .argv = {"/bin/sh"}});
    return plan;
}

ContainerPlan typical_plan() {
    Domain domain = base_domain();
    domain.os.init_args = {"-c", "true"};
    domain.os.init_env = {{"GREETING", "hello", {}}};
    domain.os.init_user = "web";
    domain.os.init_group = "media";
    domain.os.init_dir = "/srv";
    domain.os.init_user_at = {6, 5};
    domain.os.init_group_at = {7, 5};
    domain.os.init_dir_at = {8, 5};
    domain.features.private_network = SwitchState::on;
    add(domain, {.source = "/srv/root", .target = "/", .access = Access::read_only});
    add(domain, {.source = "/srv/data", .target = "/new/place", .access = Access::read_only});
    add(domain, {.source = "/srv/config", .target = "/etc/app/config"});
    add(domain, {.type = FilesystemType::ram,
                 .usage = ScaledSize{.value = 64, .unit = "MiB"},
                 .target = "/scratch"});
    add(domain, {.type = FilesystemType::bind, .source = "/etc", .target = "/data"});
    return plan(domain, {});
}

ContainerPlan layered_plan() {
    Domain domain = base_domain();
    add(domain, {.type = FilesystemType::template_, .source = "host", .target = "/"});
    HostFacts facts;
    facts.mounts.push_back({"/home/user", "ext4"});
    return plan(domain, facts);
}

ContainerPlan rootless_plan() {
    Domain domain = base_domain();
    domain.container = ContainerExtension{.init_mode = InitMode::reaper};
    add(domain, {.type = FilesystemType::template_, .source = "host", .target = "/"});
    add(domain, {.source = "/srv/data", .target = "/srv/data"});
    HostFacts facts;
    facts.uid = 1000;
    facts.gid = 1000;
    facts.capabilities = {};
    facts.root_entries = {{"/bin", FileKind::directory, {}, 0755},
                          {"/etc", FileKind::directory, {}, 0755},
                          {"/lib", FileKind::symlink, "usr/lib", 0777},
                          {"/srv", FileKind::directory, {}, 0755}};
    return plan(domain, facts);
}

}  // namespace insula::test
