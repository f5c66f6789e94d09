// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>

namespace insula::inline v0 {

namespace detail {

struct ErrnoText {
    int number;
    std::string_view name;
    std::string_view words;
};

/// The errors that the calls of this library return. A table of our own, because strerror(3)
/// follows the locale.
inline constexpr std::array errno_texts{
    ErrnoText{EPERM, "EPERM", "operation not permitted"},
    ErrnoText{ENOENT, "ENOENT", "no such file or directory"},
    ErrnoText{ESRCH, "ESRCH", "no such process"},
    ErrnoText{EINTR, "EINTR", "interrupted by a signal"},
    ErrnoText{EIO, "EIO", "input/output error"},
    ErrnoText{ENXIO, "ENXIO", "no such device or address"},
    ErrnoText{E2BIG, "E2BIG", "argument list too long"},
    ErrnoText{ENOEXEC, "ENOEXEC", "not an executable format"},
    ErrnoText{EBADF, "EBADF", "bad file descriptor"},
    ErrnoText{ECHILD, "ECHILD", "no child process"},
    ErrnoText{EAGAIN, "EAGAIN", "a resource limit is reached, or try again"},
    ErrnoText{ENOMEM, "ENOMEM", "out of memory"},
    ErrnoText{EACCES, "EACCES", "permission denied"},
    ErrnoText{EBUSY, "EBUSY", "device or resource busy"},
    ErrnoText{EEXIST, "EEXIST", "file exists"},
    ErrnoText{EXDEV, "EXDEV", "crosses a file system or leaves the root"},
    ErrnoText{ENODEV, "ENODEV", "no such device or file system type"},
    ErrnoText{ENOTDIR, "ENOTDIR", "not a directory"},
    ErrnoText{EISDIR, "EISDIR", "is a directory"},
    ErrnoText{EINVAL, "EINVAL", "invalid argument"},
    ErrnoText{ENFILE, "ENFILE", "too many open files in the system"},
    ErrnoText{EMFILE, "EMFILE", "too many open files in this process"},
    ErrnoText{ETXTBSY, "ETXTBSY", "file is being executed or written"},
    ErrnoText{EFBIG, "EFBIG", "file too large"},
    ErrnoText{ENOSPC, "ENOSPC", "no space left, or a count limit is reached"},
    ErrnoText{EROFS, "EROFS", "read-only file system"},
    ErrnoText{EPIPE, "EPIPE", "the other end is closed"},
    ErrnoText{ERANGE, "ERANGE", "out of range"},
    ErrnoText{ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    ErrnoText{ENOSYS, "ENOSYS", "not known to this kernel, or filtered"},
    ErrnoText{ENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    ErrnoText{ELOOP, "ELOOP", "a symbolic link where none is followed, or too many of them"},
    ErrnoText{EOVERFLOW, "EOVERFLOW", "value too large"},
    ErrnoText{EUSERS, "EUSERS", "too many user namespaces"},
    ErrnoText{EOPNOTSUPP, "EOPNOTSUPP", "not supported"},
    ErrnoText{ECONNRESET, "ECONNRESET", "connection reset"},
    ErrnoText{ETIMEDOUT, "ETIMEDOUT", "timed out"},
    ErrnoText{ECANCELED, "ECANCELED", "canceled"},
};

/// "EPERM, operation not permitted", or "errno 4711".
[[nodiscard]] inline std::string errno_text(int number) {
    for (const ErrnoText& row : errno_texts)
        if (row.number == number) return std::string(row.name) + ", " + std::string(row.words);
    return "errno " + std::to_string(number);
}

/// Appends `text` as one line that cannot steer a terminal: the bytes of control characters become
/// \xNN. What a message quotes may come from a hostile document.
inline void append_line(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
    const auto is_upper_control = [&](std::size_t i) {
        return byte(i) == 0xc2 && i + 1 < text.size() && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
    };
    bool escape_next = false;
    for (std::size_t i = 0; i != text.size(); ++i) {
        const bool upper = is_upper_control(i);
        if (escape_next || upper || byte(i) < 0x20 || byte(i) == 0x7f) {
            out += "\\x";
            out += digits[byte(i) >> 4U];
            out += digits[byte(i) & 0xfU];
        } else {
            out += text[i];
        }
        escape_next = upper;
    }
}

/// "FILE:LINE:COLUMN: ", or less where less is known.
[[nodiscard]] inline std::string location_prefix(std::string_view file, TextPosition at) {
    std::string out;
    append_line(out, file);
    if (at.known()) {
        if (!out.empty()) out += ':';
        out += std::to_string(at.line) + ':' + std::to_string(at.column);
    }
    if (!out.empty()) out += ": ";
    return out;
}

inline void append_detail(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += "\n  ";
    out += name;
    out += ": ";
    append_line(out, value);
}

}  // namespace detail

inline std::string describe(const Error& error, std::string_view file) {
    std::string out = detail::location_prefix(file, error.xml);
    out += "error: ";
    detail::append_line(out, error.message);
    out += " [";
    out += to_text(error.code);
    out += ']';
    detail::append_detail(out, "element", error.path);
    if (error.op >= 0) detail::append_detail(out, "plan step", std::to_string(error.op));
    if (!error.call.empty() || error.system_error != 0) {
        std::string cause = error.call;
        if (error.system_error != 0) {
            if (!cause.empty()) cause += ": ";
            cause += detail::errno_text(error.system_error);
        }
        detail::append_detail(out, "system call", cause);
    }
    detail::append_detail(out, "kernel", error.kernel_text);
    detail::append_detail(out, "hint", error.hint);
    return out;
}

}  // namespace insula::inline v0
