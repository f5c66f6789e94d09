// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "insula/plan/impl/host_tree.ipp"
#include "insula/plan/impl/plan_capability.ipp"
#include "insula/plan/impl/plan_draft.ipp"
#include "insula/plan/impl/plan_root.ipp"

namespace insula::inline v0::detail::planner {

/// Plans the file systems of the definition other than the root, in the order written.
class FilesystemPlanner {
public:
    explicit FilesystemPlanner(Draft& draft) : draft_(draft) {}

    [[nodiscard]] Result<void> plan(const Filesystem& filesystem) {
        switch (filesystem.type) {
            case FilesystemType::mount: return plan_mount(filesystem);
            case FilesystemType::bind: return plan_guest_bind(filesystem);
            case FilesystemType::ram: return plan_ram(filesystem);
            case FilesystemType::template_:
                return unsupported("a template with target " + in_quotes(filesystem.target),
                                   filesystem.at, filesystem.path,
                                   "a template is a root: target '/'");
            case FilesystemType::file:
            case FilesystemType::block:
            case FilesystemType::volume: break;
        }
        return unsupported("<filesystem type=" + in_quotes(to_text(filesystem.type)) + ">",
                           filesystem.at, filesystem.path);
    }

private:
    [[nodiscard]] static Recursion recursion_of(const Filesystem& filesystem) noexcept {
        return filesystem.mount ? filesystem.mount->recursion : Recursion::none;
    }

    [[nodiscard]] Result<void> plan_mount(const Filesystem& filesystem) {
        const std::string source = normal_path(filesystem.source);
        const Recursion recursion = recursion_of(filesystem);
        // The kernel refuses (EINVAL) a plain bind of a tree whose mounts were locked together by
        // a user namespace: it would uncover what lies below them.
        if (recursion == Recursion::none && draft_.has(Namespace::user) &&
            host_mounts().has_below(source))
            return Error{.code = ErrorCode::unsupported,
                         .message = "source " + in_quotes(source) +
                                    " has mounts below it, which a container with a user "
                                    "namespace cannot leave out",
                         .path = filesystem.path + "/source/@dir",
                         .xml = filesystem.at,
                         .hint = "bring them along with <insula:mount recursive='yes'/>"};
        warn_kernel_tree(filesystem, source);
        draft_.set_up(BindMount{.source = {source},
                                .target = {normal_path(filesystem.target)},
                                .recursion = recursion,
                                .access = filesystem.access,
                                .flags = flags_of(filesystem)},
                      filesystem.at, filesystem.path);
        return {};
    }

    [[nodiscard]] Result<void> plan_guest_bind(const Filesystem& filesystem) {
        const std::string source = normal_path(filesystem.source);
        warn_kernel_tree(filesystem, source);
        draft_.set_up(GuestBindMount{.source = {source},
                                     .target = {normal_path(filesystem.target)},
                                     .recursion = recursion_of(filesystem),
                                     .access = filesystem.access,
                                     .flags = flags_of(filesystem)},
                      filesystem.at, filesystem.path);
        return {};
    }

    [[nodiscard]] Result<void> plan_ram(const Filesystem& filesystem) {
        INSULA_TRY(MountOption size, size_option(filesystem));
        draft_.set_up(FilesystemMount{.type = KernelFilesystem::tmpfs,
                                      .target = {normal_path(filesystem.target)},
                                      .access = filesystem.access,
                                      .flags = flags_of(filesystem) |
                                               MountFlags{MountFlag::nosuid, MountFlag::nodev},
                                      .options = {std::move(size)}},
                      filesystem.at, filesystem.path);
        return {};
    }

    /// Masks hide kernel files at their usual place only.
    void warn_kernel_tree(const Filesystem& filesystem, std::string_view source) {
        if (!is_within(source, "/proc") && !is_within(source, "/sys")) return;
        draft_.warn(FindingCode::weaker,
                    "shows the kernel's files of " + in_quotes(source) +
                        " a second time, where none is masked or read-only",
                    filesystem.at, filesystem.path + "/source/@dir");
    }

    [[nodiscard]] const HostMounts& host_mounts() {
        if (!host_mounts_) host_mounts_.emplace(draft_.facts.mounts);
        return *host_mounts_;
    }

    Draft& draft_;
    std::optional<HostMounts> host_mounts_{};
};

[[nodiscard]] inline Result<void> plan_filesystems(Draft& draft) {
    FilesystemPlanner planner(draft);
    for (const Device& device : draft.domain.devices) {
        const auto* filesystem = std::get_if<Filesystem>(&device.node);
        if (filesystem == nullptr || filesystem == draft.root) continue;
        INSULA_CHECK(planner.plan(*filesystem));
        if (filesystem->access == Access::read_only)
            warn_undoable(draft, "read-only " + in_quotes(filesystem->target), filesystem->at,
                          filesystem->path);
    }
    return {};
}

}  // namespace insula::inline v0::detail::planner
