// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/domain.hpp"

namespace insula::inline v0::detail {

/// The kernel takes no more lines in uid_map (user_namespaces(7)).
inline constexpr std::size_t most_id_ranges = 340;

/// Whether `id` has a meaning outside.
[[nodiscard]] inline bool is_mapped(const std::vector<IdRange>& ranges, std::uint32_t id) noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [id](const IdRange& range) {
        return id >= range.start && id - range.start < range.count;
    });
}

/// One range of `<idmap>`, looked at from inside (`start`) or from outside (`target`).
inline void check_id_overlaps(FindingList& list, const std::vector<IdRange>& ranges,
                              std::uint32_t IdRange::* side, std::string_view side_name,
                              std::string_view kind) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i != ranges.size(); ++i)
        if (ranges[i].count != 0) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return ranges[left].*side < ranges[right].*side;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const IdRange& lower = ranges[order[i - 1]];
        const IdRange& upper = ranges[order[i]];
        if (upper.*side - lower.*side >= lower.count) continue;
        const bool swapped = order[i - 1] > order[i];
        const IdRange& later = swapped ? lower : upper;
        const IdRange& earlier = swapped ? upper : lower;
        list.error(FindingCode::conflict,
                   "this " + std::string(kind) + " range overlaps the one" + on_line(earlier.at) +
                       " " + std::string(side_name) + ": both have " + std::to_string(upper.*side),
                   "/domain/idmap/" + std::string(kind) + "[" +
                       std::to_string(std::max(order[i - 1], order[i]) + 1) + "]",
                   later.at);
    }
}

inline void check_id_ranges(FindingList& list, const std::vector<IdRange>& ranges,
                            std::string_view kind, TextPosition map_at) {
    const std::string base = "/domain/idmap/" + std::string(kind);
    if (ranges.size() > most_id_ranges)
        list.error(FindingCode::bad_value,
                   std::to_string(ranges.size()) + " <" + std::string(kind) +
                       "> ranges; the kernel takes " + std::to_string(most_id_ranges),
                   base, map_at);
    for (std::size_t i = 0; i != ranges.size(); ++i) {
        const IdRange& range = ranges[i];
        const Spot spot{.path = base + "[" + std::to_string(i + 1) + "]", .at = range.at};
        if (range.count == 0)
            list.error(FindingCode::bad_value, "a <" + std::string(kind) + "> range is empty",
                       spot.inner("@count"));
        else if (range.count > UINT32_MAX - std::max(range.start, range.target))
            list.error(FindingCode::bad_value,
                       "a <" + std::string(kind) + "> range ends past 4294967294",
                       spot.inner("@count"));
    }
    check_id_overlaps(list, ranges, &IdRange::start, "inside the container", kind);
    check_id_overlaps(list, ranges, &IdRange::target, "on the host", kind);
    if (!is_mapped(ranges, 0))
        list.error(FindingCode::missing,
                   std::string(kind) + " 0 is not mapped: the container is set up as its root",
                   base, map_at, "one range needs start='0'");
}

/// A numeric `<inituser>` or `<initgroup>` has to be in the map.
inline void check_init_id(FindingList& list, const std::vector<IdRange>& ranges,
                          std::string_view text, std::string_view element, TextPosition at) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    const auto id = decimal(text);
    if (!id || *id == UINT32_MAX || *id == 0 || is_mapped(ranges, *id)) return;
    list.error(FindingCode::conflict,
               "<" + std::string(element) + "> " + std::to_string(*id) + " is not in the <idmap>",
               "/domain/os/" + std::string(element), at);
}

inline void validate_id_map(FindingList& list, const Domain& domain) {
    if (!domain.id_map) return;
    const IdMap& map = *domain.id_map;
    const Spot spot{.path = "/domain/idmap", .at = map.at};
    if (map.uids.empty() && map.gids.empty())
        return list.error(FindingCode::missing, "<idmap> maps nothing", spot,
                          "it needs a <uid> and a <gid>");
    if (map.uids.empty() || map.gids.empty()) {
        const std::string there = map.gids.empty() ? "<uid>" : "<gid>";
        const std::string absent = map.gids.empty() ? "<gid>" : "<uid>";
        list.error(FindingCode::conflict, "<idmap> has " + there + " and no " + absent, spot,
                   "a user namespace needs both");
    }
    if (!map.uids.empty()) {
        check_id_ranges(list, map.uids, "uid", map.at);
        check_init_id(list, map.uids, domain.os.init_user, "inituser", domain.os.init_user_at);
    }
    if (!map.gids.empty()) {
        check_id_ranges(list, map.gids, "gid", map.at);
        check_init_id(list, map.gids, domain.os.init_group, "initgroup", domain.os.init_group_at);
    }
}

}  // namespace insula::inline v0::detail
