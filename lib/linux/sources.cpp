// SPDX-License-Identifier: Apache-2.0
#include "linux/sources.hpp"

#include <algorithm>

#include "linux/explain.hpp"

namespace insula::linux_ {

namespace {

/// One mount, detached. See `init::clone_tree`, which does the same in the helper for an ordinary
/// user.
program::Report take_source(Kernel& kernel, const SourceRequest& request, HeldFd& tree) {
    using program::Call;
    using program::Detail;
    const auto failure = [&](int result, Call call, Detail detail) {
        program::Report report;
        report.op = request.op;
        report.error = -result;
        report.call = call;
        report.detail = detail;
        return report;
    };
    const bool recursive = request.attributes.recursive != 0;
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? unsigned{uapi::at_recursive} : 0U);
    const int fd = kernel.open_tree(AT_FDCWD, request.path.c_str(), flags);
    if (fd < 0) return failure(fd, Call::open_tree, Detail::source);
    tree = HeldFd(kernel, fd);

    mount_attr attributes{};
    attributes.attr_set = request.attributes.set;
    // A clone of a shared mount is shared: what is mounted on it would appear on the host
    // (mount_namespaces(7)).
    attributes.propagation = MS_PRIVATE;
    const unsigned where = uapi::at_empty_path | (recursive ? uapi::at_recursive : 0);
    const int set = kernel.mount_setattr(fd, "", where, attributes);
    if (set < 0) return failure(set, Call::mount_setattr, Detail::attributes);
    if (!request.writable_root) return {};
    mount_attr writable{};
    writable.attr_clr = MOUNT_ATTR_RDONLY;
    const int cleared = kernel.mount_setattr(fd, "", uapi::at_empty_path, writable);
    return cleared < 0 ? failure(cleared, Call::mount_setattr, Detail::attributes)
                       : program::Report{};
}

}  // namespace

Result<std::vector<HeldFd>> take_sources(Kernel& kernel, const ContainerPlan& plan,
                                         const std::vector<SourceRequest>& requests,
                                         std::size_t first) {
    const std::size_t end = std::min<std::size_t>(requests.size(), first + program::batch_size);
    std::vector<HeldFd> trees;
    trees.reserve(end - first);
    for (std::size_t i = first; i != end; ++i) {
        HeldFd tree;
        if (const program::Report report = take_source(kernel, requests[i], tree);
            report.error != 0)
            return explain(plan, report);
        trees.push_back(std::move(tree));
    }
    return trees;
}

}  // namespace insula::linux_
