// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "insula/core/result.hpp"

namespace insula::cli {

/// The name of `file` in messages: "-" is standard input.
[[nodiscard]] std::string_view display_name(std::string_view file);

/// All of `file`, or of standard input for "-". Reads no more than a definition may have, plus one
/// byte, so that the reader refuses what is too large.
[[nodiscard]] Result<std::string> read_input(const std::string& file);

}  // namespace insula::cli
