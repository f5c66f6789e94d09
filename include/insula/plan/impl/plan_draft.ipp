// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "insula/model/domain.hpp"
#include "insula/model/validate.hpp"
#include "insula/plan/container_plan.hpp"
#include "insula/plan/host_facts.hpp"
#include "insula/plan/plan_container.hpp"

namespace insula::inline v0::detail::planner {

/// A plan while it is being made, with what its parts need to know of each other.
struct Draft {
    const Domain& domain;
    const HostFacts& facts;
    const PlanOptions& options;
    const ContainerExtension& extension;
    ContainerPlan plan{};
    /// What `validate` already said, by code and element path, sorted.
    std::vector<std::pair<FindingCode, std::string>> known{};
    const Filesystem* root = nullptr;  ///< the `<filesystem>` with target '/'
    Capabilities capabilities{};
    SupplementaryGroups supplementary = SupplementaryGroups::of_user;

    [[nodiscard]] bool has(Namespace wanted) const { return plan.namespaces.contains(wanted); }

    void add(Phase phase, Action action, TextPosition origin = {}, std::string path = {}) {
        plan.ops.push_back({.phase = phase,
                            .action = std::move(action),
                            .origin = origin,
                            .path = std::move(path)});
    }
    void set_up(Action action, TextPosition origin = {}, std::string path = {}) {
        add(Phase::setup, std::move(action), origin, std::move(path));
    }
    void confine(Action action, TextPosition origin = {}, std::string path = {}) {
        add(Phase::confine, std::move(action), origin, std::move(path));
    }

    void warn(FindingCode code, std::string message, TextPosition at, std::string path,
              std::string hint = {}) {
        if (std::binary_search(known.begin(), known.end(), std::pair(code, path))) return;
        plan.findings.push_back({.severity = Severity::warning,
                                 .code = code,
                                 .message = std::move(message),
                                 .path = std::move(path),
                                 .at = at,
                                 .hint = std::move(hint)});
    }
};

[[nodiscard]] inline Error unsupported(std::string what, TextPosition at, std::string path,
                                       std::string hint = {}) {
    return {.code = ErrorCode::unsupported,
            .message = std::move(what) + " is not supported by this release",
            .path = std::move(path),
            .xml = at,
            .hint = std::move(hint)};
}

[[nodiscard]] inline Error invalid(std::string message, TextPosition at, std::string path) {
    return {.code = ErrorCode::invalid,
            .message = std::move(message),
            .path = std::move(path),
            .xml = at};
}

/// `text` in single quotes.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
    return "'" + std::string(text) + "'";
}

/// `path` without empty and "." components and without a final slash.
[[nodiscard]] inline std::string normal_path(std::string_view path) {
    std::string out;
    out.reserve(path.size());
    for (std::size_t i = 0; i < path.size();) {
        const std::size_t end = std::min(path.find('/', i), path.size());
        const std::string_view component = path.substr(i, end - i);
        if (!component.empty() && component != ".") {
            out += '/';
            out += component;
        }
        i = end + 1;
    }
    return out.empty() ? "/" : out;
}

/// Whether `path` is `parent` or below it. Both are normal.
[[nodiscard]] inline bool is_within(std::string_view path, std::string_view parent) noexcept {
    if (parent == "/") return true;
    return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

/// The kernel's own trees, and those that hold the host's sockets and temporary files: a container
/// gets new ones.
[[nodiscard]] inline bool is_private_tree(std::string_view path) noexcept {
    for (const std::string_view tree : {"/proc", "/sys", "/dev", "/run", "/tmp"})
        if (is_within(path, tree)) return true;
    return false;
}

/// A user or group of the definition that is a number: "1000" or "+1000".
[[nodiscard]] inline std::optional<std::uint32_t> numeric_id(std::string_view text) noexcept {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.empty() || text.size() > 10) return std::nullopt;
    std::uint64_t value = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    // 2^32-1 is no id: the kernel's calls take it for "leave as it is".
    if (value >= UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

/// The note of the prober that mentions `subject`, or all of them.
[[nodiscard]] inline std::string note_about(const HostFacts& facts, std::string_view subject) {
    std::string all;
    for (const std::string& note : facts.notes) {
        if (note.find(subject) != std::string::npos) return note;
        if (!all.empty()) all += "; ";
        all += note;
    }
    return all;
}

}  // namespace insula::inline v0::detail::planner
