// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>

namespace insula::inline v0 {

/// A set of enumerators of `Enum`, whose values number from 0 to 63.
template <class Enum>
class Flags {
public:
    constexpr Flags() noexcept = default;
    constexpr Flags(std::initializer_list<Enum> members) noexcept {
        for (const Enum member : members) insert(member);
    }

    [[nodiscard]] static constexpr Flags from_bits(std::uint64_t bits) noexcept {
        Flags flags;
        flags.bits_ = bits;
        return flags;
    }
    [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

    [[nodiscard]] constexpr bool contains(Enum member) const noexcept {
        return (bits_ & bit(member)) != 0;
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

    constexpr void insert(Enum member) noexcept { bits_ |= bit(member); }
    constexpr void erase(Enum member) noexcept { bits_ &= ~bit(member); }

    friend constexpr Flags operator|(Flags left, Flags right) noexcept {
        return from_bits(left.bits_ | right.bits_);
    }
    friend constexpr Flags operator&(Flags left, Flags right) noexcept {
        return from_bits(left.bits_ & right.bits_);
    }
    friend constexpr Flags operator-(Flags left, Flags right) noexcept {
        return from_bits(left.bits_ & ~right.bits_);
    }
    friend constexpr bool operator==(Flags, Flags) noexcept = default;

private:
    [[nodiscard]] static constexpr std::uint64_t bit(Enum member) noexcept {
        return std::uint64_t{1} << static_cast<unsigned>(member);
    }

    std::uint64_t bits_ = 0;
};

}  // namespace insula::inline v0
