// SPDX-License-Identifier: Apache-2.0
// The part of `FakeKernel` that knows files and mounts.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <doctest/doctest.h>

#include "executor/fake_kernel_record.hpp"

namespace insula::test {

int FakeKernel::open(const char* path, int flags) noexcept {
    return static_cast<int>(record("open", path, [&]() -> long {
        if ((flags & O_CLOEXEC) == 0) FAIL_CHECK("open without O_CLOEXEC: " << std::string(path));
        const Found found = find(root, path);
        return found.error != 0 ? -found.error : add_fd(path, found.node);
    }));
}

long FakeKernel::read(int fd, void* buffer, std::size_t size) noexcept {
    return record("read", label_of(fd), [&]() -> long {
        File* file = file_of(fd, "read");
        if (file == nullptr) return -EBADF;
        const std::string& text = file->node->text;
        const std::size_t got = std::min(size, text.size() - file->position);
        std::memcpy(buffer, text.data() + file->position, got);
        file->position += got;
        return static_cast<long>(got);
    });
}

long FakeKernel::write(int fd, const void* buffer, std::size_t size) noexcept {
    return record("write", label_of(fd), [&]() -> long {
        File* file = file_of(fd, "write");
        if (file == nullptr) return -EBADF;
        if (short_write && size > 1) --size;
        const std::string text(static_cast<const char*>(buffer), size);
        if (file->node == nullptr)
            file->content += text;
        else
            written[file->label] += text;
        return static_cast<long>(size);
    });
}

long FakeKernel::pwrite(int fd, const void* buffer, std::size_t size, long offset) noexcept {
    return record("pwrite", label_of(fd), [&]() -> long {
        File* file = file_of(fd, "pwrite");
        if (file == nullptr) return -EBADF;
        if (short_write) --size;
        const auto start = static_cast<std::size_t>(offset);
        file->content.resize(std::max(file->content.size(), start + size));
        std::memcpy(file->content.data() + start, buffer, size);
        return static_cast<long>(size);
    });
}

int FakeKernel::close(int fd) noexcept {
    const std::string label = label_of(fd);
    const File* file = file_of(fd, "close");
    if (file != nullptr && file->own) FAIL_CHECK("the embedder's " << label << " is closed");
    fds_.erase(fd);  // also when close(2) fails
    return static_cast<int>(record("close", label, [] { return 0; }));
}

int FakeKernel::fcntl(int fd, int command, long argument) noexcept {
    constexpr int add_seals = 1033;
    const std::string what = command == F_GETFD     ? "F_GETFD"
                             : command == add_seals ? "F_ADD_SEALS, " + std::to_string(argument)
                                                    : std::to_string(command);
    return static_cast<int>(record("fcntl", label_of(fd) + ", " + what, [&]() -> long {
        if (command != F_GETFD && command != add_seals) return unexpected(what);
        return fds_.contains(fd) ? 0 : -EBADF;
    }));
}

int FakeKernel::ftruncate(int fd, long) noexcept {
    return unexpected("ftruncate of " + label_of(fd));
}

long FakeKernel::readlinkat(int, const char* path, char* buffer, std::size_t size) noexcept {
    return record("readlinkat", path, [&]() -> long {
        const Found found = find(root, path, Links::not_last);
        if (found.error != 0) return -found.error;
        if (found.node->kind != Node::Kind::symlink) return -EINVAL;
        const std::size_t got = std::min(size, found.node->text.size());
        std::memcpy(buffer, found.node->text.data(), got);
        return static_cast<long>(got);
    });
}

int FakeKernel::statx(int, const char* path, int flags, unsigned, struct statx& out) noexcept {
    return static_cast<int>(record("statx", path, [&]() -> long {
        const bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
        const Found found = find(root, path, follow ? Links::follow : Links::not_last);
        if (found.error != 0) return -found.error;
        out.stx_mode = static_cast<unsigned short>(type_bits(found.node->kind) | found.node->mode);
        return 0;
    }));
}

long FakeKernel::getdents64(int fd, void* buffer, std::size_t size) noexcept {
    return record("getdents64", label_of(fd), [&]() -> long {
        File* file = file_of(fd, "getdents64");
        if (file == nullptr) return -EBADF;
        std::vector<std::string> names{".", ".."};
        // As a kernel may, not in order.
        for (auto at = file->node->children.rbegin(); at != file->node->children.rend(); ++at)
            names.push_back(at->first);
        constexpr std::size_t name_offset = 19;
        auto* out = static_cast<char*>(buffer);
        std::size_t used = 0;
        for (; file->position != names.size(); ++file->position) {
            const std::string& name = names[file->position];
            const auto length =
                static_cast<std::uint16_t>((name_offset + name.size() + 1 + 7) / 8 * 8);
            if (used + length > size) break;
            std::memset(out + used, 0, length);
            std::memcpy(out + used + 16, &length, sizeof length);
            std::memcpy(out + used + name_offset, name.c_str(), name.size());
            used += length;
        }
        return static_cast<long>(used);
    });
}

int FakeKernel::pipe2(int (&ends)[2], int flags) noexcept {
    return static_cast<int>(record("pipe2", "", [&] {
        if (flags != O_CLOEXEC) FAIL_CHECK("pipe2 with flags " << flags);
        ends[0] = add_fd("pipe's reader");
        ends[1] = add_fd("pipe's writer");
        return 0;
    }));
}

int FakeKernel::open_tree(int, const char* path, unsigned flags) noexcept {
    const std::string arguments =
        std::string(path) + ((flags & unsigned{uapi::at_recursive}) != 0 ? ", recursive" : "");
    return static_cast<int>(record("open_tree", arguments, [&]() -> long {
        if ((flags & OPEN_TREE_CLOEXEC) == 0) FAIL_CHECK("open_tree without close-on-exec");
        const Found found = find(root, path);
        return found.error != 0 ? -found.error : add_fd("clone of " + std::string(path));
    }));
}

int FakeKernel::mount_setattr(int fd, const char*, unsigned flags,
                              const mount_attr& attributes) noexcept {
    std::string arguments = label_of(fd);
    if ((flags & unsigned{uapi::at_recursive}) != 0) arguments += ", recursive";
    if (attributes.attr_set != 0) arguments += ", set " + std::to_string(attributes.attr_set);
    if (attributes.attr_clr != 0) arguments += ", clear " + std::to_string(attributes.attr_clr);
    if (attributes.propagation == MS_PRIVATE) arguments += ", private";
    return static_cast<int>(record("mount_setattr", arguments,
                                   [&]() -> long { return fds_.contains(fd) ? 0 : -EBADF; }));
}

int FakeKernel::fsopen(const char* type, unsigned) noexcept {
    return unexpected("fsopen of " + std::string(type));
}

int FakeKernel::openat2(int, const char* path, const open_how&) noexcept {
    return static_cast<int>(record("openat2", path, [&]() -> long {
        const Found found = find(root, path);
        return found.error != 0 ? -found.error : add_fd(path, found.node);
    }));
}

int FakeKernel::close_range(unsigned, unsigned, unsigned) noexcept {
    return unexpected("close_range in the caller");
}

}  // namespace insula::test
