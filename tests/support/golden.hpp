// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace insula::test {

/// Checks that `text` is the content of the file `name` in tests/data/golden, byte by byte. After a
/// change that is meant, run the tests once with INSULA_UPDATE_GOLDEN=1 and read the difference.
inline void check_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(INSULA_GOLDEN_DIR) + "/" + name;
    CAPTURE(path);
    if (const char* update = std::getenv("INSULA_UPDATE_GOLDEN");
        update != nullptr && std::string_view(update) == "1") {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string expected{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
    CHECK(text == expected);
}

}  // namespace insula::test
