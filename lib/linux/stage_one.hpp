// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace insula::linux_ {

/// What stage 1 does, prepared by the caller, in memory that both share until the helper is
/// executed.
struct StageOneJob {
    std::uint64_t clone_flags = 0;     ///< CLONE_NEW*; the rest is added
    const int* descriptors = nullptr;  ///< becomes 0, 1, 2, …; the last one is the helper program
    int* copies = nullptr;             ///< room for as many
    int descriptor_count = 0;
    int control = -1;                ///< where the control socket will be, in the list's numbering
    bool wait_for_maps = false;      ///< read one byte from it before executing
    bool keep_capabilities = false;  ///< exec by a user who is not mapped to 0 would lose them
    const char* const* argv = nullptr;
    const char* const* environment = nullptr;
    char* stack = nullptr;
    std::size_t stack_size = 0;

    int pidfd = -1;  ///< set by the kernel
    std::int32_t thread =
        1;  ///< cleared by the kernel when the child has left this memory (CLONE_CHILD_CLEARTID)
    std::int32_t error = 0;  ///< errno of the call that failed in the child
    std::uint16_t call = 0;  ///< that call, a `program::Call`
};

inline constexpr std::size_t stage_one_stack_size = 16384;

extern "C" {
/// Starts the child. Its pid, or -errno.
int insula_clone_stage_one(insula::linux_::StageOneJob* job) noexcept;
/// Returns when the child no longer uses the job or its stack: it has executed the helper, or
/// ended.
void insula_wait_for_stage_one(insula::linux_::StageOneJob* job) noexcept;
}

}  // namespace insula::linux_
