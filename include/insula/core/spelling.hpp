// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace insula::inline v0 {

/// How one enumerator is written in XML, plans and messages.
template <class Enum>
struct Spelling {
    Enum value;
    std::string_view text;
};

/// The spellings of `Enum`: specialised beside each enumeration that is read or printed, one row
/// per enumerator.
template <class Enum>
inline constexpr std::array<Spelling<Enum>, 0> spellings{};

/// The text of `value`, or "" for a value that is no enumerator.
template <class Enum>
[[nodiscard]] constexpr std::string_view to_text(Enum value) noexcept {
    for (const auto& row : spellings<Enum>)
        if (row.value == value) return row.text;
    return {};
}

/// The enumerator that is written exactly `text`.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> find_spelling(std::string_view text) noexcept {
    for (const auto& row : spellings<Enum>)
        if (row.text == text) return row.value;
    return std::nullopt;
}

/// The number of single-character edits that turn `left` into `right`. Looks at the first 63 bytes
/// of each.
[[nodiscard]] constexpr std::size_t edit_distance(std::string_view left,
                                                  std::string_view right) noexcept {
    constexpr std::size_t limit = 63;
    left = left.substr(0, limit);
    right = right.substr(0, limit);
    std::array<std::size_t, limit + 1> row{};
    for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t change = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[right.size()];
}

/// Picks the candidate that a person who wrote `text` most likely meant; "" when none is near (a
/// third of its length).
class NearestText {
public:
    explicit constexpr NearestText(std::string_view text) noexcept
        : text_(text), distance_(text.size() / 3 + 2) {}

    constexpr void offer(std::string_view candidate) noexcept {
        const std::size_t distance = edit_distance(text_, candidate);
        if (distance >= distance_ || distance >= candidate.size()) return;
        distance_ = distance;
        nearest_ = candidate;
    }
    [[nodiscard]] constexpr std::string_view get() const noexcept { return nearest_; }

private:
    std::string_view text_;
    std::string_view nearest_;
    std::size_t distance_;
};

/// The spelling of `Enum` nearest to `text`, or "".
template <class Enum>
[[nodiscard]] constexpr std::string_view nearest_spelling(std::string_view text) noexcept {
    NearestText nearest(text);
    for (const auto& row : spellings<Enum>) nearest.offer(row.text);
    return nearest.get();
}

}  // namespace insula::inline v0
