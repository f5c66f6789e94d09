// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

#include "insula/core/assert.hpp"
#include "insula/core/error.hpp"

namespace insula::inline v0 {

/// A `T`, or the reason why there is none. Members are named as in `std::expected<T, Error>`.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    using error_type = Error;

    template <class U = T>
        requires(std::constructible_from<T, U &&> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Error>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return checked(); }
    [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& value() && { return std::move(checked()); }
    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    template <class U>
    [[nodiscard]] T value_or(U&& fallback) && {
        return has_value() ? std::move(checked()) : static_cast<T>(std::forward<U>(fallback));
    }

    [[nodiscard]] const Error& error() const& {
        INSULA_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        INSULA_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

private:
    T& checked() {
        INSULA_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }

    std::variant<T, Error> state_;
};

/// Done, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    using error_type = Error;

    Result() noexcept = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    [[nodiscard]] bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const { INSULA_ASSERT(has_value()); }

    [[nodiscard]] const Error& error() const& {
        INSULA_ASSERT(!has_value());
        return error_;
    }
    [[nodiscard]] Error&& error() && {
        INSULA_ASSERT(!has_value());
        return std::move(error_);
    }

private:
    Error error_;
    bool failed_ = false;
};

#if defined(__cpp_exceptions)
/// An `Error` as an exception, for callers who prefer them.
struct Exception {
    Error error;
};

/// The value of `result`; throws `Exception` where there is none. The only thing in this library
/// that throws.
template <class T>
T or_throw(Result<T> result) {
    if (!result) throw Exception{std::move(result).error()};
    return std::move(result).value();
}
#endif

}  // namespace insula::inline v0

#define INSULA_CONCAT_(a, b) a##b
#define INSULA_CONCAT(a, b) INSULA_CONCAT_(a, b)
#define INSULA_TRY_(result, declaration, ...)      \
    auto result = (__VA_ARGS__);                   \
    if (!result) return std::move(result).error(); \
    declaration = std::move(result).value()

/// `INSULA_TRY(auto domain, parse_domain(text));` declares `domain`, or returns the error from this
/// function.
#define INSULA_TRY(declaration, ...) \
    INSULA_TRY_(INSULA_CONCAT(insula_result_, __COUNTER__), declaration, __VA_ARGS__)

/// `INSULA_CHECK(validate_ids(map));` returns the error of a `Result<void>` from this function.
#define INSULA_CHECK(...)                                     \
    do {                                                      \
        if (auto insula_check = (__VA_ARGS__); !insula_check) \
            return std::move(insula_check).error();           \
    } while (false)
