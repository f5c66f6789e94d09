// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/context.hpp"

// Trust: the tree below the root may belong to the enemy, who may also be renaming things in it at
// this moment. So a path is resolved once, by the kernel, inside the root (openat2(2),
// RESOLVE_IN_ROOT, Linux 5.6), and everything after works on the descriptor. What is missing is
// made one component at a time below such a descriptor, and never through a link.

namespace insula::init {

inline constexpr int open_attempts = 128;
inline constexpr unsigned long path_capacity = 4096;

/// Opens `path` inside the directory `root`. RESOLVE_IN_ROOT answers EAGAIN while something is
/// being renamed, anywhere.
template <class Calls>
Opened open_inside(Calls& calls, int root, const char* path, unsigned long flags,
                   unsigned long resolve) noexcept {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
    int result = -EAGAIN;
    for (int attempt = 0; attempt != open_attempts && (result == -EAGAIN || result == -EINTR);
         ++attempt)
        result = calls.openat2(root, path, how);
    return opened(result, program::Call::openat2, program::Detail::target);
}

/// Forgets the directory kept for what comes next.
template <class Calls>
void forget_parent(Context<Calls>& context) noexcept {
    if (context.parent.fd >= 0) context.calls.close(context.parent.fd);
    context.parent = {};
}

/// What follows the path of the held directory in `path`; nothing when `path` begins otherwise, or
/// no directory is held.
template <class Calls>
[[nodiscard]] const char* after_parent(const Context<Calls>& context, const char* path) noexcept {
    if (context.parent.fd < 0) return nullptr;
    const char* held = context.view.text(context.parent.path);
    for (uint32_t i = 0; i != context.parent.length; ++i)
        if (path[i] != held[i]) return nullptr;
    return path + context.parent.length;
}

/// The name of `target` in the held directory, or nothing when it does not lie right there. Only
/// for paths that may hold no link: their text says where they lie.
template <class Calls>
[[nodiscard]] const char* name_in_parent(const Context<Calls>& context,
                                         program::GuestTarget target) noexcept {
    if (!context.parent.no_symlinks || !target.no_symlinks) return nullptr;
    const char* rest = after_parent(context, context.view.text(target.path));
    if (rest == nullptr || *rest != '/') return nullptr;
    const char* name = rest + 1;
    if (*name == '\0' || *name == '.') return nullptr;  // "." and ".." name no entry
    for (const char* c = name; *c != '\0'; ++c)
        if (*c == '/') return nullptr;
    return name;
}

template <class Calls>
[[nodiscard]] Opened find_target(Context<Calls>& context, program::GuestTarget target) noexcept {
    const unsigned long resolve = target.no_symlinks ? RESOLVE_NO_SYMLINKS : 0;
    if (const char* name = name_in_parent(context, target))
        return open_inside(context.calls, context.parent.fd, name, O_PATH, resolve);
    return open_inside(context.calls, context.root, context.view.text(target.path), O_PATH,
                       resolve);
}

enum class Missing : unsigned char { directory, file };

/// Makes `name` in `directory` and opens it.
template <class Calls>
[[nodiscard]] Opened make_component(Calls& calls, int directory, const char* name,
                                    Missing kind) noexcept {
    using program::Call;
    using program::Detail;
    const int made = kind == Missing::directory
                         ? calls.mkdirat(directory, name, 0755)
                         : calls.mknodat(directory, name, uapi::mode_regular | 0644, 0);
    // It was not found, and yet it is there: a symbolic link that leads nowhere.
    if (made == -EEXIST) return opened(-EEXIST, Call::openat2, Detail::dangling_link);
    if (made < 0)
        return opened(made, kind == Missing::directory ? Call::mkdirat : Call::mknodat,
                      Detail::target);
    return open_inside(calls, directory, name, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

/// Opens `target`; makes what is missing: directories on the way, and `kind` at its end.
template <class Calls>
[[nodiscard]] Opened make_target(Context<Calls>& context, program::GuestTarget target,
                                 Missing kind) noexcept {
    Opened found = find_target(context, target);
    if (found.outcome.error != ENOENT) return found;

    Calls& calls = context.calls;
    if (const char* name = name_in_parent(context, target))
        return make_component(calls, context.parent.fd, name, kind);
    const unsigned long resolve = target.no_symlinks ? RESOLVE_NO_SYMLINKS : 0;
    const char* path = context.view.text(target.path);
    char prefix[path_capacity];
    unsigned long length = 0;
    Opened directory = open_inside(calls, context.root, "/", O_PATH, 0);
    while (!directory.failed()) {
        while (path[length] == '/') {
            prefix[length] = '/';
            ++length;
        }
        if (path[length] == '\0') break;
        const unsigned long start = length;
        while (path[length] != '/' && path[length] != '\0') {
            if (length + 1 == path_capacity) {
                calls.close(directory.fd);
                return opened(-ENAMETOOLONG, program::Call::openat2, program::Detail::target);
            }
            prefix[length] = path[length];
            ++length;
        }
        prefix[length] = '\0';
        const bool last = path[length] == '\0';
        Opened next = open_inside(calls, context.root, prefix, O_PATH, resolve);
        if (next.outcome.error == ENOENT)
            next = make_component(calls, directory.fd, prefix + start,
                                  last ? kind : Missing::directory);
        if (last && !next.failed() && target.no_symlinks && start != 0) {
            forget_parent(context);
            context.parent = {directory.fd, target.path, static_cast<uint32_t>(start - 1), 1};
        } else {
            calls.close(directory.fd);
        }
        directory = next;
    }
    return directory;
}

template <class Calls>
[[nodiscard]] Outcome status_of(Calls& calls, int fd, struct statx& status) noexcept {
    return outcome(calls.statx(fd, "", uapi::at_empty_path, STATX_TYPE | STATX_MODE, status),
                   program::Call::fstat);
}

[[nodiscard]] inline bool is_directory(const struct statx& status) noexcept {
    return (status.stx_mode & uapi::mode_type) == uapi::mode_directory;
}

/// The directory that `entry` goes into. Stays the context's.
template <class Calls>
[[nodiscard]] Opened parent_of(Context<Calls>& context, const program::NewEntry& entry) noexcept {
    const char* path = context.view.text(entry.parent.path);
    const char* rest = after_parent(context, path);
    if (rest != nullptr && *rest == '\0') return {context.parent.fd, {}};
    const Opened found = make_target(context, entry.parent, Missing::directory);
    if (found.failed()) return found;
    forget_parent(context);
    uint32_t length = 0;
    while (path[length] != '\0') ++length;
    context.parent = {found.fd, entry.parent.path, length, entry.parent.no_symlinks};
    return found;
}

}  // namespace insula::init
