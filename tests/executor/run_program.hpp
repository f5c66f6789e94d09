// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "executor/fake_calls.hpp"
#include "init/program.hpp"
#include "insula/model/domain.hpp"
#include "insula/plan/container_plan.hpp"
#include "linux/lower.hpp"

namespace insula::test {

/// What became of a Program.
struct Run {
    enum class End : std::uint8_t {
        reported,  ///< the interpreter came back with a report
        executed,  ///< init, or what would be it, was executed
        exited,    ///< the helper ended itself
    };
    End end = End::reported;
    program::Report report{};
    program::State state{};
    std::int32_t init_status = -1;
    std::vector<program::TraceEntry> trace{};
};

/// Interprets `program` on `calls`.
[[nodiscard]] Run run_program(FakeCalls& calls, std::vector<char> program);

/// Lowers and interprets `plan`; `calls.sources` are taken from `calls.host`.
[[nodiscard]] Run run_plan(FakeCalls& calls, const ContainerPlan& plan,
                           const linux_::LoweringOptions& options = {});

/// A host's tree: programs, a user database, places to mount, and the same below /srv/root.
[[nodiscard]] NodePtr make_host();

/// A kernel with `make_host()` and the files that kernel file systems show; the sources of
/// `lowered` come over the control socket.
[[nodiscard]] FakeCalls make_calls(unsigned passed_fds = 0);
void offer_sources(FakeCalls& calls, const linux_::LoweredPlan& lowered);

/// The calls that the ops of the plan's step `plan_op` made, as far as the run was traced; a failed
/// one ends in " = -ERRNO".
[[nodiscard]] std::vector<std::string> calls_of(const FakeCalls& calls, const Run& run,
                                                std::int32_t plan_op);

/// The plan `ops`, with a root before and an init after them: for a closer look at single ops.
[[nodiscard]] ContainerPlan plan_of(std::vector<Action> before_entry,
                                    std::vector<Action> after_entry = {});

/// A root directory, mounts of every kind, a user to look up, a private network: read-only where
/// possible.
[[nodiscard]] ContainerPlan typical_plan();
/// The template `host`, for root.
[[nodiscard]] ContainerPlan layered_plan();
/// The template `host` for an ordinary user, with a reaper.
[[nodiscard]] ContainerPlan rootless_plan();

/// Index of the first op in `plan` whose action is a `T`.
template <class T>
[[nodiscard]] std::int32_t index_of(const ContainerPlan& plan) {
    for (std::size_t i = 0; i != plan.ops.size(); ++i)
        if (std::holds_alternative<T>(plan.ops[i].action)) return static_cast<std::int32_t>(i);
    return -1;
}

}  // namespace insula::test
