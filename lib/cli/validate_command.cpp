// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/input.hpp"
#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"

namespace insula::cli {
namespace {

/// What was found in all files: told at once as text, collected as JSON.
class Findings {
public:
    Findings(const ValidateRequest& request, const CommonOptions& common, const Reporter& reporter)
        : request_(request), common_(common), reporter_(reporter) {}

    void add(const Error& error, std::string_view name) {
        failed_ = true;
        if (common_.json) {
            collect(to_json_line(error, name));
        } else {
            reporter_.error(error, name);
        }
    }

    void add(Finding finding, std::string_view name) {
        const bool not_understood = finding.code == FindingCode::unknown_element ||
                                    finding.code == FindingCode::unknown_attribute;
        if (request_.strict && not_understood) finding.severity = Severity::error;
        if (finding.severity == Severity::error) failed_ = true;
        if (!common_.json) {
            reporter_.finding(finding, name);
        } else if (!common_.quiet || finding.severity == Severity::error) {
            collect(to_json_line(finding, name));
        }
    }

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] std::string json() && {
        return std::move(json_) + (json_ == "[" ? "]\n" : "\n]\n");
    }

private:
    void collect(const std::string& line) { json_ += (json_ == "[" ? "\n  " : ",\n  ") + line; }

    const ValidateRequest& request_;
    const CommonOptions& common_;
    const Reporter& reporter_;
    std::string json_ = "[";
    bool failed_ = false;
};

void validate_file(const std::string& file, Findings& findings) {
    const Result<std::string> text = read_input(file);
    if (!text) {
        findings.add(text.error(), {});
        return;
    }
    const Result<Domain> domain = read_domain(text.value());
    if (!domain) {
        findings.add(domain.error(), display_name(file));
        return;
    }
    for (const Finding& finding : validate(domain.value()))
        findings.add(finding, display_name(file));
}

}  // namespace

int validate_command(const ValidateRequest& request, const CommonOptions& common,
                     const Reporter& reporter) {
    Findings findings(request, common, reporter);
    for (const std::string& file : request.files) validate_file(file, findings);
    const bool failed = findings.failed();
    if (common.json) {
        if (const int code = print_result(std::move(findings).json(), reporter);
            code != ExitCode::success)
            return code;
    }
    return failed ? ExitCode::failure : ExitCode::success;
}

}  // namespace insula::cli
