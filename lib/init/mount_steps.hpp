// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/path_steps.hpp"

namespace insula::init {

/// Keeps what the kernel has to say about a file system context (fsopen(2): read returns one
/// message).
template <class Calls>
void keep_kernel_text(Context<Calls>& context, int fs) noexcept {
    char* text = context.shared.report.kernel_text;
    const long size = context.calls.read(fs, text, program::kernel_text_size - 1);
    text[size > 0 ? size : 0] = '\0';
    if (size > 0 && text[size - 1] == '\n') text[size - 1] = '\0';
}

/// Makes a new file system as a detached mount.
template <class Calls>
Opened make_filesystem(Context<Calls>& context, const char* type, const program::Option* options,
                       unsigned count, unsigned attributes) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    const Opened fs = opened(calls.fsopen(type, FSOPEN_CLOEXEC), Call::fsopen);
    if (fs.failed()) return fs;
    int result = 0;
    for (unsigned i = 0; i != count && result >= 0; ++i) {
        const char* value = options[i].value == 0 ? nullptr : context.view.text(options[i].value);
        result = calls.fsconfig(fs.fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
                                context.view.text(options[i].name), value);
    }
    if (result >= 0) result = calls.fsconfig(fs.fd, FSCONFIG_CMD_CREATE, nullptr, nullptr);
    if (result < 0) {
        keep_kernel_text(context, fs.fd);
        calls.close(fs.fd);
        return opened(result, Call::fsconfig);
    }
    const Opened mount = opened(calls.fsmount(fs.fd, FSMOUNT_CLOEXEC, attributes), Call::fsmount);
    if (mount.failed()) keep_kernel_text(context, fs.fd);
    calls.close(fs.fd);
    return mount;
}

template <class Calls>
Opened make_filesystem(Context<Calls>& context, const program::NewFilesystem& wanted) noexcept {
    return make_filesystem(context, context.view.text(wanted.type),
                           context.view.template array<program::Option>(wanted.options),
                           wanted.option_count, wanted.attributes);
}

/// Sets the attributes of a detached clone, and cuts it off from the propagation of what it was
/// cloned from: a clone of a shared mount is shared (mount_namespaces(7)), and what is mounted on
/// it would appear on the host.
template <class Calls>
[[nodiscard]] Outcome finish_clone(Calls& calls, int tree, program::MountAttributes wanted,
                                   bool writable_root = false) noexcept {
    using program::Call;
    using program::Detail;
    mount_attr attributes{};
    attributes.attr_set = wanted.set;
    attributes.attr_clr = wanted.clear;
    attributes.propagation = MS_PRIVATE;
    const int flags = uapi::at_empty_path | (wanted.recursive ? uapi::at_recursive : 0);
    const Outcome set = outcome(calls.mount_setattr(tree, "", flags, attributes),
                                Call::mount_setattr, Detail::attributes);
    if (set.failed() || !writable_root || (wanted.set & MOUNT_ATTR_RDONLY) == 0) return set;
    mount_attr writable{};
    writable.attr_clr = MOUNT_ATTR_RDONLY;
    return outcome(calls.mount_setattr(tree, "", uapi::at_empty_path, writable),
                   Call::mount_setattr, Detail::attributes);
}

/// Clones the mount at `path` below `directory`; detached, private, with `wanted`.
template <class Calls>
Opened clone_tree(Calls& calls, int directory, const char* path, program::MountAttributes wanted,
                  bool writable_root = false) noexcept {
    using program::Call;
    using program::Detail;
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    if (path[0] == '\0') flags |= uapi::at_empty_path;
    if (wanted.recursive) flags |= uapi::at_recursive;
    const Opened tree =
        opened(calls.open_tree(directory, path, flags), Call::open_tree, Detail::source);
    if (tree.failed()) return tree;
    const Outcome finished = finish_clone(calls, tree.fd, wanted, writable_root);
    if (!finished.failed()) return tree;
    calls.close(tree.fd);
    return {-1, finished};
}

