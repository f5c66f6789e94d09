// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace insula::inline v0 {

namespace detail::plan_check {

/// Where in a plan an action may stand.
enum class Place : std::uint8_t {
    root,      ///< the first op, and only there
    before,    ///< before `EnterRoot`: builds the tree
    enter,     ///< once
    after,     ///< after `EnterRoot`: acts on the process
    anywhere,  ///< acts on a namespace
    last,      ///< the last op, and only there
};

struct PlaceOf {
    Place operator()(const BindRoot&) const { return Place::root; }
    Place operator()(const TmpfsRoot&) const { return Place::root; }
    Place operator()(const OverlayRoot&) const { return Place::root; }
    Place operator()(const BindMount&) const { return Place::before; }
    Place operator()(const GuestBindMount&) const { return Place::before; }
    Place operator()(const OverlayMount&) const { return Place::before; }
    Place operator()(const FilesystemMount&) const { return Place::before; }
    Place operator()(const MakeDirectory&) const { return Place::before; }
    Place operator()(const MakeDevice&) const { return Place::before; }
    Place operator()(const MakeSymlink&) const { return Place::before; }
    Place operator()(const MaskPath&) const { return Place::before; }
    Place operator()(const ProtectPath&) const { return Place::before; }
    Place operator()(const UnprotectPath&) const { return Place::before; }
    Place operator()(const SealRoot&) const { return Place::before; }
    Place operator()(const EnterRoot&) const { return Place::enter; }
    Place operator()(const SetHostname&) const { return Place::anywhere; }
    Place operator()(const RaiseLoopback&) const { return Place::anywhere; }
    Place operator()(const SetIdentity&) const { return Place::after; }
    Place operator()(const SetCapabilities&) const { return Place::after; }
    Place operator()(const SetNoNewPrivs&) const { return Place::after; }
    Place operator()(const ChangeDirectory&) const { return Place::after; }
    Place operator()(const ExecInit&) const { return Place::last; }
};

/// What is wrong with the operands of one action; "" for nothing.
struct OperandFault {
    static bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

    static std::string of(const GuestPath& path) {
        if (path.text.empty() || path.text.front() != '/')
            return "guest path is not absolute: '" + path.text + "'";
        return has_nul(path.text) ? "guest path contains a NUL byte" : "";
    }
    static std::string of(const HostPath& path) {
        if (path.text.empty() || path.text.front() != '/')
            return "host path is not absolute: '" + path.text + "'";
        return has_nul(path.text) ? "host path contains a NUL byte" : "";
    }
    static std::string of(const std::vector<MountOption>& options) {
        for (const MountOption& option : options)
            if (option.name.empty() || has_nul(option.name) || has_nul(option.value))
                return "mount option without a name, or with a NUL byte";
        return {};
    }
    template <class Source, class Target>
    static std::string of(const Source& source, const Target& target) {
        if (std::string fault = of(source); !fault.empty()) return fault;
        return of(target);
    }

