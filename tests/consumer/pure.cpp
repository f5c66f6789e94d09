// SPDX-License-Identifier: Apache-2.0
// A plan from a domain built in C++, printed: with headers only.
#include <cstdio>

#include "insula/model/validate.hpp"
#include "insula/plan/json.hpp"
#include "insula/plan/plan_container.hpp"
#include "insula/plan/text.hpp"

int main() {
    insula::Domain domain{};
    domain.name = "pure";
    domain.memory = insula::ScaledSize{.value = 64, .unit = "MiB"};
    domain.os.init = "/bin/true";
    domain.devices.push_back(
        {.node = insula::Filesystem{.source = "/srv/data", .target = "/data"}});
    if (insula::find_error(insula::validate(domain)) != nullptr) return 1;

    const auto plan = insula::plan_container(domain, insula::HostFacts{});
    if (!plan) {
        std::fprintf(stderr, "%s\n", insula::describe(plan.error()).c_str());
        return 1;
    }
    std::puts(insula::to_text(plan.value()).c_str());
    std::puts(insula::to_tree(plan.value()).c_str());
    std::puts(insula::to_json(plan.value()).c_str());
    return 0;
}
