// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace insula::cli {

/// What every command takes.
struct CommonOptions {
    bool quiet = false;
    bool json = false;
};

enum class PlanFormat : std::uint8_t { text, json, tree };

struct PlanRequest {
    std::string file;
    PlanFormat format = PlanFormat::text;
};

struct ValidateRequest {
    std::vector<std::string> files;
    bool strict = false;
};

struct FormatRequest {
    std::string file;
};

struct RunRequest {
    std::string file;
    std::optional<std::vector<std::string>> init_args;  ///< what follows "--"
    std::chrono::milliseconds timeout{};                ///< zero means no limit
    std::chrono::milliseconds grace{};
    bool trace = false;
};

struct HostRequest {};

/// Text to print instead of doing anything.
struct HelpRequest {
    std::string text;
};

struct UsageError {
    std::string message;
    int exit_code = 0;
};

struct CommandLine {
    CommonOptions common;
    std::variant<UsageError, HelpRequest, PlanRequest, ValidateRequest, FormatRequest, RunRequest,
                 HostRequest>
        request;
};

/// Reads the arguments of main. Prints nothing; fails with a `UsageError` as the request.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace insula::cli
