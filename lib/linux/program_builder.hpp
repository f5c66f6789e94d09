// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "init/program.hpp"

namespace insula::linux_ {

/// Assembles a Program: header, data, ops.
class ProgramBuilder {
public:
    ProgramBuilder() {
        data_.reserve(usual_size);
        ops_.reserve(usual_size);
    }

    /// Stores `text` with a final NUL.
    [[nodiscard]] program::Text text(std::string_view text) {
        const auto offset = position();
        data_.insert(data_.end(), text.begin(), text.end());
        data_.push_back('\0');
        return offset;
    }

    /// Stores `items` on an 8-byte boundary.
    template <class T>
    [[nodiscard]] std::uint32_t array(const std::vector<T>& items) {
        while (data_.size() % 8 != 0) data_.push_back('\0');
        const auto offset = position();
        const auto* bytes = reinterpret_cast<const char*>(items.data());
        data_.insert(data_.end(), bytes, bytes + items.size() * sizeof(T));
        return offset;
    }

    /// Stores `texts` as execve(2) wants them: a list of offsets that ends with 0.
    [[nodiscard]] std::uint32_t text_list(const std::vector<std::string>& texts) {
        std::vector<std::uint64_t> offsets;
        offsets.reserve(texts.size() + 1);
        for (const std::string& one : texts) offsets.push_back(text(one));
        offsets.push_back(0);
        return array(offsets);
    }

    /// Appends `op`; its header is filled here.
    template <class T>
    void push(std::int32_t plan_op, T op) {
        static_assert(sizeof(T) % 8 == 0);
        op.header = {T::op_code, sizeof(T), plan_op};
        const auto* bytes = reinterpret_cast<const char*>(&op);
        ops_.insert(ops_.end(), bytes, bytes + sizeof(T));
        ++op_count_;
    }

    [[nodiscard]] std::uint32_t op_count() const noexcept { return op_count_; }

    /// The Program, with `header` at its front.
    [[nodiscard]] std::vector<char> finish(program::ProgramHeader header) {
        while (data_.size() % 8 != 0) data_.push_back('\0');
        header.op_count = op_count_;
        header.ops = position();
        std::memcpy(data_.data(), &header, sizeof header);
        data_.insert(data_.end(), ops_.begin(), ops_.end());
        return std::move(data_);
    }

private:
    /// Holds the Program of a container with a few mounts.
    static constexpr std::size_t usual_size = 4096;

    [[nodiscard]] std::uint32_t position() const noexcept {
        return static_cast<std::uint32_t>(data_.size());
    }

    std::vector<char> data_ = std::vector<char>(sizeof(program::ProgramHeader));
    std::vector<char> ops_;
    std::uint32_t op_count_ = 0;
};

}  // namespace insula::linux_
