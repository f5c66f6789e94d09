// SPDX-License-Identifier: Apache-2.0
#include "xml/devices.hpp"

#include <array>
#include <utility>

#include "xml/map_device.hpp"

namespace insula::inline v0::xml {

namespace {

/// The element name of each alternative of `Device::node`.
template <class T>
inline constexpr std::string_view device_name{};
template <>
inline constexpr std::string_view device_name<Filesystem> = "filesystem";
template <>
inline constexpr std::string_view device_name<Console> = "console";
template <>
inline constexpr std::string_view device_name<Interface> = "interface";
template <>
inline constexpr std::string_view device_name<HostDevice> = "hostdev";

template <class Io, class Node>
void map_device(Io& io, Node& node) {
    using Bare = std::remove_const_t<Node>;
    if constexpr (std::is_same_v<Bare, Filesystem>) map_filesystem(io, node);
    if constexpr (std::is_same_v<Bare, Console>) map_console(io, node);
    if constexpr (std::is_same_v<Bare, Interface>) map_interface(io, node);
    if constexpr (std::is_same_v<Bare, HostDevice>) map_host_device(io, node);
}

/// Devices that libvirt knows and a container never has.
constexpr std::array machine_devices{
    "controller", "input",       "graphics",  "video",   "sound",  "audio",    "memballoon",
    "rng",        "tpm",         "watchdog",  "channel", "serial", "parallel", "redirdev",
    "hub",        "redirfilter", "smartcard", "lease",   "nvram",  "panic",    "shmem",
    "memory",     "iommu",       "vsock",     "crypto",  "pstore",
};

void read_other(Reader& io, OtherDevice& device) {
    device.name = io.element().name;
    io.at(device.at);
    io.path(device.path);
    if (!io.context().judges || device.name == "emulator") return;
    const std::string tag = "<" + device.name + ">";
    if (device.name == "disk")
        return io.report(Severity::warning, FindingCode::not_enforced,
                         tag + " is not given to a container by this release");
    if (std::ranges::find(machine_devices, device.name) != machine_devices.end())
        return io.report(Severity::warning, FindingCode::ignored,
                         tag + " has no effect on a container");
    NearestText nearest(device.name);
    for (const std::string_view known : {"filesystem", "console", "interface", "hostdev"})
        nearest.offer(known);
    std::string hint;
    if (!nearest.get().empty()) hint = "did you mean '" + std::string(nearest.get()) + "'?";
    io.report(Severity::warning, FindingCode::unknown_element, tag + " is not known in <devices>",
              std::move(hint));
}

template <class T>
bool read_as(Reader& io, Device& device) {
    if (io.element().name != device_name<T>) return false;
    map_device(io, device.node.emplace<T>());
    return true;
}

/// Whether `node` is the element of a device like `device`.
bool is_of(const Element& node, const Device& device) {
    return std::visit(
        [&]<class T>(const T& typed) {
            if constexpr (std::is_same_v<T, OtherDevice>)
                return node.name == typed.name;
            else
                return node.name == device_name<T>;
        },
        device.node);
}

void write_device(Writer& devices, const Device& device, Element& element, bool fresh) {
    std::visit(
        [&]<class T>(const T& typed) {
            if constexpr (std::is_same_v<T, OtherDevice>) {
                if (fresh) element.name = typed.name;
            } else {
                if (fresh) element.name = device_name<T>;
                Writer inner(devices.context(), &devices, element, fresh);
                map_device(inner, typed);
            }
        },
        device.node);
}

/// The children that are no elements, from `first` to the next element or the end.
std::size_t end_of_remarks(const std::vector<Element>& nodes, std::size_t first) {
    while (first != nodes.size() && nodes[first].kind != Element::Kind::element) ++first;
    return first;
}

/// Where the comments before the element `index` begin.
std::size_t start_of_remarks(const std::vector<Element>& nodes, std::size_t index) {
    while (index != 0 && nodes[index - 1].kind != Element::Kind::element) --index;
    return index;
}

}  // namespace

void read_devices(Reader& devices, Domain& domain) {
    domain.devices.reserve(devices.element().children.size());
    devices.every_child([&](Reader& io, std::size_t index) {
        Device& device = domain.devices.emplace_back();
        device.source_index = static_cast<std::int32_t>(index);
        if (read_as<Filesystem>(io, device) || read_as<Console>(io, device) ||
            read_as<Interface>(io, device) || read_as<HostDevice>(io, device))
            return true;
        read_other(io, device.node.emplace<OtherDevice>());
        return false;
    });
}

void write_devices(Writer& devices, const Domain& domain) {
    if (!domain.devices.empty()) devices.drop_blank_text();
    std::vector<Element>& nodes = devices.element().children;
    std::vector<Element> out;
    std::vector<bool> used(nodes.size());
    out.reserve(nodes.size() + domain.devices.size());
    for (const Device& device : domain.devices) {
        const auto index = static_cast<std::size_t>(device.source_index);
        if (device.source_index < 0 || index >= nodes.size() || !is_of(nodes[index], device)) {
            write_device(devices, device, out.emplace_back(), true);
            continue;
        }
        if (!used[index])
            for (std::size_t i = start_of_remarks(nodes, index); i != index; ++i)
                out.push_back(nodes[i]);
        used[index] = true;
        write_device(devices, device, out.emplace_back(nodes[index]), false);
    }
    const std::size_t tail = start_of_remarks(nodes, nodes.size());
    for (std::size_t i = tail; i != end_of_remarks(nodes, tail); ++i) out.push_back(nodes[i]);
    nodes = std::move(out);
}

}  // namespace insula::inline v0::xml
