// SPDX-License-Identifier: Apache-2.0
#include "floor.hpp"

#include <linux/futex.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "init/calls.hpp"
#include "init/syscall.hpp"

namespace insula::bench {

namespace {

using init::system_call;

struct DeviceNode {
    const char* path;
    unsigned number;
};
constexpr DeviceNode devices[] = {{"/dev/null", 0x103},    {"/dev/zero", 0x105},
                                  {"/dev/full", 0x107},    {"/dev/random", 0x108},
                                  {"/dev/urandom", 0x109}, {"/dev/tty", 0x500}};
constexpr const char* links[][2] = {{"/proc/self/fd", "dev/fd"},
                                    {"/proc/self/fd/0", "dev/stdin"},
                                    {"/proc/self/fd/1", "dev/stdout"},
                                    {"/proc/self/fd/2", "dev/stderr"},
                                    {"pts/ptmx", "dev/ptmx"}};
constexpr const char* protected_paths[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                           "proc/sysrq-trigger"};
constexpr const char* masked_directories[] = {"proc/acpi", "proc/asound", "proc/scsi",
                                              "sys/firmware", "sys/devices/virtual/powercap"};
constexpr const char* masked_files[] = {"proc/interrupts",    "proc/kcore",       "proc/keys",
                                        "proc/latency_stats", "proc/sched_debug", "proc/timer_list",
                                        "proc/timer_stats"};
/// The OCI default less MKNOD: what our plan of the profile `app` keeps.
constexpr unsigned long kept_capabilities =
    1UL << CAP_CHOWN | 1UL << CAP_DAC_OVERRIDE | 1UL << CAP_FOWNER | 1UL << CAP_FSETID |
    1UL << CAP_KILL | 1UL << CAP_SETGID | 1UL << CAP_SETUID | 1UL << CAP_SETPCAP |
    1UL << CAP_NET_BIND_SERVICE | 1UL << CAP_NET_RAW | 1UL << CAP_SYS_CHROOT |
    1UL << CAP_AUDIT_WRITE | 1UL << CAP_SETFCAP;

constexpr unsigned long no_access = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr std::size_t stack_size = 65536;

/// What caller and child share until the exec.
struct Job {
    const Case& wanted;
    FloorTimes* times;
    init::KernelCalls calls{};
    int thread = 1;      ///< cleared by the kernel when the child has left this memory
    int maps_ready = 0;  ///< a futex: the ids of set C are mapped
};

/// In the child, which shares this memory, but is a process.
[[noreturn]] void fail(const char* what, long result) {
    ::dprintf(STDERR_FILENO, "floor: %s: error %ld\n", what, -result);
    std::_Exit(99);
}

void check(long result, const char* what) {
    if (result < 0) fail(what, result);
}

void mark(Job& job, FloorPhase phase) {
    if (job.times == nullptr) return;
    __kernel_timespec now{};
    job.calls.clock_gettime(/*CLOCK_MONOTONIC*/ 1, now);
    (*job.times)[static_cast<std::size_t>(phase)] = now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void mount_new(Job& job, const char* type, const char* target, unsigned long flags,
               const char* options = nullptr) {
    check(job.calls.mount(type, target, type, flags, options), target);
}

void bind(Job& job, const char* source, const char* target, unsigned long flags = 0) {
    check(job.calls.mount(source, target, nullptr, MS_BIND, nullptr), target);
    if (flags != 0)
        check(job.calls.mount(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | flags, nullptr),
              target);
}

void bind_root(Job& job) {
    const char* root = job.wanted.root.c_str();
    check(job.calls.mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private /");
    check(job.calls.mount(root, root, nullptr, MS_BIND | MS_REC, nullptr), root);
    check(job.calls.chdir(root), root);
    mark(job, FloorPhase::bind_root);
}

void make_devices(Job& job) {
    init::KernelCalls& calls = job.calls;
    mount_new(job, "tmpfs", "dev", MS_NOSUID, "mode=755,size=65536k,nr_inodes=4096");
    const bool nodes = job.wanted.set != Set::c;  // a user namespace may make none
    const unsigned mode = nodes ? uapi::mode_character | 0666 : uapi::mode_regular | 0644;
    for (const auto& [path, number] : devices) {
        const char* inside = path + 1;  // below the root, which is the directory we are in
        check(calls.mknodat(AT_FDCWD, inside, mode, nodes ? number : 0), inside);
        if (!nodes) bind(job, path, inside);
    }
    for (const auto& [target, path] : links) check(calls.symlinkat(target, AT_FDCWD, path), path);
    for (const char* directory : {"dev/pts", "dev/shm", "dev/mqueue"})
        check(calls.mkdirat(AT_FDCWD, directory, 0755), directory);
    mark(job, FloorPhase::devices);
}

void mount_all(Job& job) {
    mount_new(job, "proc", "proc", no_access);
    mount_new(job, "sysfs", "sys", no_access | MS_RDONLY);
    mark(job, FloorPhase::proc_and_sysfs);
    make_devices(job);
    mount_new(job, "devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620,gid=5");
    mount_new(job, "tmpfs", "dev/shm", no_access, "mode=1777,size=65536k");
    mount_new(job, "mqueue", "dev/mqueue", no_access);
    mark(job, FloorPhase::other_mounts);
}

void bind_sources(Job& job, const std::string* targets) {
    for (int i = 0; i != job.wanted.binds; ++i)
        bind(job, job.wanted.bind_source.c_str(), targets[i].c_str(), MS_RDONLY);
    mark(job, FloorPhase::binds);
}

void protect_and_mask(Job& job) {
    init::KernelCalls& calls = job.calls;
    for (const char* path : protected_paths) {
        if (calls.mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) < 0) continue;  // absent
        check(calls.mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | no_access,
                          nullptr),
              path);
    }
    mark(job, FloorPhase::protected_paths);
    // Which are directories is known beforehand: a failed bind would wait for an RCU grace period.
    for (const char* path : masked_files)
        (void)calls.mount("dev/null", path, nullptr, MS_BIND, nullptr);  // or it is absent
    for (const char* path : masked_directories)
        (void)calls.mount("tmpfs", path, "tmpfs", no_access | MS_RDONLY, nullptr);
    mark(job, FloorPhase::masked_paths);
}

void enter_root(Job& job) {
    init::KernelCalls& calls = job.calls;
    check(calls.pivot_root(".", "."), "pivot_root");
    check(calls.umount2(".", uapi::umount_detach), "umount2");
    check(calls.chdir("/"), "chdir");
    check(calls.sethostname("floor", 5), "sethostname");
    mark(job, FloorPhase::enter_root);
}

void raise_loopback(Job& job) {
    constexpr int inet = 2;                  // AF_INET
    constexpr int datagram = 2 | O_CLOEXEC;  // SOCK_DGRAM | SOCK_CLOEXEC
    const int socket = job.calls.socket(inet, datagram, 0);
    check(socket, "socket");
    uapi::InterfaceFlags request{
        .name = "lo", .flags = uapi::interface_up | uapi::interface_running, .unused = {}};
    check(job.calls.ioctl(socket, uapi::set_interface_flags, &request), "lo");
    job.calls.close(socket);
    mark(job, FloorPhase::loopback);
}

void drop_capabilities(Job& job) {
    for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability)
        if ((kept_capabilities >> capability & 1) == 0)
            check(job.calls.prctl(PR_CAPBSET_DROP, capability), "drop");
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const auto low = static_cast<unsigned>(kept_capabilities);
    const __user_cap_data_struct data[2] = {{low, low, 0}, {0, 0, 0}};
    check(job.calls.capset(header, data), "capset");
    check(job.calls.prctl(PR_SET_NO_NEW_PRIVS, 1), "no_new_privs");
    mark(job, FloorPhase::capabilities);
}

void become_root_inside(Job& job) {
    while (__atomic_load_n(&job.maps_ready, __ATOMIC_ACQUIRE) == 0)
        system_call(__NR_futex, reinterpret_cast<long>(&job.maps_ready), FUTEX_WAIT, 0);
    check(job.calls.setresgid(0, 0, 0), "setresgid");
    check(job.calls.setresuid(0, 0, 0), "setresuid");
}

struct Child {
    Job& job;
    const std::string* bind_targets;
};

int run_child(void* argument) {
    auto& [job, bind_targets] = *static_cast<Child*>(argument);
    if (job.wanted.set == Set::c) become_root_inside(job);
    mark(job, FloorPhase::clone);
    job.calls.umask(0);
    bind_root(job);
    mount_all(job);
    if (job.wanted.binds != 0) bind_sources(job, bind_targets);
    protect_and_mask(job);
    enter_root(job);
    if (job.wanted.set != Set::a) raise_loopback(job);
    drop_capabilities(job);
    char* argv[] = {const_cast<char*>(job.wanted.program.c_str()), nullptr};
    char* environment[] = {const_cast<char*>("PATH=/bin"), nullptr};
    fail("execve", job.calls.execve(argv[0], argv, environment));
}

void write_file(const std::string& path, const std::string& text) {
    const long fd = system_call(__NR_open, reinterpret_cast<long>(path.c_str()), O_WRONLY);
    const long written = system_call(__NR_write, fd, reinterpret_cast<long>(text.data()),
                                     static_cast<long>(text.size()));
    if (written < 0) throw std::runtime_error("floor: cannot write " + path);
    system_call(__NR_close, fd);
}

void map_ids(Job& job, int pid) {
    const std::string process = "/proc/" + std::to_string(pid);
    const std::string map = "0 " + std::to_string(first_id) + ' ' + std::to_string(id_count);
    write_file(process + "/uid_map", map);
    write_file(process + "/gid_map", map);
    __atomic_store_n(&job.maps_ready, 1, __ATOMIC_RELEASE);
    system_call(__NR_futex, reinterpret_cast<long>(&job.maps_ready), FUTEX_WAKE, 1);
}

[[nodiscard]] int clone_flags(Set set) noexcept {
    int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
    if (set != Set::a) flags |= CLONE_NEWNET;
    if (set == Set::c) flags |= CLONE_NEWUSER;
    return flags;
}

}  // namespace

