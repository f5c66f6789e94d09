// SPDX-License-Identifier: Apache-2.0
// Every call of three typical plans fails in every usual way.
#include <algorithm>
#include <array>
#include <cerrno>

#include "executor/run_program.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

constexpr std::array errors{EPERM, ENOSYS, EINVAL, ENOMEM, EINTR, EAGAIN};

/// A plan, and how it is lowered and run.
struct Subject {
    std::string name;
    ContainerPlan plan;
    linux_::LoweringOptions options;
};

[[nodiscard]] std::vector<Subject> subjects() {
    using linux_::SourceTaker;
    return {
        {"typical", typical_plan(), {.passed_fds = 3, .trace = true}},
        {"layered", layered_plan(), {.trace = true}},
        {"rootless",
         rootless_plan(),
         {.source_taker = SourceTaker::helper, .caller_uid = 1000, .trace = true}},
    };
}

[[nodiscard]] FakeCalls calls_of(const Subject& subject) {
    FakeCalls calls = make_calls(subject.options.passed_fds);
    calls.child = 0;  // of the reaper: the side that executes init
    return calls;
}

/// What a failure of one call comes to, where it does not stop the run with a report.
enum class Answer : std::uint8_t { stops, goes_on, exits };

/// The failures that do not stop the run; everything else must.
[[nodiscard]] Answer answer_to(const FakeCall& call, int error) {
    const std::string_view name = call.name;
    const std::string_view text = call.text;
    // Nothing can be done about these, and nothing hangs on them.
    if (name == "close" || name == "umask" || name == "setsid") return Answer::goes_on;
    // Cannot fail with these arguments (sigaction(2), sigprocmask(2)).
    if (name == "rt_sigaction" || name == "rt_sigprocmask") return Answer::goes_on;
    // Only end-of-file says that the owner died.
    if (name == "recvfrom") return Answer::goes_on;
    // Something is being renamed.
    if (name == "openat2" && text.find("IN_ROOT") != std::string_view::npos &&
        (error == EAGAIN || error == EINTR))
        return Answer::goes_on;
    // An owner that is not mapped.
    if (name == "fchown" && (error == EPERM || error == EINVAL)) return Answer::goes_on;
    // The end of the capabilities that this kernel knows.
    if (text == "prctl CAPBSET_DROP(41)" && error == EINVAL) return Answer::goes_on;
    // Whom should it be told?
    if (name == "sendto") return Answer::exits;
    return Answer::stops;
}

/// What may still be called after a failure: only what tidies up or finds out more.
[[nodiscard]] bool may_follow(const FakeCall& call) {
    constexpr std::array names{"close", "clock_gettime"};
    return std::find(names.begin(), names.end(), call.name) != names.end();
}

void check_nothing_follows(const FakeCalls& calls, std::size_t index) {
    const std::string& failed = calls.log[index].name;
    for (std::size_t i = index + 1; i != calls.log.size(); ++i) {
        const FakeCall& call = calls.log[i];
        const bool asks_for_words =
            call.name == "read" && (failed == "fsconfig" || failed == "fsmount");
        const bool asks_for_reason = call.name == "statx" && failed == "execve";
        // The mode of a directory is set even where its owner could not be; then the run stops.
        const bool mode_of_owner = call.name == "fchmod" && failed == "fchown";
        if (!may_follow(call) && !asks_for_words && !asks_for_reason && !mode_of_owner)
            FAIL_CHECK("after the failure comes " << call.text);
    }
}

/// What the helper may hold open when it gives up: its root, scratch and mask mounts, one
/// directory, and mounts that were not attached yet.
void check_no_leak(const FakeCalls& calls, const Subject& subject) {
    using Kind = FakeFile::Kind;
    CHECK(calls.count_files(Kind::context) == 0);
    CHECK(calls.count_files(Kind::file) == 0);
    CHECK(calls.count_files(Kind::socket) == 0);
    CHECK(calls.count_files(Kind::path) <= 1);
    CHECK(calls.count_files(Kind::mount) <= 3);
    if (subject.options.source_taker == linux_::SourceTaker::caller)
        CHECK(calls.count_files(Kind::tree) == 0);
    for (const auto& [fd, slot] : calls.fds) {
        const Kind kind = slot.first->kind;
        const bool inherits = kind == Kind::stream || kind == Kind::passed;
        CHECK(slot.second != inherits);
    }
}

/// The plan's step during which each call of the log was made.
[[nodiscard]] std::vector<std::int32_t> steps_of(const FakeCalls& calls, const Run& run) {
    std::vector<std::int32_t> steps;
    std::size_t moments = 0;
    for (const FakeCall& call : calls.log) {
        if (call.name == "clock_gettime") ++moments;
        steps.push_back(run.trace[std::min((moments - 1) / 2, run.trace.size() - 1)].op);
    }
    return steps;
}

/// Whether the call is neither the first nor the last of a loop over all signals or capabilities.
[[nodiscard]] bool is_amid_equals(const std::vector<FakeCall>& log, std::size_t index) {
    const std::string& name = log[index].name;
    if (name != "rt_sigaction" && name != "prctl CAPBSET_DROP") return false;
    return log[index - 1].name == name && log[index + 1].name == name;
}

void check_fault(const Subject& subject, const FakeCalls& flawless, std::int32_t step,
                 std::size_t index, int error) {
    FakeCalls calls = calls_of(subject);
    calls.fail_at(index, error);
    const Run run = run_plan(calls, subject.plan, subject.options);
    REQUIRE(calls.log.size() > index);
    CHECK(calls.log[index].text == flawless.log[index].text);
    check_no_leak(calls, subject);
    switch (answer_to(calls.log[index], error)) {
        case Answer::goes_on: CHECK(run.end == Run::End::executed); return;
        case Answer::exits:
            CHECK(run.end == Run::End::exited);
            check_nothing_follows(calls, index);
            return;
        case Answer::stops: break;
    }
    CHECK(run.end == Run::End::reported);
    CHECK(run.state == program::State::failed);
    CHECK(run.report.op == step);
    CHECK(run.report.error == error);
    CHECK(run.report.call != program::Call::none);
    CHECK(calls.executed.empty());
    CHECK(run.trace.back().op == step);
    check_nothing_follows(calls, index);
}

}  // namespace

TEST_CASE("executor: every call of a plan x every errno stops the run with a report") {
    for (const Subject& subject : subjects()) {
        CAPTURE(subject.name);
        FakeCalls flawless = calls_of(subject);
        const Run run = run_plan(flawless, subject.plan, subject.options);
        REQUIRE(run.end == Run::End::executed);
        check_no_leak(flawless, subject);
        const auto steps = steps_of(flawless, run);
        for (std::size_t index = 0; index != flawless.log.size(); ++index) {
            const FakeCall& call = flawless.log[index];
            if (call.name == "clock_gettime" || is_amid_equals(flawless.log, index)) continue;
            for (const int error : errors) {
                CAPTURE(index);
                CAPTURE(call.text);
                CAPTURE(error);
                check_fault(subject, flawless, steps[index], index, error);
            }
        }
    }
}

}  // namespace insula::test
