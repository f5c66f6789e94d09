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

template <class Calls>
[[nodiscard]] Opened find_target(Context<Calls>& context, program::GuestTarget target) noexcept {
    return open_inside(context.calls, context.root, context.view.text(target.path), O_PATH,
                       target.no_symlinks ? RESOLVE_NO_SYMLINKS : 0);
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
        calls.close(directory.fd);
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

/// Forgets the directory kept for new entries: a mount may have covered it.
template <class Calls>
void forget_parent(Context<Calls>& context) noexcept {
    if (context.parent >= 0) context.calls.close(context.parent);
    context.parent = -1;
}

/// The directory that `entry` goes into. Stays the context's.
template <class Calls>
[[nodiscard]] Opened parent_of(Context<Calls>& context, const program::NewEntry& entry) noexcept {
    if (context.parent >= 0 && context.parent_text == entry.parent.path)
        return {context.parent, {}};
    forget_parent(context);
    const Opened found = make_target(context, entry.parent, Missing::directory);
    if (found.failed()) return found;
    context.parent = found.fd;
    context.parent_text = entry.parent.path;
    return found;
}

}  // namespace insula::init
