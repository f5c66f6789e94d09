// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "insula/core/result.hpp"
#include "insula/model/element.hpp"
#include "insula/model/parse.hpp"

namespace insula::inline v0::xml {

/// A whole document: its root, and the comments and processing instructions around it.
struct Document {
    std::vector<Element> prolog{};
    Element root{};
    std::vector<Element> epilog{};
};

/// Reads `text`; see `scan` for what is refused.
[[nodiscard]] Result<Document> parse_document(std::string_view text, const ParseLimits& limits);

/// The document as text: two spaces per level, attributes in single quotes, a final line feed.
/// Elements with text in them stand as they are. Characters that XML cannot hold come out as
/// U+FFFD.
[[nodiscard]] std::string format_document(const Document& document);

}  // namespace insula::inline v0::xml
