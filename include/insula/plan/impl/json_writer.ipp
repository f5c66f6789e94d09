// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "insula/plan/impl/escape.ipp"

namespace insula::inline v0::detail::plan_json {

/// Writes JSON with a two-space indent. Commas and line feeds are its business; that keys and
/// values alternate in an object is the caller's.
class Writer {
public:
    /// Calls `body()` between the brackets.
    template <class Body>
    void object(Body&& body) {
        nested('{', '}', std::forward<Body>(body));
    }
    template <class Body>
    void array(Body&& body) {
        nested('[', ']', std::forward<Body>(body));
    }

    void key(std::string_view name) {
        begin_value();
        escape::append_quoted(out_, name, escape::BrokenByte::replacement);
        out_ += ": ";
        after_key_ = true;
    }
    void value(std::string_view text) {
        begin_value();
        escape::append_quoted(out_, text, escape::BrokenByte::replacement);
    }
    void value(std::uint64_t number) {
        begin_value();
        out_ += std::to_string(number);
    }
    void null() {
        begin_value();
        out_ += "null";
    }

    void member(std::string_view name, std::string_view text) {
        key(name);
        value(text);
    }
    void member(std::string_view name, std::uint64_t number) {
        key(name);
        value(number);
    }
    /// `list` as an array, each element written by `write(element)`.
    template <class List, class Write>
    void member(std::string_view name, const List& list, Write&& write) {
        key(name);
        array([&] {
            for (const auto& element : list) write(element);
        });
    }

    [[nodiscard]] std::string take() {
        out_ += '\n';
        return std::move(out_);
    }

private:
    template <class Body>
    void nested(char open, char close, Body&& body) {
        begin_value();
        out_ += open;
        ++depth_;
        first_ = true;
        std::forward<Body>(body)();
        --depth_;
        if (!first_) break_line();
        first_ = false;
        out_ += close;
    }
    void begin_value() {
        if (std::exchange(after_key_, false)) return;
        if (depth_ == 0) return;
        if (!std::exchange(first_, false)) out_ += ',';
        break_line();
    }
    void break_line() {
        out_ += '\n';
        out_.append(depth_ * 2, ' ');
    }

    std::string out_{};
    std::size_t depth_ = 0;
    bool first_ = true;
    bool after_key_ = false;
};

}  // namespace insula::inline v0::detail::plan_json
