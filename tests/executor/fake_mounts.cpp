// SPDX-License-Identifier: Apache-2.0
// The part of `FakeCalls` that knows files and mounts.
#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "executor/fake_record.hpp"

namespace insula::test {

namespace {

[[nodiscard]] std::string resolve_text(const open_how& how) {
    std::string text;
    const auto add = [&](std::uint64_t flag, const char* name) {
        if ((how.resolve & flag) != 0) text += std::string(text.empty() ? "" : "|") + name;
    };
    add(RESOLVE_IN_ROOT, "IN_ROOT");
    add(RESOLVE_NO_MAGICLINKS, "NO_MAGICLINKS");
    add(RESOLVE_NO_SYMLINKS, "NO_SYMLINKS");
    return text;
}

[[nodiscard]] std::string attribute_text(std::uint64_t attributes) {
    std::string text;
    const auto add = [&](std::uint64_t flag, const char* name) {
        if ((attributes & flag) != 0) text += std::string(text.empty() ? "" : "|") + name;
    };
    add(MOUNT_ATTR_RDONLY, "RDONLY");
    add(MOUNT_ATTR_NOSUID, "NOSUID");
    add(MOUNT_ATTR_NODEV, "NODEV");
    add(MOUNT_ATTR_NOEXEC, "NOEXEC");
    return text.empty() ? "0" : text;
}

[[nodiscard]] std::string unescaped(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] == '\\' && i + 1 != text.size()) ++i;
        out += text[i];
    }
    return out;
}

[[nodiscard]] bool is_mount(const FakeFile& file) noexcept {
    return file.kind == FakeFile::Kind::tree || file.kind == FakeFile::Kind::mount ||
           file.kind == FakeFile::Kind::source;
}

}  // namespace

int FakeCalls::openat2(int directory, const char* path, const open_how& how) noexcept {
    const bool path_only = (how.flags & O_PATH) != 0;
    std::string arguments = label_of(directory) + ", " + quoted(path);
    if (!path_only) arguments += ", read";
    if ((how.flags & O_NOFOLLOW) != 0) arguments += ", NOFOLLOW";
    if (const std::string resolve = resolve_text(how); !resolve.empty())
        arguments += ", " + resolve;
    return static_cast<int>(record("openat2", arguments, [&]() -> long {
        const NodePtr start = start_of(directory, path);
        if (start == nullptr) return -EBADF;
        if ((how.flags & O_CLOEXEC) == 0) FAIL_CHECK("openat2 without O_CLOEXEC: " << path);
        Links links = (how.flags & O_NOFOLLOW) != 0 ? Links::not_last : Links::follow;
        if ((how.resolve & RESOLVE_NO_SYMLINKS) != 0 && links == Links::follow)
            links = Links::refuse;
        const Found found = find(start, path, links);
        if (found.error != 0) return -found.error;
        if ((how.flags & O_DIRECTORY) != 0 && found.node->kind != Node::Kind::directory)
            return -ENOTDIR;
        return add_fd({.kind = path_only ? FakeFile::Kind::path : FakeFile::Kind::file,
                       .label = path,
                       .node = found.node});
    }));
}

int FakeCalls::statx(int fd, const char* path, int, unsigned, struct statx& out) noexcept {
    const std::string arguments = label_of(fd) + (*path == '\0' ? "" : ", " + quoted(path));
    return static_cast<int>(record("statx", arguments, [&]() -> long {
        const NodePtr start = start_of(fd, path);
        if (start == nullptr) return -EBADF;
        const Found found = find(start, path);
        if (found.error != 0) return -found.error;
        out.stx_mode = static_cast<unsigned short>(type_bits(found.node->kind) | found.node->mode);
        out.stx_rdev_major = found.node->device >> 8;
        out.stx_rdev_minor = found.node->device & 0xff;
        return 0;
    }));
}

int FakeCalls::make_entry(int directory, const char* name, NodePtr node) {
    const FakeFile* parent = file_of(directory, name);
    if (parent == nullptr) return -EBADF;
    if (std::strchr(name, '/') != nullptr || *name == '\0')
        FAIL_CHECK("a new entry is not one component: " << name);
    if (parent->node->kind != Node::Kind::directory) return -ENOTDIR;
    const bool added = parent->node->children.emplace(name, std::move(node)).second;
    return added ? 0 : -EEXIST;
}

int FakeCalls::mkdirat(int directory, const char* name, unsigned mode) noexcept {
    const std::string arguments = label_of(directory) + ", " + quoted(name) + ", " + octal(mode);
    return static_cast<int>(record("mkdirat", arguments, [&] {
        auto node = std::make_shared<Node>();
        node->mode = mode;
        return make_entry(directory, name, node);
    }));
}