/// Puts the detached `mount` over the directory or file `place`, which is `target`. Closes both.
template <class Calls>
[[nodiscard]] Outcome attach(Context<Calls>& context, int mount, int place,
                             program::GuestTarget target) noexcept {
    // The mount may cover the directory that is held, unless it goes right into it.
    if (name_in_parent(context, target) == nullptr) forget_parent(context);
    const int moved = context.calls.move_mount(mount, "", place, "",
                                               MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    context.calls.close(mount);
    context.calls.close(place);
    return outcome(moved, program::Call::move_mount, program::Detail::attach);
}

/// Puts the detached `mount` at `target`, which is made where it is missing. Closes `mount`.
template <class Calls>
[[nodiscard]] Outcome attach_at(Context<Calls>& context, int mount, program::GuestTarget target,
                                Missing kind) noexcept {
    const Opened place = make_target(context, target, kind);
    if (!place.failed()) return attach(context, mount, place.fd, target);
    context.calls.close(mount);
    return place.outcome;
}

/// Makes the detached `mount` the container's root: over the namespace's root, where nothing sees
/// it until `enter_root`, because a path that begins with '/' starts below what is mounted on the
/// root.
template <class Calls>
[[nodiscard]] Outcome attach_root(Context<Calls>& context, int mount) noexcept {
    context.root = mount;
    return outcome(context.calls.move_mount(mount, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH),
                   program::Call::move_mount, program::Detail::attach);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::MakePrivate&) noexcept {
    return outcome(context.calls.mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr),
                   program::Call::mount, program::Detail::attributes);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::TakeSource& op) noexcept {
    const Opened tree = clone_tree(context.calls, AT_FDCWD, context.view.text(op.path),
                                   op.attributes, op.writable_root != 0);
    if (tree.failed()) return tree.outcome;
    context.sources[op.slot % program::batch_size] = tree.fd;
    context.sources_received = op.slot + 1;
    return {};
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::RootFilesystem& op) noexcept {
    const Opened mount = make_filesystem(context, op.filesystem);
    return mount.failed() ? mount.outcome : attach_root(context, mount.fd);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Filesystem& op) noexcept {
    const Opened mount = make_filesystem(context, op.filesystem);
    return mount.failed() ? mount.outcome
                          : attach_at(context, mount.fd, op.target, Missing::directory);
}

/// Puts the detached `mount`, a directory or a file, at `target`, which is made in kind where it is
/// missing. Closes `mount`.
template <class Calls>
[[nodiscard]] Outcome attach_in_kind(Context<Calls>& context, int mount,
                                     program::GuestTarget target) noexcept {
    struct statx status{};
    const Outcome known = status_of(context.calls, mount, status);
    if (!known.failed())
        return attach_at(context, mount, target,
                         is_directory(status) ? Missing::directory : Missing::file);
    context.calls.close(mount);
    return known;
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::GuestBind& op) noexcept {
    const Opened source = find_target(context, op.source);
    if (source.failed())
        return {source.outcome.error, program::Call::openat2, program::Detail::source};
    const Opened tree = clone_tree(context.calls, source.fd, "", op.attributes);
    context.calls.close(source.fd);
    if (tree.failed()) return tree.outcome;
    return attach_in_kind(context, tree.fd, op.target);
}

/// Clones a mount of the container's own, which is private since `MakePrivate`; so is the clone.
template <class Calls>
[[nodiscard]] Opened clone_private(Calls& calls, int tree) noexcept {
    return opened(
        calls.open_tree(tree, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | uapi::at_empty_path),
        program::Call::open_tree, program::Detail::source);
}

