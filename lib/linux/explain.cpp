// SPDX-License-Identifier: Apache-2.0
#include "linux/explain.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <variant>

#include "insula/plan/text.hpp"

namespace insula::linux_ {

namespace {

using program::Call;
using program::Detail;

constexpr std::array<std::string_view, static_cast<std::size_t>(Call::count_)> call_names{
    "",
    "capget",
    "capset",
    "chdir",
    "chroot",
    "clone3",
    "close",
    "connect",
    "dup3",
    "execve",
    "fchdir",
    "fchmod",
    "fchown",
    "fcntl",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fstat",
    "ioctl",
    "prctl(PR_SET_KEEPCAPS)",
    "mkdirat",
    "mknodat",
    "mmap",
    "mount",
    "mount_setattr",
    "move_mount",
    "prctl(PR_SET_NO_NEW_PRIVS)",
    "open",
    "open_tree",
    "openat2",
    "pivot_root",
    "read",
    "recvmsg",
    "prctl(PR_CAPBSET_DROP)",
    "prctl(PR_CAP_AMBIENT)",
    "setgroups",
    "sethostname",
    "setresgid",
    "setresuid",
    "setsid",
    "socket",
    "symlinkat",
    "umount2",
    "read /etc/passwd",
    "read /etc/group"};

[[nodiscard]] std::string quoted(std::string_view text) {
    std::string out(1, '\'');
    out += text;
    out += '\'';
    return out;
}

/// What a step was doing, as the rest of a sentence that begins with "cannot".
struct Doing {
    std::string operator()(const BindRoot& op) const {
        return "use " + quoted(op.source.text) + " as the root";
    }
    std::string operator()(const TmpfsRoot&) const { return "make a tmpfs the root"; }
    std::string operator()(const OverlayRoot& op) const {
        return "make the root from " + quoted(op.lower.text) + " by overlay";
    }
    std::string operator()(const BindMount& op) const {
        return "mount " + quoted(op.source.text) + " at " + quoted(op.target.text);
    }
    std::string operator()(const GuestBindMount& op) const {
        return "mount the container's " + quoted(op.source.text) + " at " + quoted(op.target.text);
    }
    std::string operator()(const OverlayMount& op) const {
        return "mount " + quoted(op.lower.text) + " at " + quoted(op.target.text) + " by overlay";
    }
    std::string operator()(const FilesystemMount& op) const {
        return "mount a new " + std::string(to_text(op.type)) + " at " + quoted(op.target.text);
    }
    std::string operator()(const MakeDirectory& op) const {
        return "make the directory " + quoted(op.path.text);
    }
    std::string operator()(const MakeDevice& op) const {
        return "make the device " + quoted(op.path.text);
    }
    std::string operator()(const MakeSymlink& op) const {
        return "make the symbolic link " + quoted(op.path.text);
    }
    std::string operator()(const MaskPath& op) const { return "mask " + quoted(op.path.text); }
    std::string operator()(const ProtectPath& op) const {
        return "make " + quoted(op.path.text) + " read-only";
    }
    std::string operator()(const UnprotectPath& op) const {
        return "make " + quoted(op.path.text) + " writable";
    }
    std::string operator()(const SealRoot&) const { return "make the root read-only"; }
    std::string operator()(const EnterRoot&) const { return "change to the new root"; }
    std::string operator()(const SetHostname& op) const {
        return "set the hostname " + quoted(op.hostname);
    }
    std::string operator()(const RaiseLoopback&) const { return "bring up the interface 'lo'"; }
    std::string operator()(const SetIdentity& op) const {
        return "become user " + quoted(op.user) +
               (op.group.empty() ? std::string() : " and group " + quoted(op.group));
    }
    std::string operator()(const SetCapabilities&) const { return "set the capabilities"; }
    std::string operator()(const SetNoNewPrivs&) const { return "set no_new_privs"; }
    std::string operator()(const ChangeDirectory& op) const {
        return "change to the directory " + quoted(op.path.text);
    }
    std::string operator()(const ExecInit& op) const { return "execute " + quoted(op.path.text); }
};

/// The remedy that follows from what exactly was found.
[[nodiscard]] std::string_view find_hint(Detail detail) {
    switch (detail) {
        case Detail::interpreter:
            return "the file exists, but the interpreter that it names in its first line, or as "
                   "its ELF loader, does not exist in the container";
        case Detail::directory: return "name the program in it";
        case Detail::dangling_link:
            return "nothing is made through a link; make what it points to, or remove it";
        case Detail::not_a_device: return "nothing is hidden under anything else";
        case Detail::too_big: return "the file is larger than 16 MiB";
        case Detail::too_many_groups: return "the user is a member of more than 1024 groups";
        case Detail::not_a_file:
        case Detail::none:
        case Detail::source:
        case Detail::target:
        case Detail::attach:
        case Detail::attributes:
        case Detail::count_: break;
    }
    return {};
}

/// The likely cause where the target of a mount could not be found or made.
[[nodiscard]] std::string_view find_target_hint(int error, bool user) {
    switch (error) {
        case ELOOP:
            return "a symbolic link stands where the container's own kernel file systems go; the "
                   "root tree is damaged or hostile";
        case ENOTDIR: return "a component of the target is a file";
        case EROFS:
            return "the target does not exist and cannot be made on a read-only file system; make "
                   "it beforehand";
        case EACCES:
            if (!user) return {};
            return "the root tree belongs to ids that the user namespace does not map, so nothing "
                   "can be made in it; make the target beforehand, or give the tree to the mapped "
                   "ids";
        default: return {};
    }
}

/// The likely cause of a refused clone3.
[[nodiscard]] std::string_view find_clone_hint(int error, bool user) {
    switch (error) {
        case EPERM: return user ? "this user may not make user namespaces; see 'insula host'" : "";
        case EAGAIN:
            return "the limit on processes of this user (ulimit -u), of the control group "
                   "(pids.max) or of the host is reached";
        case ENOSPC:
            return "the limit on nested namespaces, or on their number (sysctl "
                   "user.max_*_namespaces), is reached";
        default: return {};
    }
}

/// Whether the op makes a file system of which a user namespace may have a limited view only.
[[nodiscard]] bool shows_kernel(const ContainerPlan& plan, std::int32_t op) {
    if (op < 0) return false;
    const auto* mount =
        std::get_if<FilesystemMount>(&plan.ops[static_cast<std::size_t>(op)].action);
    return mount != nullptr &&
           (mount->type == KernelFilesystem::proc || mount->type == KernelFilesystem::sysfs);
}

/// The likely cause of a failure, with its remedy; "" where it is not known.
[[nodiscard]] std::string_view find_hint(const ContainerPlan& plan, const program::Report& report) {
    const bool user = plan.namespaces.contains(Namespace::user);
    if (const std::string_view hint = find_hint(report.detail); !hint.empty()) return hint;
    if (report.error == ENOSYS)
        return "the kernel is too old, or a filter denies this system call; 'insula host' lists "
               "what is needed";
    if (report.error == EMFILE) return "raise the limit on open files (ulimit -n)";
    if (report.detail == Detail::target)
        if (const auto hint = find_target_hint(report.error, user); !hint.empty()) return hint;
    if (report.call == Call::clone) return find_clone_hint(report.error, user);
    if (report.call == Call::open_tree && report.error == EINVAL && user)
        return "in a user namespace the kernel refuses a plain bind of a tree that has mounts "
               "below it; add <insula:mount recursive='yes'/> to bind them too";
    if (report.call == Call::move_mount && report.error == EINVAL)
        return "a directory goes only over a directory, and a file only over a file";
    if (report.call == Call::fsconfig && report.error == EPERM && user &&
        shows_kernel(plan, report.op))
        return "the kernel allows a new proc or sysfs in a user namespace only where the host's is "
               "fully visible: inside another container it is usually masked";
    if (report.error == EACCES && report.detail == Detail::source)
        return "this user may not reach the source; check the permissions of every directory on "
               "the way";
    return {};
}

/// What happened, where that says more than the words of the errno; else "".
[[nodiscard]] std::string_view reason(const program::Report& report) {
    if (report.call == Call::look_up_user && report.error == ENOENT)
        return "no such user in the container's /etc/passwd";
    if (report.call == Call::look_up_group && report.error == ENOENT)
        return "no such group in the container's /etc/group";
    if (report.call == Call::openat2 && report.error == EAGAIN)
        return "something kept renaming directories on the way";
    switch (report.detail) {
        case Detail::source: return report.error == ENOENT ? "the source does not exist" : "";
        case Detail::interpreter: return "its interpreter does not exist";
        case Detail::directory: return "it is a directory";
        case Detail::dangling_link: return "a symbolic link on the way leads to nothing";
        case Detail::not_a_device: return "the container's /dev/null is not the null device";
        case Detail::not_a_file: return "the user database is not a regular file";
        case Detail::none:
        case Detail::target:
        case Detail::attach:
        case Detail::attributes:
        case Detail::too_big:
        case Detail::too_many_groups:
        case Detail::count_: break;
    }
    return {};
}

/// "permission denied": the words of an errno, without its name.
[[nodiscard]] std::string words_of(int system_error) {
    const std::string text = detail::errno_text(system_error);
    const std::size_t comma = text.find(", ");
    return comma == std::string::npos ? text : text.substr(comma + 2);
}

}  // namespace

std::string_view call_name(Call call) noexcept {
    const auto index = static_cast<std::size_t>(call);
    return index < call_names.size() ? call_names[index] : std::string_view{};
}

ErrorCode error_code_of(int system_error) noexcept {
    switch (system_error) {
        case EPERM:
        case EACCES: return ErrorCode::denied;
        case ENOENT:
        case ENOTDIR:
        case ENODEV:
        case ENXIO: return ErrorCode::missing;
        case ENOSYS:
        case EOPNOTSUPP: return ErrorCode::unsupported;
        case EAGAIN:
        case EBUSY:
        case EMFILE:
        case ENFILE:
        case ENOSPC:
        case ENOMEM:
        case EUSERS:
        case ETIMEDOUT:
        case ECANCELED: return ErrorCode::busy;
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG:
        case ENOEXEC: return ErrorCode::invalid;
        default: return ErrorCode::system;
    }
}

Error explain(const ContainerPlan& plan, const program::Report& report) {
    Error error;
    error.code = report.detail == Detail::interpreter || report.detail == Detail::directory
                     ? ErrorCode::invalid
                     : error_code_of(report.error);
    error.call = call_name(report.call);
    error.system_error = report.error;
    error.kernel_text = report.kernel_text;
    error.hint = find_hint(plan, report);
    std::string doing = "prepare the container";
    if (report.op >= 0 && static_cast<std::size_t>(report.op) < plan.ops.size()) {
        const Op& op = plan.ops[static_cast<std::size_t>(report.op)];
        error.op = report.op;
        error.xml = op.origin;
        error.path = op.path;
        doing = std::visit(Doing{}, op.action);
    }
    const std::string_view known = reason(report);
    error.message =
        "cannot " + doing + ": " + (known.empty() ? words_of(report.error) : std::string(known));
    return error;
}

Error start_error(int system_error, std::string_view call, std::string message) {
    Error error;
    error.code = error_code_of(system_error);
    error.message = std::move(message) + ": " + words_of(system_error);
    error.call = call;
    error.system_error = system_error;
    return error;
}

}  // namespace insula::linux_
