// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace insula::bench {

/// The sets of namespaces that are compared, from docs/explanation/performance.md.
enum class Set : char {
    a = 'A',  ///< pid, mount, uts, ipc
    b = 'B',  ///< a and net, with the loopback interface up
    c = 'C',  ///< b and user, with 65536 ids
};

inline constexpr unsigned first_id = 100000;  ///< outside, of set C
inline constexpr unsigned id_count = 65536;

/// What every contender starts.
struct Case {
    Set set = Set::a;
    std::string root{};     ///< the container's root directory
    std::string program{};  ///< inside
    int binds = 0;          ///< read-only bind mounts of `bind_source` on /mnt/0, /mnt/1, …
    std::string bind_source{};
};

}  // namespace insula::bench
