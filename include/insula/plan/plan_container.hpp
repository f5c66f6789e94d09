// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "insula/core/result.hpp"
#include "insula/model/domain.hpp"
#include "insula/plan/container_plan.hpp"
#include "insula/plan/host_facts.hpp"

namespace insula::inline v0 {

/// What a caller may set beside the definition.
struct PlanOptions {
    /// argv[1] and on, in place of `<initarg>`.
    std::optional<std::vector<std::string>> init_args{};
};

/// Plans the container described by `domain` for the host described by `facts`.
///
/// Reads nothing but its arguments. Ops come out in the order they must run. Fails with the first
/// error that `validate` finds, and with `unsupported` when this release, or the host, lacks
/// something that the domain requires, rather than planning a weaker container. What differs from
/// what a reader of the definition would expect is in `ContainerPlan::findings`.
[[nodiscard]] Result<ContainerPlan> plan_container(const Domain& domain, const HostFacts& facts,
                                                   const PlanOptions& options = {});

}  // namespace insula::inline v0

#include "insula/plan/impl/plan_container.ipp"
