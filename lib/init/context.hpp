// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/calls.hpp"
#include "init/program.hpp"

namespace insula::init {

/// What one step came to.
struct [[nodiscard]] Outcome {
    int error = 0;
    program::Call call = program::Call::none;
    program::Detail detail = program::Detail::none;

    [[nodiscard]] bool failed() const noexcept { return error != 0; }
};

/// `result` of the call `call`: a failure when it is negative.
[[nodiscard]] inline Outcome outcome(long result, program::Call call,
                                     program::Detail detail = program::Detail::none) noexcept {
    if (result >= 0) return {};
    return {static_cast<int>(-result), call, detail};
}

/// A descriptor, or the outcome that says why there is none.
struct [[nodiscard]] Opened {
    int fd = -1;
    Outcome outcome{};

    [[nodiscard]] bool failed() const noexcept { return outcome.failed(); }
};

[[nodiscard]] inline Opened opened(int result, program::Call call,
                                   program::Detail detail = program::Detail::none) noexcept {
    if (result >= 0) return {result, {}};
    return {-1, {-result, call, detail}};
}

/// A directory inside that stays open, because what comes next probably goes into it too: its path
/// is the first `length` bytes of `path`.
struct HeldParent {
    int fd = -1;
    program::Text path = 0;
    uint32_t length = 0;
    uint32_t no_symlinks = 0;  ///< 1: there was no link on the way
};

/// What the interpreter knows while it walks a Program. Lives in the helper's own memory.
template <class Calls>
struct Context {
    Calls& calls;
    program::View view;
    program::SharedPage& shared;

    int root = -1;         ///< the container's root mount, once attached
    int scratch = -1;      ///< the tmpfs that holds the upper layers, over the old root; or -1
    int empty_tree = -1;   ///< an empty read-only tmpfs, once made; masks are clones of it
    int null_device = -1;  ///< the container's own, checked; or -1
    int control = program::control_fd;

    /// Source mounts of the current batch; slot N is at N % batch_size.
    int sources[program::batch_size] = {};
    unsigned sources_received = 0;

    HeldParent parent{};
};

}  // namespace insula::init
