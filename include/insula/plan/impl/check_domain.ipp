// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// Refuses the limits of `<cputune>` and its like: a container that is planned without a limit it
/// asks for would be a weaker one.
[[nodiscard]] inline Result<void> check_tuning(const Draft& draft) {
    const Tuning& tuning = draft.domain.tuning;
    struct Row {
        bool asked;
        std::string_view element;
        std::string_view child;
        TextPosition at;
    };
    const Row rows[] = {
        {tuning.cpu_shares.has_value(), "cputune", "shares", tuning.cpu_at},
        {tuning.cpu_period.has_value(), "cputune", "period", tuning.cpu_at},
        {tuning.cpu_quota.has_value(), "cputune", "quota", tuning.cpu_at},
        {tuning.global_period.has_value(), "cputune", "global_period", tuning.cpu_at},
        {tuning.global_quota.has_value(), "cputune", "global_quota", tuning.cpu_at},
        {tuning.memory_hard_limit.has_value(), "memtune", "hard_limit", tuning.memory_at},
        {tuning.memory_soft_limit.has_value(), "memtune", "soft_limit", tuning.memory_at},
        {tuning.memory_swap_hard_limit.has_value(), "memtune", "swap_hard_limit", tuning.memory_at},
        {!tuning.numa_mode.empty() || !tuning.numa_nodeset.empty(), "numatune", "memory",
         tuning.numa_at},
        {tuning.block_weight.has_value(), "blkiotune", "weight", tuning.block_at},
    };
    const auto* const asked =
        std::find_if(std::begin(rows), std::end(rows), [](const Row& row) { return row.asked; });
    if (asked != std::end(rows)) {
        const std::string element(asked->element);
        const std::string child(asked->child);
        return unsupported("limit <" + child + "> of <" + element + ">", asked->at,
                           "/domain/" + element + "/" + child);
    }
    if (!tuning.block_devices.empty())
        return unsupported("limit for the device " +
                               in_quotes(tuning.block_devices.front().device) + " of <blkiotune>",
                           tuning.block_devices.front().at, "/domain/blkiotune/device[1]");
    return {};
}

/// The namespaces of other containers, which libvirt's own XML namespace can name.
[[nodiscard]] inline Result<void> check_shared_namespaces(const Draft& draft) {
    if (!draft.domain.shared_namespaces) return {};
    const SharedNamespaces& shared = *draft.domain.shared_namespaces;
    struct Row {
        const std::optional<SharedNamespace>& value;
        std::string_view name;
    };
    for (const Row& row :
         {Row{shared.net, "sharenet"}, Row{shared.ipc, "shareipc"}, Row{shared.uts, "shareuts"}}) {
        if (!row.value || row.value->source == NamespaceSource::none) continue;
        return unsupported("<lxc:" + std::string(row.name) + "> with " +
                               std::string(to_text(row.value->source)) + " " +
                               in_quotes(row.value->value),
                           row.value->at, "/domain/lxc:namespace/lxc:" + std::string(row.name));
    }
    return {};
}

/// A security label asks for confinement by SELinux or AppArmor. The model leaves it in the
/// document.
[[nodiscard]] inline Result<void> check_security_label(const Draft& draft) {
    for (const Element& child : draft.domain.source.children) {
        if (child.kind != Element::Kind::element || child.name != "seclabel") continue;
        const Attribute* type = child.find_attribute("type");
        const Attribute* model = child.find_attribute("model");
        if (type != nullptr && type->value == "none") continue;
        const std::string name = model != nullptr ? " of model " + in_quotes(model->value) : "";
        return unsupported("security label" + name, child.at, "/domain/seclabel");
    }
    return {};
}

[[nodiscard]] inline Result<void> check_partition(Draft& draft) {
    const std::string& partition = draft.domain.partition;
    if (partition.empty()) return {};
    const std::string path = "/domain/resource/partition";
    // libvirt writes its default, /machine, into every definition; any other one was made by
    // somebody who put limits on it.
    if (partition != "/machine")
        return unsupported("resource partition " + in_quotes(partition), draft.domain.at, path);
    draft.warn(FindingCode::not_enforced,
               "no control group is made, so the container is not in the partition '/machine'",
               draft.domain.at, path);
    return {};
}

/// Says what happens after the end of init where it is not what the definition asks for.
inline void warn_lifecycle(Draft& draft) {
    const Domain& domain = draft.domain;
    const auto warn = [&draft](std::string_view element, LifecycleAction action) {
        draft.warn(FindingCode::not_enforced,
                   "<" + std::string(element) + "> is " + in_quotes(to_text(action)) +
                       ", but nothing is done when the container has ended",
                   draft.domain.at, "/domain/" + std::string(element));
    };
    if (domain.on_poweroff != LifecycleAction::destroy) warn("on_poweroff", domain.on_poweroff);
    if (domain.on_reboot != LifecycleAction::destroy &&
        domain.on_reboot != LifecycleAction::restart)
        warn("on_reboot", domain.on_reboot);
    if (domain.on_crash != LifecycleAction::destroy) warn("on_crash", domain.on_crash);
}

inline void warn_not_enforced(Draft& draft) {
    const Domain& domain = draft.domain;
    if (domain.type != DomainType::lxc)
        draft.warn(FindingCode::ignored,
                   "domain type " + in_quotes(to_text(domain.type)) +
                       " makes no difference: the container is run as of type 'lxc'",
                   domain.at, "/domain/@type");
    if (domain.memory)
        draft.warn(FindingCode::not_enforced,
                   "the memory limit of " + std::to_string(domain.memory->value) + " " +
                       (domain.memory->unit.empty() ? "KiB" : domain.memory->unit) +
                       " is not enforced by this release",
                   domain.memory_at, "/domain/memory");
    draft.warn(FindingCode::not_enforced, "no seccomp filter is installed by this release",
               draft.extension.at, draft.domain.container ? "/domain/insula:container" : "/domain");
    warn_lifecycle(draft);
}

/// What the definition asks for beside devices, and what this release does not do of it.
[[nodiscard]] inline Result<void> check_domain(Draft& draft) {
    const Domain& domain = draft.domain;
    if (!domain.os.arch.empty() && domain.os.arch != draft.facts.arch)
        return unsupported("architecture " + in_quotes(domain.os.arch) + " on a host of " +
                               in_quotes(draft.facts.arch),
                           domain.os.type_at, "/domain/os/type/@arch");
    if (!domain.cpuset.empty())
        return unsupported("processor set " + in_quotes(domain.cpuset) + " of <vcpu>", domain.at,
                           "/domain/vcpu/@cpuset");
    INSULA_CHECK(check_tuning(draft));
    INSULA_CHECK(check_shared_namespaces(draft));
    INSULA_CHECK(check_security_label(draft));
    INSULA_CHECK(check_partition(draft));
    warn_not_enforced(draft);
    return {};
}

}  // namespace insula::inline v0::detail::planner
