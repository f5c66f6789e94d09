// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "insula/model/domain.hpp"

namespace insula::inline v0::detail {

/// Six pairs of hexadecimal digits, and the bit for groups not set.
[[nodiscard]] constexpr bool is_station_address(std::string_view text) noexcept {
    if (text.size() != 17) return false;
    for (std::size_t i = 0; i != text.size(); ++i)
        if (i % 3 == 2 ? text[i] != ':' : !is_hexadecimal(text[i])) return false;
    constexpr std::string_view odd = "13579bBdDfF";
    return odd.find(text[1]) == std::string_view::npos;
}

[[nodiscard]] constexpr bool is_ipv4(std::string_view text) noexcept {
    for (int part = 0; part != 4; ++part) {
        const std::size_t dot = part == 3 ? text.size() : text.find('.');
        if (dot == std::string_view::npos) return false;
        const auto number = decimal(text.substr(0, dot));
        if (!number || *number > 255) return false;
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return true;
}

/// Whether `text` is made of what an IPv6 address is made of; the kernel's parser says the rest.
[[nodiscard]] constexpr bool looks_like_ipv6(std::string_view text) noexcept {
    return std::count(text.begin(), text.end(), ':') >= 2 &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_hexadecimal(c) || c == ':' || c == '.'; });
}

inline void check_address(FindingList& list, std::string_view what, std::string_view text,
                          std::string_view family, const Spot& spot) {
    const bool fits = family == "ipv6"   ? looks_like_ipv6(text)
                      : family == "ipv4" ? is_ipv4(text)
                                         : is_ipv4(text) || looks_like_ipv6(text);
    if (!fits)
        list.error(FindingCode::bad_value, std::string(what) + " is no IP address: " + quote(text),
                   spot);
}

inline void check_prefix(FindingList& list, const std::optional<std::uint32_t>& prefix,
                         std::string_view address, const Spot& spot) {
    const std::uint32_t most = looks_like_ipv6(address) ? 128 : 32;
    if (prefix && *prefix > most)
        list.error(
            FindingCode::bad_value,
            "the prefix is more than " + std::to_string(most) + ": " + std::to_string(*prefix),
            spot.inner("@prefix"));
}

template <class Node>
void check_addresses(FindingList& list, const Node& node, const Spot& device) {
    constexpr std::array<std::string_view, 2> families{"ipv4", "ipv6"};
    for (std::size_t i = 0; i != node.addresses.size(); ++i) {
        const IpAddress& ip = node.addresses[i];
        const Spot spot{.path = device.path + "/ip[" + std::to_string(i + 1) + "]", .at = ip.at};
        check_word(list, "the family of <ip>", ip.family, families, spot.inner("@family"));
        check_address(list, "the address of <ip>", ip.address, ip.family, spot.inner("@address"));
        check_prefix(list, ip.prefix, ip.address, spot);
        if (!ip.peer.empty())
            check_address(list, "the peer of <ip>", ip.peer, ip.family, spot.inner("@peer"));
    }
    for (std::size_t i = 0; i != node.routes.size(); ++i) {
        const Route& route = node.routes[i];
        const Spot spot{.path = device.path + "/route[" + std::to_string(i + 1) + "]",
                        .at = route.at};
        check_word(list, "the family of <route>", route.family, families, spot.inner("@family"));
        check_address(list, "the address of <route>", route.address, route.family,
                      spot.inner("@address"));
        check_address(list, "the gateway of <route>", route.gateway, route.family,
                      spot.inner("@gateway"));
        check_prefix(list, route.prefix, route.address, spot);
    }
}

