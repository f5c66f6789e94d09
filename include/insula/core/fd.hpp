// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "insula/core/export.hpp"

namespace insula::inline v0 {

/// Borrows a file descriptor; says nothing about who closes it.
struct FdRef {
    int raw = -1;
    [[nodiscard]] constexpr bool valid() const noexcept { return raw >= 0; }
    friend constexpr bool operator==(FdRef, FdRef) noexcept = default;
};

/// Owns one file descriptor, or none.
///
/// There is no constructor from `int`: ownership begins at `adopt` and ends at `release`, so
/// searching for these two words finds every hand-over.
class UniqueFd {
public:
    UniqueFd() noexcept = default;
    [[nodiscard]] static UniqueFd adopt(int raw) noexcept {
        UniqueFd fd;
        fd.raw_ = raw;
        return fd;
    }

    UniqueFd(UniqueFd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) {
            reset();
            raw_ = std::exchange(other.raw_, -1);
        }
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return raw_; }
    [[nodiscard]] bool valid() const noexcept { return raw_ >= 0; }
    [[nodiscard]] FdRef ref() const noexcept { return {raw_}; }
    [[nodiscard]] int release() noexcept { return std::exchange(raw_, -1); }

    /// Closes what is owned. Leaves errno as it was.
    void reset() noexcept {
        if (raw_ >= 0) close_raw(std::exchange(raw_, -1));
    }

private:
    INSULA_API static void close_raw(int raw) noexcept;

    int raw_ = -1;
};

}  // namespace insula::inline v0
