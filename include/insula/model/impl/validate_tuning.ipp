// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/domain.hpp"

namespace insula::inline v0::detail {

inline void check_period(FindingList& list, std::string_view name,
                         const std::optional<std::uint64_t>& period, TextPosition at) {
    if (!period || (*period >= 1000 && *period <= 1'000'000)) return;
    list.error(FindingCode::bad_value,
               "<" + std::string(name) +
                   "> is not from 1000 to 1000000 microseconds: " + std::to_string(*period),
               "/domain/cputune/" + std::string(name), at);
}

inline void check_quota(FindingList& list, std::string_view name,
                        const std::optional<std::int64_t>& quota, TextPosition at) {
    constexpr std::int64_t most = 17'592'186'044'415;  // the kernel counts nanoseconds in 54 bits
    if (!quota || *quota < 0 || *quota == 0 || (*quota >= 1000 && *quota <= most)) return;
    list.error(FindingCode::bad_value,
               "<" + std::string(name) +
                   "> is not from 1000 to 17592186044415 microseconds: " + std::to_string(*quota),
               "/domain/cputune/" + std::string(name), at, "a negative number means no limit");
}

inline void validate_memory_tuning(FindingList& list, const Tuning& tuning) {
    const Spot spot{.path = "/domain/memtune", .at = tuning.memory_at};
    check_size(list, "<hard_limit>", tuning.memory_hard_limit, "KiB", spot.inner("hard_limit"));
    check_size(list, "<soft_limit>", tuning.memory_soft_limit, "KiB", spot.inner("soft_limit"));
    check_size(list, "<swap_hard_limit>", tuning.memory_swap_hard_limit, "KiB",
               spot.inner("swap_hard_limit"));
    if (!tuning.memory_hard_limit || !tuning.memory_swap_hard_limit) return;
    const auto hard = tuning.memory_hard_limit->bytes("KiB");
    const auto swap = tuning.memory_swap_hard_limit->bytes("KiB");
    if (hard && swap && *swap < *hard)
        list.error(FindingCode::conflict, "<swap_hard_limit> is below <hard_limit>",
                   spot.inner("swap_hard_limit"), "it limits memory and swap together");
}

inline void validate_block_tuning(FindingList& list, const Tuning& tuning) {
    const auto check_weight = [&](const std::optional<std::uint64_t>& weight, const Spot& spot) {
        if (weight && (*weight < 10 || *weight > 1000))
            list.error(FindingCode::bad_value,
                       "<weight> is not from 10 to 1000: " + std::to_string(*weight), spot);
    };
    check_weight(tuning.block_weight, {.path = "/domain/blkiotune/weight", .at = tuning.block_at});
    for (std::size_t i = 0; i != tuning.block_devices.size(); ++i) {
        const BlockTuning& device = tuning.block_devices[i];
        const Spot spot{.path = "/domain/blkiotune/device[" + std::to_string(i + 1) + "]",
                        .at = device.at};
        if (device.device.empty())
            list.error(FindingCode::missing, "<device> needs a <path>", spot.inner("path"));
        else
            check_host_path(list, "the path of <device>", device.device, spot.inner("path"));
        check_weight(device.weight, spot.inner("weight"));
    }
}

/// `<cputune>` and `<memtune>` mean the same for every kind of machine.
inline void validate_tuning(FindingList& list, const Domain& domain) {
    const Tuning& tuning = domain.tuning;
    check_period(list, "period", tuning.cpu_period, tuning.cpu_at);
    check_period(list, "global_period", tuning.global_period, tuning.cpu_at);
    check_quota(list, "quota", tuning.cpu_quota, tuning.cpu_at);
    check_quota(list, "global_quota", tuning.global_quota, tuning.cpu_at);
    validate_memory_tuning(list, tuning);
    if (!is_container(domain)) return;
    validate_block_tuning(list, tuning);
    const Spot numa{.path = "/domain/numatune/memory", .at = tuning.numa_at};
    constexpr std::array<std::string_view, 4> modes{"strict", "preferred", "interleave",
                                                    "restrictive"};
    check_word(list, "the mode of <numatune><memory>", tuning.numa_mode, modes,
               numa.inner("@mode"));
    if (!tuning.numa_nodeset.empty() && !is_cpu_list(tuning.numa_nodeset))
        list.error(FindingCode::bad_value,
                   "the nodeset is not a list of numbers and ranges: " + quote(tuning.numa_nodeset),
                   numa.inner("@nodeset"));
}

}  // namespace insula::inline v0::detail
