// SPDX-License-Identifier: Apache-2.0
#include "linux/probe.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "linux/explain.hpp"
#include "linux/spawn.hpp"
#include "linux/stage_one.hpp"

namespace insula::linux_ {

namespace {

struct Release {
    unsigned major = 0;
    unsigned minor = 0;
    friend auto operator<=>(const Release&, const Release&) = default;
};

[[nodiscard]] Release parse_release(std::string_view text) {
    Release release;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [dot, bad] = std::from_chars(begin, end, release.major);
    if (bad == std::errc{} && dot != end && *dot == '.')
        std::from_chars(dot + 1, end, release.minor);
    return release;
}

/// Whether `result` says that a call exists, whatever it thinks of its arguments.
[[nodiscard]] bool is_known(int result) noexcept {
    return result != -ENOSYS && result != -EPERM;
}

void note(HostFacts& facts, std::string text) {
    facts.notes.push_back(std::move(text));
}

/// Makes a child in a new user namespace, which ends at once because it has no program to execute.
/// Shows clone3, close_range, user namespaces and exit information in one go.
void probe_clone(Kernel& kernel, HostFacts& facts) {
    const auto stack = std::make_unique_for_overwrite<char[]>(stage_one_stack_size);
    const char* const argv[] = {nullptr};
    StageOneJob job;
    job.argv = argv;
    job.environment = argv;
    job.stack = stack.get();
    job.stack_size = stage_one_stack_size;
    job.clone_flags = CLONE_NEWUSER | CLONE_NEWNS;
    int pid = kernel.clone_stage_one(job);
    if (pid >= 0) facts.features.insert(KernelFeature::user_namespace);
    if (pid < 0 && pid != -ENOSYS) {
        job.clone_flags = 0;
        pid = kernel.clone_stage_one(job);
    }
    if (pid < 0) {
        note(facts, "clone3 is refused (" + detail::errno_text(-pid) + "): Linux 5.3 or a filter");
        return;
    }
    facts.features.insert(KernelFeature::clone3);
    kernel.wait_for_stage_one(job);
    if (job.call == static_cast<std::uint16_t>(program::Call::execve))
        facts.features.insert(KernelFeature::close_range);
    else
        note(facts, "close_range is refused (" + detail::errno_text(job.error) + ")");
    const HeldFd pidfd(kernel, job.pidfd);
    siginfo_t info{};
    while (reap(kernel, pidfd.get(), info) == -EINTR) {
    }
    uapi::PidfdInfo exit_info{};
    exit_info.mask = uapi::pidfd_info_exit;
    if (kernel.pidfd_get_info(pidfd.get(), exit_info) >= 0 &&
        (exit_info.mask & uapi::pidfd_info_exit) != 0)
        facts.features.insert(KernelFeature::pidfd_info);
}

void probe_calls(Kernel& kernel, HostFacts& facts) {
    const auto learn = [&](KernelFeature feature, int result, std::string_view call) {
        if (is_known(result))
            facts.features.insert(feature);
        else
            note(facts, std::string(call) + " is refused (" + detail::errno_text(-result) +
                            "): the kernel is too old, or a filter denies it");
        if (result >= 0) kernel.close(result);
    };
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    learn(KernelFeature::openat2, kernel.openat2(AT_FDCWD, "/", how), "openat2");
    learn(KernelFeature::mount_api, kernel.open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC),
          "open_tree");
    const mount_attr nothing{};
    // The kernel asks for CAP_SYS_ADMIN first, so an ordinary user's EPERM says that the call is
    // there.
    int set = kernel.mount_setattr(-1, "", uapi::at_empty_path, nothing);
    if (set >= 0 || !facts.capabilities.contains(Capability::sys_admin))
        set = set == -ENOSYS ? set : -EBADF;
    learn(KernelFeature::mount_setattr, set, "mount_setattr");
    const int memfd = kernel.memfd_create("insula-probe", 1U | uapi::mfd_exec);
    if (memfd >= 0 || memfd == -EINVAL)
        facts.features.insert(KernelFeature::memfd_exec);
    else
        note(facts, "sysctl vm.memfd_noexec forbids executable memory files");
    if (memfd >= 0) kernel.close(memfd);
}

/// Says which of the known switches keeps this user from user namespaces.
void explain_user_namespaces(Kernel& kernel, HostFacts& facts) {
    struct Switch {
        const char* path;
        std::string_view bad;
        std::string_view text;
    };
    static constexpr Switch switches[] = {
        {"/proc/sys/kernel/unprivileged_userns_clone", "0\n",
         "user namespaces are disabled by sysctl kernel.unprivileged_userns_clone=0"},
        {"/proc/sys/user/max_user_namespaces", "0\n",
         "user namespaces are disabled by sysctl user.max_user_namespaces=0"},
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
         "AppArmor takes the capabilities of user namespaces away: sysctl "
         "kernel.apparmor_restrict_unprivileged_userns=1"},
    };
    if (facts.capabilities.contains(Capability::sys_admin)) return;
    for (const Switch& one : switches)
        if (const auto content = read_file(kernel, one.path); content && *content == one.bad)
            note(facts, std::string(one.text));
}

}  // namespace

Result<std::string> read_file(Kernel& kernel, const char* path) {
    const int fd = kernel.open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return start_error(-fd, "open", "cannot open '" + std::string(path) + "'");
    const HeldFd file(kernel, fd);
    std::string content;
    char buffer[8192];
    for (;;) {
        const long got = kernel.read(fd, buffer, sizeof buffer);
        if (got == -EINTR) continue;
        if (got < 0)
            return start_error(static_cast<int>(-got), "read",
                               "cannot read '" + std::string(path) + "'");
        if (got == 0) return content;
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

Result<HostFacts> probe(Kernel& kernel) {
    HostFacts facts;
    facts.uid = static_cast<std::uint32_t>(kernel.getuid());
    facts.gid = static_cast<std::uint32_t>(kernel.getgid());
    std::uint64_t effective = 0;
    if (const int got = kernel.capget(effective); got < 0)
        return start_error(-got, "capget", "cannot read the caller's capabilities");
    facts.capabilities = Capabilities::from_bits(effective);
    utsname name{};
    if (const int got = kernel.uname(name); got < 0)
        return start_error(-got, "uname", "cannot read the kernel's release");
    facts.kernel_release = name.release;
    facts.arch = name.machine;
    facts.features = {};
    const Release release = parse_release(facts.kernel_release);
    if (release >= Release{5, 11}) facts.features.insert(KernelFeature::user_overlay);
    if (release >= Release{6, 15}) facts.features.insert(KernelFeature::tree_attach);
    probe_clone(kernel, facts);
    probe_calls(kernel, facts);
    if (!facts.features.contains(KernelFeature::user_namespace))
        explain_user_namespaces(kernel, facts);
    INSULA_CHECK(probe_tree(kernel, facts));
    return facts;
}

}  // namespace insula::linux_
