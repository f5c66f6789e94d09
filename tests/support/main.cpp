// SPDX-License-Identifier: Apache-2.0
// The main of every doctest executable: doctest's own, and the two lines that tests/run.sh reads.
// "SKIP: CASE: REASON" per skipped test case, "TESTS: N passed, N failed, N skipped" at the end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"

namespace {

struct Tally {
    std::string running{};
    bool skipped_now = false;
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned skipped = 0;
};

Tally& tally() {
    static Tally instance;
    return instance;
}

struct TallyListener final : doctest::IReporter {
    explicit TallyListener(const doctest::ContextOptions& options) : options_(options) {}

    void test_case_start(const doctest::TestCaseData& data) override {
        tally().running = data.m_name;
        tally().skipped_now = false;
    }
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        if (stats.failure_flags != 0) {
            ++tally().failed;
        } else if (tally().skipped_now) {
            ++tally().skipped;
        } else {
            ++tally().passed;
        }
    }
    void test_run_end(const doctest::TestRunStats&) override {
        if (options_.list_test_cases || options_.count || options_.help || options_.version) return;
        std::printf("TESTS: %u passed, %u failed, %u skipped\n", tally().passed, tally().failed,
                    tally().skipped);
        std::fflush(stdout);
    }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

private:
    const doctest::ContextOptions& options_;
};

REGISTER_LISTENER("tally", 1, TallyListener);

}  // namespace

namespace insula::test {

void skip(std::string_view reason) {
    tally().skipped_now = true;
    std::printf("SKIP: %s: %.*s\n", tally().running.c_str(), static_cast<int>(reason.size()),
                reason.data());
    std::fflush(stdout);
}

}  // namespace insula::test
