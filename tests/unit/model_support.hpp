// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "insula/model/finding.hpp"

namespace insula::test {

/// The first finding with `code` at `path`, or null.
inline const Finding* find(const std::vector<Finding>& findings, FindingCode code,
                           std::string_view path) {
    for (const Finding& finding : findings)
        if (finding.code == code && finding.path == path) return &finding;
    return nullptr;
}

inline bool has_error(const std::vector<Finding>& findings, FindingCode code,
                      std::string_view path) {
    const Finding* found = find(findings, code, path);
    return found != nullptr && found->severity == Severity::error;
}

inline bool has_warning(const std::vector<Finding>& findings, FindingCode code,
                        std::string_view path) {
    const Finding* found = find(findings, code, path);
    return found != nullptr && found->severity == Severity::warning;
}

/// All findings as lines, for messages of failed checks.
inline std::string lines(const std::vector<Finding>& findings) {
    std::string out;
    for (const Finding& finding : findings) out += describe(finding) + " {" + finding.path + "}\n";
    return out;
}

}  // namespace insula::test
