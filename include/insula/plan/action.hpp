// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "insula/core/flags.hpp"
#include "insula/core/path.hpp"
#include "insula/core/spelling.hpp"
#include "insula/model/capability.hpp"
#include "insula/model/container_extension.hpp"
#include "insula/model/filesystem.hpp"

namespace insula::inline v0 {

/// What a mount forbids to whoever uses it (mount(8), "file-system independent options").
enum class MountFlag : std::uint8_t { nosuid, nodev, noexec };
using MountFlags = Flags<MountFlag>;

template <>
inline constexpr std::array spellings<MountFlag>{
    Spelling<MountFlag>{MountFlag::nosuid, "nosuid"},
    Spelling<MountFlag>{MountFlag::nodev, "nodev"},
    Spelling<MountFlag>{MountFlag::noexec, "noexec"},
};

/// File systems that are made new for a container.
enum class KernelFilesystem : std::uint8_t { proc, sysfs, devpts, mqueue, tmpfs };

template <>
inline constexpr std::array spellings<KernelFilesystem>{
    Spelling<KernelFilesystem>{KernelFilesystem::proc, "proc"},
    Spelling<KernelFilesystem>{KernelFilesystem::sysfs, "sysfs"},
    Spelling<KernelFilesystem>{KernelFilesystem::devpts, "devpts"},
    Spelling<KernelFilesystem>{KernelFilesystem::mqueue, "mqueue"},
    Spelling<KernelFilesystem>{KernelFilesystem::tmpfs, "tmpfs"},
};

/// One option of a new file system, passed to the kernel by itself: no separator can be injected.
struct MountOption {
    std::string name{};
    std::string value{};  ///< "" for an option without value

