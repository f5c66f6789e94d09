// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "init/uapi.hpp"

namespace insula::linux_ {

struct StageOneJob;

/// The kernel as the parent side sees it: one method per call, the kernel's names and argument
/// order, >= 0 or -errno, no allocation, no opinions. Everything in `lib/linux` that makes a system
/// call makes it here, so that tests can stand in.
class Kernel {
public:
    Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    virtual ~Kernel() = default;

    virtual int open(const char* path, int flags) noexcept = 0;
    virtual long read(int fd, void* buffer, std::size_t size) noexcept = 0;
    virtual long write(int fd, const void* buffer, std::size_t size) noexcept = 0;
    virtual long pwrite(int fd, const void* buffer, std::size_t size, long offset) noexcept = 0;
    virtual int close(int fd) noexcept = 0;
    virtual int fcntl(int fd, int command, long argument) noexcept = 0;
    virtual int ftruncate(int fd, long size) noexcept = 0;
    virtual long readlinkat(int directory, const char* path, char* buffer,
                            std::size_t size) noexcept = 0;
    virtual int statx(int directory, const char* path, int flags, unsigned mask,
                      struct statx& out) noexcept = 0;
    virtual long getdents64(int fd, void* buffer, std::size_t size) noexcept = 0;
    virtual int memfd_create(const char* name, unsigned flags) noexcept = 0;
    /// Maps `size` bytes of `fd`, shared, to be read and written; `address` is set on success.
    virtual int mmap(std::size_t size, int fd, void*& address) noexcept = 0;
    virtual int munmap(void* address, std::size_t size) noexcept = 0;
    virtual int pipe2(int (&ends)[2], int flags) noexcept = 0;
    virtual int socketpair(int domain, int type, int (&ends)[2]) noexcept = 0;
    /// Sends one byte with `count` descriptors attached.
    virtual long send_descriptors(int socket, const int* fds, std::size_t count) noexcept = 0;
    virtual long send(int socket, const void* buffer, std::size_t size, int flags) noexcept = 0;
    virtual long recv(int socket, void* buffer, std::size_t size, int flags) noexcept = 0;
    virtual int ppoll(pollfd* fds, std::size_t count, const timespec* timeout) noexcept = 0;
    virtual int open_tree(int directory, const char* path, unsigned flags) noexcept = 0;
    virtual int mount_setattr(int directory, const char* path, unsigned flags,
                              const mount_attr& attributes) noexcept = 0;
    virtual int fsopen(const char* type, unsigned flags) noexcept = 0;
    virtual int openat2(int directory, const char* path, const open_how& how) noexcept = 0;
    virtual int close_range(unsigned first, unsigned last, unsigned flags) noexcept = 0;
    virtual int capget(std::uint64_t& effective) noexcept = 0;
    virtual int getuid() noexcept = 0;
    virtual int getgid() noexcept = 0;
    virtual int uname(utsname& out) noexcept = 0;
    /// Makes the child that `job` describes, and its pidfd. See stage_one.hpp.
    virtual int clone_stage_one(StageOneJob& job) noexcept = 0;
    /// Waits until the kernel has left the job's memory alone.
    virtual void wait_for_stage_one(StageOneJob& job) noexcept = 0;
    virtual int waitid(int pidfd, siginfo_t& info, int options) noexcept = 0;
    virtual int pidfd_send_signal(int pidfd, int signal) noexcept = 0;
    virtual int pidfd_get_info(int pidfd, uapi::PidfdInfo& info) noexcept = 0;
};

/// The running kernel. Stateless; any thread may use it.
[[nodiscard]] Kernel& system_kernel() noexcept;

/// Owns a descriptor of `kernel`, which a fake can count.
class HeldFd {
public:
    HeldFd() noexcept = default;
    HeldFd(Kernel& kernel, int fd) noexcept : kernel_(&kernel), fd_(fd) {}
    HeldFd(HeldFd&& other) noexcept : kernel_(other.kernel_), fd_(std::exchange(other.fd_, -1)) {}
    HeldFd& operator=(HeldFd&& other) noexcept {
        if (this != &other) {
            reset();
            kernel_ = other.kernel_;
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~HeldFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset() noexcept {
        if (fd_ >= 0) kernel_->close(std::exchange(fd_, -1));
    }

private:
    Kernel* kernel_ = nullptr;
    int fd_ = -1;
};

}  // namespace insula::linux_
