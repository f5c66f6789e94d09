// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "measure.hpp"

namespace insula::bench {

/// A process like this one that differs in one thing, and measures when it is told to.
class Twin {
public:
    /// Forks; the twin calls `prepare` once.
    Twin(const std::function<void()>& prepare, const std::function<double()>& run);
    Twin(const Twin&) = delete;
    Twin& operator=(const Twin&) = delete;
    ~Twin();

    /// Lets the twin call `run` and gives its answer. Gives up when the twin is gone.
    [[nodiscard]] double run() const;

private:
    [[noreturn]] void serve(const std::function<void()>& prepare,
                            const std::function<double()>& run) const;

    int requests_[2] = {-1, -1};
    int answers_[2] = {-1, -1};
    int pid_ = -1;
};

}  // namespace insula::bench
