// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/core/result.hpp"
#include "insula/plan/host_facts.hpp"
#include "linux/kernel.hpp"

namespace insula::linux_ {

/// See `insula::probe_host`.
[[nodiscard]] Result<HostFacts> probe(Kernel& kernel);

/// Fills `HostFacts::mounts` and `HostFacts::root_entries`.
[[nodiscard]] Result<void> probe_tree(Kernel& kernel, HostFacts& facts);

/// The content of a small file of the kernel's; `missing` or `denied` where it cannot be read.
[[nodiscard]] Result<std::string> read_file(Kernel& kernel, const char* path);

}  // namespace insula::linux_
