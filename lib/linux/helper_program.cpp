// SPDX-License-Identifier: Apache-2.0
#include "linux/helper_program.hpp"

#include <linux/memfd.h>

#include <cerrno>
#include <string_view>

#include "linux/explain.hpp"
#include "linux/helper_image.hpp"

namespace insula::linux_ {

namespace {

constexpr int add_seals = 1033;            // F_ADD_SEALS, <linux/fcntl.h>
constexpr long all_seals = 1 | 2 | 4 | 8;  // seal, shrink, grow, write

/// Why there is no helper.
struct Failure {
    int error = 0;  ///< 0: there is one
    std::string_view call{};
};

[[nodiscard]] Failure failure(int result, std::string_view call) noexcept {
    return {result < 0 ? -result : 0, call};
}

[[nodiscard]] Failure write_image(Kernel& kernel, int fd) noexcept {
    std::size_t done = 0;
    while (done != helper_image_size) {
        const long written = kernel.write(fd, helper_image + done, helper_image_size - done);
        if (written < 0 && written != -EINTR) return failure(static_cast<int>(written), "write");
        if (written > 0) done += static_cast<std::size_t>(written);
    }
    return failure(kernel.fcntl(fd, add_seals, all_seals), "fcntl");
}

/// A sealed memfd with the helper in it.
[[nodiscard]] Failure make_memfd(Kernel& kernel, HeldFd& helper) noexcept {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = kernel.memfd_create("insula-init", flags | uapi::mfd_exec);
    // MFD_EXEC is not known before Linux 6.3, where every memfd can be executed.
    if (fd == -EINVAL) fd = kernel.memfd_create("insula-init", flags);
    if (fd < 0) return failure(fd, "memfd_create");
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
    const Failure made = make_memfd(kernel, helper);
    if (made.error == 0) return helper;
    const bool forbidden = made.error == EACCES || made.error == EPERM;
    if (forbidden && open_installed(kernel, helper) >= 0) return helper;
    Error error = start_error(made.error, made.call, "cannot make the helper program");
    if (!forbidden) return error;
    error.hint =
        "the sysctl vm.memfd_noexec forbids executable memory files, and the helper is "
        "not installed at " INSULA_HELPER_PATH "; set vm.memfd_noexec to 0 or 1, or install insula";
    return error;
}

}  // namespace insula::linux_
