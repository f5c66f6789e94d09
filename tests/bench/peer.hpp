// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "case.hpp"
#include "fixture.hpp"

namespace insula::bench {

/// Runs `command` to its end and says how many microseconds that took. Ends this process when the
/// command fails.
[[nodiscard]] double time_command(const std::vector<std::string>& command);

/// Whether `name` is found in PATH.
[[nodiscard]] bool is_installed(const std::string& name);

/// crun, with an OCI bundle in the fixture's directory that asks for what the floor does. `{id}` in
/// the command stands for a new name each time.
[[nodiscard]] std::vector<std::string> crun_command(const Fixture& fixture);

/// bubblewrap, with the options that come nearest: it binds /sys, and leaves /proc as it is but for
/// what it is told to hide.
[[nodiscard]] std::vector<std::string> bubblewrap_command(const Fixture& fixture);

}  // namespace insula::bench
