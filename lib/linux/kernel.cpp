// SPDX-License-Identifier: Apache-2.0
#include "linux/kernel.hpp"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "init/program.hpp"
#include "init/syscall.hpp"
#include "linux/stage_one.hpp"

namespace insula::linux_ {

namespace {

long word(long value) noexcept {
    return value;
}
long word(unsigned long value) noexcept {
    return static_cast<long>(value);
}
long word(int value) noexcept {
    return value;
}
long word(unsigned value) noexcept {
    return value;
}
long word(const void* value) noexcept {
    return reinterpret_cast<long>(value);
}

/// Raw, because libc sets errno, may be a cancellation point, and hides signals 32 and 33.
template <class... Args>
long raw(long number, Args... args) noexcept {
    return init::system_call(number, word(args)...);
}
template <class... Args>
int raw_int(long number, Args... args) noexcept {
    return static_cast<int>(raw(number, args...));
}

class SystemKernel final : public Kernel {
public:
    int open(const char* path, int flags) noexcept override {
        return raw_int(__NR_openat, AT_FDCWD, path, flags, 0);
    }
    long read(int fd, void* buffer, std::size_t size) noexcept override {
        return raw(__NR_read, fd, buffer, size);
    }
    long write(int fd, const void* buffer, std::size_t size) noexcept override {
        return raw(__NR_write, fd, buffer, size);
    }
    long pwrite(int fd, const void* buffer, std::size_t size, long offset) noexcept override {
        return raw(__NR_pwrite64, fd, buffer, size, offset);
    }
    int close(int fd) noexcept override { return raw_int(__NR_close, fd); }
    int fcntl(int fd, int command, long argument) noexcept override {
        return raw_int(__NR_fcntl, fd, command, argument);
    }
    int ftruncate(int fd, long size) noexcept override { return raw_int(__NR_ftruncate, fd, size); }
    long readlinkat(int directory, const char* path, char* buffer,
                    std::size_t size) noexcept override {
        return raw(__NR_readlinkat, directory, path, buffer, size);
    }
    int statx(int directory, const char* path, int flags, unsigned mask,
              struct statx& out) noexcept override {
        return raw_int(__NR_statx, directory, path, flags, mask, &out);
    }
    long getdents64(int fd, void* buffer, std::size_t size) noexcept override {
        return raw(__NR_getdents64, fd, buffer, size);
    }
    int memfd_create(const char* name, unsigned flags) noexcept override {
        return raw_int(__NR_memfd_create, name, flags);
    }
    int mmap(std::size_t size, int fd, void*& address) noexcept override {
        void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (mapped == MAP_FAILED) return -errno;
        address = mapped;
        return 0;
    }
    int munmap(void* address, std::size_t size) noexcept override {
        return ::munmap(address, size) == 0 ? 0 : -errno;
    }
    int pipe2(int (&ends)[2], int flags) noexcept override {
        return raw_int(__NR_pipe2, &ends[0], flags);
    }
    int socketpair(int domain, int type, int (&ends)[2]) noexcept override {
        return raw_int(__NR_socketpair, domain, type, 0, &ends[0]);
    }
    long send_descriptors(int socket, const int* fds, std::size_t count) noexcept override {
        char byte = 's';
        iovec vector{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(program::batch_size * sizeof(int))] = {};
        if (count > program::batch_size) return -EINVAL;
        msghdr message{};
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        std::memcpy(CMSG_DATA(header), fds, count * sizeof(int));
        return raw(__NR_sendmsg, socket, &message, MSG_NOSIGNAL);
    }
    long send(int socket, const void* buffer, std::size_t size, int flags) noexcept override {
        return raw(__NR_sendto, socket, buffer, size, flags, 0, 0);
    }
    long recv(int socket, void* buffer, std::size_t size, int flags) noexcept override {
        return raw(__NR_recvfrom, socket, buffer, size, flags, 0, 0);
    }
    int ppoll(pollfd* fds, std::size_t count, const timespec* timeout) noexcept override {
        timespec left{};  // the kernel writes what is left
        if (timeout != nullptr) left = *timeout;
        return raw_int(__NR_ppoll, fds, count, timeout == nullptr ? nullptr : &left, 0, 0);
    }
    int open_tree(int directory, const char* path, unsigned flags) noexcept override {
        return raw_int(__NR_open_tree, directory, path, flags);
    }
    int mount_setattr(int directory, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept override {
        return raw_int(__NR_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
    }
    int fsopen(const char* type, unsigned flags) noexcept override {
        return raw_int(__NR_fsopen, type, flags);
    }
    int openat2(int directory, const char* path, const open_how& how) noexcept override {
        return raw_int(__NR_openat2, directory, path, &how, sizeof how);
    }
    int close_range(unsigned first, unsigned last, unsigned flags) noexcept override {
        return raw_int(__NR_close_range, first, last, flags);
    }
    int capget(std::uint64_t& effective) noexcept override {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2] = {};
        const int result = raw_int(__NR_capget, &header, &data[0]);
        effective = data[0].effective | std::uint64_t{data[1].effective} << 32;
        return result;
    }
    int getuid() noexcept override { return raw_int(__NR_geteuid); }
    int getgid() noexcept override { return raw_int(__NR_getegid); }
    int uname(utsname& out) noexcept override { return raw_int(__NR_uname, &out); }
    int clone_stage_one(StageOneJob& job) noexcept override { return insula_clone_stage_one(&job); }
    void wait_for_stage_one(StageOneJob& job) noexcept override { insula_wait_for_stage_one(&job); }
    int waitid(int pidfd, siginfo_t& info, int options) noexcept override {
        return raw_int(__NR_waitid, P_PIDFD, pidfd, &info, options, 0);
    }
    int pidfd_send_signal(int pidfd, int signal) noexcept override {
        return raw_int(__NR_pidfd_send_signal, pidfd, signal, 0, 0);
    }
    int pidfd_get_info(int pidfd, uapi::PidfdInfo& info) noexcept override {
        return raw_int(__NR_ioctl, pidfd, uapi::pidfd_get_info, &info);
    }
};

}  // namespace

Kernel& system_kernel() noexcept {
    static constinit SystemKernel kernel;
    return kernel;
}

}  // namespace insula::linux_
