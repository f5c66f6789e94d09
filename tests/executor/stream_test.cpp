// SPDX-License-Identifier: Apache-2.0
// Where init's descriptors come from.
#include <cerrno>

#include "executor/fake_kernel.hpp"
#include "executor/text_list.hpp"
#include "linux/streams.hpp"

namespace insula::test {

namespace {

using Kind = Stream::Kind;

[[nodiscard]] StartOptions with_streams(Stream in, Stream out, Stream error) {
    StartOptions options;
    options.standard_input = in;
    options.standard_output = out;
    options.standard_error = error;
    return options;
}

[[nodiscard]] StartOptions with_passed(std::vector<PassedFd> passed) {
    StartOptions options;
    options.passed_fds = std::move(passed);
    options.listen_variables = ListenVariables::set;
    return options;
}

}  // namespace

TEST_CASE("executor: inherited streams are the caller's own") {
    FakeKernel kernel;
    const auto streams = linux_::open_streams(kernel, {});
    REQUIRE(streams.has_value());
    CHECK(streams->descriptors == std::vector<int>{0, 1, 2});
    CHECK(streams->held.empty());
}

TEST_CASE("executor: a stream that is closed in the caller becomes the null device") {
    for (const int closed : {0, 1, 2}) {
        CAPTURE(closed);
        FakeKernel kernel;
        kernel.disown(closed);
        const auto streams = linux_::open_streams(kernel, {});
        REQUIRE(streams.has_value());
        CHECK_TEXTS(kernel.texts("open"), {"open(/dev/null)"});
        for (int fd = 0; fd != 3; ++fd)
            CHECK((streams->descriptors[static_cast<std::size_t>(fd)] == fd) == (fd != closed));
        CHECK(streams->held.size() == 1);
    }
}

TEST_CASE("executor: a pipe's end goes to each side by the direction of the stream") {
    FakeKernel kernel;
    const Stream pipe{.kind = Kind::pipe};
    const auto streams = linux_::open_streams(kernel, with_streams(pipe, pipe, {}));
    REQUIRE(streams.has_value());
    kernel.log.clear();
    // Closing an end says in the log which it was.
    kernel.close(const_cast<linux_::HeldFd&>(streams->held[0]).release());
    kernel.close(const_cast<linux_::HeldFd&>(streams->held[1]).release());
    CHECK_TEXTS(kernel.texts(), {"close(pipe's reader)", "close(pipe's writer)"});
    kernel.log.clear();
    for (std::size_t i = 0; i != 2; ++i)
        const_cast<linux_::HeldFd&>(streams->callers_ends[i]).reset();
    CHECK_TEXTS(kernel.texts(), {"close(pipe's writer)", "close(pipe's reader)"});
    CHECK_FALSE(streams->callers_ends[2].valid());
}

TEST_CASE("executor: a given descriptor stays the caller's") {
    FakeKernel kernel;
    kernel.own(20, "log");
    const Stream log{.kind = Kind::given, .fd = {20}};
    const auto streams = linux_::open_streams(kernel, with_streams({.kind = Kind::null}, log, log));
    REQUIRE(streams.has_value());
    CHECK(streams->descriptors[1] == 20);
    CHECK(streams->descriptors[2] == 20);
    CHECK(streams->held.size() == 1);
}

TEST_CASE("executor: a given descriptor that is not open is the caller's mistake") {
    for (const int fd : {-1, 77}) {
        FakeKernel kernel;
        const Stream pipe{.kind = Kind::pipe};
        const Stream given{.kind = Kind::given, .fd = {fd}};
        const auto streams = linux_::open_streams(kernel, with_streams(pipe, {}, given));
        REQUIRE_FALSE(streams.has_value());
        CHECK(streams.error().code == ErrorCode::invalid);
        CHECK(streams.error().system_error == EBADF);
        CHECK(kernel.open_fds() == 0);
    }
}

TEST_CASE("executor: a stream that cannot be made closes those before it") {
    for (const char* call : {"pipe2", "open"}) {
        CAPTURE(call);
        FakeKernel kernel;
        const Stream pipe{.kind = Kind::pipe};
        const Stream null{.kind = Kind::null};
        kernel.fail(call, 2, EMFILE);
        const bool pipes = std::string(call) == "pipe2";
        const auto streams = linux_::open_streams(
            kernel, with_streams(pipe, pipes ? pipe : null, pipes ? null : null));
        REQUIRE_FALSE(streams.has_value());
        CHECK(streams.error().code == ErrorCode::busy);
        CHECK(streams.error().system_error == EMFILE);
        CHECK(kernel.open_fds() == 0);
    }
}

TEST_CASE("executor: init is told of its descriptors when it is asked for") {
    FakeKernel kernel;
    kernel.own(20, "a");
    kernel.own(21, "b");
    const StartOptions options = with_passed({{{20}, "web"}, {{21}, ""}, {{20}, "again"}});
    const auto set = linux_::listen_variables(kernel, options, InitMode::exec);
    REQUIRE(set.has_value());
    CHECK(*set == std::vector<EnvironmentVariable>{{"LISTEN_FDS", "3"},
                                                   {"LISTEN_PID", "1"},
                                                   {"LISTEN_FDNAMES", "web:unknown:again"}});
    const auto reaper = linux_::listen_variables(kernel, options, InitMode::reaper);
    REQUIRE(reaper.has_value());
    CHECK((*reaper)[1] == EnvironmentVariable{"LISTEN_PID", "2"});
}

TEST_CASE("executor: init is told nothing that was not asked for") {
    FakeKernel kernel;
    kernel.own(20, "a");
    StartOptions options = with_passed({{{20}, "web"}});
    options.listen_variables = ListenVariables::none;
    const auto none = linux_::listen_variables(kernel, options, InitMode::exec);
    REQUIRE(none.has_value());
    CHECK(none->empty());
    const auto empty = linux_::listen_variables(kernel, with_passed({}), InitMode::exec);
    REQUIRE(empty.has_value());
    CHECK(empty->empty());
}

TEST_CASE("executor: a descriptor that is not open cannot be passed") {
    FakeKernel kernel;
    const auto result =
        linux_::listen_variables(kernel, with_passed({{{50}, "x"}}), InitMode::exec);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().system_error == EBADF);
}

TEST_CASE("executor: a name that would break the list of names is refused") {
    for (const char* name : {"a:b", ":", "a\nb", "\x01", "\x7f", "tab\t"}) {
        CAPTURE(name);
        FakeKernel kernel;
        kernel.own(20, "a");
        const auto result =
            linux_::listen_variables(kernel, with_passed({{{20}, name}}), InitMode::exec);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == ErrorCode::invalid);
    }
    FakeKernel kernel;
    kernel.own(20, "a");
    CHECK(linux_::listen_variables(kernel, with_passed({{{20}, "gr\xc3\xbc\xc3\x9f e"}}),
                                   InitMode::exec)
              .has_value());
}

}  // namespace insula::test
