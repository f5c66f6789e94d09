// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "insula/plan/container_plan.hpp"
#include "insula/plan/impl/branch.ipp"
#include "insula/plan/impl/mount_tree.ipp"

namespace insula::inline v0 {

namespace detail::plan_tree {

/// The parts of the picture that are not mounts, as the ops bring them.
struct Picture {
    std::string root = "none";
    std::vector<std::string> root_remarks{};
    std::vector<std::string> masked{};
    std::vector<std::string> read_only{};
    std::vector<std::string> writable{};
    Branch process{.label = "process"};

    void tell(std::string label, std::vector<std::string> items) {
        process.children.push_back({.label = std::move(label), .items = std::move(items)});
    }

    void operator()(const BindRoot& action) {
        root = "host " + word(action.source.text);
        root_remarks = {remark_of(action.recursion, Access::read_write, action.flags)};
        if (action.access == Access::read_only) root_remarks.emplace_back("read-only below");
    }
    void operator()(const TmpfsRoot& action) {
        root = "new tmpfs";
        root_remarks = {
            remark_of(Recursion::none, Access::read_write, action.flags, action.options)};
    }
    void operator()(const OverlayRoot& action) {
        root = "overlay of " + word(action.lower.text);
        root_remarks = {"what is written is thrown away"};
    }
    void operator()(const BindMount&) {}
    void operator()(const GuestBindMount&) {}
    void operator()(const OverlayMount&) {}
    void operator()(const FilesystemMount&) {}
    void operator()(const MakeDirectory&) {}
    void operator()(const MakeDevice&) {}
    void operator()(const MakeSymlink&) {}
    void operator()(const MaskPath& action) { masked.push_back(word(action.path.text)); }
    void operator()(const ProtectPath& action) { read_only.push_back(word(action.path.text)); }
    void operator()(const UnprotectPath& action) { writable.push_back(word(action.path.text)); }
    void operator()(const SealRoot&) {
        if (!root_remarks.empty() && root_remarks.back() == "read-only below")
            root_remarks.pop_back();
        root_remarks.emplace_back("read-only");
    }
    void operator()(const EnterRoot&) {}
    void operator()(const SetHostname& action) { tell("host name", {word(action.hostname)}); }
    void operator()(const RaiseLoopback&) { tell("network", {"lo is up"}); }
    void operator()(const SetIdentity& action) {
        const bool number = action.user.starts_with('+');
        std::vector<std::string> items = {word(action.user.substr(number ? 1 : 0))};
        if (!action.group.empty()) items.push_back("group " + word(action.group));
        if (action.supplementary == SupplementaryGroups::keep)
            items.emplace_back("(supplementary groups stay)");
        tell("user", std::move(items));
    }
    void operator()(const SetCapabilities& action) {
        tell("capabilities", names(action.permitted));
        if (action.bounding != action.permitted) tell("bounding", names(action.bounding));
        if (!action.inheritable.empty()) tell("inheritable", names(action.inheritable));
        if (!action.ambient.empty()) tell("ambient", names(action.ambient));
    }
    void operator()(const SetNoNewPrivs&) { tell("no_new_privs", {"on"}); }
    void operator()(const ChangeDirectory& action) { tell("directory", {word(action.path.text)}); }
    void operator()(const ExecInit& action) {
        if (action.argv.empty() || action.argv.front() != action.path.text)
            tell("program", {word(action.path.text)});
        for (const std::string& argument : action.argv) process.items.push_back(word(argument));
        if (action.mode == InitMode::reaper) tell("pid 1", {"the reaper"});
        std::vector<std::string> variables;
        variables.reserve(action.environment.size());
        for (const EnvironmentVariable& variable : action.environment)
            variables.push_back(word(variable.name) + "=" + word(variable.value));
        tell("environment", std::move(variables));
    }

