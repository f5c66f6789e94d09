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
    std::uint32_t depth = 64;
    std::uint32_t elements = 200'000;
    std::uint32_t attributes_per_element = 256;
};

/// Reads `text` as it is: fails with `malformed` when it is not well-formed XML, is over a limit,
/// or declares a document type (entities are never expanded beyond XML's five). Everything that is
/// well-formed but wrong is in `Domain::unread`. Defined in the library `insula-xml`.
[[nodiscard]] INSULA_API Result<Domain> read_domain(std::string_view text,
                                                    const ParseLimits& limits = {});

/// Reads `text`, and fails at the first thing that is wrong. Warnings stay in `Domain::unread`.
/// Defined in the library `insula-xml`.
[[nodiscard]] INSULA_API Result<Domain> parse_domain(std::string_view text,
                                                     const ParseLimits& limits = {});

/// `domain` as XML. What was read and not understood comes out where it was; what is typed comes
/// from the fields. Defined in the library `insula-xml`.
[[nodiscard]] INSULA_API std::string to_xml(const Domain& domain);

}  // namespace insula::inline v0
