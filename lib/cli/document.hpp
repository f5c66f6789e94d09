// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/reporter.hpp"
#include "insula/core/result.hpp"
#include "insula/plan/host_facts.hpp"
#include "insula/plan/plan_container.hpp"

namespace insula::cli {

/// Reads, validates and plans `file` for this host. All findings and the error are reported; empty
/// when there is no plan.
[[nodiscard]] std::optional<ContainerPlan> plan_file(const std::string& file,
                                                     const PlanOptions& options,
                                                     const Reporter& reporter);

}  // namespace insula::cli
