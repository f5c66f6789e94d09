// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace insula::inline v0 {

/// A size as the XML writes it: a number and a unit, which stay as written.
struct ScaledSize {
    std::uint64_t value = 0;
    std::string unit{};  ///< "" means the default unit of the element

    friend bool operator==(const ScaledSize&, const ScaledSize&) = default;

    /// The factor of a unit (libvirt, formatdomain: "b", "bytes", "KB", "k", "KiB", … "EiB"), case
    /// as there: decimal with "B", binary with "iB" or a bare letter.
    [[nodiscard]] static constexpr std::optional<std::uint64_t> factor(
        std::string_view unit) noexcept;

    /// The size in bytes; nothing for an unknown unit or more than 2^64-1 bytes.
    [[nodiscard]] constexpr std::optional<std::uint64_t> bytes(
        std::string_view default_unit) const noexcept {
        const auto scale = factor(unit.empty() ? default_unit : std::string_view(unit));
        if (!scale || (value != 0 && *scale > UINT64_MAX / value)) return std::nullopt;
        return value * *scale;
    }
};

constexpr std::optional<std::uint64_t> ScaledSize::factor(std::string_view unit) noexcept {
    if (unit == "b" || unit == "B" || unit == "byte" || unit == "bytes") return 1;
    constexpr std::string_view letters = "KMGTPE";
    if (unit.empty() || unit.size() > 3) return std::nullopt;
    const char first =
        unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
    const std::size_t power = letters.find(first);
    if (power == std::string_view::npos) return std::nullopt;
    const std::string_view suffix = unit.substr(1);
    const bool binary = suffix.empty() || suffix == "iB" || suffix == "ib";
    if (!binary && suffix != "B" && suffix != "b") return std::nullopt;
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i <= power; ++i) scale *= binary ? 1024U : 1000U;
    return scale;
}

}  // namespace insula::inline v0
