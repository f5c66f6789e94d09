// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "insula/plan/container_plan.hpp"

namespace insula::inline v0 {

/// One op in one line, as "bind /srv/data -> /data (ro, nosuid)": the verb, then the operands.
/// Strings with white space, quotes or control characters are quoted and escaped as in JSON.
/// Documented in docs/reference/plan_text.md; golden files hold it.
[[nodiscard]] std::string to_text(const Op& op);

/// The whole plan, one line per op, stable from run to run: equal plans print equally, and
/// different ones differently.
[[nodiscard]] std::string to_text(const ContainerPlan& plan);

/// The plan as a tree for people: namespaces, what is mounted where, then the process.
[[nodiscard]] std::string to_tree(const ContainerPlan& plan);

}  // namespace insula::inline v0

#include "insula/plan/impl/text.ipp"
