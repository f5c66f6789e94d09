// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace insula::inline v0 {

/// The release of these headers, as in the changelog and the pkg-config files.
inline constexpr std::string_view version = "0.1.0";

}  // namespace insula::inline v0
