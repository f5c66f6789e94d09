// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "insula/core/spelling.hpp"
#include "insula/core/text_position.hpp"
#include "insula/model/scaled_size.hpp"

namespace insula::inline v0 {

/// What a `<filesystem>` element takes its tree from (libvirt, formatdomain, "Filesystems").
enum class FilesystemType : std::uint8_t {
    mount,      ///< a directory or file of the host
    bind,       ///< a directory or file inside the container
    ram,        ///< a new tmpfs
    file,       ///< an image file
    block,      ///< a block device
    template_,  ///< a named root tree
    volume,     ///< a volume of a storage pool
};

template <>
inline constexpr std::array spellings<FilesystemType>{
    Spelling<FilesystemType>{FilesystemType::mount, "mount"},
    Spelling<FilesystemType>{FilesystemType::bind, "bind"},
    Spelling<FilesystemType>{FilesystemType::ram, "ram"},
    Spelling<FilesystemType>{FilesystemType::file, "file"},
    Spelling<FilesystemType>{FilesystemType::block, "block"},
    Spelling<FilesystemType>{FilesystemType::template_, "template"},
    Spelling<FilesystemType>{FilesystemType::volume, "volume"},
};

/// The attribute of `<source>` that holds `Filesystem::source` for `type`; "" where several do
/// (ram, volume).
[[nodiscard]] constexpr std::string_view source_attribute(FilesystemType type) noexcept {
    switch (type) {
        case FilesystemType::mount:
        case FilesystemType::bind: return "dir";
        case FilesystemType::file: return "file";
        case FilesystemType::block: return "dev";
        case FilesystemType::template_: return "name";
        case FilesystemType::ram:
        case FilesystemType::volume: return "";
    }
    return "";
}

enum class Access : std::uint8_t { read_write, read_only };

/// Whether mounts below the source come along.
enum class Recursion : std::uint8_t { none, submounts };

/// `<insula:mount>` inside `<filesystem>`: what libvirt's XML cannot say.
struct MountExtension {
    Recursion recursion = Recursion::none;
    bool nosuid = false;
    bool nodev = false;
    bool noexec = false;
    TextPosition at{};
};

struct Filesystem {
    FilesystemType type = FilesystemType::mount;
    std::string source{};  ///< directory, file, device or template name, by `type`
    std::string pool{};    ///< of a volume
    std::string volume{};
    std::optional<ScaledSize> usage{};  ///< size of a ram file system; default unit KiB
    std::string target{};
    Access access = Access::read_write;
    std::string access_mode{};  ///< "passthrough", "mapped" or "squash": for hypervisors
    std::string model{};
    std::string multidevs{};
    std::string fmode{};
    std::string dmode{};
    std::string driver_type{};    ///< "path", "handle", "loop", "nbd", "ploop", "virtiofs"
    std::string driver_format{};  ///< "raw", "qcow2", …
    std::string driver_wrpolicy{};
    std::optional<ScaledSize> space_hard_limit{};  ///< default unit bytes
    std::optional<ScaledSize> space_soft_limit{};  ///< default unit bytes
    std::optional<MountExtension> mount{};

    TextPosition at{};
    TextPosition source_at{};
    TextPosition target_at{};
    std::string path{};  ///< element path, as "/domain/devices/filesystem[2]"
};

}  // namespace insula::inline v0
