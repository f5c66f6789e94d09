// SPDX-License-Identifier: Apache-2.0
// The order of a start, and how the parent hears of its end.
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "executor/spawn_support.hpp"
#include "executor/text_list.hpp"

namespace insula::test {

namespace {

/// Bind mounts beside the root.
[[nodiscard]] ContainerPlan plan_with_mounts(unsigned count) {
    std::vector<Action> mounts;
    for (unsigned i = 0; i != count; ++i)
        mounts.push_back(BindMount{.source = {"/srv/data"}, .target = {"/data"}});
    return plan_of(std::move(mounts));
}

/// What a start that failed leaves: nothing, and a child that was killed and reaped once.
void check_undone(const FakeKernel& kernel) {
    CHECK(kernel.open_fds() == 0);
    CHECK(kernel.signals == std::vector<int>{SIGKILL});
    CHECK(kernel.reaped == 1);
    CHECK(kernel.waited >= 1);
}

}  // namespace

TEST_CASE("executor: a start makes its calls in order") {
    Start start;
    start.kernel.told = {"fcntl",     "capget",        "getuid",           "socketpair",
                         "open_tree", "mount_setattr", "memfd_create",     "pwrite",
                         "mmap",      "munmap",        "clone3",           "close",
                         "recv",      "send",          "send_descriptors", "wait_for_stage_one"};
    const auto spawned = start.run(plan_of({}));
    REQUIRE(spawned.has_value());
    CHECK(spawned->pid == FakeKernel::pid);
    CHECK_TEXTS(start.kernel.texts(), {"capget()",
                                       "getuid()",
                                       "socketpair()",
                                       "open_tree(/srv/root, recursive)",
                                       "mount_setattr(clone of /srv/root, recursive, private)",
                                       "fcntl(stdin, F_GETFD)",
                                       "fcntl(stdout, F_GETFD)",
                                       "fcntl(stderr, F_GETFD)",
                                       "memfd_create(insula-program)",
                                       "clone3()",
                                       "close(helper's end)",
                                       "pwrite(insula-program)",
                                       "mmap(insula-program)",
                                       "close(insula-program)",
                                       "send(control)",
                                       "send_descriptors(control, 1)",
                                       "close(clone of /srv/root)",
                                       "recv(control)",
                                       "wait_for_stage_one()",
                                       "munmap()",
                                       "close(control)"});
    CHECK(start.kernel.open_fds() == 1);  // the pidfd
    CHECK(start.kernel.signals.empty());
    CHECK(start.kernel.reaped == 0);
}

TEST_CASE("executor: the shared page is kept for a reaper only, who writes init's status there") {
    for (const InitMode mode : {InitMode::exec, InitMode::reaper}) {
        Start start;
        ContainerPlan plan = plan_of({});
        std::get<ExecInit>(plan.ops.back().action).mode = mode;
        const auto spawned = start.run(plan);
        REQUIRE(spawned.has_value());
        CHECK(spawned->shared.valid() == (mode == InitMode::reaper));
        if (mode == InitMode::reaper) CHECK(spawned->shared.page().init_status == -1);
    }
}

TEST_CASE("executor: stage 1 gets the streams, the socket, the program, the rest and the helper") {
    Start start;
    start.kernel.own(20, "first");
    start.kernel.own(21, "second");
    StartOptions options;
    options.passed_fds = {{.fd = {20}}, {.fd = {21}}, {.fd = {20}}};
    REQUIRE(start.run(plan_of({}), options).has_value());
    CHECK_TEXTS(start.kernel.child_descriptors,
                {"stdin", "stdout", "stderr", "helper's end", "insula-program", "first", "second",
                 "first", "helper"});
    CHECK(start.kernel.job.control == program::control_fd);
    CHECK_FALSE(start.kernel.job.wait_for_maps);
    CHECK_FALSE(start.kernel.job.keep_capabilities);
    CHECK(start.kernel.job.stack_size == linux_::stage_one_stack_size);
    CHECK(start.kernel.job.clone_flags == 0);
    CHECK(start.kernel.count("close") == 5);  // nothing of the embedder's: the fake would say
}

TEST_CASE("executor: the helper finds its program behind the shared page") {
    Start start;
    const ContainerPlan plan = typical_plan();
    StartOptions options;
    const auto trace = [](const TraceEvent&) {};
    options.trace = trace;
    REQUIRE(start.run(plan, options).has_value());
    const auto lowered = linux_::lower(plan, {.trace = true});
    std::string& file = start.kernel.program_file;
    const auto& page = *reinterpret_cast<const program::SharedPage*>(file.data());
    CHECK(page.program_offset % program::page_size == 0);
    CHECK(page.program_offset >=
          program::trace_offset + lowered->op_count * sizeof(program::TraceEntry));
    CHECK(page.program_size == lowered->program.size());
    CHECK(page.state == static_cast<std::uint32_t>(program::State::preparing));
    CHECK(file.size() == page.program_offset + page.program_size);
    CHECK(file.substr(page.program_offset) ==
          std::string(lowered->program.begin(), lowered->program.end()));
}

TEST_CASE("executor: ids are mapped after the clone, before the helper may go on") {
    Start start;
    REQUIRE(start.run(mapped_plan()).has_value());
    CHECK(start.kernel.job.wait_for_maps);
    CHECK(start.kernel.job.keep_capabilities);  // the caller is not root inside
    const auto texts = start.kernel.texts();
    std::size_t clone = 0;
    while (texts[clone] != "clone3()") ++clone;
    CHECK_TEXTS(
        Texts(texts.begin() + static_cast<long>(clone) + 2, texts.end() - 5),
        {"open(/proc/4711/uid_map)", "write(/proc/4711/uid_map)", "close(/proc/4711/uid_map)",
         "open(/proc/4711/gid_map)", "write(/proc/4711/gid_map)", "close(/proc/4711/gid_map)",
         "send(control)", "pwrite(insula-program)", "mmap(insula-program)", "close(insula-program)",
         "send(control)", "send_descriptors(control, 1)", "close(clone of /srv/root)"});
    CHECK(start.kernel.written["/proc/4711/uid_map"] == "0 100000 65536\n");
    CHECK(start.kernel.written["/proc/4711/gid_map"] == "0 100001 10\n10 5 1\n");
}

TEST_CASE("executor: an ordinary user's maps are written after setgroups is denied") {
    Start start;
    start.kernel.effective = 0;
    start.kernel.uid = 1000;
    REQUIRE(start.run(rootless_plan()).has_value());
    CHECK_TEXTS(
        start.kernel.texts("open("),
        {"open(/proc/4711/setgroups)", "open(/proc/4711/uid_map)", "open(/proc/4711/gid_map)"});
    CHECK(start.kernel.written["/proc/4711/setgroups"] == "deny");
    CHECK(start.kernel.written["/proc/4711/uid_map"] == "0 1000 1\n");
    CHECK_FALSE(start.kernel.job.keep_capabilities);
    // He may not clone mounts: the helper does, in the new mount namespace.
    CHECK(start.kernel.count("open_tree") == 0);
    CHECK(start.kernel.batches.empty());
}

TEST_CASE("executor: a batch is taken and sent each time the helper asks") {
    struct Row {
        unsigned mounts;
        unsigned asked;
        std::vector<std::size_t> batches;
    };
    const Row rows[] = {{0, 0, {1}},
                        {199, 0, {200}},
                        {200, 1, {200, 1}},
                        {399, 1, {200, 200}},
                        {1000, 5, {200, 200, 200, 200, 200, 1}}};
    for (const Row& row : rows) {
        CAPTURE(row.mounts);
        Start start({.batches = row.asked});
        REQUIRE(start.run(plan_with_mounts(row.mounts)).has_value());
        CHECK(start.kernel.batches == row.batches);
        CHECK(start.kernel.count("open_tree") == row.mounts + 1);
    }
}

TEST_CASE("executor: a later batch that cannot be taken ends the start") {
    Start start({.batches = 1});
    start.kernel.fail("open_tree", 250, EACCES);
    const auto spawned = start.run(plan_with_mounts(300));
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().op == 249);
    CHECK(spawned.error().code == ErrorCode::denied);
    CHECK(spawned.error().system_error == EACCES);
    check_undone(start.kernel);
}

