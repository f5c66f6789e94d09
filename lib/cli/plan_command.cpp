// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/document.hpp"
#include "cli/exit_code.hpp"
#include "insula/plan/json.hpp"
#include "insula/plan/text.hpp"

namespace insula::cli {
namespace {

std::string print(const ContainerPlan& plan, PlanFormat format) {
    switch (format) {
        case PlanFormat::text: return to_text(plan);
        case PlanFormat::json: return to_json(plan);
        case PlanFormat::tree: return to_tree(plan);
    }
    return {};
}

}  // namespace

int plan_command(const PlanRequest& request, const Reporter& reporter) {
    const std::optional<ContainerPlan> plan = plan_file(request.file, {}, reporter);
    if (!plan) return ExitCode::failure;
    return print_result(print(*plan, request.format), reporter);
}

}  // namespace insula::cli
