// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "insula/plan/impl/check_device.ipp"
#include "insula/plan/impl/check_domain.ipp"
#include "insula/plan/impl/plan_builtin.ipp"
#include "insula/plan/impl/plan_capability.ipp"
#include "insula/plan/impl/plan_draft.ipp"
#include "insula/plan/impl/plan_filesystem.ipp"
#include "insula/plan/impl/plan_kernel_path.ipp"
#include "insula/plan/impl/plan_namespace.ipp"
#include "insula/plan/impl/plan_process.ipp"
#include "insula/plan/impl/plan_root.ipp"

namespace insula::inline v0 {

namespace detail::planner {

/// Takes over the warnings of `validate`; its first error is the answer.
[[nodiscard]] inline Result<void> adopt_findings(Draft& draft) {
    draft.plan.findings = validate(draft.domain);
    if (const Finding* finding = find_error(draft.plan.findings)) return to_error(*finding);
    draft.known.reserve(draft.plan.findings.size());
    for (const Finding& finding : draft.plan.findings)
        draft.known.emplace_back(finding.code, finding.path);
    std::sort(draft.known.begin(), draft.known.end());
    return {};
}

/// The canonical form of a UUID: lower case, with dashes. As written where it is none.
[[nodiscard]] inline std::string canonical_uuid(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == '-') continue;
        const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        const bool hexadecimal = (lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f');
        if (!hexadecimal) return std::string(text);
        digits += lower;
    }
    if (digits.size() != 32) return std::string(text);
    for (const std::size_t dash : {20U, 16U, 12U, 8U}) digits.insert(dash, 1, '-');
    return digits;
}

}  // namespace detail::planner

inline Result<ContainerPlan> plan_container(const Domain& domain, const HostFacts& facts,
                                            const PlanOptions& options) {
    using namespace detail::planner;  // NOLINT(google-build-using-namespace): function scope
    if (!is_container(domain))
        return Error{.code = ErrorCode::unsupported,
                     .message = "os type " + in_quotes(to_text(domain.os.type)) +
                                " is a virtual machine, which this release does not run",
                     .path = "/domain/os/type",
                     .xml = domain.os.type_at,
                     .hint = "a container has <os><type>exe</type>"};
    const ContainerExtension defaults{};
    Draft draft{.domain = domain,
                .facts = facts,
                .options = options,
                .extension = domain.container ? *domain.container : defaults};
    draft.plan.name = domain.name;
    draft.plan.uuid = canonical_uuid(domain.uuid);
    draft.plan.ops.reserve(64 + domain.devices.size());

    INSULA_CHECK(adopt_findings(draft));
    INSULA_CHECK(check_domain(draft));
    INSULA_CHECK(check_devices(draft));
    INSULA_CHECK(plan_namespaces(draft));
    INSULA_CHECK(choose_capabilities(draft));
    INSULA_CHECK(plan_root(draft));
    plan_builtin_mounts(draft);
    INSULA_CHECK(plan_filesystems(draft));
    plan_kernel_paths(draft);
    plan_entry(draft);
    INSULA_CHECK(plan_process(draft));
    INSULA_CHECK(validate(draft.plan));
    return std::move(draft.plan);
}

}  // namespace insula::inline v0
