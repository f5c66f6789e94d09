// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace insula::test {

using Texts = std::vector<std::string>;

/// One per line, as a failed check shows them.
[[nodiscard]] inline std::string lines(const Texts& texts) {
    std::string out;
    for (const std::string& text : texts) out += text + '\n';
    return out;
}

}  // namespace insula::test

/// Checks that two lists of texts are equal, and shows both when they are not.
#define CHECK_TEXTS(actual, ...) \
    CHECK(::insula::test::lines(actual) == ::insula::test::lines(::insula::test::Texts __VA_ARGS__))