    friend bool operator==(const MountOption&, const MountOption&) = default;
};

// the root: exactly one of these comes first

/// The container's root is a directory of the host.
struct BindRoot {
    HostPath source{};
    Recursion recursion = Recursion::submounts;
    Access access =
        Access::read_write;  ///< read_only takes effect at `SealRoot`, below the root at once
    MountFlags flags{};
    friend bool operator==(const BindRoot&, const BindRoot&) = default;
};

/// The container's root is a new tmpfs.
struct TmpfsRoot {
    std::vector<MountOption> options{};
    MountFlags flags{};
    friend bool operator==(const TmpfsRoot&, const TmpfsRoot&) = default;
};

/// The container's root shows `lower`; what is written goes to a tmpfs and is thrown away with the
/// container.
struct OverlayRoot {
    HostPath lower{};
    friend bool operator==(const OverlayRoot&, const OverlayRoot&) = default;
};

// mounts; a missing target is created

/// Shows a directory or file of the host at `target`. Mount propagation is private.
struct BindMount {
    HostPath source{};
    GuestPath target{};
    Recursion recursion = Recursion::none;
    Access access = Access::read_write;
    MountFlags flags{};
    friend bool operator==(const BindMount&, const BindMount&) = default;
};

/// Shows something that is already inside at a second place.
struct GuestBindMount {
    GuestPath source{};
    GuestPath target{};
    Recursion recursion = Recursion::none;
    Access access = Access::read_write;
    MountFlags flags{};
    friend bool operator==(const GuestBindMount&, const GuestBindMount&) = default;
};

/// Shows the host directory `lower` at `target`; what is written goes to a tmpfs and is thrown away
/// with the container.
struct OverlayMount {
    HostPath lower{};
    GuestPath target{};
    friend bool operator==(const OverlayMount&, const OverlayMount&) = default;
};

/// Mounts a new file system.
struct FilesystemMount {
    KernelFilesystem type = KernelFilesystem::tmpfs;
    GuestPath target{};
    Access access = Access::read_write;
    MountFlags flags{};
    std::vector<MountOption> options{};
    friend bool operator==(const FilesystemMount&, const FilesystemMount&) = default;
};

/// Makes a directory, and those above it that are missing.
struct MakeDirectory {
    GuestPath path{};
    std::uint32_t mode = 0755;
    friend bool operator==(const MakeDirectory&, const MakeDirectory&) = default;
};

/// Makes a character device node.
struct MakeDevice {
    GuestPath path{};
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t mode = 0666;
    friend bool operator==(const MakeDevice&, const MakeDevice&) = default;
};

struct MakeSymlink {
    GuestPath path{};
    std::string target{};  ///< as the link says it, not resolved
    friend bool operator==(const MakeSymlink&, const MakeSymlink&) = default;
};

/// Hides `path`: a directory under an empty read-only tmpfs, a file under the container's own null
/// device. Nothing where `path` does not exist.
struct MaskPath {
    GuestPath path{};
    friend bool operator==(const MaskPath&, const MaskPath&) = default;
};

/// Makes `path` and everything below read-only. Nothing where `path` does not exist.
struct ProtectPath {
    GuestPath path{};
    friend bool operator==(const ProtectPath&, const ProtectPath&) = default;
};

/// Makes `path` and everything below writable again where a `ProtectPath` above made it read-only.
/// Nothing where `path` does not exist.
struct UnprotectPath {
    GuestPath path{};
    friend bool operator==(const UnprotectPath&, const UnprotectPath&) = default;
};

/// Makes the root mount itself read-only, now that every target exists.
struct SealRoot {
    friend bool operator==(const SealRoot&, const SealRoot&) = default;
};

// in the new root

/// Changes to the new root and lets go of the old one.
struct EnterRoot {
    friend bool operator==(const EnterRoot&, const EnterRoot&) = default;
};

struct SetHostname {
    std::string hostname{};
    friend bool operator==(const SetHostname&, const SetHostname&) = default;
};

/// Brings up the interface lo of a new network namespace.
struct RaiseLoopback {
    friend bool operator==(const RaiseLoopback&, const RaiseLoopback&) = default;
};

/// Whether setgroups(2) may be called; an ordinary user's own map forbids it (user_namespaces(7)).
enum class SupplementaryGroups : std::uint8_t {
    of_user,  ///< those that the container's /etc/group gives the user; none for a number
    keep,     ///< the caller's stay
};

template <>
inline constexpr std::array spellings<SupplementaryGroups>{
    Spelling<SupplementaryGroups>{SupplementaryGroups::of_user, "of_user"},
    Spelling<SupplementaryGroups>{SupplementaryGroups::keep, "keep"},
};

/// Becomes `user` and `group`, looked up in the container's own /etc/passwd and /etc/group when
/// they are not numbers;
/// "+N" is always a number. An empty group means the user's own, or 0 for a number.
struct SetIdentity {
    std::string user = "+0";
    std::string group{};
    SupplementaryGroups supplementary = SupplementaryGroups::of_user;
    friend bool operator==(const SetIdentity&, const SetIdentity&) = default;
};

/// Leaves exactly these sets (capabilities(7)); a capability that the kernel knows and this list
/// does not name is dropped.
struct SetCapabilities {
    Capabilities bounding{};
    Capabilities permitted{};  ///< and effective
    Capabilities inheritable{};
    Capabilities ambient{};
    friend bool operator==(const SetCapabilities&, const SetCapabilities&) = default;
};

struct SetNoNewPrivs {
    friend bool operator==(const SetNoNewPrivs&, const SetNoNewPrivs&) = default;
};

/// Changes to `path`, inside; refused where it leads out.
struct ChangeDirectory {
    GuestPath path{};
    friend bool operator==(const ChangeDirectory&, const ChangeDirectory&) = default;
};

struct EnvironmentVariable {
    std::string name{};
    std::string value{};
    friend bool operator==(const EnvironmentVariable&, const EnvironmentVariable&) = default;
};

/// Executes the container's init, as the leader of a new session, with an empty signal mask and
/// default dispositions.
struct ExecInit {
    GuestPath path{};
    std::vector<std::string> argv{};
    std::vector<EnvironmentVariable> environment{};
    InitMode mode = InitMode::exec;
    friend bool operator==(const ExecInit&, const ExecInit&) = default;
};

using Action =
    std::variant<BindRoot, TmpfsRoot, OverlayRoot, BindMount, GuestBindMount, OverlayMount,
                 FilesystemMount, MakeDirectory, MakeDevice, MakeSymlink, MaskPath, ProtectPath,
                 UnprotectPath, SealRoot, EnterRoot, SetHostname, RaiseLoopback, SetIdentity,
                 SetCapabilities, SetNoNewPrivs, ChangeDirectory, ExecInit>;

}  // namespace insula::inline v0
