// SPDX-License-Identifier: Apache-2.0
#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace insula::bench {

namespace {

constexpr int warm_up_rounds = 5;

}  // namespace

std::vector<Score> compare(std::vector<Contender>& contenders, int rounds) {
    std::vector<std::vector<double>> times(contenders.size());
    for (int round = -warm_up_rounds; round != rounds; ++round)
        for (std::size_t i = 0; i != contenders.size(); ++i) {
            const double time = contenders[i].run();
            if (round >= 0) times[i].push_back(time);
        }

    std::vector<Score> scores;
    for (std::size_t i = 0; i != contenders.size(); ++i) {
        std::vector<double> ratios;
        for (std::size_t round = 0; round != times[i].size(); ++round)
            ratios.push_back(times[i][round] / times[0][round]);
        scores.push_back({.name = contenders[i].name,
                          .least = *std::min_element(times[i].begin(), times[i].end()),
                          .median = median_of(times[i]),
                          .ratio = median_of(ratios)});
    }
    return scores;
}

double time_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - begin;
    return taken.count();
}

double median_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void print(const std::string& title, const std::vector<Score>& scores, Output output) {
    if (output == Output::text)
        std::printf("%s\n  %-24s %10s %10s %8s\n", title.c_str(), "", "min us", "median us",
                    "ratio");
    for (const Score& score : scores)
        if (output == Output::text)
            std::printf("  %-24s %10.1f %10.1f %8.2f\n", score.name.c_str(), score.least,
                        score.median, score.ratio);
        else
            std::printf(R"({"case":"%s","name":"%s","min_us":%.1f,"median_us":%.1f,"ratio":%.3f})"
                        "\n",
                        title.c_str(), score.name.c_str(), score.least, score.median, score.ratio);
    (void)std::fflush(stdout);
}

}  // namespace insula::bench
