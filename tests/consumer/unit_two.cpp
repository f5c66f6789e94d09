// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "insula/insula.hpp"

std::string plan_in_other_unit(const insula::Domain& domain) {
    const auto plan = insula::plan_container(domain, insula::HostFacts{});
    return plan ? insula::to_text(plan.value()) : insula::describe(plan.error());
}
