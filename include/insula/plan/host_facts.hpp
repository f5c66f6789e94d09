// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "insula/core/flags.hpp"
#include "insula/core/spelling.hpp"
#include "insula/model/capability.hpp"

namespace insula::inline v0 {

/// A system call or feature of the kernel that a plan may need, with the release that brought it.
enum class KernelFeature : std::uint8_t {
    clone3,          ///< Linux 5.3
    openat2,         ///< Linux 5.6
    close_range,     ///< Linux 5.9
    mount_api,       ///< open_tree, fsopen, move_mount: Linux 5.2
    mount_setattr,   ///< Linux 5.12
    memfd_exec,      ///< a sealed memfd can be executed (vm.memfd_noexec)
    user_namespace,  ///< this user may make one
    user_overlay,    ///< overlay mounts in a user namespace: Linux 5.11
    pidfd_info,      ///< PIDFD_GET_INFO with exit status: Linux 6.15
    tree_attach,     ///< mounts on detached trees: Linux 6.15
};
using KernelFeatures = Flags<KernelFeature>;

template <>
inline constexpr std::array spellings<KernelFeature>{
    Spelling<KernelFeature>{KernelFeature::clone3, "clone3"},
    Spelling<KernelFeature>{KernelFeature::openat2, "openat2"},
    Spelling<KernelFeature>{KernelFeature::close_range, "close_range"},
    Spelling<KernelFeature>{KernelFeature::mount_api, "mount_api"},
    Spelling<KernelFeature>{KernelFeature::mount_setattr, "mount_setattr"},
    Spelling<KernelFeature>{KernelFeature::memfd_exec, "memfd_exec"},
    Spelling<KernelFeature>{KernelFeature::user_namespace, "user_namespace"},
    Spelling<KernelFeature>{KernelFeature::user_overlay, "user_overlay"},
    Spelling<KernelFeature>{KernelFeature::pidfd_info, "pidfd_info"},
    Spelling<KernelFeature>{KernelFeature::tree_attach, "tree_attach"},
};

enum class FileKind : std::uint8_t { directory, regular, symlink, other };

template <>
inline constexpr std::array spellings<FileKind>{
    Spelling<FileKind>{FileKind::directory, "directory"},
    Spelling<FileKind>{FileKind::regular, "regular"},
    Spelling<FileKind>{FileKind::symlink, "symlink"},
    Spelling<FileKind>{FileKind::other, "other"},
};

/// One entry of the host's root tree, as far as the template `host` needs it.
struct HostEntry {
    std::string path{};  ///< absolute
    FileKind kind = FileKind::directory;
    std::string link_target{};  ///< of a symbolic link
    std::uint32_t mode = 0755;

    friend bool operator==(const HostEntry&, const HostEntry&) = default;
};

/// One mount of the host (proc_pid_mountinfo(5)), in the order of the table.
struct HostMount {
    std::string path{};
    std::string type{};  ///< "ext4", …

    friend bool operator==(const HostMount&, const HostMount&) = default;
};

/// What a planner knows of the machine. Filled by `probe_host`, or written by a test: the defaults
/// are a current kernel and root.
struct HostFacts {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    Capabilities capabilities = all_capabilities();  ///< effective, of the caller
    KernelFeatures features = KernelFeatures::from_bits(0x3ff);
    std::string kernel_release = "6.18.0";
    std::string arch = "x86_64";
    /// "/", and every directory that has mounts below it and is not pseudo (/proc, /sys, /dev,
    /// /run, /tmp): their entries.
    std::vector<HostEntry> root_entries = {
        {"/bin", FileKind::symlink, "usr/bin", 0777},
        {"/etc", FileKind::directory, {}, 0755},
        {"/home", FileKind::directory, {}, 0755},
        {"/lib", FileKind::symlink, "usr/lib", 0777},
        {"/lib64", FileKind::symlink, "usr/lib64", 0777},
        {"/opt", FileKind::directory, {}, 0755},
        {"/root", FileKind::directory, {}, 0700},
        {"/sbin", FileKind::symlink, "usr/sbin", 0777},
        {"/srv", FileKind::directory, {}, 0755},
        {"/usr", FileKind::directory, {}, 0755},
        {"/var", FileKind::directory, {}, 0755},
    };
    /// Mounts of the host, without those below /proc, /sys, /dev, /run and /tmp.
    std::vector<HostMount> mounts = {{"/", "ext4"}};
    /// Why a feature is missing, in words, as "user namespaces are disabled by sysctl
    /// kernel.unprivileged_userns_clone=0".
    std::vector<std::string> notes{};

    friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

}  // namespace insula::inline v0
