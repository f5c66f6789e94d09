// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/mount_steps.hpp"

namespace insula::init {

/// Writes `prefix` and `number` in decimal into `out`, which has room for 32 bytes.
inline void number_name(char* out, const char* prefix, unsigned number) noexcept {
    while (*prefix != '\0') *out++ = *prefix++;
    char digits[10];
    int count = 0;
    do {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0) *out++ = digits[--count];
    *out = '\0';
}

/// Makes the tmpfs that takes what is written to overlays, and puts it over the old root, out of
/// sight, before the container's root comes: before Linux 6.15 an overlay refuses a layer that is
/// not in the caller's mount namespace. It goes away with the last overlay on it.
template <class Calls>
Outcome run(Context<Calls>& context, const program::Scratch&) noexcept {
    const Opened made = make_filesystem(context, "tmpfs", nullptr, 0, MOUNT_ATTR_NODEV);
    if (made.failed()) return made.outcome;
    context.scratch = made.fd;
    return outcome(context.calls.move_mount(made.fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH),
                   program::Call::move_mount, program::Detail::attach);
}

/// Makes the upper directory `name` look like `lower`: the merged directory takes mode and owner
/// from it.
template <class Calls>
[[nodiscard]] Outcome make_upper(Context<Calls>& context, const char* name,
                                 const char* lower) noexcept {
    using program::Call;
    using program::Detail;
    Calls& calls = context.calls;
    struct statx status{};
    const Outcome known =
        outcome(calls.statx(AT_FDCWD, lower, 0, STATX_MODE | STATX_UID | STATX_GID, status),
                Call::fstat, Detail::source);
    if (known.failed()) return known;
    if (const Outcome o = outcome(calls.mkdirat(context.scratch, name, 0700), Call::mkdirat);
        o.failed())
        return o;
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const Opened upper = opened(calls.openat2(context.scratch, name, how), Call::openat2);
    if (upper.failed()) return upper.outcome;
    // An owner who is not mapped in a user namespace cannot be given: the directory then belongs to
    // the container's root.
    const int owned = calls.fchown(upper.fd, status.stx_uid, status.stx_gid);
    const int moded = calls.fchmod(upper.fd, status.stx_mode & 07777U);
    calls.close(upper.fd);
    if (owned < 0 && owned != -EINVAL && owned != -EPERM) return outcome(owned, Call::fchown);
    return outcome(moded, Call::fchmod);
}

/// An overlay of `layers`, as a detached mount.
template <class Calls>
[[nodiscard]] Opened make_overlay(Context<Calls>& context, const program::Layers& layers) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    char upper[32];
    char work[32];
    number_name(upper, "u", layers.number);
    number_name(work, "w", layers.number);
    const char* lower = context.view.text(layers.lower);
    if (const Outcome o = make_upper(context, upper, lower); o.failed()) return {-1, o};
    if (const Outcome o = outcome(calls.mkdirat(context.scratch, work, 0700), Call::mkdirat);
        o.failed())
        return {-1, o};

    // The kernel looks the layers up by path: the two of ours from the working directory, which is
    // the scratch tmpfs now.
    if (const Outcome o = outcome(calls.fchdir(context.scratch), Call::fchdir); o.failed())
        return {-1, o};
    const Opened fs = opened(calls.fsopen("overlay", FSOPEN_CLOEXEC), Call::fsopen);
    if (fs.failed()) return fs;
    int result = calls.fsconfig(fs.fd, FSCONFIG_SET_STRING, "lowerdir",
                                context.view.text(layers.lower_option));
    if (result >= 0) result = calls.fsconfig(fs.fd, FSCONFIG_SET_STRING, "upperdir", upper);
    if (result >= 0) result = calls.fsconfig(fs.fd, FSCONFIG_SET_STRING, "workdir", work);
    if (result >= 0 && layers.user_attributes)
        result = calls.fsconfig(fs.fd, FSCONFIG_SET_FLAG, "userxattr", nullptr);
    if (result >= 0) result = calls.fsconfig(fs.fd, FSCONFIG_CMD_CREATE, nullptr, nullptr);
    if (result < 0) keep_kernel_text(context, fs.fd);
    const Opened mount = result < 0
                             ? opened(result, Call::fsconfig)
                             : opened(calls.fsmount(fs.fd, FSMOUNT_CLOEXEC, 0), Call::fsmount);
    calls.close(fs.fd);
    return mount;
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::RootOverlay& op) noexcept {
    const Opened mount = make_overlay(context, op.layers);
    return mount.failed() ? mount.outcome : attach_root(context, mount.fd);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Overlay& op) noexcept {
    const Opened mount = make_overlay(context, op.layers);
    return mount.failed() ? mount.outcome
                          : attach_at(context, mount.fd, op.target, Missing::directory);
}

}  // namespace insula::init
