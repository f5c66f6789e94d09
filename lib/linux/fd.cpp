// SPDX-License-Identifier: Apache-2.0
#include "insula/core/fd.hpp"

#include "linux/kernel.hpp"

namespace insula::inline v0 {

void UniqueFd::close_raw(int raw) noexcept {
    linux_::system_kernel().close(raw);
}

}  // namespace insula::inline v0
