// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace insula::bench {

/// One of those that are compared: `run` does it once and says how many microseconds that took.
struct Contender {
    std::string name{};
    std::function<double()> run{};
};

/// What one contender came to, over all rounds.
struct Score {
    std::string name{};
    double least = 0;   ///< microseconds
    double median = 0;  ///< microseconds
    double ratio = 0;   ///< median of the ratios to the first contender, round by round
};

/// Lets the contenders run in turn (A B C A B C …), so that what else the machine does meets all
/// alike. A few rounds before the first one that counts warm up.
[[nodiscard]] std::vector<Score> compare(std::vector<Contender>& contenders, int rounds);

/// How long `work` takes, in microseconds.
[[nodiscard]] double time_of(const std::function<void()>& work);

[[nodiscard]] double median_of(std::vector<double> values);

enum class Output : bool { text, json };

/// Prints one line per contender. JSON lines carry `title` in "case", for report.py.
void print(const std::string& title, const std::vector<Score>& scores, Output output);

}  // namespace insula::bench
