// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

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
    const std::string path = "/domain/insula:container";
    if (extension.default_kernel_paths == SwitchState::on) {
        plan_default_kernel_paths(draft);
        warn_undoable(draft, "the protection of kernel paths", draft.extension.at,
                      draft.domain.container ? path : "/domain");
    } else {
        draft.warn(FindingCode::weaker,
                   "no kernel path is masked or read-only by default: default_kernel_paths is off",
                   extension.at, path);
    }
    for (const KernelPath& entry : extension.read_only_paths) {
        warn_undoable(draft, "read-only " + quoted(entry.path.text), entry.at, path);
        draft.set_up(ProtectPath{{normal_path(entry.path.text)}}, entry.at, path);
    }
    for (const KernelPath& entry : extension.masked_paths) {
        warn_undoable(draft, "the mask of " + quoted(entry.path.text), entry.at, path);
        draft.set_up(MaskPath{{normal_path(entry.path.text)}}, entry.at, path);
    }
}

}  // namespace insula::inline v0::detail::planner
