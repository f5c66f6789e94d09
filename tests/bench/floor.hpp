// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "case.hpp"

namespace insula::bench {

/// What the floor does, in order.
enum class FloorPhase : unsigned {
    begin,
    clone,
    bind_root,
    proc_and_sysfs,
    devices,
    other_mounts,
    binds,
    protected_paths,
    masked_paths,
    enter_root,
    loopback,
    capabilities,
    exec,
    exit,
    count_,
};

[[nodiscard]] std::string_view name_of(FloorPhase phase) noexcept;

using FloorTimes = std::array<std::int64_t, static_cast<std::size_t>(FloorPhase::count_)>;

/// Starts `wanted` with the necessary system calls only, mounts by mount(2), and waits for the end:
/// no configuration, no state, no care for errors. The measure for others, not a way to run
/// containers.
///
/// Shares the caller's memory until the program is executed, as the library does. Throws
/// when a call fails. `times`, where given, gets the end of each phase in nanoseconds; what a set
/// does not have stays 0.
void run_floor(const Case& wanted, FloorTimes* times = nullptr);

}  // namespace insula::bench
