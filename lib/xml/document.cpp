// SPDX-License-Identifier: Apache-2.0
#include "xml/document.hpp"

#include <algorithm>
#include <cstring>

#include <pugixml.hpp>

#include "xml/scan.hpp"

namespace insula::inline v0::xml {

namespace {

/// Turns ascending byte offsets into places, reading the text once.
class PositionCursor {
public:
    explicit PositionCursor(std::string_view text) noexcept : text_(text) {}

    TextPosition at(std::size_t offset) noexcept {
        offset = std::min(offset, text_.size());
        while (offset_ < offset) {
            const void* feed = std::memchr(text_.data() + offset_, '\n', offset - offset_);
            if (feed == nullptr) break;
            line_start_ =
                static_cast<std::size_t>(static_cast<const char*>(feed) - text_.data()) + 1;
            offset_ = line_start_;
            ++line_;
        }
        offset_ = std::max(offset_, offset);
        const std::size_t column = offset >= line_start_ ? offset - line_start_ : 0;
        return {.line = line_, .column = static_cast<std::uint32_t>(column) + 1};
    }

private:
    std::string_view text_;
    std::size_t offset_ = 0;
    std::size_t line_start_ = 0;
    std::uint32_t line_ = 1;
};

bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Whether white space between the nodes of `node` is layout: it holds elements or comments, and no
/// other text.
bool is_laid_out(pugi::xml_node node) {
    bool has_nodes = false;
    for (const pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_cdata) return false;
        if (child.type() != pugi::node_pcdata)
            has_nodes = true;
        else if (!is_blank(child.value()))
            return false;
    }
    return has_nodes;
}

class Builder {
public:
    Builder(std::string_view text, std::size_t shift) : cursor_(text), shift_(shift) {}

    Element build(pugi::xml_node node) {
        Element element;
        switch (node.type()) {
            case pugi::node_pcdata: element.kind = Element::Kind::text; break;
            case pugi::node_cdata: element.kind = Element::Kind::cdata; break;
            case pugi::node_comment: element.kind = Element::Kind::comment; break;
            case pugi::node_pi: element.kind = Element::Kind::processing_instruction; break;
            case pugi::node_element:
            case pugi::node_null:
            case pugi::node_document:
            case pugi::node_declaration:
            case pugi::node_doctype: break;
        }
        element.at = cursor_.at(markup_start(node));
        element.name = node.name();
        if (element.kind != Element::Kind::element) {
            element.content = node.value();
            return element;
        }
        fill(node, element);
        return element;
    }

private:
    /// pugixml tells where a name or a value starts; the node starts at its '<'.
    [[nodiscard]] std::size_t markup_start(pugi::xml_node node) const {
        const std::ptrdiff_t offset = node.offset_debug();
        if (offset < 0) return shift_;
        std::size_t opening = 0;
        if (node.type() == pugi::node_element) opening = 1;
        if (node.type() == pugi::node_pi) opening = 2;
        if (node.type() == pugi::node_comment) opening = 4;
        if (node.type() == pugi::node_cdata) opening = 9;
        const std::size_t at = static_cast<std::size_t>(offset) + shift_;
        return at >= opening ? at - opening : 0;
    }

    void fill(pugi::xml_node node, Element& element) {
        const auto attributes = node.attributes();
        element.attributes.reserve(
            static_cast<std::size_t>(std::distance(attributes.begin(), attributes.end())));
        for (const pugi::xml_attribute attribute : attributes)
            element.attributes.push_back({.name = attribute.name(), .value = attribute.value()});
        if (!node.first_child()) return;
        const bool laid_out = is_laid_out(node);
        const auto wanted = [&](pugi::xml_node child) {
            return !laid_out || child.type() != pugi::node_pcdata;
        };
        const auto children = node.children();
        element.children.reserve(
            static_cast<std::size_t>(std::count_if(children.begin(), children.end(), wanted)));
        for (const pugi::xml_node child : children)
            if (wanted(child)) element.children.push_back(build(child));
    }

    PositionCursor cursor_;
    std::size_t shift_;
};

}  // namespace

Result<Document> parse_document(std::string_view text, const ParseLimits& limits) {
    INSULA_CHECK(scan(text, limits));
    const std::string_view body = without_mark(text);
    pugi::xml_document parsed;
    const pugi::xml_parse_result outcome = parsed.load_buffer(
        body.data(), body.size(),
        pugi::parse_cdata | pugi::parse_comments | pugi::parse_pi | pugi::parse_escapes |
            pugi::parse_eol | pugi::parse_wconv_attribute | pugi::parse_ws_pcdata,
        pugi::encoding_utf8);
    const std::size_t shift = text.size() - body.size();
    if (!outcome)
        return Error{.code = ErrorCode::malformed,
                     .message = std::string("not well-formed: ") + outcome.description(),
                     .xml = position_at(text, static_cast<std::size_t>(outcome.offset) + shift)};
    Builder builder(text, shift);
    Document document;
    bool past_root = false;
    for (const pugi::xml_node node : parsed.children()) {
        if (node.type() == pugi::node_element) {
            document.root = builder.build(node);
            past_root = true;
        } else if (node.type() != pugi::node_pcdata) {
            (past_root ? document.epilog : document.prolog).push_back(builder.build(node));
        }
    }
    return document;
}

}  // namespace insula::inline v0::xml