int FakeCalls::mknodat(int directory, const char* name, unsigned mode, unsigned device) noexcept {
    const std::string arguments = label_of(directory) + ", " + quoted(name) + ", " + octal(mode) +
                                  ", " + std::to_string(device);
    return static_cast<int>(record("mknodat", arguments, [&] {
        auto node = std::make_shared<Node>();
        node->kind = (mode & 0170000) == 0020000 ? Node::Kind::character : Node::Kind::regular;
        node->mode = mode & 07777;
        node->device = device;
        return make_entry(directory, name, node);
    }));
}

int FakeCalls::symlinkat(const char* target, int directory, const char* name) noexcept {
    const std::string arguments = quoted(target) + ", " + label_of(directory) + ", " + quoted(name);
    return static_cast<int>(record("symlinkat", arguments,
                                   [&] { return make_entry(directory, name, make_link(target)); }));
}

int FakeCalls::fchmod(int fd, unsigned mode) noexcept {
    return static_cast<int>(record("fchmod", label_of(fd) + ", " + octal(mode), [&]() -> long {
        const FakeFile* file = file_of(fd, "fchmod");
        if (file == nullptr) return -EBADF;
        file->node->mode = mode;
        return 0;
    }));
}

int FakeCalls::fchown(int fd, unsigned owner, unsigned group) noexcept {
    const std::string arguments =
        label_of(fd) + ", " + std::to_string(owner) + ", " + std::to_string(group);
    return static_cast<int>(record("fchown", arguments, [&]() -> long {
        return file_of(fd, "fchown") == nullptr ? -EBADF : 0;
    }));
}

int FakeCalls::fchdir(int fd) noexcept {
    return static_cast<int>(record("fchdir", label_of(fd), [&]() -> long {
        const FakeFile* file = file_of(fd, "fchdir");
        if (file == nullptr) return -EBADF;
        working_directory = file->node;
        return 0;
    }));
}

int FakeCalls::chdir(const char* path) noexcept {
    return static_cast<int>(record("chdir", quoted(path), [&]() -> long {
        if (path != std::string("/")) FAIL_CHECK("chdir to a path: " << path);
        working_directory = process_root;
        return 0;
    }));
}

int FakeCalls::open_tree(int directory, const char* path, unsigned flags) noexcept {
    const bool recursive = (flags & 0x8000) != 0;
    const std::string arguments =
        (*path == '\0' ? label_of(directory) : quoted(path)) + (recursive ? ", recursive" : "");
    return static_cast<int>(record("open_tree", arguments, [&]() -> long {
        const NodePtr start = start_of(directory, path);
        if (start == nullptr) return -EBADF;
        if ((flags & OPEN_TREE_CLONE) == 0 || (flags & OPEN_TREE_CLOEXEC) == 0)
            FAIL_CHECK("open_tree without clone or close-on-exec");
        const Found found = find(start, path);
        if (found.error != 0) return -found.error;
        return add_fd({.kind = FakeFile::Kind::tree,
                       .label = "clone of " + (*path == '\0' ? label_of(directory) : path),
                       .node = copy_tree(*found.node, recursive),
                       // What a descriptor shows lies in the container's own tree, where every
                       // mount is new or was made private; a clone is like its source.
                       .is_private = directory != AT_FDCWD});
    }));
}

int FakeCalls::move_mount(int from, const char*, int to, const char* to_path,
                          unsigned flags) noexcept {
    const std::string target = *to_path == '\0' ? label_of(to) : to_path;
    return static_cast<int>(record("move_mount", label_of(from) + ", " + target, [&]() -> long {
        FakeFile* mount = file_of(from, "move_mount");
        if (mount == nullptr) return -EBADF;
        if (!is_mount(*mount) || mount->attached || (flags & MOVE_MOUNT_F_EMPTY_PATH) == 0)
            FAIL_CHECK("move_mount of what is not a detached mount: " << mount->label);
        if (mount->kind == FakeFile::Kind::tree && !mount->is_private)
            FAIL_CHECK("a clone is attached that is not private: " << mount->label);
        mount->attached = true;
        if (to == AT_FDCWD) {
            if (target != "/") FAIL_CHECK("move_mount to a path: " << target);
            attached_roots_.push_back(mount->node);
            return 0;
        }
        const FakeFile* place = file_of(to, "move_mount");
        if (place == nullptr) return -EBADF;
        const bool directories = place->node->kind == Node::Kind::directory;
        if (directories != (mount->node->kind == Node::Kind::directory)) return -EINVAL;
        top_of(place->node)->cover = mount->node;
        return 0;
    }));
}

