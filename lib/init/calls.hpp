// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/time_types.h>

#include "init/syscall.hpp"
#include "init/uapi.hpp"

namespace insula::init {

/// struct iovec.
struct Vector {
    void* base = nullptr;
    unsigned long size = 0;
};

/// A message header of recvmsg(2), which the kernel's own headers do not declare.
struct MessageHeader {
    void* name = nullptr;
    int name_length = 0;
    Vector* vectors = nullptr;
    unsigned long vector_count = 0;
    void* control = nullptr;
    unsigned long control_length = 0;
    unsigned flags = 0;
};

/// The header of one control message.
struct ControlHeader {
    unsigned long length = 0;
    int level = 0;
    int type = 0;
};

/// The kernel, one method per call, with its names and argument order: >= 0 or -errno, no opinions.
/// The interpreter takes this type as a template parameter, so that tests can stand in for the
/// kernel.
class KernelCalls {
public:
    int openat2(int directory, const char* path, const open_how& how) noexcept {
        return call(__NR_openat2, directory, path, &how, sizeof how);
    }
    int close(int fd) noexcept { return call(__NR_close, fd); }
    int close_range(unsigned first, unsigned last, unsigned flags) noexcept {
        return call(__NR_close_range, first, last, flags);
    }
    int dup3(int from, int to, int flags) noexcept { return call(__NR_dup3, from, to, flags); }
    int fcntl(int fd, int command, long argument) noexcept {
        return call(__NR_fcntl, fd, command, argument);
    }
    long read(int fd, void* buffer, unsigned long size) noexcept {
        return call_long(__NR_read, fd, buffer, size);
    }
    int statx(int fd, const char* path, int flags, unsigned mask, struct statx& out) noexcept {
        return call(__NR_statx, fd, path, flags, mask, &out);
    }
    int mkdirat(int directory, const char* name, unsigned mode) noexcept {
        return call(__NR_mkdirat, directory, name, mode);
    }
    int mknodat(int directory, const char* name, unsigned mode, unsigned device) noexcept {
        return call(__NR_mknodat, directory, name, mode, device);
    }
    int symlinkat(const char* target, int directory, const char* name) noexcept {
        return call(__NR_symlinkat, target, directory, name);
    }
    int fchmod(int fd, unsigned mode) noexcept { return call(__NR_fchmod, fd, mode); }
    int fchown(int fd, unsigned uid, unsigned gid) noexcept {
        return call(__NR_fchown, fd, uid, gid);
    }
    int fchdir(int fd) noexcept { return call(__NR_fchdir, fd); }
    int chdir(const char* path) noexcept { return call(__NR_chdir, path); }

