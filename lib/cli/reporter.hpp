// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.hpp"
#include "insula/core/error.hpp"
#include "insula/model/finding.hpp"

namespace insula::cli {

/// Prints findings and errors to standard error: as sentences, in color on a terminal, or as one
/// line of JSON each. Control characters, which a definition could hold, never reach a terminal.
class Reporter {
public:
    explicit Reporter(const CommonOptions& options);

    void error(const Error& error, std::string_view file = {}) const;
    /// Warnings are left out when the command is quiet.
    void finding(const Finding& finding, std::string_view file) const;
    void findings(const std::vector<Finding>& findings, std::string_view file) const;
    /// A remark of the command's own; left out when it is quiet.
    void note(std::string_view text) const;

private:
    void print(std::string text, std::size_t prefix) const;

    CommonOptions options_;
    bool color_ = false;
};

/// `error` and `finding` as JSON objects on one line, without a line feed.
[[nodiscard]] std::string to_json_line(const Error& error, std::string_view file);
[[nodiscard]] std::string to_json_line(const Finding& finding, std::string_view file);

}  // namespace insula::cli
