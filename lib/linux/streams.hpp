// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "insula/core/result.hpp"
#include "insula/run/runtime.hpp"
#include "linux/kernel.hpp"

namespace insula::linux_ {

/// Where init's descriptors come from.
struct Streams {
    std::vector<int> descriptors{};  ///< for 0, 1 and 2
    std::vector<HeldFd> held{};      ///< what was opened for that; closed when the child has it
    std::array<HeldFd, 3> callers_ends{};  ///< of pipes
};

/// Opens what `options` ask for. A stream that is to be inherited and that exec(3) in the caller
/// would not leave open becomes /dev/null: otherwise the first file that init opens would be its
/// standard input.
[[nodiscard]] Result<Streams> open_streams(Kernel& kernel, const StartOptions& options);

/// The variables of sd_listen_fds(3) for the descriptors of `options`; fails on a descriptor that
/// is not open and on a name that cannot be said.
[[nodiscard]] Result<std::vector<EnvironmentVariable>> listen_variables(Kernel& kernel,
                                                                        const StartOptions& options,
                                                                        InitMode mode);

}  // namespace insula::linux_
