// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insula/model/finding.hpp"
#include "insula/model/scaled_size.hpp"

namespace insula::inline v0::detail {

/// What a remark is about.
struct Spot {
    std::string path{};
    TextPosition at{};

    [[nodiscard]] Spot inner(std::string_view name) const {
        return {.path = path + "/" + std::string(name), .at = at};
    }
};

/// Collects remarks. What has no place of its own is said at `whole`, the place of `<domain>`. Past
/// a thousand of one severity they are only counted.
class FindingList {
public:
    FindingList(std::vector<Finding>& findings, TextPosition whole) noexcept
        : findings_(findings), whole_(whole) {}

    void error(FindingCode code, std::string message, std::string path, TextPosition at,
               std::string hint = {}) {
        add(Severity::error, code, std::move(message), std::move(path), at, std::move(hint));
    }
    void error(FindingCode code, std::string message, const Spot& spot, std::string hint = {}) {
        add(Severity::error, code, std::move(message), spot.path, spot.at, std::move(hint));
    }
    void warning(FindingCode code, std::string message, std::string path, TextPosition at,
                 std::string hint = {}) {
        add(Severity::warning, code, std::move(message), std::move(path), at, std::move(hint));
    }
    void warning(FindingCode code, std::string message, const Spot& spot, std::string hint = {}) {
        add(Severity::warning, code, std::move(message), spot.path, spot.at, std::move(hint));
    }
    /// Says how many were left out.
    void close() {
        const auto left_out = [](std::size_t count) {
            return count > most_findings ? count - most_findings : 0;
        };
        const std::size_t more = left_out(errors_) + left_out(warnings_);
        if (more == 0) return;
        findings_.push_back(
            {.severity = left_out(errors_) > 0 ? Severity::error : Severity::warning,
             .code = FindingCode::bad_value,
             .message = std::to_string(more) + " more findings are left out",
             .path = "/domain",
             .at = whole_});
    }

private:
    static constexpr std::size_t most_findings = 1000;

    void add(Severity severity, FindingCode code, std::string message, std::string path,
             TextPosition at, std::string hint) {
        std::size_t& count = severity == Severity::error ? errors_ : warnings_;
        if (++count > most_findings) return;
        findings_.push_back({.severity = severity,
                             .code = code,
                             .message = std::move(message),
                             .path = std::move(path),
                             .at = at.known() ? at : whole_,
                             .hint = std::move(hint)});
    }

