// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "insula/plan/impl/plan_capability.ipp"
#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// The host name that a container called `name` gets, as libvirt's driver makes it: letters,
/// digits and '-', not first. At most 64 bytes, because the kernel takes no more.
[[nodiscard]] inline std::string hostname_of(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if ((letter || digit || (c == '-' && !out.empty())) && out.size() < 64) out += c;
    }
    return out;
}

inline void plan_hostname(Draft& draft) {
    std::string hostname = hostname_of(draft.domain.name);
    if (hostname.empty()) {
        hostname = "localhost";
        draft.warn(FindingCode::ignored,
                   "the name " + in_quotes(draft.domain.name) +
                       " holds nothing that a host name can: the host name is 'localhost'",
                   draft.domain.name_at, "/domain/name");
    }
    draft.confine(SetHostname{std::move(hostname)}, draft.domain.name_at, "/domain/name");
}

/// Leaves the host's tree behind, then sets up what belongs to the new namespaces.
inline void plan_entry(Draft& draft) {
    if (draft.root != nullptr && draft.root->access == Access::read_only)
        draft.set_up(SealRoot{}, draft.root->at, draft.root->path);
    draft.set_up(EnterRoot{});
    plan_hostname(draft);
    if (draft.has(Namespace::net))
        draft.confine(RaiseLoopback{}, draft.domain.features.private_network_at,
                      "/domain/features/privnet");
}

/// Refuses what looks like a number and is none, before something else takes it for a name.
[[nodiscard]] inline Result<void> check_id_text(std::string_view text, std::string_view what,
                                                TextPosition at) {
    const bool number = text.starts_with('+') ||
                        (!text.empty() && text.find_first_not_of("0123456789") == text.npos);
    if (!number || numeric_id(text)) return {};
    return invalid("init's " + std::string(what) + " " + in_quotes(text) + " is not an id", at,
                   "/domain/os/init" + std::string(what));
}

/// Identity first, then capabilities, because changing the user needs some of them; the directory
/// after both, so that init's own rights decide whether it may be there.
[[nodiscard]] inline Result<void> plan_rights(Draft& draft) {
    const Os& os = draft.domain.os;
    const Features& features = draft.domain.features;
    const auto path_if = [](bool written, std::string_view path) {
        return std::string(written ? path : "");
    };
    INSULA_CHECK(check_id_text(os.init_user, "user", os.init_user_at));
    INSULA_CHECK(check_id_text(os.init_group, "group", os.init_group_at));
    draft.confine(SetIdentity{.user = os.init_user.empty() ? "+0" : os.init_user,
                              .group = os.init_group,
                              .supplementary = draft.supplementary},
                  os.init_user_at, path_if(!os.init_user.empty(), "/domain/os/inituser"));
    const bool written =
        features.capability_policy != CapabilityPolicy::default_ || !features.capabilities.empty();
    draft.confine(SetCapabilities{.bounding = draft.capabilities,
                                  .permitted = draft.capabilities,
                                  .inheritable = {},
                                  .ambient = {}},
                  features.capabilities_at, path_if(written, "/domain/features/capabilities"));
    draft.confine(ChangeDirectory{{os.init_dir.empty() ? "/" : os.init_dir}}, os.init_dir_at,
                  path_if(!os.init_dir.empty(), "/domain/os/initdir"));
    return {};
}

inline void plan_no_new_privs(Draft& draft) {
    const ContainerExtension& extension = draft.extension;
    const bool system = extension.profile == Profile::system;
    const SwitchState state =
        extension.no_new_privs.value_or(system ? SwitchState::off : SwitchState::on);
    const std::string path = "/domain/insula:container/insula:no_new_privs";
    if (state == SwitchState::on) {
        if (extension.no_new_privs)
            draft.confine(SetNoNewPrivs{}, extension.at, path);
        else
            draft.confine(SetNoNewPrivs{});
        if (system)
            draft.warn(FindingCode::conflict,
                       "no_new_privs with the profile 'system': su, sudo and file capabilities do "
                       "not work inside",
                       extension.at, path);
    } else if (!system) {
        draft.warn(FindingCode::weaker,
                   "programs inside can gain privileges by set-user-ID: no_new_privs is off",
                   extension.at, path);
    }
}

/// What init finds in its environment. A name appears once: an `<initenv>` replaces the value of an
/// earlier one in place, so that a definition can override what every container gets.
[[nodiscard]] inline std::vector<EnvironmentVariable> environment_of(const Domain& domain,
                                                                     const std::string& uuid) {
    std::vector<EnvironmentVariable> out;
    out.reserve(8 + domain.os.init_env.size());
    out = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
           {"TERM", "linux"},
           {"HOME", "/"},
           {"container", "lxc-libvirt"}};
    if (!uuid.empty()) out.push_back({"container_uuid", uuid});
    out.push_back({"LIBVIRT_LXC_NAME", domain.name});
    if (!uuid.empty()) out.push_back({"LIBVIRT_LXC_UUID", uuid});
    if (!domain.os.cmdline.empty()) out.push_back({"LIBVIRT_LXC_CMDLINE", domain.os.cmdline});
    if (domain.os.init_env.empty()) return out;

    std::unordered_map<std::string, std::size_t> place_of;
    for (std::size_t i = 0; i != out.size(); ++i) place_of.emplace(out[i].name, i);
    for (const InitVariable& variable : domain.os.init_env) {
        const auto [place, added] = place_of.emplace(variable.name, out.size());
        if (added)
            out.push_back({variable.name, variable.value});
        else
            out[place->second].value = variable.value;
    }
    return out;
}

/// Says that an init which runs a whole user space wants the profile made for it.
inline void warn_known_init(Draft& draft) {
    const Os& os = draft.domain.os;
    if (draft.extension.profile == Profile::system) return;
    const std::string_view name = std::string_view(os.init).substr(os.init.rfind('/') + 1);
    const bool known = name == "systemd" || name == "openrc-init" || os.init == "/sbin/init" ||
                       os.init == "/usr/sbin/init" || os.init == "/bin/init";
    if (!known) return;
    draft.warn(
        FindingCode::conflict,
        in_quotes(os.init) + " runs a whole user space, which the profile 'app' does not allow",
        os.init_at, "/domain/os/init", "needs <insula:container profile='system'>");
}

[[nodiscard]] inline Result<void> plan_process(Draft& draft) {
    const Os& os = draft.domain.os;
    INSULA_CHECK(plan_rights(draft));
    plan_no_new_privs(draft);
    warn_known_init(draft);
    const std::vector<std::string>& arguments =
        draft.options.init_args ? *draft.options.init_args : os.init_args;
    std::vector<std::string> argv;
    argv.reserve(1 + arguments.size());
    argv.push_back(os.init);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    draft.add(Phase::exec,
              ExecInit{.path = {os.init},
                       .argv = std::move(argv),
                       .environment = environment_of(draft.domain, draft.plan.uuid),
                       .mode = draft.extension.init_mode},
              os.init_at, "/domain/os/init");
    return {};
}

}  // namespace insula::inline v0::detail::planner
