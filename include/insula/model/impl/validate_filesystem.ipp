// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "insula/model/domain.hpp"

namespace insula::inline v0::detail {

[[nodiscard]] inline TextPosition known_or(TextPosition at, TextPosition otherwise) noexcept {
    return at.known() ? at : otherwise;
}

inline void check_ram_size(FindingList& list, const Filesystem& filesystem, const Spot& spot) {
    if (!filesystem.usage)
        return list.error(FindingCode::missing, "a ram file system needs a usage",
                          spot.inner("@usage"), "as <source usage='64' units='MiB'/>");
    check_size(list, "the usage", filesystem.usage, "KiB", spot.inner("@usage"));
    if (filesystem.usage->value == 0)
        list.error(FindingCode::bad_value, "the usage of a ram file system is 0",
                   spot.inner("@usage"), "the kernel would take that for no limit");
}

inline void check_volume(FindingList& list, const Filesystem& filesystem, const Spot& spot) {
    const auto check = [&](const std::string& name, std::string_view attribute) {
        const Spot place = spot.inner("@" + std::string(attribute));
        if (name.empty())
            list.error(FindingCode::missing,
                       "a volume file system needs a " + std::string(attribute), place);
        else
            check_name(list, "the " + std::string(attribute), name, place);
    };
    check(filesystem.pool, "pool");
    check(filesystem.volume, "volume");
}

inline void check_filesystem_source(FindingList& list, const Filesystem& filesystem) {
    const Spot spot{.path = filesystem.path + "/source",
                    .at = known_or(filesystem.source_at, filesystem.at)};
    if (filesystem.type == FilesystemType::ram) return check_ram_size(list, filesystem, spot);
    if (filesystem.type == FilesystemType::volume) return check_volume(list, filesystem, spot);
    const std::string attribute(source_attribute(filesystem.type));
    const Spot place = spot.inner("@" + attribute);
    const std::string type(to_text(filesystem.type));
    if (filesystem.source.empty())
        return list.error(FindingCode::missing,
                          "a file system of type '" + type + "' needs a source", place,
                          "as <source " + attribute + "='…'/>");
    if (filesystem.type == FilesystemType::template_)
        return check_name(list, "the name of the template", filesystem.source, place);
    if (filesystem.type == FilesystemType::bind)
        return check_guest_path(list, "the source of <filesystem>", filesystem.source, place);
    check_host_path(list, "the source of <filesystem>", filesystem.source, place);
    const std::string plain = plain_path(filesystem.source);
    for (const std::string kernel : {"/proc", "/sys"})
        if (plain == kernel || plain.compare(0, kernel.size() + 1, kernel + "/") == 0)
            list.warning(FindingCode::weaker, "the host's " + plain + " is shown to the container",
                         place, "the container has a " + kernel + " of its own");
}

inline void check_filesystem_target(FindingList& list, const Filesystem& filesystem) {
    const Spot spot{.path = filesystem.path + "/target/@dir",
                    .at = known_or(filesystem.target_at, filesystem.at)};
    if (filesystem.target.empty())
        list.error(FindingCode::missing, "a <filesystem> needs a target", spot,
                   "as <target dir='/data'/>");
    else
        check_guest_path(list, "the target of <filesystem>", filesystem.target, spot);
}

/// Images: what libvirt refuses only when it attaches them.
inline void check_filesystem_driver(FindingList& list, const Filesystem& filesystem,
                                    const Spot& spot) {
    constexpr std::array<std::string_view, 8> types{"path",  "handle",   "loop", "nbd",
                                                    "ploop", "virtiofs", "mtp",  "default"};
    const std::string& type = filesystem.driver_type;
    const std::string& format = filesystem.driver_format;
    const Spot driver = spot.inner("driver");
    check_word(list, "the driver type", type, types, driver.inner("@type"));
    if (filesystem.type != FilesystemType::file) {
        if (!type.empty() || !format.empty())
            list.warning(FindingCode::ignored,
                         "<driver> has no effect on a file system of type '" +
                             std::string(to_text(filesystem.type)) + "' of a container",
                         driver);
        return;
    }
    if (type == "loop" && !format.empty() && format != "raw")
        list.error(FindingCode::conflict,
                   "a loop device shows raw images only, not " + quote(format),
                   driver.inner("@format"),
                   "images in other formats need "
                   "<driver type='nbd' …>");
    if (type == "nbd" && format.empty())
        list.error(FindingCode::missing, "an nbd driver needs the format of the image",
                   driver.inner("@format"));
    if (type == "path" || type == "handle" || type == "virtiofs" || type == "mtp")
        list.error(FindingCode::conflict, "driver " + quote(type) + " shows no images",
                   driver.inner("@type"), "loop or nbd");
}

/// What is written for hypervisors.
inline void check_filesystem_extras(FindingList& list, const Filesystem& filesystem,
                                    const Spot& spot) {
    constexpr std::array<std::string_view, 3> modes{"passthrough", "mapped", "squash"};
    check_word(list, "the accessmode", filesystem.access_mode, modes, spot.inner("@accessmode"));
    const auto ignored = [&](const std::string& value, std::string_view name) {
        if (!value.empty())
            list.warning(FindingCode::ignored,
                         "attribute '" + std::string(name) + "' has no effect on a container",
                         spot.inner("@" + std::string(name)));
    };
    if (filesystem.access_mode == "mapped" || filesystem.access_mode == "squash")
        ignored(filesystem.access_mode, "accessmode");
    ignored(filesystem.model, "model");
    ignored(filesystem.multidevs, "multidevs");
    ignored(filesystem.fmode, "fmode");
    ignored(filesystem.dmode, "dmode");
    const auto check_limit = [&](const std::optional<ScaledSize>& limit, std::string_view name) {
        if (!limit) return;
        const std::string tag = "<" + std::string(name) + ">";
        check_size(list, tag, limit, "bytes", spot.inner(name));
        list.warning(FindingCode::not_enforced, tag + " is not enforced by this release",
                     spot.inner(name));
    };
    check_limit(filesystem.space_hard_limit, "space_hard_limit");
    check_limit(filesystem.space_soft_limit, "space_soft_limit");
    const bool takes_tree =
        filesystem.type == FilesystemType::mount || filesystem.type == FilesystemType::bind;
    if (filesystem.mount && filesystem.mount->recursion == Recursion::submounts && !takes_tree)
        list.warning(FindingCode::ignored,
                     "recursive='yes' has no effect on a file system of type '" +
                         std::string(to_text(filesystem.type)) + "'",
                     spot.inner("insula:mount/@recursive"));
}

/// Targets in the order in which they are mounted; finds what hides what.
class TargetList {
public:
    explicit TargetList(FindingList& list) noexcept : list_(list) {}

