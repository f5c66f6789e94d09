// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace insula::test {

/// Says that the running test case cannot be judged on this machine: it counts as skipped, and the
/// reason is printed. Use `INSULA_SKIP`, which also leaves the test case.
void skip(std::string_view reason);

}  // namespace insula::test

/// Leaves the test case as skipped: `if (!is_root()) INSULA_SKIP("needs root");`
#define INSULA_SKIP(reason)           \
    do {                              \
        ::insula::test::skip(reason); \
        return;                       \
    } while (false)
