// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace insula::linux_ {

/// The program `insula-init`, as it was built from lib/init.
extern const unsigned char* const helper_image;
extern const std::size_t helper_image_size;

}  // namespace insula::linux_
