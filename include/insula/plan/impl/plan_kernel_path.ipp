// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "insula/plan/impl/plan_capability.ipp"
#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

/// Kernel files that tell or control the host; the container engines agree on them.
inline constexpr std::string_view default_masked_paths[] = {
    "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
    "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
    "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};

inline constexpr std::string_view default_read_only_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq",
                                                               "/proc/sys", "/proc/sysrq-trigger"};

inline void plan_default_kernel_paths(Draft& draft) {
    for (const std::string_view path : default_read_only_paths)
        draft.set_up(ProtectPath{{std::string(path)}});
    // As in libvirt's driver: with a network of its own, its settings are the container's.
    if (draft.extension.profile == Profile::system && draft.has(Namespace::net))
        for (const char* path : {"/proc/sys/net/ipv4", "/proc/sys/net/ipv6"})
            draft.set_up(UnprotectPath{{path}});
    for (const std::string_view path : default_masked_paths)
        draft.set_up(MaskPath{{std::string(path)}});
}

/// Protects and hides after all mounts, so that nothing is mounted over it: what counts is the
/// final view. First the read-only paths, then the masks, which may lie below them.
inline void plan_kernel_paths(Draft& draft) {
    const ContainerExtension& extension = draft.extension;
    const std::string element = "/domain/insula:container/insula:kernel_paths";
    if (extension.default_kernel_paths == SwitchState::on) {
        plan_default_kernel_paths(draft);
        warn_undoable(draft, "the protection of kernel paths", {}, "/domain");
    } else {
        draft.warn(FindingCode::weaker,
                   "no kernel path is masked or read-only by default: <insula:kernel_paths> says "
                   "default='off'",
                   extension.at, element + "/@default");
    }
    const auto path_of = [&element](std::string_view name, std::size_t index) {
        return element + "/insula:" + std::string(name) + "[" + std::to_string(index + 1) + "]";
    };
    for (std::size_t i = 0; i != extension.read_only_paths.size(); ++i) {
        const KernelPath& entry = extension.read_only_paths[i];
        std::string path = path_of("readonly", i);
        warn_undoable(draft, "read-only " + in_quotes(entry.path.text), entry.at, path);
        draft.set_up(ProtectPath{{normal_path(entry.path.text)}}, entry.at, std::move(path));
    }
    for (std::size_t i = 0; i != extension.masked_paths.size(); ++i) {
        const KernelPath& entry = extension.masked_paths[i];
        std::string path = path_of("mask", i);
        warn_undoable(draft, "the mask of " + in_quotes(entry.path.text), entry.at, path);
        draft.set_up(MaskPath{{normal_path(entry.path.text)}}, entry.at, std::move(path));
    }
}

}  // namespace insula::inline v0::detail::planner
