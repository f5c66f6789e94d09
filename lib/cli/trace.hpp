// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "insula/plan/container_plan.hpp"
#include "insula/run/runtime.hpp"

namespace insula::cli {

/// One line per step that ran: its duration, itself, and the error where it failed.
[[nodiscard]] std::string trace_text(const ContainerPlan& plan,
                                     const std::vector<TraceEvent>& events);

}  // namespace insula::cli