    std::string operator()(const BindRoot& action) const { return of(action.source); }
    std::string operator()(const TmpfsRoot& action) const { return of(action.options); }
    std::string operator()(const OverlayRoot& action) const { return of(action.lower); }
    std::string operator()(const BindMount& action) const {
        return of(action.source, action.target);
    }
    std::string operator()(const GuestBindMount& action) const {
        return of(action.source, action.target);
    }
    std::string operator()(const OverlayMount& action) const {
        return of(action.lower, action.target);
    }
    std::string operator()(const FilesystemMount& action) const {
        return of(action.target, action.options);
    }
    std::string operator()(const MakeDirectory& action) const { return of(action.path); }
    std::string operator()(const MakeDevice& action) const { return of(action.path); }
    std::string operator()(const MakeSymlink& action) const {
        if (action.target.empty() || has_nul(action.target))
            return "symbolic link without a target, or with a NUL byte";
        return of(action.path);
    }
    std::string operator()(const MaskPath& action) const { return of(action.path); }
    std::string operator()(const ProtectPath& action) const { return of(action.path); }
    std::string operator()(const UnprotectPath& action) const { return of(action.path); }
    std::string operator()(const SealRoot&) const { return {}; }
    std::string operator()(const EnterRoot&) const { return {}; }
    std::string operator()(const SetHostname& action) const {
        // sethostname(2) takes at most 64 bytes (__NEW_UTS_LEN).
        const bool fits = !action.hostname.empty() && action.hostname.size() <= 64;
        return fits && !has_nul(action.hostname) ? "" : "host name is not 1 to 64 bytes long";
    }
    std::string operator()(const RaiseLoopback&) const { return {}; }
    std::string operator()(const SetIdentity& action) const {
        if (action.user.empty()) return "identity without a user";
        return has_nul(action.user) || has_nul(action.group) ? "identity with a NUL byte" : "";
    }
    std::string operator()(const SetCapabilities&) const { return {}; }
    std::string operator()(const SetNoNewPrivs&) const { return {}; }
    std::string operator()(const ChangeDirectory& action) const { return of(action.path); }
    std::string operator()(const ExecInit& action) const {
        if (action.argv.empty()) return "init without argv[0]";
        for (const std::string& argument : action.argv)
            if (has_nul(argument)) return "argument of init contains a NUL byte";
        for (const EnvironmentVariable& variable : action.environment)
            if (variable.name.empty() || variable.name.find('=') != std::string::npos ||
                has_nul(variable.name) || has_nul(variable.value))
                return "environment variable of init has no name, '=' in it, or a NUL byte";
        return of(action.path);
    }
};

/// What is wrong with the place of an op; "" for nothing.
[[nodiscard]] inline std::string place_fault(Place place, bool first, bool last, bool entered) {
    if (first != (place == Place::root))
        return first ? "the first step does not make the root" : "a second root";
    if (last != (place == Place::last))
        return last ? "the last step does not execute init" : "init is executed before the end";
    switch (place) {
        case Place::before: return entered ? "builds the tree after the new root was entered" : "";
        case Place::enter: return entered ? "the new root is entered twice" : "";
        case Place::after:
        case Place::last: return entered ? "" : "needs the new root, which was not entered";
        case Place::root:
        case Place::anywhere: return {};
    }
    return {};
}

[[nodiscard]] inline Result<void> check_maps(const ContainerPlan& plan) {
    const bool mapped = !plan.uid_map.empty() && !plan.gid_map.empty();
    const bool unmapped = plan.uid_map.empty() && plan.gid_map.empty();
    if (plan.namespaces.contains(Namespace::user) ? mapped : unmapped) return {};
    return Error{.code = ErrorCode::invalid,
                 .message =
                     "id maps do not match: a user namespace needs both, and without one "
                     "there is none"};
}

[[nodiscard]] inline bool identical(const Op& left, const Op& right) {
    return left == right && left.origin == right.origin && left.path == right.path;
}

[[nodiscard]] inline bool identical(const std::vector<IdRange>& left,
                                    const std::vector<IdRange>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const IdRange& a, const IdRange& b) { return a == b && a.at == b.at; });
}

}  // namespace detail::plan_check

inline bool identical(const ContainerPlan& left, const ContainerPlan& right) {
    using detail::plan_check::identical;
    return left == right && left.findings == right.findings &&
           identical(left.uid_map, right.uid_map) && identical(left.gid_map, right.gid_map) &&
           std::equal(left.ops.begin(), left.ops.end(), right.ops.begin(), right.ops.end(),
                      [](const Op& a, const Op& b) { return identical(a, b); });
}

inline Result<void> validate(const ContainerPlan& plan) {
    using namespace detail::plan_check;  // NOLINT(google-build-using-namespace): function scope
    INSULA_CHECK(check_maps(plan));
    const auto fail = [&plan](std::size_t index, std::string message) {
        Error error{.code = ErrorCode::invalid, .message = std::move(message)};
        if (index >= plan.ops.size()) return error;
        error.op = static_cast<std::int32_t>(index);
        error.path = plan.ops[index].path;
        error.xml = plan.ops[index].origin;
        return error;
    };
    bool entered = false;
    for (std::size_t i = 0; i != plan.ops.size(); ++i) {
        const Op& op = plan.ops[i];
        if (i != 0 && op.phase < plan.ops[i - 1].phase)
            return fail(i, "phase '" + std::string(to_text(op.phase)) + "' comes too late");
        const Place place = std::visit(PlaceOf{}, op.action);
        std::string fault = place_fault(place, i == 0, i + 1 == plan.ops.size(), entered);
        if (fault.empty()) fault = std::visit(OperandFault{}, op.action);
        if (!fault.empty()) return fail(i, std::move(fault));
        entered = entered || place == Place::enter;
    }
    if (plan.ops.empty()) return fail(0, "a plan without steps");
    return {};
}

}  // namespace insula::inline v0
