// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "insula/core/export.hpp"
#include "insula/core/fd.hpp"
#include "insula/core/function_ref.hpp"
#include "insula/core/result.hpp"
#include "insula/plan/container_plan.hpp"
#include "insula/run/machine.hpp"

namespace insula::inline v0 {

/// Where one of the three standard streams of init goes.
struct Stream {
    enum class Kind : std::uint8_t {
        inherit,  ///< the caller's own; null where it is closed, or closes at exec
        null,     ///< /dev/null
        pipe,     ///< a new pipe; the other end is taken from the `Machine`
        given,    ///< `fd`, which stays the caller's
    };
    Kind kind = Kind::inherit;
    FdRef fd{};
};

/// A descriptor that init gets. The first becomes 3, the next 4, without gaps. It stays the
/// caller's.
struct PassedFd {
    FdRef fd{};
    std::string name{};  ///< for LISTEN_FDNAMES; "" is said as "unknown"
};

/// Whether init is told of its descriptors in the way of sd_listen_fds(3).
enum class ListenVariables : std::uint8_t { none, set };

/// What one step of a start did.
struct TraceEvent {
    std::int32_t op =
        -1;  ///< index into `ContainerPlan::ops`; -1 for what comes before all of them
    std::chrono::nanoseconds duration{};
    int system_error = 0;  ///< 0 for success
};

struct StartOptions {
    Stream standard_input{};
    Stream standard_output{};
    Stream standard_error{};
    std::vector<PassedFd> passed_fds{};
    ListenVariables listen_variables = ListenVariables::none;
    /// The start fails with `busy` when it takes longer; zero means no limit.
    std::chrono::milliseconds timeout{};
    /// The start fails with `busy` when this becomes readable.
    FdRef cancel{};
    /// Called in the caller's thread before `start` returns, once per op that ran. Measuring costs
    /// about 100 ns per op.
    FunctionRef<void(const TraceEvent&)> trace{};
};

/// What all containers of one embedder share: the helper program. There are no globals; any thread
/// may use it.
class INSULA_API Runtime {
public:
    struct State;

    /// Prepares the helper. Fails with `denied` where the kernel lets nobody execute it, naming the
    /// sysctl.
    [[nodiscard]] static Result<Runtime> create();

    explicit Runtime(std::unique_ptr<State> state) noexcept;
    Runtime(Runtime&&) noexcept;
    Runtime& operator=(Runtime&&) noexcept;
    ~Runtime();

    /// Starts the container; returns when its init has been executed. Fails with the op, the call
    /// and the kernel's answer, and then nothing is left of it.
    ///
    /// Waits, besides, for every child that another thread forked meanwhile and that has not
    /// executed anything yet; `StartOptions::timeout` bounds it.
    ///
    /// Changes nothing of the calling process: no directory, mask, environment, signal disposition
    /// or dumpable flag.
    [[nodiscard]] Result<Machine> start(const ContainerPlan& plan,
                                        const StartOptions& options = {}) const;

private:
    std::unique_ptr<State> state_;
};

}  // namespace insula::inline v0
