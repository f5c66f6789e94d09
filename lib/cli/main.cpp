// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <exception>
#include <new>

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

}  // namespace
}  // namespace insula::cli

int main(int argc, char** argv) {
    using insula::cli::ExitCode;
    // A closed pipe is reported like any other failed write. The container gets the default
    // disposition back from the library.
    std::signal(SIGPIPE, SIG_IGN);
    int on_exception = ExitCode::failure;
    try {
        const insula::cli::CommandLine line = insula::cli::parse_command_line(argc, argv);
        if (std::holds_alternative<insula::cli::RunRequest>(line.request))
            on_exception = ExitCode::run_failure;
        return insula::cli::execute(line);
    } catch (const std::bad_alloc&) {
        insula::cli::write_message("insula: error: out of memory\n");
    } catch (const std::exception& exception) {
        insula::cli::write_message(std::string("insula: error: ") + exception.what() + "\n");
    }
    return on_exception;
}
