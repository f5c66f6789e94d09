// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "insula/model/element.hpp"
#include "insula/model/filesystem.hpp"

namespace insula::inline v0 {

/// `<console>`: the container's terminal.
struct Console {
    std::string type{};  ///< "pty", …
    std::string target_type{};
    std::optional<std::uint32_t> target_port{};
    std::string source_path{};
    TextPosition at{};
    std::string path{};  ///< element path
};

/// `<ip>` of an interface or a network host device.
struct IpAddress {
    std::string address{};
    std::string family{};  ///< "ipv4" or "ipv6"
    std::optional<std::uint32_t> prefix{};
    std::string peer{};
    TextPosition at{};
};

/// `<route>` of an interface or a network host device.
struct Route {
    std::string family{};
    std::string address{};
    std::string netmask{};
    std::optional<std::uint32_t> prefix{};
    std::string gateway{};
    std::optional<std::uint32_t> metric{};
    TextPosition at{};
};

/// `<interface>`: a network device of the container.
struct Interface {
    std::string type{};  ///< "network", "bridge", "ethernet", "direct", …
    std::string mac{};
    std::string source{};  ///< the network, bridge or device, by `type`
    std::string source_mode{};
    std::string target_device{};  ///< name on the host
    std::string guest_device{};   ///< name inside
    std::string link_state{};
    std::optional<std::uint32_t> mtu{};
    std::vector<IpAddress> addresses{};
    std::vector<Route> routes{};
    TextPosition at{};
    std::string path{};  ///< element path
};

/// `<hostdev>`: something of the host's that the container gets.
struct HostDevice {
    std::string mode{};    ///< "capabilities" or "subsystem"
    std::string type{};    ///< "storage", "misc" or "net"; a bus for "subsystem"
    std::string source{};  ///< block or character device path, or network interface name
    std::vector<IpAddress> addresses{};
    std::vector<Route> routes{};
    TextPosition at{};
    std::string path{};  ///< element path
};

/// A device that the model does not know; it lives on in `Domain::source`.
struct OtherDevice {
    std::string name{};
    TextPosition at{};
    std::string path{};  ///< element path
};

/// One child of `<devices>`.
struct Device {
    std::variant<Filesystem, Console, Interface, HostDevice, OtherDevice> node{};
    /// Which of the children (nodes of every kind) of `<devices>` in `Domain::source` it was read
    /// from; -1 for one added in C++.
    std::int32_t source_index = -1;
};

}  // namespace insula::inline v0
