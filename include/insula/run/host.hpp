// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/core/export.hpp"
#include "insula/core/result.hpp"
#include "insula/plan/host_facts.hpp"

namespace insula::inline v0 {

/// Finds out what this kernel, user and host can do. Changes nothing that outlives the call; takes
/// about a millisecond.
[[nodiscard]] INSULA_API Result<HostFacts> probe_host();

}  // namespace insula::inline v0
