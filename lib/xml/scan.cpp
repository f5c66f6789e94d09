// SPDX-License-Identifier: Apache-2.0
#include "xml/scan.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "xml/utf8.hpp"

namespace insula::inline v0::xml {

namespace {

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
constexpr bool starts_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool continues_name(char c) noexcept {
    return starts_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/// For messages: as much of `name` as a reader needs.
std::string quoted(std::string_view name) {
    constexpr std::size_t longest = 60;
    const bool cut = name.size() > longest;
    return "'" + std::string(name.substr(0, longest)) + (cut ? "…'" : "'");
}

bool same_word(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        };
        return lower(a) == lower(b);
    });
}

class Scanner {
public:
    Scanner(std::string_view text, const ParseLimits& limits) : text_(text), limits_(limits) {}

    Result<void> document() {
        INSULA_CHECK(characters());
        at_ = text_.size() - without_mark(text_).size();
        INSULA_CHECK(declaration());
        while (at_ < text_.size()) INSULA_CHECK(outside_or_inside());
        if (!open_.empty())
            return fail(text_.size(), "the document ends inside <" +
                                          std::string(open_.back().name) + ">, opened at line " +
                                          std::to_string(position_at(text_, open_.back().at).line));
        if (!root_seen_) return fail(text_.size(), "the document has no root element");
        return {};
    }

private:
    struct Open {
        std::string_view name;
        std::size_t at;
    };

    [[nodiscard]] Error fail(std::size_t at, std::string message, std::string hint = {}) const {
        return Error{.code = ErrorCode::malformed,
                     .message = std::move(message),
                     .xml = position_at(text_, at),
                     .hint = std::move(hint)};
    }

    [[nodiscard]] bool sees(std::string_view token) const noexcept {
        return text_.substr(at_).starts_with(token);
    }
    void skip_space() noexcept {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    std::string_view name() noexcept {
        const std::size_t start = at_;
        if (at_ < text_.size() && starts_name(text_[at_]))
            while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
        return text_.substr(start, at_ - start);
    }

    Result<void> characters() const {
        if (text_.size() > limits_.bytes)
            return fail(0, "the document has " + std::to_string(text_.size()) +
                               " bytes, more than the limit of " + std::to_string(limits_.bytes));
        if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF") ||
            text_.starts_with(std::string_view("<\0", 2)) ||
            text_.starts_with(std::string_view("\0<", 2)))
            return fail(0, "the document is in UTF-16; only UTF-8 is read",
                        "convert it: iconv -f UTF-16 -t UTF-8");
        for (std::size_t at = 0; at < text_.size();) {
            const auto byte = static_cast<unsigned char>(text_[at]);
            if (byte >= 0x20 && byte < 0x80) {
                ++at;
                continue;
            }
            const Utf8Character character = first_character(text_.substr(at));
            if (character.length == 0) return fail(at, "the document is not valid UTF-8");
            if (!is_xml_character(character.code))
                return fail(
                    at, "character " + std::to_string(character.code) + " is not allowed in XML");
            at += character.length;
        }
        return {};
    }

    Result<void> declaration() {
        if (!sees("<?xml") || at_ + 5 >= text_.size() || !is_space(text_[at_ + 5])) return {};
        const std::size_t start = at_;
        const std::size_t end = text_.find("?>", at_);
        if (end == std::string_view::npos) return fail(start, "the XML declaration has no end");
        at_ += 5;
        for (skip_space(); at_ < end; skip_space()) {
            const std::size_t attribute_at = at_;
            const std::string_view attribute = name();
            std::string_view value;
            INSULA_CHECK(attribute_value(value));
            if (attribute == "encoding" && !same_word(value, "UTF-8") &&
                !same_word(value, "US-ASCII") && !same_word(value, "ASCII"))
                return fail(attribute_at, "encoding " + quoted(value) + " is not read",
                            "convert the document to UTF-8");
            if (attribute == "version" && !value.starts_with("1."))
                return fail(attribute_at, "XML version " + quoted(value) + " is not known");
            if (attribute != "encoding" && attribute != "version" && attribute != "standalone")
                return fail(attribute_at, "the XML declaration is not understood");
        }
        at_ = end + 2;
        return {};
    }