std::string_view name_of(FloorPhase phase) noexcept {
    constexpr std::string_view names[] = {
        "begin",    "clone until the child runs",
        "root",     "proc, sysfs",
        "/dev",     "devpts, shm, mqueue",
        "binds",    "read-only paths",
        "masks",    "pivot_root, hostname",
        "loopback", "capabilities",
        "exec",     "run and exit",
    };
    return names[static_cast<std::size_t>(phase)];
}

void run_floor(const Case& wanted, FloorTimes* times) {
    // Prepared once: the floor is the system calls.
    static char stack[stack_size];
    static std::string bind_targets[10'001];
    for (int i = 0; i != wanted.binds && bind_targets[i].empty(); ++i)
        bind_targets[i] = "mnt/" + std::to_string(i);

    Job job{.wanted = wanted, .times = times};
    Child argument{job, bind_targets};
    mark(job, FloorPhase::begin);
    const int pid = ::clone(run_child, stack + stack_size,
                            clone_flags(wanted.set) | CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD,
                            &argument, nullptr, nullptr, &job.thread);
    if (pid < 0) throw std::runtime_error("floor: cannot clone");
    if (wanted.set == Set::c) map_ids(job, pid);
    while (__atomic_load_n(&job.thread, __ATOMIC_ACQUIRE) != 0)
        system_call(__NR_futex, reinterpret_cast<long>(&job.thread), FUTEX_WAIT, 1);
    mark(job, FloorPhase::exec);
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || status != 0)
        throw std::runtime_error("floor: the container failed");
    mark(job, FloorPhase::exit);
}

}  // namespace insula::bench
