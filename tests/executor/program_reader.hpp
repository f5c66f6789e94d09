// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "executor/run_program.hpp"

namespace insula::test {

using linux_::LoweredPlan;
using linux_::LoweringOptions;
using program::OpCode;

[[nodiscard]] inline LoweredPlan lowered(const ContainerPlan& plan,
                                         const LoweringOptions& options = {}) {
    auto result = linux_::lower(plan, options);
    REQUIRE(result.has_value());
    return std::move(result).value();
}

/// Reads a Program without changing it.
class Reader {
public:
    explicit Reader(const LoweredPlan& plan)
        : bytes_(plan.program), view_(bytes_.data()), op_(&view_.first_op()) {}

    [[nodiscard]] const program::ProgramHeader& header() const { return view_.header(); }
    [[nodiscard]] std::string text(program::Text offset) const {
        REQUIRE(offset < bytes_.size());
        return view_.text(offset);
    }
    /// The `nth` op that is a `T`, from 0.
    template <class T>
    [[nodiscard]] const T& op(unsigned nth = 0) const {
        const program::OpHeader* op = op_;
        for (std::uint32_t i = 0; i != header().op_count; ++i, op = &program::View::after(*op))
            if (op->code == T::op_code && nth-- == 0) return reinterpret_cast<const T&>(*op);
        FAIL("no such op");
        return reinterpret_cast<const T&>(*op_);
    }
    [[nodiscard]] std::vector<OpCode> codes() const {
        std::vector<OpCode> out;
        const program::OpHeader* op = op_;
        for (std::uint32_t i = 0; i != header().op_count; ++i, op = &program::View::after(*op)) {
            CHECK(op->size % 8 == 0);
            out.push_back(op->code);
        }
        CHECK(reinterpret_cast<const char*>(op) == bytes_.data() + bytes_.size());
        return out;
    }
    [[nodiscard]] std::vector<std::string> list(std::uint32_t offset) const {
        std::vector<std::string> out;
        CHECK(offset % 8 == 0);
        for (const auto* at = view_.array<std::uint64_t>(offset); *at != 0; ++at)
            out.push_back(text(static_cast<program::Text>(*at)));
        return out;
    }

private:
    std::vector<char> bytes_;
    program::View view_;
    const program::OpHeader* op_;
};

}  // namespace insula::test
