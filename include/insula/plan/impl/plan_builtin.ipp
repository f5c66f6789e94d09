// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "insula/plan/impl/plan_draft.ipp"
#include "insula/plan/impl/plan_namespace.ipp"

namespace insula::inline v0::detail::planner {

inline constexpr MountFlags no_privilege{MountFlag::nosuid, MountFlag::nodev, MountFlag::noexec};

inline void mount_builtin(Draft& draft, KernelFilesystem type, std::string_view target,
                          Access access, MountFlags flags, std::vector<MountOption> options = {}) {
    draft.set_up(FilesystemMount{.type = type,
                                 .target = {std::string(target)},
                                 .access = access,
                                 .flags = flags,
                                 .options = std::move(options)});
}

inline void plan_proc_and_sys(Draft& draft) {
    mount_builtin(draft, KernelFilesystem::proc, "/proc", Access::read_write, no_privilege);
    if (!draft.has(Namespace::user) || draft.has(Namespace::net)) {
        mount_builtin(draft, KernelFilesystem::sysfs, "/sys", Access::read_only, no_privilege);
        return;
    }
    // A sysfs shows the devices of one network namespace, so the kernel refuses a new one (EPERM)
    // to a user namespace that does not own the network namespace. The host's own brings its
    // control groups along, which are hidden.
    draft.set_up(BindMount{.source = {"/sys"},
                           .target = {"/sys"},
                           .recursion = Recursion::submounts,
                           .access = Access::read_only,
                           .flags = no_privilege});
    draft.set_up(MaskPath{{"/sys/fs/cgroup"}});
}

inline void plan_device_nodes(Draft& draft) {
    struct Node {
        std::string_view path;
        std::uint32_t major;
        std::uint32_t minor;
    };
    constexpr Node nodes[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                              {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
    // mknod(2) of a device is refused in a user namespace (EPERM), whatever the capabilities.
    const bool own_nodes =
        !draft.has(Namespace::user) && draft.facts.capabilities.contains(Capability::mknod);
    for (const Node& node : nodes) {
        if (own_nodes)
            draft.set_up(MakeDevice{.path = {std::string(node.path)},
                                    .major = node.major,
                                    .minor = node.minor,
                                    .mode = 0666});
        else
            draft.set_up(
                BindMount{.source = {std::string(node.path)}, .target = {std::string(node.path)}});
    }
    constexpr std::pair<std::string_view, std::string_view> links[] = {
        {"/dev/fd", "/proc/self/fd"},
        {"/dev/stdin", "/proc/self/fd/0"},
        {"/dev/stdout", "/proc/self/fd/1"},
        {"/dev/stderr", "/proc/self/fd/2"},
        {"/dev/ptmx", "pts/ptmx"}};
    for (const auto& [path, target] : links)
        draft.set_up(MakeSymlink{.path = {std::string(path)}, .target = std::string(target)});
}

inline void plan_dev(Draft& draft) {
    mount_builtin(draft, KernelFilesystem::tmpfs, "/dev", Access::read_write, {MountFlag::nosuid},
                  {{"mode", "755"}, {"size", "65536k"}, {"nr_inodes", "4096"}});
    plan_device_nodes(draft);
    std::vector<MountOption> options = {
        {"newinstance", {}}, {"ptmxmode", "0666"}, {"mode", "0620"}};
    // Group 5 is tty on every distribution; one that has no place in the map is refused (EINVAL).
    if (!draft.has(Namespace::user) || is_mapped(draft.plan.gid_map, 5))
        options.push_back({"gid", "5"});
    mount_builtin(draft, KernelFilesystem::devpts, "/dev/pts", Access::read_write,
                  {MountFlag::nosuid, MountFlag::noexec}, std::move(options));
    mount_builtin(draft, KernelFilesystem::tmpfs, "/dev/shm", Access::read_write, no_privilege,
                  {{"mode", "1777"}, {"size", "65536k"}});
    mount_builtin(draft, KernelFilesystem::mqueue, "/dev/mqueue", Access::read_write, no_privilege);
}

/// The mounts that every container gets, before those of the definition.
inline void plan_builtin_mounts(Draft& draft) {
    plan_proc_and_sys(draft);
    plan_dev(draft);
    // The template `host` hides the host's sockets and temporary files with them.
    const bool host_template =
        draft.root != nullptr && draft.root->type == FilesystemType::template_;
    if (draft.extension.profile != Profile::system && !host_template) return;
    const MountFlags flags{MountFlag::nosuid, MountFlag::nodev};
    mount_builtin(draft, KernelFilesystem::tmpfs, "/run", Access::read_write, flags,
                  {{"mode", "755"}, {"size", "20%"}});
    mount_builtin(draft, KernelFilesystem::tmpfs, "/tmp", Access::read_write, flags,
                  {{"mode", "1777"}, {"size", "20%"}});
}

}  // namespace insula::inline v0::detail::planner
