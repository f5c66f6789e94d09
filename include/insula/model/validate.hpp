// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "insula/model/domain.hpp"

namespace insula::inline v0 {

/// All that is wrong or doubtful in `domain`, those of the reader first. Reads nothing but its
/// argument: whether a source exists is for the host to say. A domain without findings of severity
/// `error` can be planned where the host allows it.
[[nodiscard]] std::vector<Finding> validate(const Domain& domain);

}  // namespace insula::inline v0

#include "insula/model/impl/validate.ipp"
