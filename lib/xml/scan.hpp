// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "insula/core/result.hpp"
#include "insula/model/parse.hpp"

namespace insula::inline v0::xml {

/// The deepest nesting that is read whatever `ParseLimits` allow: trees are walked by recursion.
inline constexpr std::uint32_t depth_ceiling = 1024;

/// The place of byte `offset` of `text`.
[[nodiscard]] TextPosition position_at(std::string_view text, std::size_t offset) noexcept;

/// Checks that `text` is one well-formed XML document in UTF-8 within `limits`, without a document
/// type and without any entity but XML's own. Allocates no more than the nesting and the attributes
/// of one element need. Fails with `malformed` at the place of the first fault.
///
/// The parser behind it is lenient: what passes here is all that it may be given.
[[nodiscard]] Result<void> scan(std::string_view text, const ParseLimits& limits);

/// `text` without a byte order mark.
[[nodiscard]] constexpr std::string_view without_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace insula::inline v0::xml