/// Names of network devices (dev_valid_name in the kernel).
inline void check_device_name(FindingList& list, std::string_view what, std::string_view name,
                              const Spot& spot) {
    if (name.empty()) return;
    const bool fits = name.size() <= 15 && name != "." && name != ".." &&
                      name.find_first_of("/: \t") == std::string_view::npos &&
                      std::none_of(name.begin(), name.end(), is_control);
    if (!fits)
        list.error(FindingCode::unsafe_name,
                   std::string(what) + " can be no name of a network device: " + quote(name), spot,
                   "at most 15 bytes, without '/', ':' and white space");
}

inline void validate_interface(FindingList& list, const Interface& interface, const Spot& spot) {
    constexpr std::array<std::string_view, 15> types{
        "network", "bridge", "user",   "ethernet", "direct", "hostdev",  "vhostuser", "vdpa",
        "mcast",   "server", "client", "udp",      "null",   "internal", "vds"};
    constexpr std::array<std::string_view, 2> states{"up", "down"};
    const bool connected =
        interface.type == "network" || interface.type == "bridge" || interface.type == "direct";
    if (interface.type.empty())
        list.error(FindingCode::missing, "<interface> needs the attribute 'type'",
                   spot.inner("@type"));
    check_word(list, "the type of <interface>", interface.type, types, spot.inner("@type"));
    if (connected && interface.source.empty())
        list.error(FindingCode::missing,
                   "an interface of type '" + interface.type + "' needs a source",
                   spot.inner("source"));
    if (!interface.mac.empty() && !is_station_address(interface.mac))
        list.error(FindingCode::bad_value,
                   "the MAC address is none that a device can have: " + quote(interface.mac),
                   spot.inner("mac/@address"), "as 52:54:00:12:34:56");
    check_word(list, "the link state", interface.link_state, states, spot.inner("link/@state"));
    check_device_name(list, "the guest device", interface.guest_device, spot.inner("guest/@dev"));
    check_device_name(list, "the target device", interface.target_device,
                      spot.inner("target/@dev"));
    check_addresses(list, interface, spot);
}

inline void validate_host_device(FindingList& list, const HostDevice& device, const Spot& spot) {
    constexpr std::array<std::string_view, 2> modes{"subsystem", "capabilities"};
    constexpr std::array<std::string_view, 3> types{"storage", "misc", "net"};
    check_word(list, "the mode of <hostdev>", device.mode, modes, spot.inner("@mode"));
    if (device.mode != "capabilities") return;
    if (device.type.empty())
        list.error(FindingCode::missing, "<hostdev> needs the attribute 'type'",
                   spot.inner("@type"));
    check_word(list, "the type of <hostdev>", device.type, types, spot.inner("@type"));
    if (std::find(types.begin(), types.end(), device.type) == types.end()) return;
    const Spot source = spot.inner("source");
    if (device.source.empty())
        list.error(FindingCode::missing, "a <hostdev> of type '" + device.type + "' needs a source",
                   source,
                   device.type == "storage" ? "as <source><block>/dev/sdf1</block></source>"
                   : device.type == "misc"  ? "as <source><char>/dev/input/event3</char></source>"
                                            : "as <source><interface>eth1</interface></source>");
    else if (device.type == "net")
        check_device_name(list, "the source of <hostdev>", device.source, source);
    else
        check_guest_path(list, "the source of <hostdev>", device.source, source);
    check_addresses(list, device, spot);
}

/// The element path of the device, where it was not read from a document as well.
template <class Node>
Spot device_spot(const Node& node, std::string_view name, std::size_t number) {
    if (!node.path.empty()) return {.path = node.path, .at = node.at};
    return {.path = "/domain/devices/" + std::string(name) + "[" + std::to_string(number) + "]",
            .at = node.at};
}

inline void validate_devices(FindingList& list, const Domain& domain) {
    std::set<std::string_view> guest_names;
    std::size_t count = 0;
    for_each_device<Interface>(domain, [&](const Interface& interface) {
        const Spot spot = device_spot(interface, "interface", ++count);
        validate_interface(list, interface, spot);
        if (!interface.guest_device.empty() && !guest_names.insert(interface.guest_device).second)
            list.error(FindingCode::conflict,
                       "two interfaces have the guest device " + quote(interface.guest_device),
                       spot.inner("guest/@dev"));
    });
    count = 0;
    for_each_device<HostDevice>(domain, [&](const HostDevice& device) {
        validate_host_device(list, device, device_spot(device, "hostdev", ++count));
    });
}

