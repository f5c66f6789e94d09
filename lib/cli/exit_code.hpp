// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace insula::cli {

/// What the command's exit codes mean; docs/reference/command.md is the table for its users.
struct ExitCode {
    static constexpr int success = 0;
    static constexpr int failure = 1;        ///< bad input, or something could not be done
    static constexpr int usage = 2;          ///< the command line is wrong
    static constexpr int run_timeout = 124;  ///< `run --timeout` ran out
    static constexpr int run_failure = 125;  ///< `run` failed before, or beside, the container
    static constexpr int run_not_executable = 126;
    static constexpr int run_not_found = 127;
    static constexpr int run_signal_base = 128;  ///< plus the signal that ended the container
};

}  // namespace insula::cli
