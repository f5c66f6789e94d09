// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "executor/fake_kernel.hpp"

namespace insula::test {

/// Logs the call; answers with the failure that the test planned, or with `body`.
template <class Body>
long FakeKernel::record(const std::string& name, const std::string& arguments, Body&& body) {
    const std::size_t index = log.size();
    const unsigned nth = ++counts_[name];
    log.push_back({name, name + "(" + arguments + ")", 0});
    if (!told.empty() && !told.contains(name)) unexpected(log[index].text);
    long result = 0;
    if (const auto at = failures_at_.find(index); at != failures_at_.end()) result = -at->second;
    for (const Failure& failure : failures_)
        if (failure.name == name && nth >= failure.nth && nth - failure.nth < failure.times)
            result = -failure.error;
    if (result == 0) result = static_cast<long>(std::forward<Body>(body)());
    log[index].result = result;
    return result;
}

}  // namespace insula::test