    std::vector<Finding>& findings_;
    TextPosition whole_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
};

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_hexadecimal(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// `text` in quotes, shortened, with a question mark for each control character.
[[nodiscard]] inline std::string quote(std::string_view text) {
    constexpr std::size_t longest = 100;
    std::string out = "'";
    for (const char c : text.substr(0, longest)) out += is_control(c) ? '?' : c;
    out += text.size() > longest ? "…'" : "'";
    return out;
}

[[nodiscard]] inline std::string on_line(TextPosition at) {
    return at.known() ? " at line " + std::to_string(at.line) : std::string{};
}

/// The number that `text` spells in decimal digits only; nothing past 2^32-1.
[[nodiscard]] constexpr std::optional<std::uint32_t> decimal(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
        if (value > UINT32_MAX) return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

/// The longest name: with what is put around it, it has to be one directory name on the host.
inline constexpr std::size_t longest_name = 200;

/// Names become directory names, file names and cgroup names on the host.
inline void check_name(FindingList& list, std::string_view what, std::string_view name,
                       const Spot& spot) {
    std::string fault;
    if (name.find('/') != std::string_view::npos)
        fault = "contains '/'";
    else if (name == "." || name == "..")
        fault = "is a directory reference";
    else if (std::any_of(name.begin(), name.end(), is_control))
        fault = "contains a control character";
    else if (name.find_first_not_of(' ') == std::string_view::npos)
        fault = "is blank";
    else if (name.size() > longest_name)
        fault = "is longer than " + std::to_string(longest_name) + " bytes";
    if (!fault.empty())
        list.error(FindingCode::unsafe_name, std::string(what) + " " + fault + ": " + quote(name),
                   spot);
}

/// Calls `visitor(component)` for each part of `path` between slashes.
template <class Visitor>
constexpr void for_each_component(std::string_view path, Visitor&& visitor) {
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        if (slash != 0) visitor(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
}

/// `path` without doubled and final slashes and "." components; "/" for the root.
[[nodiscard]] inline std::string plain_path(std::string_view path) {
    std::string out;
    for_each_component(path, [&](std::string_view component) {
        if (component == ".") return;
        out += '/';
        out += component;
    });
    return out.empty() ? "/" : out;
}

/// A path that the caller resolves on the host.
inline void check_host_path(FindingList& list, std::string_view what, std::string_view path,
                            const Spot& spot) {
    constexpr std::size_t longest_path = 4095;  // PATH_MAX counts the final NUL
    const std::string text(what);
    if (path.find('\0') != std::string_view::npos)
        return list.error(FindingCode::unsafe_name, text + " contains a NUL byte: " + quote(path),
                          spot);
    if (path.empty() || path.front() != '/')
        return list.error(FindingCode::bad_value, text + " is not absolute: " + quote(path), spot,
                          !path.empty() && path.front() == ' ' ? "there is white space before it"
                                                               : "it has to begin with '/'");
    if (path.size() > longest_path)
        list.error(FindingCode::bad_value, text + " is longer than a path can be", spot);
}

/// A path inside the container: resolved below its root, and never with "..".
inline void check_guest_path(FindingList& list, std::string_view what, std::string_view path,
                             const Spot& spot) {
    check_host_path(list, what, path, spot);
    bool climbs = false;
    for_each_component(path, [&](std::string_view component) { climbs |= component == ".."; });
    if (climbs)
        list.error(FindingCode::unsafe_name, std::string(what) + " contains '..': " + quote(path),
                   spot, "write the path that is meant");
}

inline void check_size(FindingList& list, std::string_view what,
                       const std::optional<ScaledSize>& size, std::string_view default_unit,
                       const Spot& spot) {
    if (!size || size->bytes(default_unit)) return;
    if (!size->unit.empty() && !ScaledSize::factor(size->unit)) {
        NearestText nearest(size->unit);
        for (const std::string_view unit :
             {"bytes", "KiB", "MiB", "GiB", "TiB", "KB", "MB", "GB", "TB"})
            nearest.offer(unit);
        std::string hint = nearest.get().empty()
                               ? "as bytes, KB, KiB, MB, MiB, GB or GiB"
                               : "did you mean '" + std::string(nearest.get()) + "'?";
        return list.error(FindingCode::bad_value,
                          std::string(what) + " has an unknown unit: " + quote(size->unit), spot,
                          std::move(hint));
    }
    list.error(FindingCode::bad_value,
               std::string(what) + " is more than 2^64-1 bytes: " + std::to_string(size->value) +
                   " " + (size->unit.empty() ? std::string(default_unit) : size->unit),
               spot);
}

/// As libvirt reads it: 32 hexadecimal digits, hyphens between bytes.
[[nodiscard]] constexpr bool is_uuid(std::string_view text) noexcept {
    std::size_t digits = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (is_hexadecimal(text[i]))
            ++digits;
        else if (text[i] != '-' || digits % 2 != 0 || i == 0 || i + 1 == text.size())
            return false;
    }
    return digits == 32;
}

/// "0-3,^2,8".
[[nodiscard]] constexpr bool is_cpu_list(std::string_view text) noexcept {
    while (true) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, comma);
        if (!item.empty() && item.front() == '^') item.remove_prefix(1);
        const std::size_t hyphen = item.find('-');
        const auto first = decimal(item.substr(0, hyphen));
        const auto last =
            hyphen == std::string_view::npos ? first : decimal(item.substr(hyphen + 1));
        if (!first || !last || *last < *first) return false;
        if (comma == text.size()) return true;
        text.remove_prefix(comma + 1);
    }
}

/// Checks a text that the model keeps as it was written against the words it may be.
template <std::size_t Count>
void check_word(FindingList& list, std::string_view what, std::string_view word,
                const std::array<std::string_view, Count>& words, const Spot& spot) {
    if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return;
    NearestText nearest(word);
    std::string all = "one of: ";
    for (const std::string_view known : words) {
        nearest.offer(known);
        if (known != words.front()) all += ", ";
        all += known;
    }
    list.error(FindingCode::bad_value, std::string(what) + " is unknown: " + quote(word), spot,
               nearest.get().empty() ? all : "did you mean '" + std::string(nearest.get()) + "'?");
}

}  // namespace insula::inline v0::detail
