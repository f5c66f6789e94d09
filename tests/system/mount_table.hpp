// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system/box.hpp"

namespace insula::test {

/// One line of proc_pid_mountinfo(5), as far as a container decides it.
struct MountLine {
    std::string target{};
    std::string flags{};        ///< of "ro nosuid nodev noexec", in this order
    std::string propagation{};  ///< "" for private
    std::string type{};
    std::string options{};  ///< of the file system
};

/// `text` in the order of `MountLine::flags`, each flag once.
[[nodiscard]] std::string normal_flags(std::string_view text);

/// What a probe's "report" says of its mounts.
[[nodiscard]] std::vector<MountLine> mount_table(const Report& inside);

/// The last mount at `target`; fails the test case where there is none.
[[nodiscard]] MountLine mount_at(const Report& inside, std::string_view target);

}  // namespace insula::test
