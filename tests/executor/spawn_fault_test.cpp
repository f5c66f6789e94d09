// SPDX-License-Identifier: Apache-2.0
// Every call of two starts fails in every usual way.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <doctest/doctest.h>

#include "executor/spawn_support.hpp"
#include "linux/explain.hpp"

namespace insula::test {

namespace {

constexpr std::array errors{EPERM, ENOSYS, EINVAL, ENOMEM, EINTR, EAGAIN};

struct Subject {
    std::string name;
    ContainerPlan plan;
    StartOptions options;
    unsigned batches;
};

/// What a failure of one call comes to.
enum class Answer : std::uint8_t { fails, goes_on, not_open };

/// The failures that do not fail the start, or with another errno; everything else must.
[[nodiscard]] Answer answer_to(const KernelCall& call, int error) {
    const std::string_view name = call.name;
    // Nothing can be done about these, and nothing hangs on them.
    if (name == "close" || name == "munmap" || name == "wait_for_stage_one") return Answer::goes_on;
    // Cannot fail (getuid(2)).
    if (name == "getuid") return Answer::goes_on;
    // Whatever fcntl says: the descriptor cannot be used. A stream becomes /dev/null, another is
    // the caller's mistake.
    if (name == "fcntl")
        return call.text.find("(std") != std::string::npos ? Answer::goes_on : Answer::not_open;
    if ((name == "recv" || name == "ppoll") && error == EINTR) return Answer::goes_on;
    return Answer::fails;
}

/// What the error calls a call of the seam.
[[nodiscard]] std::string reported_name(const std::string& name) {
    return name == "send_descriptors" ? "sendmsg" : name;
}

void check_undone(const FakeKernel& kernel) {
    CHECK(kernel.open_fds() == 0);
    CHECK(kernel.reaped == kernel.clones);
    CHECK(kernel.signals.size() == kernel.clones);
    CHECK(kernel.waited >= kernel.clones);
}

/// Nothing is begun after a failure: only undone.
void check_nothing_follows(const FakeKernel& kernel, std::size_t index) {
    constexpr std::array undoing{"close", "munmap", "wait_for_stage_one", "waitid",
                                 "pidfd_send_signal"};
    for (std::size_t i = index + 1; i != kernel.log.size(); ++i)
        if (std::find(undoing.begin(), undoing.end(), kernel.log[i].name) == undoing.end())
            FAIL_CHECK("after the failure comes " << kernel.log[i].text);
}

void check_fault(const Subject& subject, std::size_t index, int error) {
    Start start({.batches = subject.batches});
    start.kernel.own(20, "passed");
    start.kernel.own(30, "cancel");
    start.kernel.fail_at(index, error);
    {
        const auto spawned = start.run(subject.plan, subject.options);
        REQUIRE(start.kernel.log.size() > index);
        const Answer answer = answer_to(start.kernel.log[index], error);
        CHECK(spawned.has_value() == (answer == Answer::goes_on));
        if (spawned) {
            CHECK(start.kernel.signals.empty());
            return;
        }
        const int expected = answer == Answer::not_open ? EBADF : error;
        CHECK(spawned.error().system_error == expected);
        CHECK(spawned.error().call == reported_name(start.kernel.log[index].name));
        CHECK_FALSE(spawned.error().message.empty());
        if (answer == Answer::fails) CHECK(spawned.error().code == linux_::error_code_of(error));
        check_nothing_follows(start.kernel, index);
    }
    check_undone(start.kernel);
}

}  // namespace

TEST_CASE("executor: every call of a start x every errno fails it and leaves nothing") {
    StartOptions everything;
    everything.standard_input = {.kind = Stream::Kind::null};
    everything.standard_output = {.kind = Stream::Kind::pipe};
    everything.passed_fds = {{.fd = {20}, .name = "socket"}};
    everything.cancel = {30};
    std::vector<Action> mounts(
        200, BindMount{.source = {"/srv/data"}, .target = {"/data"}, .access = Access::read_only});
    ContainerPlan large = plan_of(std::move(mounts));
    large.ops[0].action = BindRoot{.source = {"/srv/root"}, .access = Access::read_only};
    const Subject subjects[] = {{"mapped", mapped_plan(), everything, 0},
                                {"rootless", rootless_plan(), {}, 0},
                                {"two batches", large, {}, 1}};
    for (const Subject& subject : subjects) {
        CAPTURE(subject.name);
        Start flawless({.batches = subject.batches});
        flawless.kernel.own(20, "passed");
        flawless.kernel.own(30, "cancel");
        REQUIRE(flawless.run(subject.plan, subject.options).has_value());
        const auto& log = flawless.kernel.log;
        for (std::size_t index = 0; index != log.size(); ++index) {
            // One of a row of equal calls is enough, and what follows the success is not the start.
            if (log[index].text == "close(control)") break;
            if (index > 6 && log[index].text == log[index - 2].text && log[index].name != "close" &&
                index % 50 != 0)
                continue;
            for (const int error : errors) {
                CAPTURE(index);
                CAPTURE(log[index].text);
                CAPTURE(error);
                check_fault(subject, index, error);
            }
        }
    }
}

TEST_CASE("executor: a child that somebody else has reaped is not waited for again") {
    Start start({.end = program::State::running});
    start.kernel.fail("waitid", 1, ECHILD);
    CHECK_FALSE(start.run(plan_of({})).has_value());
    CHECK(start.kernel.count("waitid") == 1);
    CHECK(start.kernel.open_fds() == 0);
}

TEST_CASE("executor: a child that has ended already is reaped all the same") {
    Start start({.end = program::State::running});
    start.kernel.fail("pidfd_send_signal", 1, ESRCH);
    CHECK_FALSE(start.run(plan_of({})).has_value());
    CHECK(start.kernel.reaped == 1);
}

TEST_CASE("executor: a program that is written in part is an error") {
    Start start;
    start.kernel.short_write = true;
    const auto spawned = start.run(plan_of({}));
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().system_error == EIO);
    check_undone(start.kernel);
}

}  // namespace insula::test
