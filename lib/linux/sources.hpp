// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "insula/plan/container_plan.hpp"
#include "linux/kernel.hpp"
#include "linux/lower.hpp"

namespace insula::linux_ {

/// Clones the mounts `requests[first]` and on, at most a batch: detached, private, with their
/// attributes. Whatever names a path of the host is opened here, by the caller, before the
/// container can see anything.
[[nodiscard]] Result<std::vector<HeldFd>> take_sources(Kernel& kernel, const ContainerPlan& plan,
                                                       const std::vector<SourceRequest>& requests,
                                                       std::size_t first);

}  // namespace insula::linux_
