// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "insula/core/flags.hpp"
#include "insula/core/result.hpp"
#include "insula/core/spelling.hpp"
#include "insula/core/text_position.hpp"
#include "insula/model/finding.hpp"
#include "insula/model/os.hpp"
#include "insula/plan/action.hpp"

namespace insula::inline v0 {

/// When, and with whose rights, an op runs.
enum class Phase : std::uint8_t {
    host,     ///< outside, by the caller
    setup,    ///< inside the new namespaces, with every capability in them
    confine,  ///< in the new root, giving up rights
    exec,     ///< the last step
};

template <>
inline constexpr std::array spellings<Phase>{
    Spelling<Phase>{Phase::host, "host"},
    Spelling<Phase>{Phase::setup, "setup"},
    Spelling<Phase>{Phase::confine, "confine"},
    Spelling<Phase>{Phase::exec, "exec"},
};

/// A kernel namespace (namespaces(7)).
enum class Namespace : std::uint8_t { mount, pid, uts, ipc, net, user, cgroup, time };
using Namespaces = Flags<Namespace>;

template <>
inline constexpr std::array spellings<Namespace>{
    Spelling<Namespace>{Namespace::mount, "mount"},   Spelling<Namespace>{Namespace::pid, "pid"},
    Spelling<Namespace>{Namespace::uts, "uts"},       Spelling<Namespace>{Namespace::ipc, "ipc"},
    Spelling<Namespace>{Namespace::net, "net"},       Spelling<Namespace>{Namespace::user, "user"},
    Spelling<Namespace>{Namespace::cgroup, "cgroup"}, Spelling<Namespace>{Namespace::time, "time"},
};

/// One step. Steps run in the order of the vector.
struct Op {
    Phase phase = Phase::setup;
    Action action{};
    TextPosition origin{};  ///< the XML element that caused it; unknown for what all containers get
    std::string path{};     ///< its element path

    /// Origins are not compared; see `identical`.
    friend bool operator==(const Op& left, const Op& right) {
        return left.phase == right.phase && left.action == right.action;
    }
};

/// Everything that starting a container does, in order, before any of it is done.
///
/// Contract: whoever runs a plan does what it says, all of it and nothing else, and stops at the
/// first step that fails. Whoever makes one plans what was asked, or fails: never a weaker
/// container.
struct ContainerPlan {
    std::string name{};
    std::string uuid{};
    Namespaces namespaces{};         ///< made new, before the first op
    std::vector<IdRange> uid_map{};  ///< not empty exactly when `namespaces` holds user
    std::vector<IdRange> gid_map{};
    std::vector<Op> ops{};
    std::vector<Finding> findings{};  ///< what a reader of the definition might not expect

    /// Whether the two do the same; origins and findings are not compared.
    friend bool operator==(const ContainerPlan& left, const ContainerPlan& right) {
        return left.name == right.name && left.uuid == right.uuid &&
               left.namespaces == right.namespaces && left.uid_map == right.uid_map &&
               left.gid_map == right.gid_map && left.ops == right.ops;
    }
};

/// Whether the two are equal in everything, origins and findings included.
[[nodiscard]] bool identical(const ContainerPlan& left, const ContainerPlan& right);

/// Whether `plan` can be run at all: one root first, one `EnterRoot`, `ExecInit` last, phases in
/// order, absolute guest paths without NUL bytes, maps exactly with a user namespace. Fails with
/// `invalid` and the index of the op.
[[nodiscard]] Result<void> validate(const ContainerPlan& plan);

}  // namespace insula::inline v0

#include "insula/plan/impl/container_plan.ipp"