    Result<void> outside_or_inside() {
        if (text_[at_] != '<') return character_data();
        if (sees("<!--")) return comment();
        if (sees("<![CDATA[")) return cdata();
        if (sees("<!DOCTYPE"))
            return fail(at_, "a document type (<!DOCTYPE>) is not read",
                        "entities are never expanded here; delete the declaration");
        if (sees("<?")) return processing_instruction();
        if (sees("</")) return end_tag();
        return start_tag();
    }

    Result<void> character_data() {
        const std::size_t start = at_;
        const std::size_t end = std::min(text_.find('<', at_), text_.size());
        if (open_.empty()) {
            skip_space();
            if (at_ < end) return fail(at_, "text outside of the root element");
            return {};
        }
        const std::size_t fault = text_.substr(start, end - start).find("]]>");
        if (fault != std::string_view::npos)
            return fail(start + fault, "']]>' in text", "write ']]&gt;'");
        INSULA_CHECK(references(start, end));
        at_ = end;
        return {};
    }

    /// Every '&' between `start` and `end` begins a reference that means one character.
    Result<void> references(std::size_t start, std::size_t end) const {
        const std::string_view part = text_.substr(start, end - start);
        for (std::size_t at = part.find('&'); at != std::string_view::npos;
             at = part.find('&', at + 1)) {
            const std::size_t stop = part.find(';', at);
            if (stop == std::string_view::npos)
                return fail(start + at, "'&' begins no reference", "write '&amp;'");
            const std::string_view body = part.substr(at + 1, stop - at - 1);
            if (body.starts_with('#')) {
                if (!is_character_reference(body.substr(1)))
                    return fail(start + at, quoted("&" + std::string(body) + ";") +
                                                " stands for no character that XML allows");
            } else if (body != "lt" && body != "gt" && body != "amp" && body != "apos" &&
                       body != "quot") {
                return fail(start + at, "entity " + quoted(body) + " is not declared",
                            "only &lt; &gt; &amp; &apos; &quot; and numbers are known; a lone "
                            "'&' is written '&amp;'");
            }
        }
        return {};
    }

