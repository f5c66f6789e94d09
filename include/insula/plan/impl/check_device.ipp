// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "insula/plan/impl/plan_draft.ipp"

namespace insula::inline v0::detail::planner {

[[nodiscard]] inline std::string describe_filesystem(const Filesystem& filesystem) {
    return "<filesystem type=" + in_quotes(to_text(filesystem.type)) + "> with target " +
           in_quotes(filesystem.target);
}

/// What libvirt's format lets a hypervisor do with a file system, and a mount does not know.
inline void warn_ignored_parts(Draft& draft, const Filesystem& filesystem) {
    struct Row {
        bool set;
        std::string_view name;
        std::string_view value;
        std::string_view path;
    };
    const Row rows[] = {
        // "passthrough" is what a mount does.
        {!filesystem.access_mode.empty() && filesystem.access_mode != "passthrough", "accessmode",
         filesystem.access_mode, "/@accessmode"},
        {!filesystem.model.empty(), "model", filesystem.model, "/@model"},
        {!filesystem.multidevs.empty(), "multidevs", filesystem.multidevs, "/@multidevs"},
        {!filesystem.fmode.empty(), "fmode", filesystem.fmode, "/@fmode"},
        {!filesystem.dmode.empty(), "dmode", filesystem.dmode, "/@dmode"},
        {!filesystem.driver_format.empty(), "format", filesystem.driver_format, "/driver/@format"},
        {!filesystem.driver_wrpolicy.empty(), "wrpolicy", filesystem.driver_wrpolicy,
         "/driver/@wrpolicy"},
        {filesystem.usage && filesystem.type != FilesystemType::ram, "usage", "", "/source/@usage"},
    };
    for (const Row& row : rows)
        if (row.set)
            draft.warn(FindingCode::ignored,
                       std::string(row.name) +
                           (row.value.empty() ? "" : "=" + in_quotes(row.value)) +
                           " has no effect on a container's <filesystem type=" +
                           in_quotes(to_text(filesystem.type)) + ">",
                       filesystem.at, filesystem.path + std::string(row.path));
}

[[nodiscard]] inline Result<void> check_filesystem(Draft& draft, const Filesystem& filesystem) {
    switch (filesystem.type) {
        case FilesystemType::file:
        case FilesystemType::block:
        case FilesystemType::volume:
            return unsupported(describe_filesystem(filesystem), filesystem.at, filesystem.path);
        case FilesystemType::template_:
            if (filesystem.source != "host")
                return unsupported("template " + in_quotes(filesystem.source), filesystem.at,
                                   filesystem.path + "/source/@name",
                                   "the built-in template is 'host'");
            break;
        case FilesystemType::mount:
        case FilesystemType::bind:
        case FilesystemType::ram: break;
    }
    if (!filesystem.driver_type.empty() && filesystem.driver_type != "path")
        return unsupported("driver " + in_quotes(filesystem.driver_type) + " of " +
                               describe_filesystem(filesystem),
                           filesystem.at, filesystem.path + "/driver/@type");
    if (filesystem.space_hard_limit || filesystem.space_soft_limit)
        return unsupported("space limit of " + describe_filesystem(filesystem), filesystem.at,
                           filesystem.path + (filesystem.space_hard_limit ? "/space_hard_limit"
                                                                          : "/space_soft_limit"));
    warn_ignored_parts(draft, filesystem);
    return {};
}

/// Refuses a device that the container would not get, and says which ones mean nothing to it.
struct DeviceCheck {
    Draft& draft;

    Result<void> operator()(const Filesystem& filesystem) const {
        return check_filesystem(draft, filesystem);
    }
    Result<void> operator()(const Console& console) const {
        if (!console.type.empty() && console.type != "pty")
            return unsupported("<console type=" + in_quotes(console.type) + ">", console.at,
                               console.path);
        draft.warn(FindingCode::not_enforced,
                   "no pseudo-terminal is allocated for <console>: init gets the standard streams "
                   "of its caller",
                   console.at, console.path);
        return {};
    }
    Result<void> operator()(const Interface& interface) const {
        return unsupported(
            "<interface type=" + in_quotes(interface.type) + ">" +
                (interface.source.empty() ? "" : " of " + in_quotes(interface.source)),
            interface.at, interface.path,
            "<privnet/> in <features> gives a network of its own with only lo");
    }
    Result<void> operator()(const HostDevice& device) const {
        return unsupported("<hostdev mode=" + in_quotes(device.mode) +
                               " type=" + in_quotes(device.type) + ">" +
                               (device.source.empty() ? "" : " of " + in_quotes(device.source)),
                           device.at, device.path);
    }
    Result<void> operator()(const OtherDevice& device) const {
        // A disk is a device node inside, so leaving it out would take something away.
        if (device.name == "disk") return unsupported("<disk>", device.at, device.path);
        // libvirt writes its own driver program into every definition.
        if (device.name == "emulator") return {};
        draft.warn(FindingCode::ignored, "<" + device.name + "> has no effect on a container",
                   device.at, device.path);
        return {};
    }
};

[[nodiscard]] inline Result<void> check_devices(Draft& draft) {
    for (const Device& device : draft.domain.devices)
        INSULA_CHECK(std::visit(DeviceCheck{draft}, device.node));
    return {};
}

}  // namespace insula::inline v0::detail::planner
