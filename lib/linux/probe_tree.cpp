// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "linux/explain.hpp"
#include "linux/probe.hpp"

namespace insula::linux_ {

namespace {

constexpr std::array<std::string_view, 5> hidden_tops{"/proc", "/sys", "/dev", "/run", "/tmp"};

[[nodiscard]] bool is_below(std::string_view path, std::string_view top) noexcept {
    if (top == "/") return path != "/";
    return path.size() > top.size() && path.starts_with(top) && path[top.size()] == '/';
}

[[nodiscard]] bool is_hidden(std::string_view path) noexcept {
    return std::any_of(hidden_tops.begin(), hidden_tops.end(),
                       [path](std::string_view top) { return path == top || is_below(path, top); });
}

/// Cuts the next word off `line`.
[[nodiscard]] std::string_view cut_word(std::string_view& line) noexcept {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

/// mountinfo writes white space and backslashes as three octal digits (proc_pid_mountinfo(5)).
[[nodiscard]] std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i != text.size(); ++i) {
        unsigned code = 0;
        if (text[i] == '\\' && i + 3 < text.size() + 0 &&
            std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ec == std::errc{}) {
            out += static_cast<char>(code);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// One line of mountinfo: "ID PARENT DEV ROOT PATH OPTIONS FIELDS… - TYPE SOURCE OPTIONS".
[[nodiscard]] HostMount parse_mount(std::string_view line) {
    for (int skipped = 0; skipped != 4; ++skipped) (void)cut_word(line);
    const std::string_view path = cut_word(line);
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) return {};
    line.remove_prefix(dash + 3);
    return {unescape(path), std::string(cut_word(line))};
}

[[nodiscard]] FileKind kind_of(unsigned mode) noexcept {
    switch (mode & uapi::mode_type) {
        case uapi::mode_directory: return FileKind::directory;
        case uapi::mode_regular: return FileKind::regular;
        case 0120000: return FileKind::symlink;
        default: return FileKind::other;
    }
}

/// Adds the entry `path`. One that goes away meanwhile is left out.
void add_entry(Kernel& kernel, std::string path, HostFacts& facts) {
    struct statx status{};
    if (kernel.statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE, status) <
        0)
        return;
    HostEntry entry{.path = std::move(path),
                    .kind = kind_of(status.stx_mode),
                    .link_target = {},
                    .mode = status.stx_mode & 07777U};
    if (entry.kind == FileKind::symlink) {
        char target[4096];
        const long size = kernel.readlinkat(AT_FDCWD, entry.path.c_str(), target, sizeof target);
        if (size <= 0) return;
        entry.link_target.assign(target, static_cast<std::size_t>(size));
    }
    facts.root_entries.push_back(std::move(entry));
}

/// struct linux_dirent64 of getdents(2).
struct DirectoryEntry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
};
constexpr std::size_t name_offset = offsetof(DirectoryEntry, type) + 1;

/// Adds the entries of `directory`, in the order of their names. What this user may not list is
/// left out.
[[nodiscard]] Result<void> list_directory(Kernel& kernel, const std::string& directory,
                                          HostFacts& facts) {
    const int fd = kernel.open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return {};
    const HeldFd held(kernel, fd);
    std::vector<std::string> names;
    alignas(8) char buffer[32768];
    for (;;) {
        const long got = kernel.getdents64(fd, buffer, sizeof buffer);
        if (got < 0)
            return start_error(static_cast<int>(-got), "getdents64",
                               "cannot list '" + directory + "'");
        if (got == 0) break;
        for (const char* at = buffer; at < buffer + got;) {
            DirectoryEntry entry{};
            std::memcpy(&entry, at, name_offset);
            const std::string_view name(at + name_offset);
            if (name != "." && name != "..") names.emplace_back(name);
            at += entry.size;
        }
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        std::string path = directory;
        if (path != "/") path += '/';
        path += name;
        if (!is_hidden(path)) add_entry(kernel, std::move(path), facts);
    }
    return {};
}

}  // namespace

Result<void> probe_tree(Kernel& kernel, HostFacts& facts) {
    facts.mounts.clear();
    facts.root_entries.clear();
    INSULA_TRY(const std::string table, read_file(kernel, "/proc/self/mountinfo"));
    std::string_view rest = table;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        HostMount mount = parse_mount(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!mount.path.empty() && !is_hidden(mount.path)) facts.mounts.push_back(std::move(mount));
    }
    // Each directory on the way to a mount is listed, once.
    std::vector<std::string> directories{"/"};
    for (const HostMount& mount : facts.mounts)
        for (std::size_t slash = mount.path.find('/', 1); slash != std::string::npos;
             slash = mount.path.find('/', slash + 1))
            directories.push_back(mount.path.substr(0, slash));
    std::sort(directories.begin(), directories.end());
    directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
    for (const std::string& directory : directories)
        INSULA_CHECK(list_directory(kernel, directory, facts));
    return {};
}

}  // namespace insula::linux_
