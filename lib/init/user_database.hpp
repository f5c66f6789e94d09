// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/path_steps.hpp"

// Trust: /etc/passwd and /etc/group come from the container's root tree. They are read inside the
// new root, by a program without libc, NSS or locale, with bounded lines, from regular files only;
// what they say matters only inside.

namespace insula::init {

inline constexpr unsigned long line_capacity = 4096;
inline constexpr unsigned group_capacity = 1024;
inline constexpr unsigned long database_limit = 16UL << 20;

/// Reads a text file line by line. A line that is too long is skipped.
template <class Calls>
class LineReader {
public:
    LineReader(Calls& calls, int fd) noexcept : calls_(calls), fd_(fd) {}

    /// The next line, NUL-terminated, or null at the end. After a failure `error()` is set.
    char* next() noexcept {
        unsigned long length = 0;
        bool skip = false;
        for (;;) {
            if (position_ == size_ && !fill()) break;
            const char c = buffer_[position_++];
            if (c == '\n') {
                if (!skip) break;
                skip = false;
                length = 0;
            } else if (length + 1 == line_capacity) {
                skip = true;
            } else {
                line_[length++] = c;
            }
        }
        if (error_ != 0 || skip || (length == 0 && ended_)) return nullptr;
        line_[length] = '\0';
        return line_;
    }
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    bool fill() noexcept {
        if (ended_) return false;
        const long got =
            total_ > database_limit ? -EFBIG : calls_.read(fd_, buffer_, sizeof buffer_);
        if (got < 0) error_ = static_cast<int>(-got);
        ended_ = got <= 0;
        position_ = 0;
        size_ = got > 0 ? static_cast<unsigned long>(got) : 0;
        total_ += size_;
        return !ended_;
    }

    Calls& calls_;
    int fd_;
    char buffer_[line_capacity];
    char line_[line_capacity];
    unsigned long position_ = 0;
    unsigned long size_ = 0;
    unsigned long total_ = 0;
    bool ended_ = false;
    int error_ = 0;
};

[[nodiscard]] inline bool equal(const char* left, const char* right) noexcept {
    while (*left != '\0' && *left == *right) {
        ++left;
        ++right;
    }
    return *left == *right;
}

/// Cuts `line` at its next ':' and moves `line` behind it; the field, or null when there is none
/// left.
inline char* cut_field(char*& line, char separator = ':') noexcept {
    if (line == nullptr) return nullptr;
    char* field = line;
    char* end = line;
    while (*end != separator && *end != '\0') ++end;
    line = *end == '\0' ? nullptr : end + 1;
    *end = '\0';
    return field;
}

/// The whole of `text` as a decimal id below 2^32-1.
[[nodiscard]] inline bool read_id(const char* text, unsigned& id) noexcept {
    unsigned long value = 0;
    if (text == nullptr || *text == '\0') return false;
    for (; *text != '\0'; ++text) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + static_cast<unsigned long>(*text - '0');
        if (value >= 0xffffffffUL) return false;
    }
    id = static_cast<unsigned>(value);
    return true;
}

struct User {
    bool found = false;
    unsigned uid = 0;
    unsigned gid = 0;
};

struct Groups {
    unsigned count = 0;
    unsigned ids[group_capacity];
};

/// Opens the database at `path`; a failure is one of the call `look_up`.
template <class Calls>
[[nodiscard]] Opened open_database(Calls& calls, const char* path, program::Call look_up) noexcept {
    using program::Detail;
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    const Opened file = opened(calls.openat2(AT_FDCWD, path, how), look_up);
    if (file.failed()) return file;
    struct statx status{};
    const int error = status_of(calls, file.fd, status).error;
    const bool regular = (status.stx_mode & uapi::mode_type) == uapi::mode_regular;
    if (error == 0 && regular) return file;
    calls.close(file.fd);
    return {-1,
            error != 0 ? Outcome{error, look_up} : Outcome{EINVAL, look_up, Detail::not_a_file}};
}

/// What reading a database came to, for the call `look_up`.
[[nodiscard]] inline Outcome read_outcome(int error, program::Call look_up) noexcept {
    using program::Detail;
    if (error == 0) return {};
    return {error, look_up, error == EFBIG ? Detail::too_big : Detail::none};
}

/// Looks up `name` in the container's /etc/passwd (passwd(5)).
template <class Calls>
[[nodiscard]] Outcome find_user(Calls& calls, const char* name, User& user) noexcept {
    const Opened file = open_database(calls, "/etc/passwd", program::Call::look_up_user);
    if (file.outcome.error == ENOENT) return {};
    if (file.failed()) return file.outcome;
    LineReader<Calls> lines(calls, file.fd);
    while (char* rest = lines.next()) {
        const char* entry = cut_field(rest);
        if (!equal(entry, name)) continue;
        cut_field(rest);
        const char* uid = cut_field(rest);
        const char* gid = cut_field(rest);
        user.found = read_id(uid, user.uid) && read_id(gid, user.gid);
        if (user.found) break;
    }
    calls.close(file.fd);
    return read_outcome(lines.error(), program::Call::look_up_user);
}

/// Whether `members`, a list with commas, names `member`.
[[nodiscard]] inline bool names_member(char* members, const char* member) noexcept {
    while (const char* one = cut_field(members, ','))
        if (equal(one, member)) return true;
    return false;
}

/// Looks through the container's /etc/group (group(5)): for the id of `name` when it is not null,
/// and for the groups that `member` is in when that is not null, which must fit.
template <class Calls>
[[nodiscard]] Outcome find_groups(Calls& calls, const char* name, User& group, const char* member,
                                  Groups& groups) noexcept {
    const Opened file = open_database(calls, "/etc/group", program::Call::look_up_group);
    if (file.outcome.error == ENOENT) return {};
    if (file.failed()) return file.outcome;
    LineReader<Calls> lines(calls, file.fd);
    bool full = false;
    while (char* rest = lines.next()) {
        const char* entry = cut_field(rest);
        cut_field(rest);
        unsigned id = 0;
        if (!read_id(cut_field(rest), id)) continue;
        if (name != nullptr && !group.found && equal(entry, name)) {
            group.found = true;
            group.gid = id;
        }
        if (member == nullptr || !names_member(cut_field(rest), member)) continue;
        full = groups.count == group_capacity;
        if (full) break;
        groups.ids[groups.count++] = id;
    }
    calls.close(file.fd);
    // A group may also take rights away, so none is left out.
    if (full) return {ENOSPC, program::Call::look_up_group, program::Detail::too_many_groups};
    return read_outcome(lines.error(), program::Call::look_up_group);
}

}  // namespace insula::init
