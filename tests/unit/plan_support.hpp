// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "insula/plan/plan_container.hpp"
#include "insula/plan/text.hpp"

namespace plan_test {

using namespace insula;

inline constexpr std::uint32_t user_id = 1000;

/// A definition that is complete and asks for nothing special.
inline Domain small_domain() {
    Domain domain;
    domain.name = "box";
    domain.uuid = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0";
    domain.memory = ScaledSize{.value = 65536, .unit = "KiB"};
    domain.memory_at = {.line = 4, .column = 3};
    domain.at = {.line = 1, .column = 1};
    domain.name_at = {.line = 2, .column = 3};
    domain.os.init = "/bin/sh";
    domain.os.init_at = {.line = 7, .column = 5};
    domain.os.type_at = {.line = 6, .column = 5};
    return domain;
}

inline Filesystem& add_filesystem(Domain& domain, Filesystem filesystem) {
    const std::size_t number =
        1 + static_cast<std::size_t>(std::count_if(
                domain.devices.begin(), domain.devices.end(), [](const Device& device) {
                    return std::holds_alternative<Filesystem>(device.node);
                }));
    filesystem.at = {.line = static_cast<std::uint32_t>(10 + 4 * number), .column = 5};
    filesystem.path = "/domain/devices/filesystem[" + std::to_string(number) + "]";
    domain.devices.push_back({.node = std::move(filesystem)});
    return std::get<Filesystem>(domain.devices.back().node);
}

inline Filesystem& add_root(Domain& domain, std::string source = "/srv/box") {
    return add_filesystem(domain, {.source = std::move(source), .target = "/"});
}

inline Filesystem& add_host_template(Domain& domain) {
    return add_filesystem(domain,
                          {.type = FilesystemType::template_, .source = "host", .target = "/"});
}

/// A domain with a directory as its root.
inline Domain rooted_domain() {
    Domain domain = small_domain();
    add_root(domain);
    return domain;
}

/// The facts of an ordinary user.
inline HostFacts user_facts() {
    HostFacts facts;
    facts.uid = user_id;
    facts.gid = user_id;
    facts.capabilities = {};
    return facts;
}

// The planner is a header: it is compiled once, in plan_support.cpp, and not with every test.

[[nodiscard]] Result<ContainerPlan> try_to_plan(const Domain& domain, const HostFacts& facts = {},
                                                const PlanOptions& options = {});
/// The plan; the test case ends where there is none.
[[nodiscard]] ContainerPlan plan_of(const Domain& domain, const HostFacts& facts = {},
                                    const PlanOptions& options = {});
/// The error; the test case ends where there is none.
[[nodiscard]] Error refusal_of(const Domain& domain, const HostFacts& facts = {});

/// The first action of type `T` that satisfies `matches`, or null.
template <class T, class Matches>
const T* find_action(const ContainerPlan& plan, Matches&& matches) {
    for (const Op& op : plan.ops)
        if (const T* action = std::get_if<T>(&op.action); action != nullptr && matches(*action))
            return action;
    return nullptr;
}

template <class T>
const T* find_action(const ContainerPlan& plan) {
    return find_action<T>(plan, [](const T&) { return true; });
}

template <class T>
std::size_t count_actions(const ContainerPlan& plan) {
    return static_cast<std::size_t>(
        std::count_if(plan.ops.begin(), plan.ops.end(),
                      [](const Op& op) { return std::holds_alternative<T>(op.action); }));
}

/// The index of `action`, or the number of ops.
template <class T>
std::size_t place_of(const ContainerPlan& plan, const T& action) {
    const auto found = std::find_if(plan.ops.begin(), plan.ops.end(),
                                    [&](const Op& op) { return op.action == Action(action); });
    return static_cast<std::size_t>(found - plan.ops.begin());
}

template <class T>
bool has_action(const ContainerPlan& plan, const T& action) {
    return place_of(plan, action) != plan.ops.size();
}

/// The new file system at `target`, or null.
inline const FilesystemMount* mount_at(const ContainerPlan& plan, std::string_view target) {
    return find_action<FilesystemMount>(
        plan, [&](const FilesystemMount& action) { return action.target.text == target; });
}

inline const BindMount* bind_at(const ContainerPlan& plan, std::string_view target) {
    return find_action<BindMount>(
        plan, [&](const BindMount& action) { return action.target.text == target; });
}

inline const Finding* find_finding(const ContainerPlan& plan, FindingCode code,
                                   std::string_view path) {
    for (const Finding& finding : plan.findings)
        if (finding.code == code && finding.path == path) return &finding;
    return nullptr;
}

}  // namespace plan_test
