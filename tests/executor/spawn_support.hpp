// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "executor/fake_kernel.hpp"
#include "executor/run_program.hpp"
#include "linux/spawn.hpp"

namespace insula::test {

/// A start on a kernel in memory.
struct Start {
    FakeKernel kernel{};

    explicit Start(HelperScript script = {}) {
        const NodePtr host = make_host();
        for (const auto& [name, node] : host->children)
            if (name != "proc") kernel.root->children[name] = node;
        kernel.helper = std::move(script);
    }

    [[nodiscard]] Result<linux_::Spawned> run(const ContainerPlan& plan,
                                              const StartOptions& options = {}) {
        return linux_::spawn(kernel, FakeKernel::helper_fd, plan, options);
    }
};

/// A plan with a user namespace in which `id` outside is 0.
[[nodiscard]] inline ContainerPlan mapped_plan(std::uint32_t id = 100000) {
    ContainerPlan plan = plan_of({});
    plan.namespaces = {Namespace::mount, Namespace::pid, Namespace::user};
    plan.uid_map = {{.start = 0, .target = id, .count = 65536}};
    plan.gid_map = {{.start = 0, .target = id + 1, .count = 10},
                    {.start = 10, .target = 5, .count = 1}};
    return plan;
}

}  // namespace insula::test
