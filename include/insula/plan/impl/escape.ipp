// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace insula::inline v0::detail::escape {

/// One character of a text that should be UTF-8.
struct Character {
    std::uint32_t code = 0;  ///< a code point, or the byte itself where it is none
    std::size_t bytes = 1;
    bool valid = true;
};

/// The character that starts at `text[at]` (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] inline Character character_at(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    if (first < 0x80) return {.code = first};
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    const Character broken{.code = first, .bytes = 1, .valid = false};
    if (first < 0xC2 || first > 0xF4 || text.size() - at < bytes) return broken;
    std::uint32_t code = first & (0x7FU >> bytes);
    for (std::size_t i = 1; i != bytes; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80) return broken;
        code = (code << 6U) | (byte(at + i) & 0x3FU);
    }
    const bool overlong = code < (bytes == 2 ? 0x80U : bytes == 3 ? 0x800U : 0x10000U);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return broken;
    return {.code = code, .bytes = bytes};
}

/// Whether `code` moves, hides or reorders what a terminal shows around it.
[[nodiscard]] inline bool is_treacherous(std::uint32_t code) noexcept {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
           code == 0xFEFF || code == 0x061C;
}

inline void append_hexadecimal(std::string& out, std::uint32_t value, int digits) {
    constexpr std::string_view alphabet = "0123456789abcdef";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        out += alphabet[(value >> static_cast<unsigned>(shift)) & 0xFU];
}

/// What stands for bytes that are not UTF-8.
enum class BrokenByte : std::uint8_t {
    hexadecimal,  ///< \xNN, which JSON does not know
    replacement,  ///< U+FFFD
};

/// Appends `text` between double quotes, escaped as in JSON.
inline void append_quoted(std::string& out, std::string_view text, BrokenByte broken) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const Character c = character_at(text, i);
        if (!c.valid && broken == BrokenByte::hexadecimal) {
            out += "\\x";
            append_hexadecimal(out, c.code, 2);
        } else if (!c.valid) {
            out += "\xEF\xBF\xBD";
        } else if (c.code == '"' || c.code == '\\') {
            out += '\\';
            out += static_cast<char>(c.code);
        } else if (c.code == '\n') {
            out += "\\n";
        } else if (c.code == '\t') {
            out += "\\t";
        } else if (c.code == '\r') {
            out += "\\r";
        } else if (is_treacherous(c.code)) {
            out += "\\u";
            append_hexadecimal(out, c.code, 4);
        } else {
            out += text.substr(i, c.bytes);
        }
        i += c.bytes;
    }
    out += '"';
}

/// `text` as one word of a line: as it is where nothing in it could be taken for the end of the
/// word, else quoted. Different texts give different words, and none holds a control character.
[[nodiscard]] inline std::string word(std::string_view text, std::string_view also_quoted = {}) {
    bool plain = !text.empty() && text != "->";
    for (std::size_t i = 0; plain && i < text.size();) {
        const Character c = character_at(text, i);
        plain = c.valid && !is_treacherous(c.code) &&
                (c.code >= 0x80 ||
                 (std::string_view(" \"\\'()[]{},").find(text[i]) == std::string_view::npos &&
                  also_quoted.find(text[i]) == std::string_view::npos));
        i += c.bytes;
    }
    if (plain) return std::string(text);
    std::string out;
    append_quoted(out, text, BrokenByte::hexadecimal);
    return out;
}

}  // namespace insula::inline v0::detail::escape
