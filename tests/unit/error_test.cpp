// SPDX-License-Identifier: Apache-2.0
#include "insula/core/error.hpp"

#include <cerrno>

#include <doctest/doctest.h>

#include "insula/core/result.hpp"
#include "insula/model/finding.hpp"

using namespace insula;

TEST_CASE("error: says all that is known, a line each") {
    const Error error{.code = ErrorCode::denied,
                      .message = "cannot mount '/a' at '/b'",
                      .path = "/domain/devices/filesystem",
                      .xml = {7, 5},
                      .op = 12,
                      .call = "move_mount",
                      .system_error = EACCES,
                      .kernel_text = "tmpfs: no",
                      .hint = "ask"};
    CHECK(describe(error, "box.xml") ==
          "box.xml:7:5: error: cannot mount '/a' at '/b' [denied]\n"
          "  element: /domain/devices/filesystem\n"
          "  plan step: 12\n"
          "  system call: move_mount: EACCES, permission denied\n"
          "  kernel: tmpfs: no\n"
          "  hint: ask");
}

TEST_CASE("error: says no more than is known") {
    CHECK(describe(Error{.code = ErrorCode::busy, .message = "out of memory"}) ==
          "error: out of memory [busy]");
    CHECK(describe(Error{.message = "x", .xml = {1, 2}}) == "1:2: error: x [internal]");
    CHECK(describe(Error{.message = "x", .system_error = 4711}, "f") ==
          "f: error: x [internal]\n  system call: errno 4711");
}

TEST_CASE("error: what a document says cannot steer a terminal, nor make up lines") {
    const std::string hostile =
        "a\x1b[2J\nb\x7f\xc2\x9b"
        "c\xc3\xa9";
    const std::string shown = "a\\x1b[2J\\x0ab\\x7f\\xc2\\x9bc\xc3\xa9";
    CHECK(describe(Error{.message = hostile}) == "error: " + shown + " [internal]");
    CHECK(describe(Error{.message = "m", .path = hostile, .hint = hostile}, hostile) ==
          shown + ": error: m [internal]\n  element: " + shown + "\n  hint: " + shown);
    CHECK(describe(Finding{.message = hostile, .hint = hostile}) ==
          "warning: " + shown + " [bad-value]: " + shown);
}

TEST_CASE("result: an error goes up through the macros, a value comes down") {
    const auto half = [](int number) -> Result<int> {
        if (number % 2 != 0) return Error{.code = ErrorCode::invalid, .message = "odd"};
        return number / 2;
    };
    const auto quarter = [&](int number) -> Result<int> {
        INSULA_TRY(const int once, half(number));
        return half(once);
    };
    const auto check = [&](int number) -> Result<void> {
        INSULA_CHECK(quarter(number));
        return {};
    };
    CHECK(*quarter(12) == 3);
    CHECK(quarter(6).error().message == "odd");
    CHECK(check(12).has_value());
    CHECK(check(7).error().code == ErrorCode::invalid);
    CHECK(half(3).value_or(9) == 9);
    CHECK_THROWS_AS(or_throw(half(3)), Exception);
    CHECK(or_throw(half(4)) == 2);
}
