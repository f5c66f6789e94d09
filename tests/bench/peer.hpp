// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "fixture.hpp"
#include "measure.hpp"

namespace insula::bench {

/// Runs `command` to its end and says how many microseconds that took. Gives up when the command
/// fails.
[[nodiscard]] double time_command(const std::vector<std::string>& command);

/// Adds those of Debian's crun and bubblewrap that are installed, with what comes nearest to the
/// floor: crun takes the same list; bubblewrap binds /sys, and hides in /proc what it is told.
void add_peers(const Fixture& fixture, std::vector<Contender>& contenders);

}  // namespace insula::bench