    int open_tree(int directory, const char* path, unsigned flags) noexcept {
        return call(__NR_open_tree, directory, path, flags);
    }
    int move_mount(int from, const char* from_path, int to, const char* to_path,
                   unsigned flags) noexcept {
        return call(__NR_move_mount, from, from_path, to, to_path, flags);
    }
    int mount_setattr(int directory, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept {
        return call(__NR_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
    }
    int fsopen(const char* type, unsigned flags) noexcept { return call(__NR_fsopen, type, flags); }
    int fsconfig(int fd, unsigned command, const char* key, const char* value) noexcept {
        return call(__NR_fsconfig, fd, command, key, value, 0);
    }
    int fsmount(int fd, unsigned flags, unsigned attributes) noexcept {
        return call(__NR_fsmount, fd, flags, attributes);
    }
    int mount(const char* source, const char* target, const char* type, unsigned long flags,
              const void* data) noexcept {
        return call(__NR_mount, source, target, type, flags, data);
    }
    int umount2(const char* target, int flags) noexcept {
        return call(__NR_umount2, target, flags);
    }
    int pivot_root(const char* new_root, const char* put_old) noexcept {
        return call(__NR_pivot_root, new_root, put_old);
    }

    int sethostname(const char* name, unsigned long length) noexcept {
        return call(__NR_sethostname, name, length);
    }
    int socket(int domain, int type, int protocol) noexcept {
        return call(__NR_socket, domain, type, protocol);
    }
    int ioctl(int fd, unsigned long request, void* argument) noexcept {
        return call(__NR_ioctl, fd, request, argument);
    }
    long recvmsg(int fd, MessageHeader& message, int flags) noexcept {
        return call_long(__NR_recvmsg, fd, &message, flags);
    }
    long recvfrom(int fd, void* buffer, unsigned long size, int flags) noexcept {
        return call_long(__NR_recvfrom, fd, buffer, size, flags, 0, 0);
    }
    long sendto(int fd, const void* buffer, unsigned long size, int flags) noexcept {
        return call_long(__NR_sendto, fd, buffer, size, flags, 0, 0);
    }

    int setgroups(unsigned long count, const unsigned* groups) noexcept {
        return call(__NR_setgroups, count, groups);
    }
    int setresgid(unsigned real, unsigned effective, unsigned saved) noexcept {
        return call(__NR_setresgid, real, effective, saved);
    }
    int setresuid(unsigned real, unsigned effective, unsigned saved) noexcept {
        return call(__NR_setresuid, real, effective, saved);
    }
    int capget(__user_cap_header_struct& header, __user_cap_data_struct* data) noexcept {
        return call(__NR_capget, &header, data);
    }
    int capset(__user_cap_header_struct& header, const __user_cap_data_struct* data) noexcept {
        return call(__NR_capset, &header, data);
    }
    int prctl(int option, unsigned long second = 0, unsigned long third = 0) noexcept {
        return call(__NR_prctl, option, second, third, 0, 0);
    }
    int umask(unsigned mask) noexcept { return call(__NR_umask, mask); }
    int setsid() noexcept { return call(__NR_setsid); }
    int rt_sigprocmask(int how, const unsigned long* set) noexcept {
        return call(__NR_rt_sigprocmask, how, set, 0, sizeof *set);
    }
    /// Sets the disposition of `signal` to the default.
    int rt_sigaction_default(int signal) noexcept {
        const unsigned long action[4] = {};
        return call(__NR_rt_sigaction, signal, action, 0, sizeof(unsigned long));
    }
    int rt_sigtimedwait(const unsigned long* set) noexcept {
        return call(__NR_rt_sigtimedwait, set, 0, 0, sizeof *set);
    }
    /// fork(2).
    int clone_process(int exit_signal) noexcept {
        return call(__NR_clone, exit_signal, 0, 0, 0, 0);
    }
    int wait4(int pid, int* status, int options) noexcept {
        return call(__NR_wait4, pid, status, options, 0);
    }
    int kill(int pid, int signal) noexcept { return call(__NR_kill, pid, signal); }
    int getpid() noexcept { return call(__NR_getpid); }
    int execve(const char* path, char* const* argv, char* const* environment) noexcept {
        return call(__NR_execve, path, argv, environment);
    }
    [[noreturn]] void exit_group(int status) noexcept {
        for (;;) call(__NR_exit_group, status);
    }
    int clock_gettime(int clock, __kernel_timespec& out) noexcept {
        return call(__NR_clock_gettime, clock, &out);
    }
    long mmap(unsigned long size, int protection, int flags, int fd,
              unsigned long offset) noexcept {
        return call_long(__NR_mmap, 0, size, protection, flags, fd, offset);
    }

private:
    [[gnu::always_inline]] static long word(long value) noexcept { return value; }
    [[gnu::always_inline]] static long word(unsigned long value) noexcept {
        return static_cast<long>(value);
    }
    [[gnu::always_inline]] static long word(int value) noexcept { return value; }
    [[gnu::always_inline]] static long word(unsigned value) noexcept { return value; }
    [[gnu::always_inline]] static long word(const void* value) noexcept {
        return reinterpret_cast<long>(value);
    }
    [[gnu::always_inline]] static long word(char* const* value) noexcept {
        return reinterpret_cast<long>(value);
    }

    template <class... Args>
    [[gnu::always_inline]] static long call_long(long number, Args... args) noexcept {
        return system_call(number, word(args)...);
    }
    template <class... Args>
    [[gnu::always_inline]] static int call(long number, Args... args) noexcept {
        return static_cast<int>(call_long(number, args...));
    }
};

}  // namespace insula::init