TEST_CASE("executor: the helper's report becomes the error of its op") {
    HelperScript script{.end = program::State::failed};
    script.report = {.op = 1,
                     .error = EBUSY,
                     .call = program::Call::move_mount,
                     .detail = program::Detail::attach};
    Start start(script);
    const ContainerPlan plan = plan_with_mounts(1);
    const auto spawned = start.run(plan);
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().code == ErrorCode::busy);
    CHECK(spawned.error().op == 1);
    CHECK(spawned.error().call == "move_mount");
    CHECK(spawned.error().system_error == EBUSY);
    CHECK(spawned.error().xml == TextPosition{2, 1});
    check_undone(start.kernel);
}

TEST_CASE("executor: what fails in stage 1 is said with its call") {
    Start start({.end = program::State::preparing,
                 .stage_error = EMFILE,
                 .stage_call = program::Call::fcntl});
    const auto spawned = start.run(plan_of({}));
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().call == "fcntl");
    CHECK(spawned.error().system_error == EMFILE);
    CHECK(spawned.error().op == -1);
    check_undone(start.kernel);
}

TEST_CASE("executor: a helper that dies without a word is an error") {
    for (const program::State state : {program::State::preparing, program::State::running}) {
        Start start({.end = state});
        const auto spawned = start.run(plan_of({}));
        REQUIRE_FALSE(spawned.has_value());
        CHECK(spawned.error().code == ErrorCode::system);
        check_undone(start.kernel);
    }
}

