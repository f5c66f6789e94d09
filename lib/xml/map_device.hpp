// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/device.hpp"
#include "xml/map_container.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// What `<alias>`, `<address>` and the like say is for hypervisors.
template <class Io>
void map_common_device(Io& io) {
    io.quiet({"alias"});
    io.ignored({"address", "acpi", "boot", "rom"});
}

template <class Io, class Node>
void map_filesystem_source(Io& io, Node& filesystem) {
    io.at(filesystem.source_at);
    switch (filesystem.type) {
        case FilesystemType::mount:
        case FilesystemType::bind:
        case FilesystemType::file:
        case FilesystemType::block:
        case FilesystemType::template_:
            io.attribute(source_attribute(filesystem.type), filesystem.source);
            break;
        case FilesystemType::ram: io.size_attributes("usage", "units", filesystem.usage); break;
        case FilesystemType::volume:
            io.attribute("pool", filesystem.pool);
            io.attribute("volume", filesystem.volume);
            break;
    }
    io.ignored_attributes({"socket", "startupPolicy"});
}

/// `<filesystem>`.
template <class Io, class Node>
void map_filesystem(Io& io, Node& filesystem) {
    io.at(filesystem.at);
    io.path(filesystem.path);
    io.said_attribute("type", filesystem.type);
    io.attribute("accessmode", filesystem.access_mode);
    io.attribute("model", filesystem.model);
    io.attribute("multidevs", filesystem.multidevs);
    io.attribute("fmode", filesystem.fmode);
    io.attribute("dmode", filesystem.dmode);
    io.child("driver", [&](Io& driver) {
        driver.attribute("type", filesystem.driver_type);
        driver.attribute("format", filesystem.driver_format);
        driver.attribute("wrpolicy", filesystem.driver_wrpolicy);
        driver.ignored_attributes({"queue", "name", "iommu", "ats", "packed", "page_per_vq"});
    });
    io.ignored({"binary"});
    io.child("source", [&](Io& source) { map_filesystem_source(source, filesystem); });
    io.child("target", [&](Io& target) {
        target.at(filesystem.target_at);
        target.attribute("dir", filesystem.target);
    });
    io.flag_child("readonly", filesystem.access, Access::read_only);
    io.size_child("space_hard_limit", filesystem.space_hard_limit);
    io.size_child("space_soft_limit", filesystem.space_soft_limit);
    map_common_device(io);
    io.optional_child(insula_name("mount"), filesystem.mount,
                      [](Io& mount, auto& item) { map_mount(mount, item); });
}

/// `<console>`.
template <class Io, class Node>
void map_console(Io& io, Node& console) {
    io.at(console.at);
    io.path(console.path);
    io.attribute("type", console.type);
    io.quiet_attributes({"tty"});
    io.child("source", [&](Io& source) {
        source.attribute("path", console.source_path);
        source.ignored_attributes({"append", "mode", "host", "service", "tls", "channel"});
        source.quiet({"seclabel", "reconnect"});
    });
    io.child("target", [&](Io& target) {
        target.attribute("type", console.target_type);
        target.attribute("port", console.target_port);
    });
    io.ignored({"protocol", "log"});
    map_common_device(io);
}

template <class Io, class Node>
void map_ip_address(Io& io, Node& ip) {
    io.at(ip.at);
    io.attribute("address", ip.address);
    io.attribute("family", ip.family);
    io.attribute("prefix", ip.prefix);
    io.attribute("peer", ip.peer);
}

template <class Io, class Node>
void map_route(Io& io, Node& route) {
    io.at(route.at);
    io.attribute("family", route.family);
    io.attribute("address", route.address);
    io.attribute("netmask", route.netmask);
    io.attribute("prefix", route.prefix);
    io.attribute("gateway", route.gateway);
    io.attribute("metric", route.metric);
}

template <class Io, class Node>
void map_addresses(Io& io, Node& node) {
    io.list("ip", node.addresses, [](Io& ip, auto& item) { map_ip_address(ip, item); });
    io.list("route", node.routes, [](Io& route, auto& item) { map_route(route, item); });
}

/// The attribute of `<source>` that names what an interface of `type` is connected to.
[[nodiscard]] constexpr std::string_view interface_source(std::string_view type) noexcept {
    if (type == "network" || type == "bridge") return type;
    if (type == "internal") return "name";
    return "dev";
}

/// `<interface>`.
template <class Io, class Node>
void map_interface(Io& io, Node& interface) {
    io.at(interface.at);
    io.path(interface.path);
    io.attribute("type", interface.type);
    io.ignored_attributes({"trustGuestRxFilters", "managed"});
    io.child("mac", [&](Io& mac) {
        mac.attribute("address", interface.mac);
        mac.quiet_attributes({"type", "check"});
    });
    io.child("source", [&](Io& source) {
        source.attribute(interface_source(interface.type), interface.source);
        source.attribute("mode", interface.source_mode);
        source.quiet_attributes({"portgroup", "portid", "bridge", "network", "dev"});
        source.not_enforced({"ip", "route"});
        source.quiet({"address"});
    });
    map_addresses(io, interface);
    io.child("target", [&](Io& target) {
        target.attribute("dev", interface.target_device);
        target.quiet_attributes({"managed"});
    });
    io.child("guest", [&](Io& guest) {
        guest.attribute("dev", interface.guest_device);
        guest.quiet_attributes({"actual"});
    });
    io.child("link", [&](Io& link) { link.attribute("state", interface.link_state); });
    io.child("mtu", [&](Io& mtu) { mtu.attribute("size", interface.mtu); });
    io.not_enforced(
        {"bandwidth", "vlan", "port", "virtualport", "filterref", "script", "downscript"});
    io.ignored({"model", "driver", "backend", "portForward", "coalesce", "teaming", "backenddomain",
                "tune"});
    map_common_device(io);
}

/// The child of `<source>` that names what a `<hostdev mode='capabilities'>` of `type` gives.
[[nodiscard]] constexpr std::string_view host_device_source(std::string_view type) noexcept {
    if (type == "storage") return "block";
    if (type == "misc") return "char";
    if (type == "net") return "interface";
    return "";
}

/// `<hostdev>`.
template <class Io, class Node>
void map_host_device(Io& io, Node& device) {
    io.at(device.at);
    io.path(device.path);
    io.attribute("mode", device.mode);
    io.attribute("type", device.type);
    io.ignored_attributes({"managed", "model", "display", "ramfb", "sgio", "rawio"});
    io.child("source", [&](Io& source) {
        const std::string_view name = host_device_source(device.type);
        if (device.mode == "capabilities" && !name.empty())
            source.text_child(Name({}, name), device.source);
        source.quiet_attributes({"startupPolicy", "protocol", "wwpn", "guestReset"});
        source.quiet({"address", "vendor", "product", "adapter", "host"});
    });
    map_addresses(io, device);
    io.ignored({"driver", "readonly", "shareable", "teaming"});
    map_common_device(io);
}

}  // namespace insula::inline v0::xml
