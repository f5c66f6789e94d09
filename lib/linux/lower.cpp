// SPDX-License-Identifier: Apache-2.0
#include "linux/lower.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "init/uapi.hpp"
#include "linux/program_builder.hpp"

namespace insula::linux_ {

namespace {

namespace p = program;

// The enumerators of `Capability` number as the kernel's do, so a set is its own mask.
static_assert(static_cast<int>(Capability::chown) == CAP_CHOWN);
static_assert(static_cast<int>(Capability::setpcap) == CAP_SETPCAP);
static_assert(static_cast<int>(Capability::net_raw) == CAP_NET_RAW);
static_assert(static_cast<int>(Capability::sys_admin) == CAP_SYS_ADMIN);
static_assert(static_cast<int>(Capability::mknod) == CAP_MKNOD);
static_assert(static_cast<int>(Capability::setfcap) == CAP_SETFCAP);
static_assert(static_cast<int>(Capability::audit_read) == CAP_AUDIT_READ);
static_assert(static_cast<int>(Capability::checkpoint_restore) == CAP_CHECKPOINT_RESTORE);

[[nodiscard]] std::uint32_t kernel_attributes(MountFlags flags, Access access) noexcept {
    std::uint32_t attributes = 0;
    if (flags.contains(MountFlag::nosuid)) attributes |= MOUNT_ATTR_NOSUID;
    if (flags.contains(MountFlag::nodev)) attributes |= MOUNT_ATTR_NODEV;
    if (flags.contains(MountFlag::noexec)) attributes |= MOUNT_ATTR_NOEXEC;
    if (access == Access::read_only) attributes |= MOUNT_ATTR_RDONLY;
    return attributes;
}

[[nodiscard]] p::MountAttributes mount_attributes(MountFlags flags, Access access,
                                                  Recursion recursion) noexcept {
    return {.set = kernel_attributes(flags, access),
            .recursive = recursion == Recursion::submounts ? 1U : 0U};
}

/// mknod(2)'s encoding of a device number.
[[nodiscard]] std::uint32_t device_number(std::uint32_t major, std::uint32_t minor) noexcept {
    return (minor & 0xffU) | (major << 8) | ((minor & ~0xffU) << 12);
}

[[nodiscard]] std::uint64_t clone_flags(Namespaces namespaces) noexcept {
    constexpr std::pair<Namespace, std::uint64_t> table[] = {
        {Namespace::mount, CLONE_NEWNS},     {Namespace::pid, CLONE_NEWPID},
        {Namespace::uts, CLONE_NEWUTS},      {Namespace::ipc, CLONE_NEWIPC},
        {Namespace::net, CLONE_NEWNET},      {Namespace::user, CLONE_NEWUSER},
        {Namespace::cgroup, CLONE_NEWCGROUP}};
    std::uint64_t flags = 0;
    for (const auto& [which, flag] : table)
        if (namespaces.contains(which)) flags |= flag;
    return flags;
}

[[nodiscard]] std::string map_text(const std::vector<IdRange>& map) {
    std::string text;
    for (const IdRange& range : map)
        text += std::to_string(range.start) + ' ' + std::to_string(range.target) + ' ' +
                std::to_string(range.count) + '\n';
    return text;
}

/// Whether there is an id 0 inside.
[[nodiscard]] bool has_root(const std::vector<IdRange>& map) noexcept {
    return std::any_of(map.begin(), map.end(),
                       [](const IdRange& range) { return range.start == 0 && range.count != 0; });
}

/// Whether `id` outside is 0 inside.
[[nodiscard]] bool is_mapped_to_root(const std::vector<IdRange>& map, std::uint32_t id) noexcept {
    return std::any_of(map.begin(), map.end(), [id](const IdRange& range) {
        return range.start == 0 && range.count != 0 && range.target == id;
    });
}

/// Whether `path` is /dev, /proc or /sys, or below: no link may lead there.
[[nodiscard]] bool is_kernel_path(std::string_view path) noexcept {
    for (const std::string_view top : {"/dev", "/proc", "/sys"})
        if (path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/'))
            return true;
    return false;
}

/// The id that "+N" says; nothing where N is none. 2^32-1 is none: the kernel's calls take it for
/// "leave as it is", which would be root (setresuid(2)).
[[nodiscard]] std::optional<std::uint32_t> plus_id(std::string_view text) noexcept {
    std::uint32_t id = 0;
    const char* end = text.data() + text.size();
    const auto [stop, bad] = std::from_chars(text.data() + 1, end, id);
    if (bad != std::errc{} || stop != end || id == UINT32_MAX) return std::nullopt;
    return id;
}

/// Whether every user and group of the plan can be said to the helper.
[[nodiscard]] Result<void> check_identities(const ContainerPlan& plan) {
    for (std::size_t i = 0; i != plan.ops.size(); ++i) {
        const auto* set = std::get_if<SetIdentity>(&plan.ops[i].action);
        if (set == nullptr) continue;
        for (const std::string& text : {set->user, set->group})
            if (text.starts_with('+') && !plus_id(text))
                return Error{.code = ErrorCode::invalid,
                             .message = "'" + text + "' is not an id",
                             .path = plan.ops[i].path,
                             .xml = plan.ops[i].origin,
                             .op = static_cast<std::int32_t>(i)};
    }
    return {};
}

[[nodiscard]] bool keeps_groups(const ContainerPlan& plan) noexcept {
    for (const Op& op : plan.ops)
        if (const auto* set = std::get_if<SetIdentity>(&op.action))
            return set->supplementary == SupplementaryGroups::keep;
    return false;
}

[[nodiscard]] std::vector<SourceRequest> sources_of(const ContainerPlan& plan) {
    std::vector<SourceRequest> sources;
    std::int32_t index = 0;
    for (const Op& op : plan.ops) {
        if (const auto* root = std::get_if<BindRoot>(&op.action))
            sources.push_back(
                {.path = root->source.text,
                 .attributes = mount_attributes(root->flags, root->access, root->recursion),
                 .writable_root = root->access == Access::read_only,
                 .op = index});
        else if (const auto* mount = std::get_if<BindMount>(&op.action))
            sources.push_back(
                {.path = mount->source.text,
                 .attributes = mount_attributes(mount->flags, mount->access, mount->recursion),
                 .op = index});
        ++index;
    }
    return sources;
}

/// Walks the plan's actions and appends what each comes to.
class Lowering {
public:
    Lowering(const ContainerPlan& plan, const LoweringOptions& options)
        : plan_(plan), options_(options), sources_(sources_of(plan)) {}

    /// Fills the Program, and how many ops it has.
    void run(LoweredPlan& lowered) {
        if (plan_.namespaces.contains(Namespace::user))
            builder_.push(-1, p::BecomeRoot{.header = {},
                                            .drop_groups = keeps_groups(plan_) ? 0U : 1U,
                                            .set_group = has_root(plan_.gid_map) ? 1U : 0U,
                                            .set_user = has_root(plan_.uid_map) ? 1U : 0U,
                                            .reserved = 0});
        builder_.push(-1, p::MakePrivate{});
        if (has_overlay()) builder_.push(-1, p::Scratch{});
        for (const Op& op : plan_.ops) {
            std::visit(*this, op.action);
            ++op_;
        }
        lowered.op_count = builder_.op_count();
        const bool by_caller = options_.source_taker == SourceTaker::caller;
        lowered.program = builder_.finish(
            {.source_count = by_caller ? static_cast<std::uint32_t>(sources_.size()) : 0U,
             .passed_fds = options_.passed_fds,
             .trace = options_.trace ? 1U : 0U});
    }

    void operator()(const BindRoot&) {
        builder_.push(op_, p::RootBind{.header = {}, .slot = take_slot(), .reserved = 0});
    }
    void operator()(const TmpfsRoot& root) {
        builder_.push(
            op_, p::RootFilesystem{
                     .header = {},
                     .filesystem = filesystem("tmpfs", root.options,
                                              kernel_attributes(root.flags, Access::read_write))});
    }
    void operator()(const OverlayRoot& root) {
        builder_.push(op_, p::RootOverlay{.header = {}, .layers = layers(root.lower)});
    }
    void operator()(const BindMount& mount) {
        const std::uint32_t slot = take_slot();
        builder_.push(
            op_,
            p::Bind{
                .header = {}, .target = target(mount.target.text), .slot = slot, .reserved = 0});
    }
    void operator()(const GuestBindMount& mount) {
        builder_.push(op_, p::GuestBind{.header = {},
                                        .source = target(mount.source.text),
                                        .target = target(mount.target.text),
                                        .attributes = mount_attributes(mount.flags, mount.access,
                                                                       mount.recursion)});
    }
    void operator()(const OverlayMount& mount) {
        builder_.push(op_, p::Overlay{.header = {},
                                      .layers = layers(mount.lower),
                                      .target = target(mount.target.text)});
    }
    void operator()(const FilesystemMount& mount) {
        builder_.push(op_, p::Filesystem{.header = {},
                                         .filesystem = filesystem(
                                             to_text(mount.type), mount.options,
                                             kernel_attributes(mount.flags, mount.access)),
                                         .target = target(mount.target.text)});
    }
    void operator()(const MakeDirectory& make) {
        builder_.push(
            op_,
            p::Directory{
                .header = {}, .entry = entry(make.path.text), .mode = make.mode, .reserved = 0});
    }
    void operator()(const MakeDevice& make) {
        builder_.push(op_, p::Device{.header = {},
                                     .entry = entry(make.path.text),
                                     .mode = make.mode,
                                     .device = device_number(make.major, make.minor)});
    }
    void operator()(const MakeSymlink& make) {
        const p::NewEntry where = entry(make.path.text);
        builder_.push(
            op_,
            p::Symlink{
                .header = {}, .entry = where, .target = builder_.text(make.target), .reserved = 0});
    }
    void operator()(const MaskPath& mask) {
        builder_.push(op_, p::Mask{.header = {}, .path = target(mask.path.text)});
    }
    void operator()(const ProtectPath& protect) {
        builder_.push(op_, p::Protect{.header = {}, .path = target(protect.path.text)});
    }
    void operator()(const UnprotectPath& unprotect) {
        builder_.push(op_, p::Unprotect{.header = {}, .path = target(unprotect.path.text)});
    }
    void operator()(const SealRoot&) { builder_.push(op_, p::SealRoot{}); }
    void operator()(const EnterRoot&) { builder_.push(op_, p::EnterRoot{}); }
    void operator()(const SetHostname& set) {
        builder_.push(op_, p::Hostname{.header = {},
                                       .name = builder_.text(set.hostname),
                                       .length = static_cast<std::uint32_t>(set.hostname.size())});
    }
    void operator()(const RaiseLoopback&) { builder_.push(op_, p::Loopback{}); }
    void operator()(const SetIdentity& set) {
        builder_.push(
            op_,
            p::Identity{.header = {},
                        .user = principal(set.user),
                        .group = principal(set.group),
                        .default_group = set.group.empty() ? 1U : 0U,
                        .set_groups = set.supplementary == SupplementaryGroups::of_user ? 1U : 0U});
    }
    void operator()(const SetCapabilities& set) {
        builder_.push(op_, p::Capabilities{.header = {},
                                           .bounding = set.bounding.bits(),
                                           .permitted = set.permitted.bits(),
                                           .inheritable = set.inheritable.bits(),
                                           .ambient = set.ambient.bits()});
    }
    void operator()(const SetNoNewPrivs&) { builder_.push(op_, p::NoNewPrivs{}); }
    void operator()(const ChangeDirectory& change) {
        builder_.push(op_,
                      p::ChangeDirectory{
                          .header = {}, .path = builder_.text(change.path.text), .reserved = 0});
    }
    void operator()(const ExecInit& exec) {
        std::vector<std::string> environment;
        environment.reserve(exec.environment.size() + options_.extra_environment.size());
        for (const EnvironmentVariable& variable : exec.environment)
            environment.push_back(variable.name + '=' + variable.value);
        for (const EnvironmentVariable& variable : options_.extra_environment)
            environment.push_back(variable.name + '=' + variable.value);
        builder_.push(op_, p::Exec{.header = {},
                                   .path = builder_.text(exec.path.text),
                                   .argv = builder_.text_list(exec.argv),
                                   .environment = builder_.text_list(environment),
                                   .reaper = exec.mode == InitMode::reaper ? 1U : 0U});
    }

private:
    [[nodiscard]] bool has_overlay() const noexcept {
        return std::any_of(plan_.ops.begin(), plan_.ops.end(), [](const Op& op) {
            return std::holds_alternative<OverlayRoot>(op.action) ||
                   std::holds_alternative<OverlayMount>(op.action);
        });
    }

    /// The slot of the next source. At the start of a batch, the helper takes the whole batch where
    /// that is its part: always before anything is attached that the sources of the batch need not
    /// see.
    [[nodiscard]] std::uint32_t take_slot() {
        const std::uint32_t slot = next_slot_++;
        if (options_.source_taker == SourceTaker::caller || slot % p::batch_size != 0) return slot;
        const auto end = std::min<std::size_t>(slot + p::batch_size, sources_.size());
        for (std::size_t i = slot; i != end; ++i) {
            const SourceRequest& source = sources_[i];
            builder_.push(source.op, p::TakeSource{.header = {},
                                                   .path = builder_.text(source.path),
                                                   .slot = static_cast<std::uint32_t>(i),
                                                   .attributes = source.attributes,
                                                   .writable_root = source.writable_root ? 1U : 0U,
                                                   .reserved = 0});
        }
        return slot;
    }

    [[nodiscard]] p::GuestTarget target(std::string_view path) {
        return {builder_.text(path), is_kernel_path(path) ? 1U : 0U};
    }

    /// Consecutive entries of one directory share its text, by which the helper knows it again.
    [[nodiscard]] p::NewEntry entry(std::string_view path) {
        const std::size_t slash = path.find_last_of('/');
        const std::string_view parent = slash == 0 ? "/" : path.substr(0, slash);
        if (parent != parent_text_) {
            parent_text_ = parent;
            parent_ = target(parent);
        }
        return {parent_, builder_.text(path.substr(slash + 1)), 0};
    }

    [[nodiscard]] p::NewFilesystem filesystem(std::string_view type,
                                              const std::vector<MountOption>& options,
                                              std::uint32_t attributes) {
        std::vector<p::Option> list;
        for (const MountOption& option : options) {
            const p::Text name = builder_.text(option.name);
            list.push_back({name, option.value.empty() ? 0 : builder_.text(option.value)});
        }
        const p::Text type_text = builder_.text(type);
        return {type_text, attributes, builder_.array(list),
                static_cast<std::uint32_t>(list.size())};
    }

    /// overlayfs splits "lowerdir" at colons; a backslash keeps one
    /// (Documentation/filesystems/overlayfs.rst).
    [[nodiscard]] p::Layers layers(const HostPath& lower) {
        std::string escaped;
        for (const char c : lower.text) {
            if (c == ':' || c == '\\') escaped += '\\';
            escaped += c;
        }
        return {.lower = builder_.text(lower.text),
                .lower_option = builder_.text(escaped),
                .number = next_layer_++,
                .user_attributes = plan_.namespaces.contains(Namespace::user) ? 1U : 0U};
    }

    /// "+N" is a number; a plain number may still be somebody's name, and is looked up first.
    [[nodiscard]] p::Principal principal(std::string_view text) {
        if (text.empty()) return {0, 0};
        if (text[0] != '+') return {builder_.text(text), 0};
        return {0, *plus_id(text)};
    }

    const ContainerPlan& plan_;
    const LoweringOptions& options_;
    std::vector<SourceRequest> sources_;
    ProgramBuilder builder_;
    std::string parent_text_;
    p::GuestTarget parent_{};
    std::uint32_t next_slot_ = 0;
    std::uint32_t next_layer_ = 0;
    std::int32_t op_ = 0;
};

}  // namespace

Result<LoweredPlan> lower_outside(const ContainerPlan& plan, const LoweringOptions& options) {
    INSULA_CHECK(validate(plan));
    INSULA_CHECK(check_identities(plan));
    LoweredPlan lowered;
    if (options.source_taker == SourceTaker::caller) lowered.sources = sources_of(plan);
    lowered.clone_flags = clone_flags(plan.namespaces);
    if (plan.namespaces.contains(Namespace::user)) {
        lowered.uid_map = map_text(plan.uid_map);
        lowered.gid_map = map_text(plan.gid_map);
        lowered.deny_setgroups = keeps_groups(plan);
        lowered.keep_capabilities = !is_mapped_to_root(plan.uid_map, options.caller_uid);
    }
    return lowered;
}

void lower_program(const ContainerPlan& plan, const LoweringOptions& options,
                   LoweredPlan& lowered) {
    Lowering(plan, options).run(lowered);
}

Result<LoweredPlan> lower(const ContainerPlan& plan, const LoweringOptions& options) {
    INSULA_TRY(LoweredPlan lowered, lower_outside(plan, options));
    lower_program(plan, options, lowered);
    return lowered;
}

}  // namespace insula::linux_
