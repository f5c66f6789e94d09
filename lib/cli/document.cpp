// SPDX-License-Identifier: Apache-2.0
#include "cli/document.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/input.hpp"
#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"
#include "insula/run/host.hpp"

namespace insula::cli {
namespace {

/// The findings of the plan that validation has not told already.
std::vector<Finding> new_findings(const std::vector<Finding>& told,
                                  const std::vector<Finding>& planned) {
    std::vector<Finding> out;
    std::copy_if(planned.begin(), planned.end(), std::back_inserter(out),
                 [&](const Finding& finding) {
                     return std::find(told.begin(), told.end(), finding) == told.end();
                 });
    return out;
}

Result<ContainerPlan> plan_text(std::string_view text, std::string_view name,
                                const PlanOptions& options, const Reporter& reporter,
                                bool& refused) {
    INSULA_TRY(const Domain domain, read_domain(text));
    const std::vector<Finding> findings = validate(domain);
    reporter.findings(findings, name);
    refused = find_error(findings) != nullptr;
    if (refused) return to_error(*find_error(findings));
    INSULA_TRY(const HostFacts facts, probe_host());
    INSULA_TRY(ContainerPlan plan, plan_container(domain, facts, options));
    reporter.findings(new_findings(findings, plan.findings), name);
    return plan;
}

}  // namespace

std::optional<ContainerPlan> plan_file(const std::string& file, const PlanOptions& options,
                                       const Reporter& reporter) {
    const Result<std::string> text = read_input(file);
    if (!text) {
        reporter.error(text.error());
        return std::nullopt;
    }
    bool refused = false;  // by a finding, which has been reported
    Result<ContainerPlan> plan =
        plan_text(text.value(), display_name(file), options, reporter, refused);
    if (plan) return std::move(plan).value();
    if (!refused) reporter.error(plan.error(), display_name(file));
    return std::nullopt;
}

}  // namespace insula::cli