    /// The shorter of the names that are there and "all but" those that are not.
    [[nodiscard]] static std::vector<std::string> names(Capabilities capabilities) {
        const Capabilities missing = all_capabilities() - capabilities;
        std::vector<std::string> present;
        std::vector<std::string> absent;
        for (const auto& row : spellings<Capability>)
            (missing.contains(row.value) ? absent : present).emplace_back(row.text);
        if (present.empty()) return {"none"};
        if (absent.empty()) return {"all"};
        if (present.size() <= absent.size()) return present;
        absent.insert(absent.begin(), "all but");
        return absent;
    }
};

[[nodiscard]] inline Branch ids_branch(const ContainerPlan& plan) {
    Branch branch{.label = "ids"};
    const auto add = [&branch](std::string_view what, const std::vector<IdRange>& map) {
        for (const IdRange& range : map) {
            std::string text = std::string(what) + " " + std::to_string(range.start);
            if (range.count != 1)
                text += "–" + std::to_string(std::uint64_t{range.start} + range.count - 1);
            text += " → " + std::to_string(range.target);
            if (range.count != 1)
                text += "–" + std::to_string(std::uint64_t{range.target} + range.count - 1);
            if (!branch.items.empty()) branch.items.back() += ",";
            branch.items.push_back(std::move(text));
        }
    };
    add("user", plan.uid_map);
    add("group", plan.gid_map);
    return branch;
}

[[nodiscard]] inline Branch findings_branch(const std::vector<Finding>& findings) {
    Branch branch{.label = "findings"};
    for (const Finding& finding : findings) {
        std::string text = harmless(finding.message);
        if (!finding.hint.empty()) text += ": " + harmless(finding.hint);
        const std::string at = finding.at.known() ? std::to_string(finding.at.line) + ":" +
                                                        std::to_string(finding.at.column) + " "
                                                  : "";
        branch.children.push_back(
            {.label = at + std::string(to_text(finding.code)), .items = split_words(text)});
    }
    return branch;
}

[[nodiscard]] inline Branch namespaces_branch(const ContainerPlan& plan) {
    Branch branch{.label = "namespaces"};
    for (const auto& row : spellings<Namespace>)
        if (plan.namespaces.contains(row.value)) branch.items.emplace_back(row.text);
    if (branch.items.empty()) branch.items.emplace_back("none");
    if (!plan.namespaces.contains(Namespace::net))
        branch.items.emplace_back("(the host's network)");
    return branch;
}

}  // namespace detail::plan_tree

inline std::string to_tree(const ContainerPlan& plan) {
    using namespace detail::plan_tree;  // NOLINT(google-build-using-namespace): function scope
    Picture picture{};
    std::vector<Placed> placed;
    for (std::size_t i = 0; i != plan.ops.size(); ++i) {
        std::visit(picture, plan.ops[i].action);
        std::visit(PlacedBy{placed, i}, plan.ops[i].action);
    }
    std::vector<Branch> branches{namespaces_branch(plan)};
    if (!plan.uid_map.empty() || !plan.gid_map.empty()) branches.push_back(ids_branch(plan));
    Branch root{.label = "root", .items = {picture.root}};
    for (const std::string& remark : picture.root_remarks)
        if (!remark.empty()) root.items.push_back("(" + remark + ")");
    root.children = MountTree(std::move(placed)).branches();
    branches.push_back(std::move(root));
    const auto add_list = [&branches](std::string label, std::vector<std::string>& items) {
        if (!items.empty())
            branches.push_back({.label = std::move(label), .items = std::move(items)});
    };
    add_list("masked", picture.masked);
    add_list("read-only", picture.read_only);
    add_list("writable", picture.writable);
    branches.push_back(std::move(picture.process));
    if (!plan.findings.empty()) branches.push_back(findings_branch(plan.findings));

    std::string out = word(plan.name);
    if (!plan.uuid.empty()) out += "  " + word(plan.uuid);
    out += '\n';
    BranchWriter(out).write(branches);
    return out;
}

}  // namespace insula::inline v0
