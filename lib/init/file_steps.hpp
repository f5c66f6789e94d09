// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/path_steps.hpp"

namespace insula::init {

// The helper's umask is 0, so modes are exact.

template <class Calls>
Outcome run(Context<Calls>& context, const program::Directory& op) noexcept {
    const Opened parent = parent_of(context, op.entry);
    if (parent.failed()) return parent.outcome;
    const int made = context.calls.mkdirat(parent.fd, context.view.text(op.entry.name), op.mode);
    return made == -EEXIST ? Outcome{} : outcome(made, program::Call::mkdirat);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Device& op) noexcept {
    const Opened parent = parent_of(context, op.entry);
    if (parent.failed()) return parent.outcome;
    return outcome(context.calls.mknodat(parent.fd, context.view.text(op.entry.name),
                                         uapi::mode_character | op.mode, op.device),
                   program::Call::mknodat);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Symlink& op) noexcept {
    const Opened parent = parent_of(context, op.entry);
    if (parent.failed()) return parent.outcome;
    return outcome(context.calls.symlinkat(context.view.text(op.target), parent.fd,
                                           context.view.text(op.entry.name)),
                   program::Call::symlinkat);
}

}  // namespace insula::init
