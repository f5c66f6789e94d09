// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "insula/core/result.hpp"

namespace insula::cli {

/// Writes all of `text` to standard output. A full disk or a closed pipe is an error, not silence.
[[nodiscard]] Result<void> write_output(std::string_view text);

/// Writes `text` to standard error; there is nobody to tell when that fails.
void write_message(std::string_view text) noexcept;

}  // namespace insula::cli
