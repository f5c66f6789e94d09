// SPDX-License-Identifier: Apache-2.0
#include "xml/document.hpp"
#include "xml/utf8.hpp"

namespace insula::inline v0::xml {

namespace {

using Kind = Element::Kind;

enum class Place : std::uint8_t { text, attribute, verbatim };

/// The reference that `c` needs at `place`, or "".
std::string_view reference(char c, Place place) noexcept {
    if (place == Place::verbatim) return {};
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '\r': return "&#13;";
        case '\'': return place == Place::attribute ? "&apos;" : "";
        case '\n': return place == Place::attribute ? "&#10;" : "";
        case '\t': return place == Place::attribute ? "&#9;" : "";
        default: return {};
    }
}

void append(std::string& out, std::string_view text, Place place) {
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Character character = first_character(text.substr(at));
        if (character.length == 0 || !is_xml_character(character.code)) {
            out += "\xEF\xBF\xBD";
            ++at;
            continue;
        }
        const std::string_view special = reference(text[at], place);
        if (!special.empty())
            out += special;
        else
            out += text.substr(at, character.length);
        at += character.length;
    }
}

/// `text` with `inside` put into every `token`, so that no end mark stands in it.
std::string broken(std::string_view text, std::string_view token, std::size_t split,
                   std::string_view inside) {
    std::string out;
    std::size_t start = 0;
    for (std::size_t at = text.find(token); at != std::string_view::npos;
         at = text.find(token, start)) {
        out += text.substr(start, at + split - start);
        out += inside;
        start = at + split;
    }
    out += text.substr(start);
    return out;
}

bool is_inline(const Element& element) noexcept {
    for (const Element& child : element.children)
        if (child.kind == Kind::text || child.kind == Kind::cdata) return true;
    return false;
}

class Formatter {
public:
    void node(const Element& element, std::size_t level, bool within_text) {
        if (!within_text) out_.append(2 * level, ' ');
        switch (element.kind) {
            case Kind::element: tag(element, level, within_text); break;
            case Kind::text: append(out_, element.content, Place::text); break;
            case Kind::cdata:
                out_ += "<![CDATA[";
                append(out_, broken(element.content, "]]>", 2, "]]><![CDATA["), Place::verbatim);
                out_ += "]]>";
                break;
            case Kind::comment: comment(element.content); break;
            case Kind::processing_instruction:
                out_ += "<?" + element.name;
                if (!element.content.empty()) out_ += ' ';
                append(out_, broken(element.content, "?>", 1, " "), Place::verbatim);
                out_ += "?>";
                break;
        }
        if (!within_text) out_ += '\n';
    }

    std::string take() { return std::move(out_); }

private:
    void comment(std::string_view content) {
        out_ += "<!--";
        append(out_, broken(content, "--", 1, " "), Place::verbatim);
        if (content.ends_with('-')) out_ += ' ';
        out_ += "-->";
    }

    void tag(const Element& element, std::size_t level, bool within_text) {
        out_ += '<';
        append(out_, element.name, Place::text);
        for (const Attribute& attribute : element.attributes) {
            out_ += ' ';
            append(out_, attribute.name, Place::text);
            out_ += "='";
            append(out_, attribute.value, Place::attribute);
            out_ += '\'';
        }
        if (element.children.empty()) {
            out_ += "/>";
            return;
        }
        out_ += '>';
        const bool on_one_line = within_text || is_inline(element);
        if (!on_one_line) out_ += '\n';
        for (const Element& child : element.children) node(child, level + 1, on_one_line);
        if (!on_one_line) out_.append(2 * level, ' ');
        out_ += "</";
        append(out_, element.name, Place::text);
        out_ += '>';
    }

    std::string out_{};
};

}  // namespace

std::string format_document(const Document& document) {
    Formatter formatter;
    for (const Element& node : document.prolog) formatter.node(node, 0, false);
    formatter.node(document.root, 0, false);
    for (const Element& node : document.epilog) formatter.node(node, 0, false);
    return formatter.take();
}

}  // namespace insula::inline v0::xml
