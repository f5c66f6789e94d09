// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csetjmp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "executor/fake_tree.hpp"
#include "init/calls.hpp"

namespace insula::test {

/// One call that was made.
struct FakeCall {
    std::string name{};
    std::string text{};  ///< with its arguments; descriptors are said by what they show
    long result = 0;
};

/// What an open descriptor refers to. Copies of a descriptor share it.
struct FakeFile {
    enum class Kind : std::uint8_t {
        stream,   ///< 0, 1, 2
        control,  ///< the control socket
        passed,   ///< of the embedder's
        path,     ///< openat2 with O_PATH
        file,     ///< openat2 without
        context,  ///< fsopen
        tree,     ///< open_tree
        mount,    ///< fsmount
        source,   ///< a mount that came over the control socket
        socket,
    };
    Kind kind = Kind::path;
    std::string label{};
    NodePtr node{};
    std::size_t position = 0;
    bool is_private = false;  ///< of a tree
    bool attached = false;    ///< of a mount: somewhere already
    unsigned attributes = 0;  ///< of a mount: MOUNT_ATTR_*
    std::string type{};       ///< of a context
    std::vector<std::pair<std::string, std::string>> options{};
};

/// The kernel as the helper sees it (`init::KernelCalls`), in memory: a tree of files, mounts,
/// descriptors, credentials. Fails the test on what the kernel would only do for a broken
/// interpreter, and on every call that it cannot answer.
class FakeCalls {
public:
    explicit FakeCalls(unsigned passed_fds = 0);

    // what the test sets before

    NodePtr host = std::make_shared<Node>();   ///< what "/" shows before the new root is entered
    NodePtr proc = std::make_shared<Node>();   ///< content of a new proc, sysfs
    NodePtr sysfs = std::make_shared<Node>();  ///
    std::vector<NodePtr> sources{};            ///< what the owner sends, in batches
    bool owner_lives = true;
    int child = 42;                           ///< what clone answers; 0: this is the child
    std::deque<int> signals{};                ///< for rt_sigtimedwait
    std::deque<std::pair<int, int>> ended{};  ///< for wait4: pid, status; pid 0 ends a round
    std::string kernel_text{};                ///< what a file system context has to say
    int last_capability = 40;                 ///< that the kernel knows
    int batch_limit = 200;                    ///< descriptors that arrive with one message
    long read_size = 4096;                    ///< bytes that one read gives at most

    /// The `nth` call of `name` (from 1) and `times - 1` more fail with `error`.
    void fail(std::string name, unsigned nth, int error, unsigned times = 1);
    /// Every call whose text begins with `text` fails with `error`.
    void fail_text(std::string text, int error);
    /// The call with this index in the log fails with `error`.
    void fail_at(std::size_t index, int error);

    // what the test looks at after

    std::vector<FakeCall> log{};
    std::map<int, std::pair<std::shared_ptr<FakeFile>, bool>> fds{};  ///< bool: close-on-exec
    unsigned uid = 0, gid = 0;
    std::vector<unsigned> groups{};
    std::uint64_t permitted, effective, inheritable = 0, ambient = 0, bounding;
    bool no_new_privs = false;
    NodePtr process_root{};
    NodePtr working_directory{};
    std::string hostname{};
    bool loopback_up = false;
    std::optional<int> exit_status{};
    std::vector<std::string> executed{};  ///< path, then argv; empty: nothing was executed
    std::vector<std::string> environment{};
    std::vector<int> killed_with{};

    [[nodiscard]] unsigned count(const std::string& name) const;
    [[nodiscard]] unsigned count_files(FakeFile::Kind kind) const;
    /// The calls whose text begins with `prefix`.
    [[nodiscard]] std::vector<std::string> texts(const std::string& prefix = {}) const;
    /// Descriptors that init would inherit.
    [[nodiscard]] std::vector<int> inheritable_fds() const;
    /// `path` inside the container, as init would find it.
    [[nodiscard]] NodePtr inside(std::string_view path) const;

    /// Where calls that do not return go: the test sets it.
    std::jmp_buf* leave = nullptr;

    // init::KernelCalls

