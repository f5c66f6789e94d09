// SPDX-License-Identifier: Apache-2.0
// With unit_two.cpp: every definition in a header is there once, and means the same in both.
#include <string>

#include "insula/insula.hpp"

std::string plan_in_other_unit(const insula::Domain& domain);

int main() {
    insula::Domain domain{};
    domain.name = "two-units";
    domain.os.init = "/bin/true";
    domain.memory = insula::ScaledSize{.value = 64, .unit = "MiB"};
    const auto plan = insula::plan_container(domain, insula::HostFacts{});
    if (!plan) return 1;
    return insula::to_text(plan.value()) == plan_in_other_unit(domain) ? 0 : 2;
}
