// SPDX-License-Identifier: Apache-2.0
#include "plan_support.hpp"

namespace plan_test {

Result<ContainerPlan> try_to_plan(const Domain& domain, const HostFacts& facts,
                                  const PlanOptions& options) {
    return plan_container(domain, facts, options);
}

ContainerPlan plan_of(const Domain& domain, const HostFacts& facts, const PlanOptions& options) {
    auto plan = plan_container(domain, facts, options);
    const std::string reason = plan ? std::string() : describe(plan.error());
    REQUIRE_MESSAGE(plan.has_value(), reason);
    return std::move(plan).value();
}

Error refusal_of(const Domain& domain, const HostFacts& facts) {
    auto plan = plan_container(domain, facts);
    REQUIRE_FALSE(plan.has_value());
    return std::move(plan).error();
}

}  // namespace plan_test
