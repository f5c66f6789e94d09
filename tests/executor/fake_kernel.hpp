// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "executor/fake_tree.hpp"
#include "init/program.hpp"
#include "linux/kernel.hpp"
#include "linux/stage_one.hpp"

namespace insula::test {

/// One call that was made.
struct KernelCall {
    std::string name{};
    std::string text{};  ///< with its arguments; descriptors are said by their label
    long result = 0;
};

/// What the helper does in the course of a start.
struct HelperScript {
    unsigned batches = 0;  ///< of mounts that it asks for, beyond the first
    program::State end = program::State::executing;
    program::Report report{};
    std::vector<program::TraceEntry> trace{};
    int stage_error = 0;  ///< of stage 1
    program::Call stage_call = program::Call::none;
};

/// The kernel as the parent side sees it, in memory. Keeps one ordered log, fails the test on a
/// call it was not told about, and at its end when a descriptor or a mapping is left, or a child
/// that was not reaped exactly once.
class FakeKernel final : public linux_::Kernel {
public:
    static constexpr int pid = 4711;
    static constexpr int helper_fd = 9;

    FakeKernel();
    ~FakeKernel() override;

    // what the test sets before

    NodePtr root = std::make_shared<Node>();
    HelperScript helper{};
    std::uint64_t effective = ~std::uint64_t{0};
    int uid = 0, gid = 0;
    std::string release = "6.18.0";
    std::string machine = "x86_64";
    int poll_answer = 1;  ///< which of the polled descriptors is ready, from 1; 0: none in time
    unsigned memfd_flags = 0;  ///< that memfd_create does not know
    bool exit_information = true;
    unsigned answers_before_release = 0;  ///< of pidfd_get_info, which know no status yet
    int end_code = CLD_KILLED;  ///< how the child ends: si_code and si_status of waitid
    int end_status = SIGKILL;
    int wait_status = SIGKILL;  ///< the same as wait4 says it, for pidfd_get_info
    bool short_write = false;   ///< write and pwrite do one byte less
    /// Names of calls that may be made; empty: all.
    std::set<std::string> told{};

    /// A child that runs, as after a start; its pidfd.
    [[nodiscard]] linux_::HeldFd start_child();
    /// A descriptor of the embedder's.
    void own(int fd, std::string label);
    void disown(int fd) { fds_.erase(fd); }
    void fail(std::string name, unsigned nth, int error, unsigned times = 1);
    void fail_at(std::size_t index, int error);

    // what the test looks at after

    std::vector<KernelCall> log{};
    std::vector<std::string> child_descriptors{};  ///< labels of what stage 1 was given
    linux_::StageOneJob job{};                     ///< as it was at the clone
    std::vector<std::size_t> batches{};            ///< sizes of what was sent
    std::vector<int> signals{};                    ///< sent to the child
    unsigned clones = 0, reaped = 0, waited = 0;
    std::map<std::string, std::string> written{};  ///< by path
    std::string program_file{};                    ///< content of the program's memfd

    [[nodiscard]] unsigned count(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> texts(const std::string& prefix = {}) const;
    [[nodiscard]] std::string content_of(int fd) const { return fds_.at(fd).content; }
    [[nodiscard]] std::size_t open_fds() const;  ///< beside the embedder's own

    // linux_::Kernel

    int open(const char* path, int flags) noexcept override;
    long read(int fd, void* buffer, std::size_t size) noexcept override;
    long write(int fd, const void* buffer, std::size_t size) noexcept override;
    long pwrite(int fd, const void* buffer, std::size_t size, long offset) noexcept override;
    int close(int fd) noexcept override;
    int fcntl(int fd, int command, long argument) noexcept override;
    int ftruncate(int fd, long size) noexcept override;
    long readlinkat(int directory, const char* path, char* buffer,
                    std::size_t size) noexcept override;
    int statx(int directory, const char* path, int flags, unsigned mask,
              struct statx& out) noexcept override;
    long getdents64(int fd, void* buffer, std::size_t size) noexcept override;
    int memfd_create(const char* name, unsigned flags) noexcept override;
    int mmap(std::size_t size, int fd, void*& address) noexcept override;
    int munmap(void* address, std::size_t size) noexcept override;
    int pipe2(int (&ends)[2], int flags) noexcept override;
    int socketpair(int domain, int type, int (&ends)[2]) noexcept override;
    long send_descriptors(int socket, const int* fds, std::size_t count) noexcept override;
    long send(int socket, const void* buffer, std::size_t size, int flags) noexcept override;
    long recv(int socket, void* buffer, std::size_t size, int flags) noexcept override;
    int ppoll(pollfd* fds, std::size_t count, const timespec* timeout) noexcept override;
    int open_tree(int directory, const char* path, unsigned flags) noexcept override;
    int mount_setattr(int directory, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept override;
    int fsopen(const char* type, unsigned flags) noexcept override;
    int openat2(int directory, const char* path, const open_how& how) noexcept override;
    int close_range(unsigned first, unsigned last, unsigned flags) noexcept override;
    int capget(std::uint64_t& effective) noexcept override;
    int getuid() noexcept override;
    int getgid() noexcept override;
    int uname(utsname& out) noexcept override;
    int clone_stage_one(linux_::StageOneJob& job) noexcept override;
    void wait_for_stage_one(linux_::StageOneJob& job) noexcept override;
    int waitid(int pidfd, siginfo_t& info, int options) noexcept override;
    int pidfd_send_signal(int pidfd, int signal) noexcept override;
    int pidfd_get_info(int pidfd, uapi::PidfdInfo& info) noexcept override;

private:
    struct File {
        std::string label{};
        NodePtr node{};
        std::string content{};  ///< of a memfd
        std::size_t position = 0;
        bool own = false;  ///< the embedder's
    };
    struct Failure {
        std::string name{};
        unsigned nth = 0;
        unsigned times = 0;
        int error = 0;
    };

    template <class Body>
    long record(const std::string& name, const std::string& arguments, Body&& body);
    File* file_of(int fd, const std::string& call);
    [[nodiscard]] std::string label_of(int fd) const;
    int add_fd(std::string label, NodePtr node = nullptr);
    int unexpected(const std::string& what);

    std::map<int, File> fds_{};
    std::map<void*, std::unique_ptr<std::uint64_t[]>> mappings_{};
    std::vector<Failure> failures_{};
    std::map<std::size_t, int> failures_at_{};
    std::map<std::string, unsigned> counts_{};
    unsigned asked_ = 0;
};

}  // namespace insula::test
