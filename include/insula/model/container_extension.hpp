// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insula/core/path.hpp"
#include "insula/core/spelling.hpp"
#include "insula/core/text_position.hpp"
#include "insula/model/features.hpp"

namespace insula::inline v0 {

/// The namespace of libvirt's container extensions, prefix "lxc".
inline constexpr std::string_view lxc_xml_namespace = "http://libvirt.org/schemas/domain/lxc/1.0";
/// The namespace of our extensions, prefix "insula".
inline constexpr std::string_view insula_xml_namespace = "urn:insula:domain:1";

/// How a shared namespace is named.
enum class NamespaceSource : std::uint8_t { none, name, pid, netns };

template <>
inline constexpr std::array spellings<NamespaceSource>{
    Spelling<NamespaceSource>{NamespaceSource::none, "none"},
    Spelling<NamespaceSource>{NamespaceSource::name, "name"},
    Spelling<NamespaceSource>{NamespaceSource::pid, "pid"},
    Spelling<NamespaceSource>{NamespaceSource::netns, "netns"},
};

struct SharedNamespace {
    NamespaceSource source = NamespaceSource::none;
    std::string value{};
    TextPosition at{};
};

/// `<lxc:namespace>`.
struct SharedNamespaces {
    std::optional<SharedNamespace> net{};
    std::optional<SharedNamespace> ipc{};
    std::optional<SharedNamespace> uts{};
    TextPosition at{};
};

/// The defaults a container starts from.
enum class Profile : std::uint8_t {
    app,     ///< one confined program
    system,  ///< a whole user space with its own init
};

template <>
inline constexpr std::array spellings<Profile>{
    Spelling<Profile>{Profile::app, "app"},
    Spelling<Profile>{Profile::system, "system"},
};

/// Who is process 1.
enum class InitMode : std::uint8_t {
    exec,    ///< the container's init itself
    reaper,  ///< our helper, which starts init, forwards signals and collects orphans
};

template <>
inline constexpr std::array spellings<InitMode>{
    Spelling<InitMode>{InitMode::exec, "exec"},
    Spelling<InitMode>{InitMode::reaper, "reaper"},
};

struct KernelPath {
    GuestPath path{};
    TextPosition at{};
};

/// `<insula:container>`: what libvirt's XML cannot say. Absent means all defaults.
struct ContainerExtension {
    Profile profile = Profile::app;
    InitMode init_mode = InitMode::exec;
    std::optional<SwitchState> no_new_privs{};  ///< absent: the profile decides
    SwitchState default_kernel_paths = SwitchState::on;
    std::vector<KernelPath> masked_paths{};     ///< beside the default ones
    std::vector<KernelPath> read_only_paths{};  ///< beside the default ones
    TextPosition at{};
};

}  // namespace insula::inline v0
