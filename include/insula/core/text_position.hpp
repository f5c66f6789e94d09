// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace insula::inline v0 {

/// A place in a document. Lines and columns count from 1, columns in bytes; line 0 means "not from
/// a document".
struct TextPosition {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    [[nodiscard]] constexpr bool known() const noexcept { return line != 0; }
    friend constexpr bool operator==(TextPosition, TextPosition) noexcept = default;
};

}  // namespace insula::inline v0
