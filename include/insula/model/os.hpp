// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "insula/core/spelling.hpp"
#include "insula/core/text_position.hpp"

namespace insula::inline v0 {

/// The text of `<os><type>`.
enum class OsType : std::uint8_t { exe, hvm, linux_, xen, xenpvh, uml };

template <>
inline constexpr std::array spellings<OsType>{
    Spelling<OsType>{OsType::exe, "exe"},       Spelling<OsType>{OsType::hvm, "hvm"},
    Spelling<OsType>{OsType::linux_, "linux"},  Spelling<OsType>{OsType::xen, "xen"},
    Spelling<OsType>{OsType::xenpvh, "xenpvh"}, Spelling<OsType>{OsType::uml, "uml"},
};

struct InitVariable {
    std::string name{};
    std::string value{};
    TextPosition at{};
};

/// `<os>`: what the container executes.
struct Os {
    OsType type = OsType::exe;
    std::string arch{};  ///< "" means the host's
    std::string init{};
    std::vector<std::string> init_args{};  ///< argv[1] and on
    std::vector<InitVariable> init_env{};
    std::string init_dir{};
    std::string init_user{};   ///< a name, a number, or "+number"
    std::string init_group{};  ///< a name, a number, or "+number"
    std::string cmdline{};     ///< becomes LIBVIRT_LXC_CMDLINE
    TextPosition at{};
    TextPosition type_at{};
    TextPosition init_at{};
    TextPosition init_dir_at{};
    TextPosition init_user_at{};
    TextPosition init_group_at{};
};

/// `count` ids from `start` inside are `target` and on outside.
struct IdRange {
    std::uint32_t start = 0;
    std::uint32_t target = 0;
    std::uint32_t count = 0;
    TextPosition at{};

    /// Positions are not compared.
    friend bool operator==(const IdRange& left, const IdRange& right) noexcept {
        return left.start == right.start && left.target == right.target &&
               left.count == right.count;
    }
};

/// `<idmap>`: asks for a user namespace.
struct IdMap {
    std::vector<IdRange> uids{};
    std::vector<IdRange> gids{};
    TextPosition at{};
};

}  // namespace insula::inline v0
