// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

[[nodiscard]] inline bool is_mapped(const std::vector<IdRange>& map, std::uint32_t inside) {
    for (const IdRange& range : map)
        if (inside >= range.start && inside - range.start < range.count) return true;
    return false;
}

/// The first range that the caller may not write himself; null for none.
///
/// Without CAP_SETUID or CAP_SETGID in the outer user namespace, the kernel accepts one line with
/// the caller's own id (user_namespaces(7), "Defining user and group ID mappings"). That no two
/// ranges have one target is for `validate`.
[[nodiscard]] inline const IdRange* find_foreign_range(const std::vector<IdRange>& map,
                                                       std::uint32_t own) {
    for (const IdRange& range : map)
        if (range.count != 1 || range.target != own) return &range;
    return nullptr;
}

[[nodiscard]] inline Error refused_range(const Draft& draft, const IdRange& range,
                                         const std::vector<IdRange>& map, std::string_view element,
                                         std::uint32_t own) {
    const auto number = std::to_string(&range - map.data() + 1);
    return unsupported("<" + std::string(element) + " start='" + std::to_string(range.start) +
                           "' target='" + std::to_string(range.target) + "' count='" +
                           std::to_string(range.count) + "'/> for an ordinary user",
                       range.at.known() ? range.at : draft.domain.id_map->at,
                       "/domain/idmap/" + std::string(element) + "[" + number + "]",
                       "without privileges exactly one id can be mapped, your own: target='" +
                           std::to_string(own) + "' count='1'");
}

[[nodiscard]] inline Result<void> adopt_id_map(Draft& draft) {
    const IdMap& map = *draft.domain.id_map;
    const HostFacts& facts = draft.facts;
    if (map.uids.empty() || map.gids.empty())
        return invalid("id map without any " + std::string(map.uids.empty() ? "<uid>" : "<gid>"),
                       map.at, "/domain/idmap");
    draft.plan.uid_map = map.uids;
    draft.plan.gid_map = map.gids;
    if (!facts.capabilities.contains(Capability::setuid))
        if (const IdRange* range = find_foreign_range(map.uids, facts.uid))
            return refused_range(draft, *range, map.uids, "uid", facts.uid);
    if (!facts.capabilities.contains(Capability::setgid)) {
        if (const IdRange* range = find_foreign_range(map.gids, facts.gid))
            return refused_range(draft, *range, map.gids, "gid", facts.gid);
        draft.supplementary = SupplementaryGroups::keep;
    }
    return {};
}

/// Maps the caller's own ids to the ones that init wants, because nothing else may be mapped.
inline void map_own_ids(Draft& draft) {
    const Os& os = draft.domain.os;
    const std::uint32_t user = numeric_id(os.init_user).value_or(0);
    const std::uint32_t group = numeric_id(os.init_group).value_or(0);
    draft.plan.uid_map = {{.start = user, .target = draft.facts.uid, .count = 1}};
    draft.plan.gid_map = {{.start = group, .target = draft.facts.gid, .count = 1}};
    draft.supplementary = SupplementaryGroups::keep;
    draft.warn(FindingCode::weaker,
               "runs in a user namespace with only your own ids: user " + std::to_string(user) +
                   " inside is " + std::to_string(draft.facts.uid) + " outside, group " +
                   std::to_string(group) + " is " + std::to_string(draft.facts.gid) +
                   ", and your supplementary groups stay",
               draft.domain.at, "/domain");
}

/// Refuses ids of init that have no place in the map, which the kernel would only notice at the
/// end.
[[nodiscard]] inline Result<void> check_init_id(Draft& draft, const std::vector<IdRange>& map,
                                                std::string_view what, const std::string& text,
                                                TextPosition at) {
    const std::optional<std::uint32_t> id = text.empty() ? 0U : numeric_id(text);
    const std::string path = "/domain/os/init" + std::string(what);
    if (!id) {
        if (draft.supplementary == SupplementaryGroups::keep && text != "root")
            draft.warn(FindingCode::conflict,
                       "init's " + std::string(what) + " " + in_quotes(text) +
                           " must turn out to be the one that is mapped",
                       at, path, "write it as a number");
        return {};
    }
    if (is_mapped(map, *id)) return {};
    return invalid(
        "init's " + std::string(what) + " " + std::to_string(*id) + " is not in the id map",
        at.known() ? at : (draft.domain.id_map ? draft.domain.id_map->at : at), path);
}

[[nodiscard]] inline Result<void> plan_user_namespace(Draft& draft) {
    const auto& id_map = draft.domain.id_map;
    const bool asked = id_map && !(id_map->uids.empty() && id_map->gids.empty());
    const bool privileged = draft.facts.capabilities.contains(Capability::sys_admin);
    if (!asked && privileged) return {};
    if (!draft.facts.features.contains(KernelFeature::user_namespace))
        return Error{.code = privileged ? ErrorCode::unsupported : ErrorCode::denied,
                     .message = asked ? "the id map needs a user namespace, and this host lets "
                                        "this user make none"
                                      : "without privileges a container needs a user namespace, "
                                        "and this host lets this user make none",
                     .path = asked ? "/domain/idmap" : "/domain",
                     .xml = asked ? id_map->at : draft.domain.at,
                     .hint = note_about(draft.facts, "user namespace")};
    draft.plan.namespaces.insert(Namespace::user);
    if (asked)
        INSULA_CHECK(adopt_id_map(draft));
    else
        map_own_ids(draft);
    const Os& os = draft.domain.os;
    INSULA_CHECK(check_init_id(draft, draft.plan.uid_map, "user", os.init_user, os.init_user_at));
    // A named user without a group gets the group that the container's own /etc/passwd says.
    if (os.init_group.empty() && !os.init_user.empty() && !numeric_id(os.init_user)) return {};
    return check_init_id(draft, draft.plan.gid_map, "group", os.init_group, os.init_group_at);
}

[[nodiscard]] inline Result<void> plan_namespaces(Draft& draft) {
    const Features& features = draft.domain.features;
    draft.plan.namespaces = {Namespace::mount, Namespace::pid, Namespace::uts, Namespace::ipc};
    if (features.private_network == SwitchState::on)
        draft.plan.namespaces.insert(Namespace::net);
    else
        draft.warn(FindingCode::weaker,
                   "shares the host's network, abstract sockets included: there is no <interface> "
                   "and no <privnet/>",
                   draft.domain.at, "/domain/features");
    return plan_user_namespace(draft);
}

}  // namespace insula::inline v0::detail::planner
