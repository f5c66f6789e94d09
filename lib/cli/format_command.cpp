// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/input.hpp"
#include "insula/model/parse.hpp"

namespace insula::cli {

int format_command(const FormatRequest& request, const Reporter& reporter) {
    const Result<std::string> text = read_input(request.file);
    if (!text) {
        reporter.error(text.error());
        return ExitCode::failure;
    }
    const Result<Domain> domain = read_domain(text.value());
    if (!domain) {
        reporter.error(domain.error(), display_name(request.file));
        return ExitCode::failure;
    }
    return print_result(to_xml(domain.value()), reporter);
}

}  // namespace insula::cli
