// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/core/result.hpp"
#include "linux/kernel.hpp"

namespace insula::linux_ {

/// The helper `insula-init` as something that can be executed and that nobody can write: a sealed
/// memfd, so that what a container finds behind /proc/self/exe is never a file of the host
/// (CVE-2019-5736). Where `vm.memfd_noexec` forbids that, the installed helper, through a read-only
/// mount of its own.
[[nodiscard]] Result<HeldFd> make_helper(Kernel& kernel);

}  // namespace insula::linux_
