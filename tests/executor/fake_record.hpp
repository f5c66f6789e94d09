// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "executor/fake_calls.hpp"

namespace insula::test {

[[nodiscard]] inline std::string quoted(const char* text) {
    return text == nullptr ? "null" : "'" + std::string(text) + "'";
}

[[nodiscard]] inline std::string octal(unsigned value) {
    std::string digits;
    do digits.insert(0, 1, static_cast<char>('0' + value % 8));
    while ((value /= 8) != 0);
    return "0" + digits;
}

/// Logs the call; answers with the failure that the test planned, or with `body`.
template <class Body>
long FakeCalls::record(const std::string& name, const std::string& arguments, Body&& body) {
    const std::size_t index = log.size();
    const unsigned nth = ++counts_[name];
    log.push_back({name, name + "(" + arguments + ")", 0});
    const int error = planned(index, name, nth);
    const long result = error != 0 ? -error : static_cast<long>(std::forward<Body>(body)());
    log[index].result = result;
    return result;
}

}  // namespace insula::test
