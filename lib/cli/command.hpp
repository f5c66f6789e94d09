// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.hpp"
#include "cli/reporter.hpp"

namespace insula::cli {

// Each carries out one command and returns the exit code.
[[nodiscard]] int plan_command(const PlanRequest& request, const Reporter& reporter);
[[nodiscard]] int validate_command(const ValidateRequest& request, const CommonOptions& common,
                                   const Reporter& reporter);
[[nodiscard]] int format_command(const FormatRequest& request, const Reporter& reporter);
[[nodiscard]] int run_command(const RunRequest& request, const Reporter& reporter);
[[nodiscard]] int host_command(const CommonOptions& common, const Reporter& reporter);

/// Writes a command's result; the exit code says whether all of it was written.
[[nodiscard]] int print_result(std::string_view text, const Reporter& reporter);

}  // namespace insula::cli