int FakeCalls::mount_setattr(int directory, const char*, unsigned flags,
                             const mount_attr& attributes) noexcept {
    std::string arguments = label_of(directory);
    if ((flags & 0x8000) != 0) arguments += ", recursive";
    arguments += ", set " + attribute_text(attributes.attr_set);
    arguments += ", clear " + attribute_text(attributes.attr_clr);
    if (attributes.propagation == MS_PRIVATE) arguments += ", private";
    return static_cast<int>(record("mount_setattr", arguments, [&]() -> long {
        FakeFile* mount = file_of(directory, "mount_setattr");
        if (mount == nullptr) return -EBADF;
        mount->attributes |= static_cast<unsigned>(attributes.attr_set);
        mount->attributes &= ~static_cast<unsigned>(attributes.attr_clr);
        if (attributes.propagation == MS_PRIVATE) mount->is_private = true;
        return 0;
    }));
}

int FakeCalls::fsopen(const char* type, unsigned) noexcept {
    return static_cast<int>(record("fsopen", quoted(type), [&] {
        return add_fd({.kind = FakeFile::Kind::context, .label = type, .type = type});
    }));
}

int FakeCalls::fsconfig(int fd, unsigned command, const char* key, const char* value) noexcept {
    std::string arguments = label_of(fd);
    if (command == FSCONFIG_CMD_CREATE)
        arguments += ", create";
    else
        arguments += ", " + std::string(key) + (value == nullptr ? "" : "=" + std::string(value));
    return static_cast<int>(record("fsconfig", arguments, [&]() -> long {
        FakeFile* context = file_of(fd, "fsconfig");
        if (context == nullptr) return -EBADF;
        if (command == FSCONFIG_CMD_CREATE) {
            context->node = make_content(*context);
            return context->node == nullptr ? -EINVAL : 0;
        }
        if ((command == FSCONFIG_SET_STRING) != (value != nullptr))
            FAIL_CHECK("fsconfig with the wrong command for " << key);
        context->options.emplace_back(key, value == nullptr ? "" : value);
        return 0;
    }));
}

NodePtr FakeCalls::make_content(const FakeFile& context) {
    if (context.type == "proc") return copy_tree(*proc, false);
    if (context.type == "sysfs") return copy_tree(*sysfs, false);
    if (context.type == "tmpfs" || context.type == "mqueue" || context.type == "devpts")
        return std::make_shared<Node>();
    if (context.type != "overlay") {
        FAIL_CHECK("unknown file system " << context.type);
        return nullptr;
    }
    for (const auto& [name, value] : context.options) {
        if (name == "lowerdir") {
            const Found lower = find(host, unescaped(value));
            return lower.node == nullptr ? nullptr : copy_tree(*lower.node, false);
        }
    }
    return nullptr;
}

int FakeCalls::fsmount(int fd, unsigned flags, unsigned attributes) noexcept {
    const std::string arguments = label_of(fd) + ", " + attribute_text(attributes);
    return static_cast<int>(record("fsmount", arguments, [&]() -> long {
        const FakeFile* context = file_of(fd, "fsmount");
        if (context == nullptr) return -EBADF;
        if (context->node == nullptr) FAIL_CHECK("fsmount before create");
        if (flags != FSMOUNT_CLOEXEC) FAIL_CHECK("fsmount without close-on-exec");
        return add_fd({.kind = FakeFile::Kind::mount,
                       .label = "new " + context->type,
                       .node = context->node,
                       .attributes = attributes});
    }));
}

int FakeCalls::mount(const char*, const char* target, const char*, unsigned long flags,
                     const void*) noexcept {
    return static_cast<int>(record("mount", quoted(target), [&] {
        if (flags != (MS_REC | MS_PRIVATE)) FAIL_CHECK("mount with flags " << flags);
        return 0;
    }));
}

int FakeCalls::umount2(const char* target, int flags) noexcept {
    return static_cast<int>(record("umount2", quoted(target), [&]() -> long {
        if (flags != uapi::umount_detach) FAIL_CHECK("umount2 with flags " << flags);
        if (++detached_roots_ > attached_roots_.size()) FAIL_CHECK("the new root is unmounted");
        return 0;
    }));
}

int FakeCalls::pivot_root(const char* new_root, const char* put_old) noexcept {
    const std::string arguments = quoted(new_root) + ", " + quoted(put_old);
    return static_cast<int>(record("pivot_root", arguments, [&]() -> long {
        if (attached_roots_.empty() || working_directory != attached_roots_.back())
            FAIL_CHECK("pivot_root to what is not the container's root");
        process_root = working_directory;
        return 0;
    }));
}

}  // namespace insula::test
