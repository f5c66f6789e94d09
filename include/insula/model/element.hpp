// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "insula/core/text_position.hpp"

namespace insula::inline v0 {

struct Attribute {
    std::string name{};
    std::string value{};

    friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// One node of a document as it was read, so that what the model does not know survives a round
/// trip.
///
/// Text nodes are kept where they mean something: white space between elements is not.
struct Element {
    enum class Kind : std::uint8_t { element, text, cdata, comment, processing_instruction };

    Kind kind = Kind::element;
    std::string
        name{};  ///< with prefix, as "lxc:namespace"; the target of a processing instruction
    std::string content{};  ///< of a text, CDATA section, comment or processing instruction
    std::vector<Attribute> attributes{};
    std::vector<Element> children{};  ///< nodes of every kind, in document order
    TextPosition at{};

    [[nodiscard]] const Attribute* find_attribute(std::string_view wanted) const noexcept {
        for (const Attribute& attribute : attributes)
            if (attribute.name == wanted) return &attribute;
        return nullptr;
    }
    /// The first child element called `wanted`.
    [[nodiscard]] const Element* find_child(std::string_view wanted) const noexcept {
        for (const Element& child : children)
            if (child.kind == Kind::element && child.name == wanted) return &child;
        return nullptr;
    }
    /// All text and CDATA directly below, joined.
    [[nodiscard]] std::string text() const {
        std::string out;
        for (const Element& child : children)
            if (child.kind == Kind::text || child.kind == Kind::cdata) out += child.content;
        return out;
    }

    friend bool operator==(const Element&, const Element&) = default;
};

}  // namespace insula::inline v0