    int openat2(int directory, const char* path, const open_how& how) noexcept;
    int close(int fd) noexcept;
    int close_range(unsigned first, unsigned last, unsigned flags) noexcept;
    int dup3(int from, int to, int flags) noexcept;
    int fcntl(int fd, int command, long argument) noexcept;
    long read(int fd, void* buffer, unsigned long size) noexcept;
    int statx(int fd, const char* path, int flags, unsigned mask, struct statx& out) noexcept;
    int mkdirat(int directory, const char* name, unsigned mode) noexcept;
    int mknodat(int directory, const char* name, unsigned mode, unsigned device) noexcept;
    int symlinkat(const char* target, int directory, const char* name) noexcept;
    int fchmod(int fd, unsigned mode) noexcept;
    int fchown(int fd, unsigned uid, unsigned gid) noexcept;
    int fchdir(int fd) noexcept;
    int chdir(const char* path) noexcept;
    int open_tree(int directory, const char* path, unsigned flags) noexcept;
    int move_mount(int from, const char* from_path, int to, const char* to_path,
                   unsigned flags) noexcept;
    int mount_setattr(int directory, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept;
    int fsopen(const char* type, unsigned flags) noexcept;
    int fsconfig(int fd, unsigned command, const char* key, const char* value) noexcept;
    int fsmount(int fd, unsigned flags, unsigned attributes) noexcept;
    int mount(const char* source, const char* target, const char* type, unsigned long flags,
              const void* data) noexcept;
    int umount2(const char* target, int flags) noexcept;
    int pivot_root(const char* new_root, const char* put_old) noexcept;
    int sethostname(const char* name, unsigned long length) noexcept;
    int socket(int domain, int type, int protocol) noexcept;
    int ioctl(int fd, unsigned long request, void* argument) noexcept;
    long recvmsg(int fd, init::MessageHeader& message, int flags) noexcept;
    long recvfrom(int fd, void* buffer, unsigned long size, int flags) noexcept;
    long sendto(int fd, const void* buffer, unsigned long size, int flags) noexcept;
    int setgroups(unsigned long count, const unsigned* groups) noexcept;
    int setresgid(unsigned real, unsigned effective, unsigned saved) noexcept;
    int setresuid(unsigned real, unsigned effective, unsigned saved) noexcept;
    int capget(__user_cap_header_struct& header, __user_cap_data_struct* data) noexcept;
    int capset(__user_cap_header_struct& header, const __user_cap_data_struct* data) noexcept;
    int prctl(int option, unsigned long second = 0, unsigned long third = 0) noexcept;
    int umask(unsigned mask) noexcept;
    int setsid() noexcept;
    int rt_sigprocmask(int how, const unsigned long* set) noexcept;
    int rt_sigaction_default(int signal) noexcept;
    int rt_sigtimedwait(const unsigned long* set) noexcept;
    int clone_process(int exit_signal) noexcept;
    int wait4(int pid, int* status, int options) noexcept;
    int kill(int pid, int signal) noexcept;
    int execve(const char* path, char* const* argv, char* const* environment) noexcept;
    [[noreturn]] void exit_group(int status) noexcept;
    int clock_gettime(int clock, __kernel_timespec& out) noexcept;

private:
    struct Failure {
        std::string name{};
        unsigned nth = 0;
        unsigned times = 0;
        int error = 0;
    };

    template <class Body>
    long record(const std::string& name, const std::string& arguments, Body&& body);
    [[nodiscard]] int planned(std::size_t index, const std::string& name, unsigned nth) const;
    [[nodiscard]] FakeFile* file_of(int fd, const char* call);
    [[nodiscard]] std::string label_of(int fd) const;
    [[nodiscard]] NodePtr start_of(int fd, const char* path);
    int add_fd(FakeFile file, bool close_on_exec = true, int lowest = 0);
    int make_entry(int directory, const char* name, NodePtr node);
    [[nodiscard]] NodePtr make_content(const FakeFile& context);

    std::vector<Failure> failures_{};
    std::map<std::size_t, int> failures_at_{};
    std::vector<std::pair<std::string, int>> failures_of_text_{};
    std::map<std::string, unsigned> counts_{};
    std::vector<NodePtr> attached_roots_{};
    std::size_t detached_roots_ = 0;
    std::size_t sent_ = 0;
    std::size_t asked_ = 0;
    bool keep_capabilities_ = false;
    long clock_ = 0;
};

}  // namespace insula::test
