// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <exception>
#include <string>

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"

namespace insula::cli {

int print_result(std::string_view text, const Reporter& reporter) {
    const Result<void> written = write_output(text);
    if (written) return ExitCode::success;
    reporter.error(written.error());
    return ExitCode::failure;
}

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

int usage_error(const UsageError& error, const CommonOptions& common) {
    if (common.json) {
        Reporter(common).error(Error{.code = ErrorCode::invalid, .message = error.message});
    } else {
        write_message("insula: error: " + error.message +
                      "\nTry 'insula --help' or 'insula COMMAND --help'.\n");
    }
    return error.exit_code;
}

int execute(const CommandLine& line) {
    const CommonOptions& common = line.common;
    const Reporter reporter(common);
    return std::visit(
        Overloaded{
            [&](const UsageError& error) { return usage_error(error, common); },
            [&](const HelpRequest& help) { return print_result(help.text, reporter); },
            [&](const PlanRequest& request) { return plan_command(request, reporter); },
            [&](const ValidateRequest& request) {
                return validate_command(request, common, reporter);
            },
            [&](const FormatRequest& request) { return format_command(request, reporter); },
            [&](const RunRequest& request) { return run_command(request, reporter); },
            [&](const HostRequest&) { return host_command(common, reporter); },
        },
        line.request);
}

/// The exit code of a failure that is none of the container's.
int failure_code(const CommandLine& line) {
    return std::holds_alternative<RunRequest>(line.request) ? ExitCode::run_failure
                                                            : ExitCode::failure;
}

/// Only the standard library throws here: out of memory, above all.
int execute_and_catch(const CommandLine& line) {
    try {
        return execute(line);
    } catch (const std::exception& exception) {
        write_message(std::string("insula: error: ") + exception.what() + "\n");
    }
    return failure_code(line);
}

}  // namespace
}  // namespace insula::cli

int main(int argc, char** argv) {
    // A closed pipe is reported like any other failed write. The container gets the default
    // disposition back from the library.
    if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return insula::cli::ExitCode::failure;
    try {
        return insula::cli::execute_and_catch(insula::cli::parse_command_line(argc, argv));
    } catch (const std::exception& exception) {
        insula::cli::write_message(std::string("insula: error: ") + exception.what() + "\n");
    }
    return insula::cli::ExitCode::failure;
}
