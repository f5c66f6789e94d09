// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "insula/core/error.hpp"

namespace insula::inline v0 {

enum class Severity : std::uint8_t { warning, error };

template <>
inline constexpr std::array spellings<Severity>{
    Spelling<Severity>{Severity::warning, "warning"},
    Spelling<Severity>{Severity::error, "error"},
};

/// What kind of thing was found; stable, so that programs can filter.
enum class FindingCode : std::uint8_t {
    unknown_element,    ///< preserved, not understood
    unknown_attribute,  ///< preserved, not understood
    ignored,            ///< understood, has no effect on a container
    bad_value,          ///< not a number, not an enumerator, out of range
    missing,            ///< a required element, attribute or text is not there
    conflict,           ///< two parts contradict each other
    unsafe_name,        ///< a name or path that could leave its place
    not_enforced,       ///< asked for, and not done by this release
    weaker,             ///< works, but isolates less than a reader might think
};

template <>
inline constexpr std::array spellings<FindingCode>{
    Spelling<FindingCode>{FindingCode::unknown_element, "unknown-element"},
    Spelling<FindingCode>{FindingCode::unknown_attribute, "unknown-attribute"},
    Spelling<FindingCode>{FindingCode::ignored, "ignored"},
    Spelling<FindingCode>{FindingCode::bad_value, "bad-value"},
    Spelling<FindingCode>{FindingCode::missing, "missing"},
    Spelling<FindingCode>{FindingCode::conflict, "conflict"},
    Spelling<FindingCode>{FindingCode::unsafe_name, "unsafe-name"},
    Spelling<FindingCode>{FindingCode::not_enforced, "not-enforced"},
    Spelling<FindingCode>{FindingCode::weaker, "weaker"},
};

/// One remark about a definition, for a person.
struct Finding {
    Severity severity = Severity::warning;
    FindingCode code = FindingCode::bad_value;
    std::string message{};  ///< lower case, no final period
    std::string path{};     ///< element path, as in `Error`
    TextPosition at{};
    std::string hint{};  ///< what was probably meant, or what to do

    friend bool operator==(const Finding&, const Finding&) = default;
};

/// "FILE:LINE:COLUMN: warning: MESSAGE [CODE]", then ": HINT" where there is one.
[[nodiscard]] inline std::string describe(const Finding& finding, std::string_view file = {}) {
    std::string out = detail::location_prefix(file, finding.at);
    out += to_text(finding.severity);
    out += ": ";
    detail::append_line(out, finding.message);
    out += " [";
    out += to_text(finding.code);
    out += ']';
    if (!finding.hint.empty()) out += ": ";
    detail::append_line(out, finding.hint);
    return out;
}

/// The first finding of severity `error`, or null.
[[nodiscard]] inline const Finding* find_error(const std::vector<Finding>& findings) noexcept {
    for (const Finding& finding : findings)
        if (finding.severity == Severity::error) return &finding;
    return nullptr;
}

/// `finding` as the reason why something was refused.
[[nodiscard]] inline Error to_error(const Finding& finding) {
    return Error{
        .code = finding.code == FindingCode::conflict ? ErrorCode::conflict : ErrorCode::invalid,
        .message = finding.message,
        .path = finding.path,
        .xml = finding.at,
        .hint = finding.hint};
}

}  // namespace insula::inline v0
