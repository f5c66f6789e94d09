// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "insula/plan/impl/host_tree.ipp"
#include "insula/plan/impl/plan_capability.ipp"
#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// The flags that `<insula:mount>` asks for.
[[nodiscard]] inline MountFlags flags_of(const Filesystem& filesystem) noexcept {
    MountFlags flags{};
    if (!filesystem.mount) return flags;
    if (filesystem.mount->nosuid) flags.insert(MountFlag::nosuid);
    if (filesystem.mount->nodev) flags.insert(MountFlag::nodev);
    if (filesystem.mount->noexec) flags.insert(MountFlag::noexec);
    return flags;
}

[[nodiscard]] inline Result<MountOption> size_option(const Filesystem& filesystem) {
    const std::string path = filesystem.path + "/source/@usage";
    if (!filesystem.usage)
        return Error{.code = ErrorCode::invalid,
                     .message = "size of the ram file system at " + in_quotes(filesystem.target) +
                                " is missing",
                     .path = path,
                     .xml = filesystem.at};
    const std::optional<std::uint64_t> bytes = filesystem.usage->bytes("KiB");
    // tmpfs takes a size of 0 for "no limit at all" (tmpfs(5)).
    if (!bytes || *bytes == 0)
        return invalid(
            "size of the ram file system at " + in_quotes(filesystem.target) + " is not a size",
            filesystem.at, path);
    return MountOption{.name = "size", .value = std::to_string(*bytes)};
}

/// Places the parts of the host's tree for the template `host`, and remembers what it left out.
class HostTemplate {
public:
    HostTemplate(Draft& draft, const Filesystem& filesystem)
        : draft_(draft),
          filesystem_(filesystem),
          mounts_(draft.facts.mounts),
          entries_(draft.facts.root_entries) {}

    /// The host's root is the lower layer of the new root, and each further mount of the host gets
    /// a layer of its own: an overlay does not show what is mounted below its lower layer.
    void plan_layers() {
        add(OverlayRoot{.lower = {"/"}});
        for (const HostMount* mount : mounts_.all()) {
            if (mount->path == "/" || is_private_tree(mount->path)) continue;
            switch (entries_.kind_of(mount->path)) {
                case FileKind::directory: show_directory(mount->path, mount); break;
                case FileKind::regular: show_file(mount->path); break;
                case FileKind::symlink:
                case FileKind::other: left_out_.push_back(mount->path); break;
            }
        }
        say_left_out();
    }

    /// The same in a user namespace, where the kernel refuses an overlay over a tree that has
    /// mounts below it ("locked children", mount_namespaces(7)): an empty root that gets the
    /// entries of the host's root one by one, and of each directory with mounts below it likewise.
    /// Sockets, pipes and device nodes there are left out.
    void plan_entries() {
        add(TmpfsRoot{.options = {{.name = "mode", .value = "755"}}});
        for (const HostEntry* entry : entries_.all()) {
            if (is_private_tree(entry->path) || !parent_is_open(entry->path)) continue;
            switch (entry->kind) {
                case FileKind::directory: show_entry(*entry); break;
                case FileKind::regular: show_file(entry->path); break;
                case FileKind::symlink:
                    add(MakeSymlink{.path = {entry->path}, .target = entry->link_target});
                    break;
                case FileKind::other: break;
            }
        }
        say_left_out();
    }

private:
    void add(Action action) { draft_.set_up(std::move(action), filesystem_.at, filesystem_.path); }

    /// Whether the directory above `path` is put together from its entries.
    [[nodiscard]] bool parent_is_open(std::string_view path) const {
        const std::size_t slash = path.rfind('/');
        return slash == 0 || mounts_.has_below(path.substr(0, slash));
    }

    void show_entry(const HostEntry& entry) {
        if (mounts_.has_below(entry.path))
            add(MakeDirectory{.path = {entry.path}, .mode = entry.mode & 07777});
        else
            show_directory(entry.path, mounts_.find(entry.path));
    }

    void show_directory(const std::string& path, const HostMount* mount) {
        MountUse use = mount == nullptr ? MountUse::overlay : mount_use(mount->type);
        if (use == MountUse::overlay && filesystem_.access == Access::read_only)
            use = MountUse::read_only;
        switch (use) {
            case MountUse::overlay: add(OverlayMount{.lower = {path}, .target = {path}}); return;
            case MountUse::read_only:
                add(BindMount{.source = {path}, .target = {path}, .access = Access::read_only});
                return;
            case MountUse::leave_out:
                left_out_.push_back(path);
                if (draft_.has(Namespace::user)) add(MakeDirectory{.path = {path}});
                return;
        }
    }

