// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "insula/plan/impl/json_writer.ipp"

namespace insula::inline v0 {

namespace detail::plan_json {

/// The members of a set by name, in the order of the enumeration.
template <class Enum>
void write_set(Writer& json, std::string_view name, Flags<Enum> set) {
    json.key(name);
    json.array([&] {
        for (const auto& row : spellings<Enum>)
            if (set.contains(row.value)) json.value(row.text);
    });
}

/// The members of one action after "op" and "phase".
struct ActionWriter {
    Writer& json;

    void op(std::string_view name) const { json.member("op", name); }
    void recursion(Recursion recursion) const {
        json.member("recursion", recursion == Recursion::submounts ? "submounts" : "none");
    }
    void access(Access access) const {
        json.member("access", access == Access::read_only ? "read_only" : "read_write");
    }
    void options(const std::vector<MountOption>& options) const {
        json.member("options", options, [this](const MountOption& option) {
            json.object([&] {
                json.member("name", option.name);
                json.member("value", option.value);
            });
        });
    }
    template <class Bind>
    void bind(const Bind& action) const {
        json.member("source", action.source.text);
        json.member("target", action.target.text);
        recursion(action.recursion);
        access(action.access);
        write_set(json, "flags", action.flags);
    }

    void operator()(const BindRoot& action) const {
        op("bind_root");
        json.member("source", action.source.text);
        recursion(action.recursion);
        access(action.access);
        write_set(json, "flags", action.flags);
    }
    void operator()(const TmpfsRoot& action) const {
        op("tmpfs_root");
        write_set(json, "flags", action.flags);
        options(action.options);
    }
    void operator()(const OverlayRoot& action) const {
        op("overlay_root");
        json.member("lower", action.lower.text);
    }
    void operator()(const BindMount& action) const {
        op("bind_mount");
        bind(action);
    }
    void operator()(const GuestBindMount& action) const {
        op("guest_bind_mount");
        bind(action);
    }
    void operator()(const OverlayMount& action) const {
        op("overlay_mount");
        json.member("lower", action.lower.text);
        json.member("target", action.target.text);
    }
    void operator()(const FilesystemMount& action) const {
        op("filesystem_mount");
        json.member("type", to_text(action.type));
        json.member("target", action.target.text);
        access(action.access);
        write_set(json, "flags", action.flags);
        options(action.options);
    }
    void operator()(const MakeDirectory& action) const {
        op("make_directory");
        json.member("path", action.path.text);
        json.member("mode", action.mode);
    }
    void operator()(const MakeDevice& action) const {
        op("make_device");
        json.member("path", action.path.text);
        json.member("major", action.major);
        json.member("minor", action.minor);
        json.member("mode", action.mode);
    }
    void operator()(const MakeSymlink& action) const {
        op("make_symlink");
        json.member("path", action.path.text);
        json.member("target", action.target);
    }
    void operator()(const MaskPath& action) const { path("mask_path", action.path); }
    void operator()(const ProtectPath& action) const { path("protect_path", action.path); }
    void operator()(const UnprotectPath& action) const { path("unprotect_path", action.path); }
    void operator()(const SealRoot&) const { op("seal_root"); }
    void operator()(const EnterRoot&) const { op("enter_root"); }
    void operator()(const SetHostname& action) const {
        op("set_hostname");
        json.member("hostname", action.hostname);
    }
    void operator()(const RaiseLoopback&) const { op("raise_loopback"); }
    void operator()(const SetIdentity& action) const {
        op("set_identity");
        json.member("user", action.user);
        json.member("group", action.group);
        json.member("supplementary", to_text(action.supplementary));
    }
    void operator()(const SetCapabilities& action) const {
        op("set_capabilities");
        write_set(json, "bounding", action.bounding);
        write_set(json, "permitted", action.permitted);
        write_set(json, "inheritable", action.inheritable);
        write_set(json, "ambient", action.ambient);
    }
    void operator()(const SetNoNewPrivs&) const { op("set_no_new_privs"); }
    void operator()(const ChangeDirectory& action) const { path("change_directory", action.path); }
    void operator()(const ExecInit& action) const {
        op("exec_init");
        json.member("path", action.path.text);
        json.member("argv", action.argv, [this](const std::string& text) { json.value(text); });
        json.member("environment", action.environment, [this](const EnvironmentVariable& variable) {
            json.object([&] {
                json.member("name", variable.name);
                json.member("value", variable.value);
            });
        });
        json.member("mode", to_text(action.mode));
    }

private:
    void path(std::string_view name, const GuestPath& path) const {
        op(name);
        json.member("path", path.text);
    }
};

inline void write_op(Writer& json, const Op& op) {
    json.object([&] {
        std::visit(ActionWriter{json}, op.action);
        json.member("phase", to_text(op.phase));
        json.key("origin");
        if (!op.origin.known() && op.path.empty()) {
            json.null();
            return;
        }
        json.object([&] {
            json.member("line", op.origin.line);
            json.member("column", op.origin.column);
            json.member("path", op.path);
        });
    });
}

inline void write_finding_members(Writer& json, const Finding& finding) {
    json.member("severity", to_text(finding.severity));
    json.member("code", to_text(finding.code));
    json.member("message", finding.message);
    json.member("line", finding.at.line);
    json.member("column", finding.at.column);
    json.member("path", finding.path);
    json.member("hint", finding.hint);
}

inline void write_map(Writer& json, std::string_view name, const std::vector<IdRange>& map) {
    json.member(name, map, [&](const IdRange& range) {
        json.object([&] {
            json.member("start", range.start);
            json.member("target", range.target);
            json.member("count", range.count);
        });
    });
}

}  // namespace detail::plan_json

inline std::string to_json(const ContainerPlan& plan) {
    using namespace detail::plan_json;  // NOLINT(google-build-using-namespace): function scope
    Writer json;
    json.object([&] {
        json.member("name", plan.name);
        json.member("uuid", plan.uuid);
        write_set(json, "namespaces", plan.namespaces);
        write_map(json, "uid_map", plan.uid_map);
        write_map(json, "gid_map", plan.gid_map);
        json.member("ops", plan.ops, [&](const Op& op) { write_op(json, op); });
        json.member("findings", plan.findings, [&](const Finding& finding) {
            json.object([&] { write_finding_members(json, finding); });
        });
    });
    return json.take();
}

inline std::string to_json(const std::vector<Finding>& findings, std::string_view file) {
    using namespace detail::plan_json;  // NOLINT(google-build-using-namespace): function scope
    Writer json;
    json.array([&] {
        for (const Finding& finding : findings)
            json.object([&] {
                json.member("file", file);
                write_finding_members(json, finding);
            });
    });
    return json.take();
}

inline std::string to_json(const HostFacts& facts) {
    using namespace detail::plan_json;  // NOLINT(google-build-using-namespace): function scope
    Writer json;
    json.object([&] {
        json.member("uid", facts.uid);
        json.member("gid", facts.gid);
        write_set(json, "capabilities", facts.capabilities);
        write_set(json, "features", facts.features);
        json.member("kernel_release", facts.kernel_release);
        json.member("arch", facts.arch);
        json.member("root_entries", facts.root_entries, [&](const HostEntry& entry) {
            json.object([&] {
                json.member("path", entry.path);
                json.member("kind", to_text(entry.kind));
                json.member("link_target", entry.link_target);
                json.member("mode", entry.mode);
            });
        });
        json.member("mounts", facts.mounts, [&](const HostMount& mount) {
            json.object([&] {
                json.member("path", mount.path);
                json.member("type", mount.type);
            });
        });
        json.member("notes", facts.notes, [&](const std::string& note) { json.value(note); });
    });
    return json.take();
}

}  // namespace insula::inline v0