/// An empty directory to hide directories under: made once, cloned from then on.
template <class Calls>
[[nodiscard]] Opened clone_empty_tree(Context<Calls>& context) noexcept {
    if (context.empty_tree < 0) {
        const Opened made = make_filesystem(
            context, "tmpfs", nullptr, 0,
            MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        if (made.failed()) return made;
        context.empty_tree = made.fd;
        // The first mask is the tree itself: a detached mount cannot be cloned before Linux 6.15,
        // an attached one can.
        return opened(context.calls.fcntl(made.fd, F_DUPFD_CLOEXEC, 0), program::Call::fcntl);
    }
    return clone_private(context.calls, context.empty_tree);
}

/// The container's own null device to hide files under, checked once: a bind of anything else would
/// give a file away (CVE-2025-31133).
template <class Calls>
[[nodiscard]] Opened clone_null_device(Context<Calls>& context) noexcept {
    using program::Call;
    using program::Detail;
    Calls& calls = context.calls;
    if (context.null_device >= 0) return clone_private(calls, context.null_device);
    const Opened null = open_inside(calls, context.root, "/dev/null", O_PATH, RESOLVE_NO_SYMLINKS);
    if (null.failed()) return null;
    struct statx status{};
    Outcome checked = status_of(calls, null.fd, status);
    if (!checked.failed() && ((status.stx_mode & uapi::mode_type) != uapi::mode_character ||
                              status.stx_rdev_major != 1 || status.stx_rdev_minor != 3))
        checked = {ENXIO, Call::fstat, Detail::not_a_device};
    if (checked.failed()) {
        calls.close(null.fd);
        return {-1, checked};
    }
    context.null_device = null.fd;
    return clone_private(calls, null.fd);
}

/// Whether a kernel path that is to be hidden or protected is just not there, on this kernel or for
/// this user.
[[nodiscard]] inline bool is_absent(const Opened& found) noexcept {
    return found.outcome.error == ENOENT || found.outcome.error == ENOTDIR;
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Mask& op) noexcept {
    const Opened found = find_target(context, op.path);
    if (is_absent(found)) return {};
    if (found.failed()) return found.outcome;
    struct statx status{};
    const Outcome known = status_of(context.calls, found.fd, status);
    const Opened cover = known.failed()         ? Opened{-1, known}
                         : is_directory(status) ? clone_empty_tree(context)
                                                : clone_null_device(context);
    if (!cover.failed()) return attach(context, cover.fd, found.fd, op.path);
    context.calls.close(found.fd);
    return cover.outcome;
}

/// Covers `path` with itself, under other attributes. Nothing where it does not exist.
template <class Calls>
[[nodiscard]] Outcome cover_with_itself(Context<Calls>& context, program::GuestTarget path,
                                        program::MountAttributes attributes) noexcept {
    const Opened found = find_target(context, path);
    if (is_absent(found)) return {};
    if (found.failed()) return found.outcome;
    const Opened tree = clone_tree(context.calls, found.fd, "", attributes);
    if (!tree.failed()) return attach(context, tree.fd, found.fd, path);
    context.calls.close(found.fd);
    return tree.outcome;
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Protect& op) noexcept {
    return cover_with_itself(context, op.path, {.set = MOUNT_ATTR_RDONLY, .recursive = 1});
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Unprotect& op) noexcept {
    return cover_with_itself(context, op.path, {.clear = MOUNT_ATTR_RDONLY, .recursive = 1});
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::SealRoot&) noexcept {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return outcome(context.calls.mount_setattr(context.root, "", uapi::at_empty_path, attributes),
                   program::Call::mount_setattr, program::Detail::attributes);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::EnterRoot&) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    if (const Outcome o = outcome(calls.fchdir(context.root), Call::fchdir); o.failed()) return o;
    // pivot_root(2), "pivot_root(".", ".")": the old root is then stacked on the new one, with the
    // scratch mount on top of it where there is one, and "." is whatever is topmost. Detaching once
    // too few would leave the host in sight.
    if (const Outcome o = outcome(calls.pivot_root(".", "."), Call::pivot_root); o.failed())
        return o;
    const int stacked = context.scratch >= 0 ? 2 : 1;
    for (int i = 0; i != stacked; ++i)
        if (const Outcome o = outcome(calls.umount2(".", uapi::umount_detach), Call::umount2);
            o.failed())
            return o;
    return outcome(calls.chdir("/"), Call::chdir);
}

}  // namespace insula::init
