// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "insula/core/spelling.hpp"
#include "insula/model/filesystem.hpp"
#include "insula/model/scaled_size.hpp"

namespace insula::inline v0::xml {

/// An attribute that says 'yes' or 'no'.
enum class YesNo : bool { no, yes };

}  // namespace insula::inline v0::xml

namespace insula::inline v0 {

template <>
inline constexpr std::array spellings<xml::YesNo>{
    Spelling<xml::YesNo>{xml::YesNo::no, "no"},
    Spelling<xml::YesNo>{xml::YesNo::yes, "yes"},
};

/// As the attribute "recursive" writes it.
template <>
inline constexpr std::array spellings<Recursion>{
    Spelling<Recursion>{Recursion::none, "no"},
    Spelling<Recursion>{Recursion::submounts, "yes"},
};

}  // namespace insula::inline v0

namespace insula::inline v0::xml {

/// Why a text could not be converted.
enum class Fault : std::uint8_t { none, unknown_word, not_a_number, out_of_range };

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// Converts between what the XML says and a field of the model: `decode` leaves the field alone
/// when it fails; `encode` gives "" for what is said by silence.
template <class T>
struct Codec;

template <>
struct Codec<std::string> {
    static Fault decode(std::string_view text, std::string& field) {
        field = text;
        return Fault::none;
    }
    static std::string encode(const std::string& field) { return field; }
};

template <class T>
    requires std::is_enum_v<T>
struct Codec<T> {
    static Fault decode(std::string_view text, T& field) {
        const auto found = find_spelling<T>(trimmed(text));
        if (!found) return Fault::unknown_word;
        field = *found;
        return Fault::none;
    }
    static std::string encode(T field) { return std::string(to_text(field)); }
};

template <std::integral T>
    requires(!std::same_as<T, bool>)
struct Codec<T> {
    static Fault decode(std::string_view text, T& field) {
        const std::string_view digits = trimmed(text);
        T value = 0;
        const auto [rest, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error == std::errc::result_out_of_range) return Fault::out_of_range;
        if (error != std::errc{} || rest != digits.data() + digits.size())
            return Fault::not_a_number;
        field = value;
        return Fault::none;
    }
    static std::string encode(T field) { return std::to_string(field); }
};

template <>
struct Codec<bool> {
    static Fault decode(std::string_view text, bool& field) {
        YesNo value = YesNo::no;
        const Fault fault = Codec<YesNo>::decode(text, value);
        if (fault == Fault::none) field = value == YesNo::yes;
        return fault;
    }
    static std::string encode(bool field) { return field ? "yes" : "no"; }
};

template <class T>
struct Codec<std::optional<T>> {
    static Fault decode(std::string_view text, std::optional<T>& field) {
        T value{};
        const Fault fault = Codec<T>::decode(text, value);
        if (fault == Fault::none) field = std::move(value);
        return fault;
    }
    static std::string encode(const std::optional<T>& field) {
        return field ? Codec<T>::encode(*field) : std::string{};
    }
};

/// The words that a field of type `T` may hold: for hints.
template <class T>
struct Words {
    static std::string_view nearest(std::string_view) { return {}; }
    static std::string all() { return {}; }
};

template <class T>
    requires std::is_enum_v<T>
struct Words<T> {
    static std::string_view nearest(std::string_view text) { return nearest_spelling<T>(text); }
    static std::string all() {
        std::string out;
        for (const auto& row : spellings<T>) {
            if (!out.empty()) out += ", ";
            out += row.text;
        }
        return out;
    }
};

template <>
struct Words<bool> : Words<YesNo> {};
template <class T>
struct Words<std::optional<T>> : Words<T> {};

}  // namespace insula::inline v0::xml
