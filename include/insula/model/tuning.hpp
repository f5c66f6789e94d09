// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "insula/core/text_position.hpp"
#include "insula/model/scaled_size.hpp"

namespace insula::inline v0 {

/// `<blkiotune><device>`.
struct BlockTuning {
    std::string device{};
    std::optional<std::uint64_t> weight{};
    std::optional<std::uint64_t> read_bytes_per_second{};
    std::optional<std::uint64_t> write_bytes_per_second{};
    std::optional<std::uint64_t> read_operations_per_second{};
    std::optional<std::uint64_t> write_operations_per_second{};
    TextPosition at{};
};

/// `<cputune>`, `<memtune>`, `<numatune>` and `<blkiotune>`, as far as a control group knows them.
struct Tuning {
    std::optional<std::uint64_t> cpu_shares{};
    std::optional<std::uint64_t> cpu_period{};  ///< microseconds
    std::optional<std::int64_t> cpu_quota{};    ///< microseconds per period; negative means none
    std::optional<std::uint64_t> global_period{};
    std::optional<std::int64_t> global_quota{};
    std::optional<ScaledSize> memory_hard_limit{};  ///< default unit KiB, as for the others
    std::optional<ScaledSize> memory_soft_limit{};
    std::optional<ScaledSize> memory_swap_hard_limit{};
    std::string numa_mode{};
    std::string numa_nodeset{};
    std::optional<std::uint64_t> block_weight{};
    std::vector<BlockTuning> block_devices{};
    TextPosition cpu_at{};
    TextPosition memory_at{};
    TextPosition numa_at{};
    TextPosition block_at{};
};

}  // namespace insula::inline v0
