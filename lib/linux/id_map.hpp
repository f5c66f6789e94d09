// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "insula/core/result.hpp"
#include "linux/kernel.hpp"
#include "linux/lower.hpp"

namespace insula::linux_ {

/// Writes the id maps of the new user namespace of the process `pid`, a child that has not been
/// reaped (user_namespaces(7)).
[[nodiscard]] Result<void> write_id_maps(Kernel& kernel, std::int32_t pid,
                                         const LoweredPlan& lowered);

}  // namespace insula::linux_