    void add(const Filesystem& filesystem) {
        const Spot spot{.path = filesystem.path + "/target/@dir",
                        .at = known_or(filesystem.target_at, filesystem.at)};
        const std::string target = plain_path(filesystem.target);
        if (target == "/") return add_root(filesystem, spot);
        const auto [place, is_new] = targets_.try_emplace(target, spot.at);
        if (!is_new) {
            list_.warning(FindingCode::conflict,
                          "this hides the file system" + on_line(place->second) +
                              ": both have the target " + quote(target),
                          spot);
            place->second = spot.at;
            return;
        }
        const auto below = targets_.lower_bound(target + "/");
        if (below != targets_.end() &&
            below->first.compare(0, target.size() + 1, target + "/") == 0)
            list_.warning(
                FindingCode::conflict,
                "this hides " + quote(below->first) + ", mounted before" + on_line(below->second),
                spot, "file systems are mounted in the order written");
    }

private:
    void add_root(const Filesystem& filesystem, const Spot& spot) {
        if (has_root_)
            list_.error(FindingCode::conflict,
                        "a second file system has the target '/': the first is" +
                            (root_at_.known() ? on_line(root_at_) : " before it"),
                        spot);
        has_root_ = true;
        root_at_ = spot.at;
        if (filesystem.type == FilesystemType::bind)
            list_.warning(FindingCode::conflict,
                          "a bind takes its source from inside the container, which has no root "
                          "before this one",
                          spot, "type='mount' takes a directory of the host");
    }

    FindingList& list_;
    std::map<std::string, TextPosition> targets_{};
    TextPosition root_at_{};
    bool has_root_ = false;
};

inline void validate_filesystems(FindingList& list, const Domain& domain) {
    TargetList targets(list);
    std::size_t count = 0;
    for_each_filesystem(domain, [&](const Filesystem& read) {
        ++count;
        Filesystem named;
        const Filesystem* filesystem = &read;
        if (read.path.empty()) {  // built in C++
            named = read;
            named.path = "/domain/devices/filesystem[" + std::to_string(count) + "]";
            filesystem = &named;
        }
        const Spot spot{.path = filesystem->path, .at = filesystem->at};
        check_filesystem_source(list, *filesystem);
        check_filesystem_target(list, *filesystem);
        check_filesystem_driver(list, *filesystem, spot);
        check_filesystem_extras(list, *filesystem, spot);
        if (!filesystem->target.empty()) targets.add(*filesystem);
    });
}

}  // namespace insula::inline v0::detail