    static bool is_character_reference(std::string_view digits) {
        const bool hexadecimal = digits.starts_with('x');
        if (hexadecimal) digits.remove_prefix(1);
        std::uint32_t code = 0;
        const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(),
                                                   code, hexadecimal ? 16 : 10);
        return error == std::errc{} && rest == digits.data() + digits.size() &&
               is_xml_character(code);
    }

    Result<void> count_node(std::size_t at) {
        if (++nodes_ > limits_.elements)
            return fail(at, "the document has more than " + std::to_string(limits_.elements) +
                                " elements, comments and sections");
        return {};
    }

    Result<void> comment() {
        const std::size_t start = at_;
        INSULA_CHECK(count_node(start));
        const std::size_t hyphens = text_.find("--", at_ + 4);
        if (hyphens == std::string_view::npos) return fail(start, "the comment has no end");
        at_ = hyphens;
        if (!sees("-->")) return fail(hyphens, "'--' inside a comment");
        at_ += 3;
        return {};
    }

    Result<void> cdata() {
        if (open_.empty()) return fail(at_, "text outside of the root element");
        INSULA_CHECK(count_node(at_));
        const std::size_t end = text_.find("]]>", at_);
        if (end == std::string_view::npos) return fail(at_, "the CDATA section has no end");
        at_ = end + 3;
        return {};
    }

    Result<void> processing_instruction() {
        const std::size_t start = at_;
        INSULA_CHECK(count_node(start));
        at_ += 2;
        const std::string_view target = name();
        if (target.empty()) return fail(start, "'<?' begins no processing instruction");
        if (same_word(target, "xml"))
            return fail(start, "an XML declaration stands only at the very start");
        if (at_ < text_.size() && !is_space(text_[at_]) && !sees("?>"))
            return fail(start, "'<?' begins no processing instruction");
        const std::size_t end = text_.find("?>", at_);
        if (end == std::string_view::npos)
            return fail(start, "the processing instruction has no end");
        at_ = end + 2;
        return {};
    }

    Result<void> start_tag() {
        const std::size_t start = at_++;
        const std::string_view tag = name();
        if (tag.empty()) return fail(start, "'<' begins no element", "write '&lt;'");
        if (open_.empty() && root_seen_)
            return fail(start, "a second root element, <" + std::string(tag) + ">");
        root_seen_ = true;
        INSULA_CHECK(count_node(start));
        const std::uint32_t depth = std::min(limits_.depth, depth_ceiling);
        if (open_.size() >= depth)
            return fail(start, "elements are nested deeper than " + std::to_string(depth));
        bool closed = false;
        INSULA_CHECK(attributes(start, tag, closed));
        if (!closed) open_.push_back({tag, start});
        return {};
    }

    /// Up to and including '>' or '/>'.
    Result<void> attributes(std::size_t start, std::string_view tag, bool& closed) {
        for (names_.clear();;) {
            const std::size_t before = at_;
            skip_space();
            closed = sees("/>");
            if (closed || sees(">")) {
                at_ += closed ? 2 : 1;
                return {};
            }
            const std::size_t attribute_at = at_;
            const std::string_view attribute = name();
            if (attribute.empty() || attribute_at == before)
                return fail(at_ < text_.size() ? attribute_at : start,
                            "the tag <" + std::string(tag) + "> is not closed by '>'");
            if (std::ranges::find(names_, attribute) != names_.end())
                return fail(attribute_at, "attribute " + quoted(attribute) + " is given twice");
            names_.push_back(attribute);
            INSULA_CHECK(count_attribute(attribute_at));
            std::string_view value;
            INSULA_CHECK(attribute_value(value));
        }
    }

    Result<void> count_attribute(std::size_t at) {
        if (names_.size() > limits_.attributes_per_element)
            return fail(at, "an element has more than " +
                                std::to_string(limits_.attributes_per_element) + " attributes");
        if (++attributes_ > limits_.attributes)
            return fail(at, "the document has more than " + std::to_string(limits_.attributes) +
                                " attributes");
        return {};
    }

    Result<void> attribute_value(std::string_view& value) {
        skip_space();
        if (!sees("=")) return fail(at_, "an attribute needs '=' and a value");
        ++at_;
        skip_space();
        if (!sees("'") && !sees("\"")) return fail(at_, "an attribute value needs quotes");
        const std::size_t start = at_ + 1;
        const std::size_t end = text_.find(text_[at_], start);
        if (end == std::string_view::npos) return fail(at_, "the attribute value has no end");
        value = text_.substr(start, end - start);
        const std::size_t fault = value.find('<');
        if (fault != std::string_view::npos)
            return fail(start + fault, "'<' in an attribute value",
                        "write '&lt;', or close the quotes before");
        INSULA_CHECK(references(start, end));
        at_ = end + 1;
        return {};
    }

    Result<void> end_tag() {
        const std::size_t start = at_;
        at_ += 2;
        const std::string_view tag = name();
        skip_space();
        if (tag.empty() || !sees(">")) return fail(start, "'</' begins no end tag");
        ++at_;
        if (open_.empty())
            return fail(start, "</" + std::string(tag) + "> closes nothing that is open");
        if (open_.back().name != tag)
            return fail(start, "</" + std::string(tag) + "> where <" +
                                   std::string(open_.back().name) + ">, opened at line " +
                                   std::to_string(position_at(text_, open_.back().at).line) +
                                   ", has to be closed first");
        open_.pop_back();
        return {};
    }

    std::string_view text_;
    const ParseLimits& limits_;
    std::size_t at_ = 0;
    std::uint64_t nodes_ = 0;
    std::uint64_t attributes_ = 0;
    bool root_seen_ = false;
    std::vector<Open> open_{};
    std::vector<std::string_view> names_{};
};

}  // namespace

TextPosition position_at(std::string_view text, std::size_t offset) noexcept {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto lines = static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {.line = lines + 1,
            .column = static_cast<std::uint32_t>(before.size() - line_start) + 1};
}

Result<void> scan(std::string_view text, const ParseLimits& limits) {
    return Scanner(text, limits).document();
}

}  // namespace insula::inline v0::xml