TEST_CASE("executor: a helper that is gone when it is spoken to shows itself in its report") {
    struct Row {
        const char* call;
        int error;
    };
    for (const Row row : {Row{"send", EPIPE},
                          {"send", ECONNRESET},
                          {"send_descriptors", EPIPE},
                          {"recv", ECONNRESET}}) {
        CAPTURE(row.call);
        Start start({.end = program::State::preparing,
                     .stage_error = EPIPE,
                     .stage_call = program::Call::read});
        start.kernel.fail(row.call, 1, row.error);
        const auto spawned = start.run(mapped_plan());
        REQUIRE_FALSE(spawned.has_value());
        CHECK(spawned.error().call == "read");
        check_undone(start.kernel);
    }
}

TEST_CASE("executor: a start that takes too long is given up") {
    Start start;
    start.kernel.poll_answer = 0;
    StartOptions options;
    options.timeout = std::chrono::hours(1);
    const auto spawned = start.run(plan_of({}), options);
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().code == ErrorCode::busy);
    CHECK(spawned.error().system_error == ETIMEDOUT);
    CHECK_TEXTS(start.kernel.texts("ppoll"), {"ppoll(control, timeout)"});
    CHECK(start.kernel.count("recv") == 0);
    check_undone(start.kernel);
}

TEST_CASE("executor: a start is given up when the caller cancels it") {
    Start start;
    start.kernel.own(30, "cancel");
    start.kernel.poll_answer = 2;
    StartOptions options;
    options.cancel = {30};
    const auto spawned = start.run(plan_of({}), options);
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().code == ErrorCode::busy);
    CHECK(spawned.error().system_error == ECANCELED);
    // Seen at once: nothing was made that would have to be undone.
    CHECK_TEXTS(start.kernel.texts("ppoll"), {"ppoll(control, cancel, timeout)"});
    CHECK(start.kernel.count("clone3") == 0);
    CHECK(start.kernel.count("open_tree") == 0);
}

TEST_CASE("executor: signals of the embedder's do not disturb a start") {
    Start start;
    start.kernel.own(30, "cancel");
    start.kernel.fail("ppoll", 1, EINTR, 3);  // the first is the look before the start
    start.kernel.fail("recv", 1, EINTR, 3);
    StartOptions options;
    options.cancel = {30};
    CHECK(start.run(plan_of({}), options).has_value());
    CHECK(start.kernel.count("ppoll") == 4);  // one of them before the start
    CHECK(start.kernel.count("recv") == 4);

    Start failing({.end = program::State::running});
    failing.kernel.fail("waitid", 1, EINTR, 3);
    CHECK_FALSE(failing.run(plan_of({})).has_value());
    CHECK(failing.kernel.count("waitid") == 4);
    check_undone(failing.kernel);
}

TEST_CASE("executor: the trace is told op by op, also of a start that fails") {
    for (const program::State end : {program::State::executing, program::State::failed}) {
        HelperScript script{.end = end, .trace = {{-1, 0, 5}, {0, 0, 7}, {1, EPERM, 9}}};
        script.report = {.op = 1, .error = EPERM};
        Start start(script);
        std::vector<TraceEvent> events;
        const auto collect = [&](const TraceEvent& event) { events.push_back(event); };
        StartOptions options;
        options.trace = collect;
        CHECK(start.run(plan_of({}), options).has_value() == (end == program::State::executing));
        REQUIRE(events.size() == 3);
        CHECK(events[1].op == 0);
        CHECK(events[1].duration == std::chrono::nanoseconds(7));
        CHECK(events[2].system_error == EPERM);
    }
}

TEST_CASE("executor: a plan that cannot be run makes no call") {
    Start start;
    ContainerPlan plan = plan_of({});
    plan.ops.pop_back();
    const auto spawned = start.run(plan);
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().code == ErrorCode::invalid);
    CHECK(start.kernel.log.empty());
}

}  // namespace insula::test
