// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "insula/core/export.hpp"
#include "insula/core/result.hpp"
#include "insula/model/domain.hpp"

namespace insula::inline v0 {

/// What a document may cost; checked before it can hurt.
struct ParseLimits {
    std::uint32_t bytes = 16U << 20;
    std::uint32_t depth = 64;            ///< never more than 1024 is read
    std::uint32_t elements = 200'000;    ///< comments, CDATA sections and instructions included
    std::uint32_t attributes = 400'000;  ///< of all elements together
    std::uint32_t attributes_per_element = 256;
};

/// Reads `text` as it is: fails with `malformed` when it is not well-formed XML, is over a limit,
/// or declares a document type (entities are never expanded beyond XML's five), and with `invalid`
/// when its root is not `<domain>` in no namespace. Everything else that is well-formed but wrong
/// is in `Domain::unread`. Defined in the library `insula-xml`.
[[nodiscard]] INSULA_API Result<Domain> read_domain(std::string_view text,
                                                    const ParseLimits& limits = {});

/// Reads `text`, and fails at the first thing that is wrong. Warnings stay in `Domain::unread`.
/// Defined in the library `insula-xml`.
[[nodiscard]] INSULA_API Result<Domain> parse_domain(std::string_view text,
                                                     const ParseLimits& limits = {});

/// `domain` as XML. What was read and not understood comes out where it was; what is typed comes
/// from the fields, and stays spelled as it was where it means the same. A domain that was read and
/// not changed has the same elements, attributes, texts and comments in the same order. Defined in
/// the library `insula-xml`.
[[nodiscard]] INSULA_API std::string to_xml(const Domain& domain);

}  // namespace insula::inline v0
