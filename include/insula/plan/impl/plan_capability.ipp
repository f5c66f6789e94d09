// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// What one confined program gets: the set of the OCI runtimes without mknod, which libvirt never
/// leaves to a container.
[[nodiscard]] constexpr Capabilities app_capabilities() noexcept {
    using enum Capability;
    return {audit_write, chown,   dac_override, fowner,  fsetid, kill,      net_bind_service,
            net_raw,     setfcap, setgid,       setpcap, setuid, sys_chroot};
}

/// What a whole user space gets, as libvirt's driver gives it. sys_boot stays: reboot(2) inside a
/// pid namespace ends that namespace only.
[[nodiscard]] constexpr Capabilities system_capabilities() noexcept {
    using enum Capability;
    return all_capabilities() - Capabilities{sys_module, sys_time, mknod, audit_control, mac_admin};
}

[[nodiscard]] inline Capabilities base_capabilities(const Draft& draft) noexcept {
    switch (draft.domain.features.capability_policy) {
        case CapabilityPolicy::default_:
            return draft.extension.profile == Profile::system ? system_capabilities()
                                                              : app_capabilities();
        case CapabilityPolicy::allow: return all_capabilities();
        case CapabilityPolicy::deny: return {};
    }
    return {};
}

[[nodiscard]] inline std::string names_of(Capabilities capabilities) {
    std::string out;
    for (const auto& row : spellings<Capability>) {
        if (!capabilities.contains(row.value)) continue;
        if (!out.empty()) out += ", ";
        out += row.text;
    }
    return out;
}

/// Takes away what the caller does not have himself. In a new user namespace he has them all.
[[nodiscard]] inline Result<void> limit_to_caller(Draft& draft) {
    if (draft.has(Namespace::user)) return {};
    const Features& features = draft.domain.features;
    const Capabilities missing = draft.capabilities - draft.facts.capabilities;
    if (missing.empty()) return {};
    for (const CapabilityState& child : features.capabilities)
        if (child.state == SwitchState::on && missing.contains(child.capability))
            return Error{
                .code = ErrorCode::denied,
                .message = "capability " + in_quotes(to_text(child.capability)) +
                           " is not yours to give: you do not have it",
                .path = "/domain/features/capabilities/" + std::string(to_text(child.capability)),
                .xml = child.at};
    draft.capabilities = draft.capabilities & draft.facts.capabilities;
    draft.warn(FindingCode::not_enforced,
               "capabilities that you do not have yourself are left out: " + names_of(missing),
               features.capabilities_at, "/domain/features/capabilities");
    return {};
}

[[nodiscard]] inline bool is_root_user(std::string_view user) noexcept {
    return user.empty() || user == "root" || numeric_id(user) == 0U;
}

/// Says where the definition asks for a capability that init will not keep.
inline void warn_lost_capabilities(Draft& draft) {
    const Domain& domain = draft.domain;
    if (is_root_user(domain.os.init_user)) return;
    for (const CapabilityState& child : domain.features.capabilities) {
        if (child.state != SwitchState::on) continue;
        draft.warn(
            FindingCode::conflict,
            "init runs as user " + in_quotes(domain.os.init_user) + " and loses the capability " +
                in_quotes(to_text(child.capability)) + " when it is executed: only user 0 keeps it",
            child.at, "/domain/features/capabilities/" + std::string(to_text(child.capability)));
    }
}

/// The sets that init is left with; decided before the mounts, because CAP_SYS_ADMIN can undo
/// some of them.
[[nodiscard]] inline Result<void> choose_capabilities(Draft& draft) {
    draft.capabilities = base_capabilities(draft);
    for (const CapabilityState& child : draft.domain.features.capabilities) {
        if (child.state == SwitchState::on)
            draft.capabilities.insert(child.capability);
        else
            draft.capabilities.erase(child.capability);
    }
    INSULA_CHECK(limit_to_caller(draft));
    warn_lost_capabilities(draft);
    return {};
}

/// Says that a protection by mounts can be undone inside, where it can.
inline void warn_undoable(Draft& draft, std::string what, TextPosition at, std::string path) {
    if (!draft.capabilities.contains(Capability::sys_admin)) return;
    draft.warn(FindingCode::weaker,
               std::move(what) +
                   " can be undone inside: the container keeps the capability "
                   "'sys_admin'",
               at, std::move(path));
}

}  // namespace insula::inline v0::detail::planner
