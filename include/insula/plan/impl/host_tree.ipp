// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// What the template `host` does with one mount of the host.
enum class MountUse : std::uint8_t {
    overlay,    ///< shown under a writable layer
    read_only,  ///< shown as it is, read-only
    leave_out,  ///< not shown: the mount point stays empty
};

/// Chooses by file system type:
///
/// - Kernel trees outside their usual places, and bound namespaces, are handles on the host, not
///   files of its tree: left out. So are overlays (the roots of other containers, and they may be
///   stacked only two deep), automount points (a look would mount something) and user-space file
///   systems (they answer only their owner, or hang).
/// - File systems with name rules of their own cannot be the lower layer of an overlay (EINVAL),
///   and those that are read-only by nature gain nothing from a layer: shown read-only.
/// - Everything else gets a layer; tmpfs and network file systems work as lower layers.
[[nodiscard]] inline MountUse mount_use(std::string_view type) noexcept {
    constexpr std::string_view left_out[] = {
        "autofs",    "binfmt_misc", "bpf",        "cgroup",    "cgroup2", "configfs",
        "debugfs",   "devpts",      "devtmpfs",   "efivarfs",  "fuse",    "fusectl",
        "hugetlbfs", "mqueue",      "nfsd",       "nsfs",      "overlay", "proc",
        "pstore",    "rpc_pipefs",  "securityfs", "selinuxfs", "sysfs",   "tracefs"};
    constexpr std::string_view as_it_is[] = {"cifs",    "erofs",    "exfat", "fuseblk", "hfs",
                                             "hfsplus", "iso9660",  "msdos", "ntfs",    "ntfs3",
                                             "smb3",    "squashfs", "udf",   "vfat"};
    if (type.starts_with("fuse.")) return MountUse::leave_out;
    for (const std::string_view name : left_out)
        if (type == name) return MountUse::leave_out;
    for (const std::string_view name : as_it_is)
        if (type == name) return MountUse::read_only;
    return MountUse::overlay;
}

/// The mounts of the host by path, each once: of several at one path the last is the visible one.
class HostMounts {
public:
    explicit HostMounts(const std::vector<HostMount>& table) {
        mounts_.reserve(table.size());
        for (const HostMount& mount : table) mounts_.push_back(&mount);
        // Both point into one vector, so the later of two at one path comes second.
        std::sort(mounts_.begin(), mounts_.end(), [](const HostMount* a, const HostMount* b) {
            return a->path != b->path ? a->path < b->path : a < b;
        });
        std::size_t kept = 0;
        for (const HostMount* mount : mounts_) {
            if (kept != 0 && mounts_[kept - 1]->path == mount->path) --kept;
            mounts_[kept++] = mount;
        }
        mounts_.resize(kept);
    }

    /// Sorted, so that each comes after those above it.
    [[nodiscard]] const std::vector<const HostMount*>& all() const noexcept { return mounts_; }

    [[nodiscard]] const HostMount* find(std::string_view path) const {
        const auto found = lower_bound(path);
        return found != mounts_.end() && (*found)->path == path ? *found : nullptr;
    }

    /// Whether something is mounted below `path`, which is normal. Below "/" something always is.
    [[nodiscard]] bool has_below(std::string_view path) const {
        if (path == "/") return true;
        const std::string prefix = std::string(path) + "/";
        const auto found = lower_bound(prefix);
        return found != mounts_.end() && (*found)->path.starts_with(prefix);
    }

private:
    [[nodiscard]] std::vector<const HostMount*>::const_iterator lower_bound(
        std::string_view path) const {
        return std::lower_bound(
            mounts_.begin(), mounts_.end(), path,
            [](const HostMount* mount, std::string_view wanted) { return mount->path < wanted; });
    }

    std::vector<const HostMount*> mounts_{};
};

/// The entries of the host's root tree by path.
class HostEntries {
public:
    explicit HostEntries(const std::vector<HostEntry>& entries) {
        entries_.reserve(entries.size());
        for (const HostEntry& entry : entries) entries_.push_back(&entry);
        std::sort(entries_.begin(), entries_.end(),
                  [](const HostEntry* a, const HostEntry* b) { return a->path < b->path; });
    }

    /// Sorted, so that each comes after those above it.
    [[nodiscard]] const std::vector<const HostEntry*>& all() const noexcept { return entries_; }

    /// The kind of the file at `path`; a directory where it is not known.
    [[nodiscard]] FileKind kind_of(std::string_view path) const {
        const auto found = std::lower_bound(
            entries_.begin(), entries_.end(), path,
            [](const HostEntry* entry, std::string_view wanted) { return entry->path < wanted; });
        const bool known = found != entries_.end() && (*found)->path == path;
        return known ? (*found)->kind : FileKind::directory;
    }

private:
    std::vector<const HostEntry*> entries_{};
};

}  // namespace insula::inline v0::detail::planner