inline void validate_capabilities(FindingList& list, const Domain& domain) {
    Capabilities seen;
    for (const CapabilityState& state : domain.features.capabilities) {
        const std::string name(to_text(state.capability));
        if (seen.contains(state.capability))
            list.warning(FindingCode::conflict, "capability '" + name + "' is given twice",
                         "/domain/features/capabilities/" + name, state.at, "the last one counts");
        seen.insert(state.capability);
    }
}

inline void check_shared_namespace(FindingList& list, const SharedNamespace& shared,
                                   std::string_view element) {
    const std::string tag = "<lxc:" + std::string(element) + ">";
    const Spot spot{.path = "/domain/lxc:namespace/lxc:" + std::string(element), .at = shared.at};
    if (shared.source == NamespaceSource::none) return;
    if (shared.value.empty())
        return list.error(FindingCode::missing, tag + " needs a value", spot.inner("@value"));
    if (shared.source == NamespaceSource::pid) {
        const auto pid = decimal(shared.value);
        if (!pid || *pid == 0 || *pid > INT32_MAX)
            list.error(FindingCode::bad_value,
                       "the value of " + tag + " is no process id: " + quote(shared.value),
                       spot.inner("@value"));
        return;
    }
    if (shared.source == NamespaceSource::netns && element != "sharenet")
        list.error(FindingCode::conflict, "type='netns' names network namespaces only",
                   spot.inner("@type"), "use type='name' or type='pid'");
    check_name(list, "the value of " + tag, shared.value, spot.inner("@value"));
}

inline void validate_shared_namespaces(FindingList& list, const Domain& domain) {
    if (!domain.shared_namespaces) return;
    const SharedNamespaces& shared = *domain.shared_namespaces;
    const Spot spot{.path = "/domain/lxc:namespace", .at = shared.at};
    if (!shared.net && !shared.ipc && !shared.uts)
        list.warning(FindingCode::missing, "<lxc:namespace> shares nothing", spot);
    if (shared.net) check_shared_namespace(list, *shared.net, "sharenet");
    if (shared.ipc) check_shared_namespace(list, *shared.ipc, "shareipc");
    if (shared.uts) check_shared_namespace(list, *shared.uts, "shareuts");
    if (!shared.net || shared.net->source == NamespaceSource::none) return;
    bool has_interface = false;
    for_each_device<Interface>(domain, [&](const Interface&) { has_interface = true; });
    const Spot net{.path = spot.path + "/lxc:sharenet", .at = shared.net->at};
    if (has_interface)
        list.warning(FindingCode::conflict,
                     "the container shares a network and has interfaces of its own", net,
                     "libvirt refuses this");
    if (domain.features.private_network == SwitchState::on)
        list.warning(FindingCode::conflict, "<privnet/> has no effect beside <lxc:sharenet>", net);
}

inline void validate_extension(FindingList& list, const Domain& domain) {
    if (!domain.container) return;
    const auto check = [&](const std::vector<KernelPath>& paths, std::string_view element) {
        for (std::size_t i = 0; i != paths.size(); ++i)
            check_guest_path(
                list, "the path of <insula:" + std::string(element) + ">", paths[i].path.text,
                {.path = "/domain/insula:container/insula:kernel_paths/insula:" +
                         std::string(element) + "[" + std::to_string(i + 1) + "]/@path",
                 .at = paths[i].at});
    };
    check(domain.container->masked_paths, "mask");
    check(domain.container->read_only_paths, "readonly");
}

}  // namespace insula::inline v0::detail
