// SPDX-License-Identifier: Apache-2.0
#include "linux/helper_program.hpp"

#include <linux/memfd.h>

#include <cerrno>

#include "linux/explain.hpp"
#include "linux/helper_image.hpp"

namespace insula::linux_ {

namespace {

constexpr int add_seals = 1033;            // F_ADD_SEALS, <linux/fcntl.h>
constexpr long all_seals = 1 | 2 | 4 | 8;  // seal, shrink, grow, write

[[nodiscard]] int write_image(Kernel& kernel, int fd) noexcept {
    std::size_t done = 0;
    while (done != helper_image_size) {
        const long written = kernel.write(fd, helper_image + done, helper_image_size - done);
        if (written < 0 && written != -EINTR) return static_cast<int>(written);
        if (written > 0) done += static_cast<std::size_t>(written);
    }
    return kernel.fcntl(fd, add_seals, all_seals);
}

/// A sealed memfd with the helper in it, or -errno.
[[nodiscard]] int make_memfd(Kernel& kernel, HeldFd& helper) noexcept {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = kernel.memfd_create("insula-init", flags | uapi::mfd_exec);
    // MFD_EXEC is not known before Linux 6.3, where every memfd can be executed.
    if (fd == -EINVAL) fd = kernel.memfd_create("insula-init", flags);
    if (fd < 0) return fd;
    helper = HeldFd(kernel, fd);
    return write_image(kernel, fd);
}

/// The installed helper. An ordinary user cannot mount it read-only, and cannot write it either.
[[nodiscard]] int open_installed(Kernel& kernel, HeldFd& helper) noexcept {
    const int tree =
        kernel.open_tree(AT_FDCWD, INSULA_HELPER_PATH, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree >= 0) {
        helper = HeldFd(kernel, tree);
        mount_attr attributes{};
        attributes.attr_set = MOUNT_ATTR_RDONLY;
        attributes.propagation = MS_PRIVATE;
        return kernel.mount_setattr(tree, "", uapi::at_empty_path, attributes);
    }
    if (tree != -EPERM) return tree;
    const int file = kernel.open(INSULA_HELPER_PATH, O_PATH | O_CLOEXEC);
    if (file >= 0) helper = HeldFd(kernel, file);
    return file;
}

}  // namespace

Result<HeldFd> make_helper(Kernel& kernel) {
    HeldFd helper;
    const int made = make_memfd(kernel, helper);
    if (made >= 0) return helper;
    if (made != -EACCES && made != -EPERM)
        return start_error(-made, program::Call::open, "cannot make the helper program");
    if (open_installed(kernel, helper) >= 0) return helper;
    Error error = start_error(-made, program::Call::open, "cannot make the helper program");
    error.call = "memfd_create";
    error.hint =
        "the sysctl vm.memfd_noexec forbids executable memory files, and the helper is "
        "not installed at " INSULA_HELPER_PATH "; set vm.memfd_noexec to 0 or 1, or install insula";
    return error;
}

}  // namespace insula::linux_
