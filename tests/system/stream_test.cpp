// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr ExitStatus ended_well{.kind = ExitStatus::Kind::exited};

/// What `work` exits with in a copy of this process, whose descriptors it may spoil.
template <class Work>
[[nodiscard]] int in_child(Work work) {
    // What is written already must not be written twice.
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const int code = work();
        _exit(code);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("stream: pipes lead to the machine's owner, each stream to its own") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        StartOptions options;
        options.standard_input.kind = Stream::Kind::pipe;
        options.standard_output.kind = Stream::Kind::pipe;
        options.standard_error.kind = Stream::Kind::pipe;
        Result<Machine> machine =
            start_box({}, {"read-fd", "0", "write-fd", "1", "write-fd", "2"}, options);
        REQUIRE(machine);
        UniqueFd input = machine->take_stdin();
        const UniqueFd output = machine->take_stdout();
        const UniqueFd error = machine->take_stderr();
        CHECK(!machine->take_stdout().valid());
        CHECK((fcntl(input.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((fcntl(output.get(), F_GETFD) & FD_CLOEXEC) != 0);
        REQUIRE(write(input.get(), "hello", 5) == 5);
        input.reset();
        CHECK(read_all(output.get()) == "1\nread-fd:0=hello\nwrite-fd:1=ok\nwrite-fd:2=ok\n");
        CHECK(read_all(error.get()) == "2\n");
        CHECK(machine->wait().value() == ended_well);
    }
    CHECK(host.difference() == "");
}

TEST_CASE("stream: a pipe that nobody takes is closed with the machine") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    {
        StartOptions options;
        options.standard_output.kind = Stream::Kind::pipe;
        const Result<Machine> machine = start_box({}, {"hang"}, options);
        REQUIRE(machine);
    }
    CHECK(host.difference() == "");
}

TEST_CASE("stream: null is empty to read and swallows what is written") {
    INSULA_NEEDS_CONTAINERS();
    StartOptions options = piped();
    options.standard_error.kind = Stream::Kind::null;
    Result<Machine> machine = start_box({}, {"read-fd", "0", "write-fd", "2", "report"}, options);
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    const Report inside(read_all(output.get()));
    CHECK(machine->wait().value() == ended_well);
    CHECK(inside["read-fd:0"] == "");
    CHECK(inside["write-fd:2"] == "ok");
    CHECK(inside["fd.0"] == "/dev/null");
    CHECK(inside["fd.2"] == "/dev/null");
}

TEST_CASE("stream: a given descriptor stays the caller's") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const UniqueFd file =
        UniqueFd::adopt(open((scratch / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    const Unchanged host;
    StartOptions options;
    options.standard_input.kind = Stream::Kind::null;
    options.standard_output = {.kind = Stream::Kind::given, .fd = file.ref()};
    options.standard_error = {.kind = Stream::Kind::given, .fd = file.ref()};
    {
        Result<Machine> machine = start_box({}, {"write-fd", "1", "write-fd", "2"}, options);
        REQUIRE(machine);
        CHECK(machine->wait().value() == ended_well);
    }
    CHECK(content_of(scratch / "out") == "1\n2\nwrite-fd:1=ok\nwrite-fd:2=ok\n");
    CHECK(host.difference() == "");
}

TEST_CASE("stream: a given descriptor that is not open is an error") {
    INSULA_NEEDS_CONTAINERS();
    for (const int bad : {-1, 999}) {
        StartOptions options;
        options.standard_output = {.kind = Stream::Kind::given, .fd = {bad}};
        const Result<Machine> machine = start_box({}, {}, options);
        REQUIRE(!machine);
        CHECK(machine.error().code == ErrorCode::invalid);
    }
}

TEST_CASE("stream: inherited streams are the embedder's, in any order of given ones") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    static_cast<void>(facts());
    const Scratch scratch;
    const std::string out = scratch / "out";
    const std::string error = scratch / "error";
    const int code = in_child([&] {
        // 1 and 2 change places: what is given must not be overwritten while it is moved.
        const int out_file = open(out.c_str(), O_WRONLY | O_CREAT, 0644);
        const int error_file = open(error.c_str(), O_WRONLY | O_CREAT, 0644);
        if (dup2(out_file, 1) != 1 || dup2(error_file, 2) != 2) return 10;
        StartOptions options;
        options.standard_output = {.kind = Stream::Kind::given, .fd = {2}};
        options.standard_error = {.kind = Stream::Kind::given, .fd = {1}};
        Result<Machine> swapped = start_box({}, {"write-fd", "1"}, options);
        if (!swapped || swapped->wait().value() != ended_well) return 11;
        Result<Machine> inherited = start_box({}, {"write-fd", "2"});
        if (!inherited || inherited->wait().value() != ended_well) return 12;
        return 0;
    });
    CHECK(code == 0);
    CHECK(content_of(error) == "1\nwrite-fd:1=ok\n2\n");
    CHECK(content_of(out) == "write-fd:2=ok\n");
}

TEST_CASE("stream: an embedder whose own streams are closed gets containers with null there") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(facts());
    const Scratch scratch;
    const std::string out = scratch / "out";
    const int code = in_child([&] {
        alarm(30);
        // A runtime of its own: its descriptors, and everything a start opens, now come to lie at
        // 0, 1 and 2.
        close(0);
        close(1);
        close(2);
        const Result<Runtime> own = Runtime::create();
        const Result<ContainerPlan> plan = plan_box({}, {"report", "write-fd", "3"});
        if (!own || !plan) return 20;
        const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        StartOptions options;
        options.standard_input.kind = Stream::Kind::null;
        options.standard_output = {.kind = Stream::Kind::given, .fd = {file}};
        options.standard_error.kind = Stream::Kind::null;
        options.passed_fds.push_back({.fd = {file}});
        Result<Machine> machine = own->start(*plan, options);
        if (!machine) return 21;
        return machine->wait().value() == ended_well ? 0 : 22;
    });
    CHECK(code == 0);
    const Report inside(content_of(out));
    CHECK(lines(inside.names("fd.")) == "0\n1\n2\n3\n");
    CHECK(inside["fd.0"] == "/dev/null");
    CHECK(inside["fd.2"] == "/dev/null");
    CHECK(inside["write-fd:3"] == "ok");
}

TEST_CASE("stream: closed streams of the embedder are inherited as null") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    static_cast<void>(facts());
    const Scratch scratch;
    const std::string out = scratch / "out";
    const int code = in_child([&] {
        const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        close(0);
        close(2);
        alarm(30);
        StartOptions options;
        options.standard_output = {.kind = Stream::Kind::given, .fd = {file}};
        Result<Machine> machine = start_box({}, {"report", "read-fd", "0"}, options);
        if (!machine) return 31;
        return machine->wait().value() == ended_well ? 0 : 32;
    });
    CHECK(code == 0);
    const Report inside(content_of(out));
    CHECK(inside["fd.0"] == "/dev/null");
    CHECK(inside["fd.2"] == "/dev/null");
    CHECK(inside["read-fd:0"] == "");
}
