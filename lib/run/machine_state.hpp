// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "insula/run/machine.hpp"
#include "linux/spawn.hpp"

namespace insula::inline v0 {

struct Machine::State {
    linux_::Kernel* kernel = nullptr;
    linux_::Spawned container{};
    std::optional<ExitStatus> status{};
};

}  // namespace insula::inline v0
