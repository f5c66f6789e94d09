// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "init/program.hpp"
#include "insula/core/result.hpp"
#include "insula/plan/container_plan.hpp"

namespace insula::linux_ {

/// A mount that the caller takes from the host, before the container exists.
struct SourceRequest {
    std::string path{};
    program::MountAttributes attributes{};
    bool writable_root =
        false;             ///< read-only holds below the first mount only, until the root is sealed
    std::int32_t op = -1;  ///< index into the plan's ops
};

/// A plan, ready to run.
struct LoweredPlan {
    std::vector<char> program{};  ///< from `ProgramHeader` on
    std::uint32_t op_count = 0;
    /// Mounts for the helper, in the order of their slots. Empty when the helper takes them itself.
    std::vector<SourceRequest> sources{};
    std::uint64_t clone_flags = 0;  ///< CLONE_NEW*
    std::string uid_map{};          ///< as /proc/PID/uid_map takes it; "" without a user namespace
    std::string gid_map{};
    bool deny_setgroups = false;  ///< an ordinary user's gid map needs it (user_namespaces(7))
    bool keep_capabilities = false;
};

/// Who clones the source mounts.
enum class SourceTaker : std::uint8_t {
    caller,  ///< has CAP_SYS_ADMIN over its own mount namespace
    helper,  ///< in the copied mount namespace: an ordinary user's only way
};

struct LoweringOptions {
    SourceTaker source_taker = SourceTaker::caller;
    std::uint32_t caller_uid = 0;
    std::uint32_t passed_fds = 0;
    std::vector<EnvironmentVariable> extra_environment{};
    bool trace = false;
};

/// What the caller needs before it can make the child: all but the Program. Checks the plan; makes
/// no system call.
[[nodiscard]] Result<LoweredPlan> lower_outside(const ContainerPlan& plan,
                                                const LoweringOptions& options);

/// Adds the Program of a plan that `lower_outside` has found to be sound.
void lower_program(const ContainerPlan& plan, const LoweringOptions& options, LoweredPlan& lowered);

/// Turns `plan` into what the helper interprets, by both. Makes no system call.
[[nodiscard]] Result<LoweredPlan> lower(const ContainerPlan& plan, const LoweringOptions& options);

}  // namespace insula::linux_
