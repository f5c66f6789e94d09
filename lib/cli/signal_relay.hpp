// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <optional>

#include "insula/core/fd.hpp"
#include "insula/core/result.hpp"

namespace insula::cli {

/// Takes the signals of this process that are meant for the container, as long as it lives.
///
/// They wait in two descriptors: those that ask for an end (`ending`), and the others. The mask of
/// before is restored at the end.
class SignalRelay {
public:
    [[nodiscard]] static Result<SignalRelay> create();

    SignalRelay(SignalRelay&& other) noexcept;
    SignalRelay& operator=(SignalRelay&&) = delete;
    ~SignalRelay();

    [[nodiscard]] FdRef ending() const noexcept { return ending_.ref(); }
    [[nodiscard]] FdRef others() const noexcept { return others_.ref(); }

    /// The next signal that `fd`, one of the two, holds; nothing when there is none.
    [[nodiscard]] static std::optional<int> next(FdRef fd);

private:
    SignalRelay(UniqueFd ending, UniqueFd others, const sigset_t& before) noexcept;

    UniqueFd ending_;
    UniqueFd others_;
    sigset_t before_{};
    bool active_ = true;
};

/// What process `pid` would do with a signal.
enum class SignalFate { handled, dropped };

/// Whether process 1 of a container handles, blocks or ignores `number`: without that the kernel
/// drops what would end any other process. `handled` where /proc does not tell.
[[nodiscard]] SignalFate signal_fate(int pid, int number);

/// "SIGTERM"
[[nodiscard]] const char* signal_name(int number) noexcept;

}  // namespace insula::cli
