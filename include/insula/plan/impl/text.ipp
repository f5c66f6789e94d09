// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "insula/plan/impl/escape.ipp"
#include "insula/plan/impl/tree.ipp"

namespace insula::inline v0 {

namespace detail::plan_text {

using escape::word;

/// "(a, b)", or nothing for an empty list.
class Remarks {
public:
    Remarks& add(std::string_view remark) {
        text_ += text_.empty() ? "" : ", ";
        text_ += remark;
        return *this;
    }
    Remarks& add(Recursion recursion) {
        return recursion == Recursion::submounts ? add("recursive") : *this;
    }
    Remarks& add(Access access) { return access == Access::read_only ? add("ro") : *this; }
    Remarks& add(MountFlags flags) {
        for (const auto& row : spellings<MountFlag>)
            if (flags.contains(row.value)) add(row.text);
        return *this;
    }
    [[nodiscard]] std::string text() const { return text_.empty() ? "" : " (" + text_ + ")"; }

private:
    std::string text_{};
};

[[nodiscard]] inline std::string options_text(const std::vector<MountOption>& options) {
    std::string out;
    for (const MountOption& option : options) {
        out += out.empty() ? " [" : ", ";
        out += word(option.name, "=");
        if (!option.value.empty()) out.append("=").append(word(option.value));
    }
    if (!out.empty()) out += ']';
    return out;
}

[[nodiscard]] inline std::string octal(std::uint32_t mode) {
    std::string digits;
    for (; mode != 0; mode >>= 3U)
        digits.insert(digits.begin(), static_cast<char>('0' + (mode & 7U)));
    return "0" + digits;
}

/// "all", "none" or names; a bit without a name as "#N".
[[nodiscard]] inline std::string capabilities_text(Capabilities capabilities) {
    if (capabilities.empty()) return "none";
    if (capabilities == all_capabilities()) return "all";
    std::string out;
    for (unsigned bit = 0; bit != 64; ++bit) {
        if ((capabilities.bits() >> bit & 1U) == 0) continue;
        const std::string_view name = to_text(static_cast<Capability>(bit));
        out += out.empty() ? "" : ",";
        if (name.empty()) {
            out.append("#").append(std::to_string(bit));
        } else {
            out += name;
        }
    }
    return out;
}

/// One action in one line, without its phase.
struct ActionText {
    static std::string arrow(std::string_view verb, std::string_view from, std::string_view to) {
        return std::string(verb) + " " + word(from) + " -> " + word(to);
    }
    static std::string verb(std::string_view verb, std::string_view operand) {
        return std::string(verb) + " " + word(operand);
    }

    std::string operator()(const BindRoot& action) const {
        return verb("root-bind", action.source.text) +
               Remarks().add(action.recursion).add(action.access).add(action.flags).text();
    }
    std::string operator()(const TmpfsRoot& action) const {
        return "root-tmpfs" + Remarks().add(action.flags).text() + options_text(action.options);
    }
    std::string operator()(const OverlayRoot& action) const {
        return verb("root-overlay", action.lower.text);
    }
    std::string operator()(const BindMount& action) const {
        return arrow("bind", action.source.text, action.target.text) +
               Remarks().add(action.recursion).add(action.access).add(action.flags).text();
    }
    std::string operator()(const GuestBindMount& action) const {
        return arrow("bind-inside", action.source.text, action.target.text) +
               Remarks().add(action.recursion).add(action.access).add(action.flags).text();
    }
    std::string operator()(const OverlayMount& action) const {
        return arrow("overlay", action.lower.text, action.target.text);
    }
    std::string operator()(const FilesystemMount& action) const {
        return arrow("mount", to_text(action.type), action.target.text) +
               Remarks().add(action.access).add(action.flags).text() + options_text(action.options);
    }
    std::string operator()(const MakeDirectory& action) const {
        return verb("mkdir", action.path.text) + " " + octal(action.mode);
    }
    std::string operator()(const MakeDevice& action) const {
        return verb("mknod", action.path.text) + " " + std::to_string(action.major) + ":" +
               std::to_string(action.minor) + " " + octal(action.mode);
    }
    std::string operator()(const MakeSymlink& action) const {
        return arrow("symlink", action.path.text, action.target);
    }
    std::string operator()(const MaskPath& action) const { return verb("mask", action.path.text); }
    std::string operator()(const ProtectPath& action) const {
        return verb("protect", action.path.text);
    }
    std::string operator()(const UnprotectPath& action) const {
        return verb("unprotect", action.path.text);
    }
    std::string operator()(const SealRoot&) const { return "seal-root"; }
    std::string operator()(const EnterRoot&) const { return "enter-root"; }
    std::string operator()(const SetHostname& action) const {
        return verb("hostname", action.hostname);
    }
    std::string operator()(const RaiseLoopback&) const { return "raise-loopback"; }
    std::string operator()(const SetIdentity& action) const {
        return "identity user " + word(action.user) + " group " + word(action.group) +
               " supplementary " + std::string(to_text(action.supplementary));
    }
    std::string operator()(const SetCapabilities& action) const {
        return "capabilities bounding " + capabilities_text(action.bounding) + " permitted " +
               capabilities_text(action.permitted) + " inheritable " +
               capabilities_text(action.inheritable) + " ambient " +
               capabilities_text(action.ambient);
    }
    std::string operator()(const SetNoNewPrivs&) const { return "no-new-privs"; }
    std::string operator()(const ChangeDirectory& action) const {
        return verb("chdir", action.path.text);
    }
    std::string operator()(const ExecInit& action) const {
        std::string out = verb("exec", action.path.text) + " mode " +
                          std::string(to_text(action.mode)) + " argv [";
        for (std::size_t i = 0; i != action.argv.size(); ++i)
            out += (i == 0 ? "" : ", ") + word(action.argv[i]);
        out += "] env [";
        for (std::size_t i = 0; i != action.environment.size(); ++i) {
            const EnvironmentVariable& variable = action.environment[i];
            out += (i == 0 ? "" : ", ") + word(variable.name, "=") + "=" + word(variable.value);
        }
        return out + "]";
    }
};

inline void append_map(std::string& out, std::string_view name, const std::vector<IdRange>& map) {
    for (const IdRange& range : map) {
        out.append(name).append(" ").append(std::to_string(range.start));
        out.append(" -> ").append(std::to_string(range.target));
        out.append(" count ").append(std::to_string(range.count)).append("\n");
    }
}

}  // namespace detail::plan_text

inline std::string to_text(const Op& op) {
    return std::visit(detail::plan_text::ActionText{}, op.action);
}

inline std::string to_text(const ContainerPlan& plan) {
    using namespace detail::plan_text;  // NOLINT(google-build-using-namespace): function scope
    std::string out = "container " + word(plan.name) + "\n";
    if (!plan.uuid.empty()) out += "uuid " + word(plan.uuid) + "\n";
    out += "namespaces";
    for (const auto& row : spellings<Namespace>)
        if (plan.namespaces.contains(row.value)) out += " " + std::string(row.text);
    out += "\n";
    append_map(out, "uid-map", plan.uid_map);
    append_map(out, "gid-map", plan.gid_map);
    std::optional<Phase> phase;
    for (const Op& op : plan.ops) {
        if (phase != op.phase) {
            out += std::string(to_text(op.phase)) + ":\n";
            phase = op.phase;
        }
        out += "  " + to_text(op) + "\n";
    }
    return out;
}

}  // namespace insula::inline v0