    void show_file(const std::string& path) {
        // A file can be a mount too, and one of nsfs would be a handle on a namespace of the host.
        const HostMount* mount = mounts_.find(path);
        if (mount != nullptr && mount_use(mount->type) == MountUse::leave_out) {
            left_out_.push_back(path);
            return;
        }
        add(BindMount{.source = {path}, .target = {path}, .access = Access::read_only});
    }

    void say_left_out() {
        if (left_out_.empty()) return;
        constexpr std::size_t shown = 3;
        std::string names;
        for (std::size_t i = 0; i != left_out_.size() && i != shown; ++i)
            names += (i == 0 ? "" : ", ") + in_quotes(left_out_[i]);
        if (left_out_.size() > shown)
            names += " and " + std::to_string(left_out_.size() - shown) + " more";
        draft_.warn(
            FindingCode::ignored,
            "the template 'host' leaves out mounts of the host that cannot be shown: " + names,
            filesystem_.at, filesystem_.path);
    }

    Draft& draft_;
    const Filesystem& filesystem_;
    HostMounts mounts_;
    HostEntries entries_;
    std::vector<std::string> left_out_{};
};

[[nodiscard]] inline Result<void> plan_host_template(Draft& draft, const Filesystem& filesystem) {
    HostTemplate tree(draft, filesystem);
    if (!draft.has(Namespace::user)) {
        tree.plan_layers();
        return {};
    }
    const bool layered = filesystem.access == Access::read_write;
    if (layered && !draft.facts.features.contains(KernelFeature::user_overlay))
        return Error{.code = ErrorCode::unsupported,
                     .message =
                         "template 'host' needs overlay mounts in a user namespace, which "
                         "this kernel (" +
                         draft.facts.kernel_release + ") does not allow",
                     .path = filesystem.path,
                     .xml = filesystem.at,
                     .hint = note_about(draft.facts, "overlay")};
    if (draft.facts.root_entries.empty())
        return Error{.code = ErrorCode::missing,
                     .message = "the entries of the host's root directory are not known",
                     .path = filesystem.path,
                     .xml = filesystem.at};
    tree.plan_entries();
    return {};
}

[[nodiscard]] inline Result<void> plan_root_filesystem(Draft& draft, const Filesystem& filesystem) {
    const MountFlags flags = flags_of(filesystem);
    switch (filesystem.type) {
        case FilesystemType::mount:
            // The root always brings the mounts below it, as in libvirt.
            draft.set_up(BindRoot{.source = {normal_path(filesystem.source)},
                                  .recursion = Recursion::submounts,
                                  .access = filesystem.access,
                                  .flags = flags},
                         filesystem.at, filesystem.path);
            return {};
        case FilesystemType::ram: {
            INSULA_TRY(MountOption size, size_option(filesystem));
            draft.set_up(
                TmpfsRoot{.options = {std::move(size), {.name = "mode", .value = "755"}},
                          .flags = flags | MountFlags{MountFlag::nosuid, MountFlag::nodev}},
                filesystem.at, filesystem.path);
            return {};
        }
        case FilesystemType::template_:
            if (!flags.empty())
                return unsupported("<insula:mount> flags on a template", filesystem.mount->at,
                                   filesystem.path + "/insula:mount");
            return plan_host_template(draft, filesystem);
        case FilesystemType::bind:
            return invalid("type 'bind' cannot be the root: its source is inside the container",
                           filesystem.at, filesystem.path + "/@type");
        case FilesystemType::file:
        case FilesystemType::block:
        case FilesystemType::volume: break;
    }
    return unsupported("<filesystem type=" + in_quotes(to_text(filesystem.type)) + "> as the root",
                       filesystem.at, filesystem.path);
}

/// Plans the root: always the first op.
[[nodiscard]] inline Result<void> plan_root(Draft& draft) {
    for (const Device& device : draft.domain.devices) {
        const auto* filesystem = std::get_if<Filesystem>(&device.node);
        if (filesystem == nullptr || normal_path(filesystem->target) != "/") continue;
        if (draft.root != nullptr)
            return Error{.code = ErrorCode::conflict,
                         .message = "a second file system with target '/'",
                         .path = filesystem->path,
                         .xml = filesystem->at};
        draft.root = filesystem;
    }
    if (draft.root == nullptr) {
        draft.warn(FindingCode::weaker,
                   "shares the host's whole file system, writable: there is no <filesystem> with "
                   "target '/'",
                   draft.domain.at, "/domain/devices",
                   "the template 'host' shows the same tree under a layer that is thrown away");
        draft.set_up(BindRoot{.source = {"/"}});
        return {};
    }
    INSULA_CHECK(plan_root_filesystem(draft, *draft.root));
    if (draft.root->access == Access::read_only)
        warn_undoable(draft, "the read-only root", draft.root->at, draft.root->path);
    return {};
}

}  // namespace insula::inline v0::detail::planner
