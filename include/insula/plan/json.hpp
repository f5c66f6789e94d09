// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "insula/model/finding.hpp"
#include "insula/plan/container_plan.hpp"
#include "insula/plan/host_facts.hpp"

namespace insula::inline v0 {

/// `plan` as JSON (RFC 8259, UTF-8, two-space indent, final line feed), with origins and findings.
/// The schema is docs/reference/plan.schema.json. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json(const ContainerPlan& plan);

/// `findings` as a JSON array of objects, one per finding, each with the member "file".
[[nodiscard]] std::string to_json(const std::vector<Finding>& findings, std::string_view file);

/// `facts` as JSON.
[[nodiscard]] std::string to_json(const HostFacts& facts);

}  // namespace insula::inline v0

#include "insula/plan/impl/json.ipp"
