// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/mount_steps.hpp"

namespace insula::init {

// Sources that the caller opened arrive over the control socket, in batches, so that neither side
// ever holds more descriptors than a batch. The helper asks for a batch by one byte; the first one
// is sent unasked.

inline constexpr int msg_cmsg_cloexec = 0x40000000;
inline constexpr int msg_nosignal = 0x4000;
inline constexpr unsigned msg_ctrunc = 0x8;

/// Receives the next batch. End-of-file means that the owner died.
template <class Calls>
[[nodiscard]] Outcome receive_batch(Context<Calls>& context) noexcept {
    using program::Call;
    using program::Detail;
    Calls& calls = context.calls;
    if (context.sources_received != 0) {
        const char more = 'm';
        const long asked = calls.sendto(context.control, &more, 1, msg_nosignal);
        if (asked < 0) calls.exit_group(1);
    }
    char byte = 0;
    Vector vector{&byte, 1};
    alignas(ControlHeader) char control[sizeof(ControlHeader) + sizeof context.sources];
    MessageHeader message{};
    message.vectors = &vector;
    message.vector_count = 1;
    message.control = control;
    message.control_length = sizeof control;
    const long got = calls.recvmsg(context.control, message, msg_cmsg_cloexec);
    if (got < 0) return outcome(got, Call::recvmsg, Detail::source);
    if (got == 0) calls.exit_group(1);
    // The kernel delivers as many as the limit on open files allows (unix(7), "SCM_RIGHTS"). Going
    // on would ask for mounts that the owner has sent already, and wait for ever.
    if ((message.flags & msg_ctrunc) != 0) return {EMFILE, Call::recvmsg, Detail::source};
    const auto* header = reinterpret_cast<const ControlHeader*>(control);
    if (message.control_length < sizeof *header) return {EBADF, Call::recvmsg, Detail::source};
    const unsigned count = static_cast<unsigned>((header->length - sizeof *header) / sizeof(int));
    const int* fds = reinterpret_cast<const int*>(control + sizeof *header);
    for (unsigned i = 0; i != count; ++i) context.sources[i] = fds[i];
    context.sources_received += count;
    return {};
}

/// The source mount `slot`. Slots are used in order, each once.
template <class Calls>
[[nodiscard]] Opened source(Context<Calls>& context, unsigned slot) noexcept {
    if (slot >= context.sources_received)
        if (const Outcome o = receive_batch(context); o.failed()) return {-1, o};
    return {context.sources[slot % program::batch_size], {}};
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::RootBind& op) noexcept {
    const Opened tree = source(context, op.slot);
    return tree.failed() ? tree.outcome : attach_root(context, tree.fd);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Bind& op) noexcept {
    const Opened tree = source(context, op.slot);
    if (tree.failed()) return tree.outcome;
    return attach_in_kind(context, tree.fd, op.target);
}

}  // namespace insula::init
