// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace insula::inline v0 { inline std::vector<Finding> validate(const Domain& d) { return d.unread; } }
