// SPDX-License-Identifier: Apache-2.0
#include "executor/fake_kernel.hpp"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <doctest/doctest.h>

#include "executor/fake_kernel_record.hpp"

namespace insula::test {

FakeKernel::FakeKernel() {
    own(0, "stdin");
    own(1, "stdout");
    own(2, "stderr");
    own(helper_fd, "helper");
    put(root, "/dev/null", make_device(1, 3));
    for (const char* name : {"setgroups", "uid_map", "gid_map"})
        put(root, "/proc/" + std::to_string(pid) + "/" + name, make_file(""));
}

FakeKernel::~FakeKernel() {
    for (const auto& [fd, file] : fds_)
        if (!file.own) FAIL_CHECK("descriptor " << fd << " is left open: " << file.label);
    if (!mappings_.empty()) FAIL_CHECK("memory is left mapped");
}

linux_::HeldFd FakeKernel::start_child() {
    ++clones;
    return {*this, add_fd("pidfd")};
}
void FakeKernel::own(int fd, std::string label) {
    fds_[fd] = {.label = std::move(label), .own = true};
}
void FakeKernel::fail(std::string name, unsigned nth, int error, unsigned times) {
    failures_.push_back({std::move(name), nth, times, error});
}
void FakeKernel::fail_at(std::size_t index, int error) {
    failures_at_[index] = error;
}

unsigned FakeKernel::count(const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
}

std::vector<std::string> FakeKernel::texts(const std::string& prefix) const {
    std::vector<std::string> out;
    for (const KernelCall& call : log)
        if (call.text.starts_with(prefix)) out.push_back(call.text);
    return out;
}

std::size_t FakeKernel::open_fds() const {
    return static_cast<std::size_t>(std::count_if(
        fds_.begin(), fds_.end(), [](const auto& entry) { return !entry.second.own; }));
}

FakeKernel::File* FakeKernel::file_of(int fd, const std::string& call) {
    const auto found = fds_.find(fd);
    if (found != fds_.end()) return &found->second;
    FAIL_CHECK(call << " of descriptor " << fd << ", which is not open");
    return nullptr;
}

std::string FakeKernel::label_of(int fd) const {
    if (fd == AT_FDCWD) return "cwd";
    const auto found = fds_.find(fd);
    return found == fds_.end() ? "fd " + std::to_string(fd) : found->second.label;
}

int FakeKernel::add_fd(std::string label, NodePtr node) {
    int fd = 10;
    while (fds_.contains(fd)) ++fd;
    fds_[fd] = {.label = std::move(label), .node = std::move(node)};
    return fd;
}

int FakeKernel::unexpected(const std::string& what) {
    FAIL_CHECK("not expected: " << what);
    return -ENOSYS;
}

// memory and processes

int FakeKernel::memfd_create(const char* name, unsigned flags) noexcept {
    const std::string arguments =
        std::string(name) + ((flags & uapi::mfd_exec) != 0 ? ", MFD_EXEC" : "");
    return static_cast<int>(record("memfd_create", arguments, [&]() -> long {
        if ((flags & 1) == 0) FAIL_CHECK("a memfd that is not close-on-exec");
        return (flags & memfd_flags) != 0 ? -EINVAL : add_fd(name);
    }));
}

int FakeKernel::mmap(std::size_t size, int fd, void*& address) noexcept {
    return static_cast<int>(record("mmap", label_of(fd), [&]() -> long {
        const File* file = file_of(fd, "mmap");
        if (file == nullptr) return -EBADF;
        auto memory = std::make_unique<std::uint64_t[]>(size / 8 + 1);
        std::memcpy(memory.get(), file->content.data(), std::min(size, file->content.size()));
        program_file = file->content;
        address = memory.get();
        mappings_[address] = std::move(memory);
        return 0;
    }));
}

int FakeKernel::munmap(void* address, std::size_t) noexcept {
    if (mappings_.erase(address) == 0) FAIL_CHECK("munmap of what is not mapped");
    return static_cast<int>(record("munmap", "", [] { return 0; }));
}

int FakeKernel::clone_stage_one(linux_::StageOneJob& wanted) noexcept {
    return static_cast<int>(record("clone3", "", [&]() -> long {
        ++clones;
        job = wanted;
        child_descriptors.clear();
        for (int i = 0; i != wanted.descriptor_count; ++i)
            child_descriptors.push_back(label_of(wanted.descriptors[i]));
        wanted.pidfd = add_fd("pidfd");
        wanted.error = helper.stage_error;
        wanted.call = static_cast<std::uint16_t>(helper.stage_call);
        return pid;
    }));
}

void FakeKernel::wait_for_stage_one(linux_::StageOneJob& waited_for) noexcept {
    record("wait_for_stage_one", "", [&] {
        ++waited;
        waited_for.thread = 0;
        return 0;
    });
}

int FakeKernel::waitid(int pidfd, siginfo_t& info, int options) noexcept {
    return static_cast<int>(record("waitid", label_of(pidfd), [&]() -> long {
        if (file_of(pidfd, "waitid") == nullptr) return -EBADF;
        if (options != (WEXITED | __WALL)) FAIL_CHECK("waitid with options " << options);
        if (++reaped > clones) FAIL_CHECK("a child is reaped twice");
        info.si_code = end_code;
        info.si_status = end_status;
        return 0;
    }));
}

int FakeKernel::pidfd_send_signal(int pidfd, int signal) noexcept {
    const std::string arguments = label_of(pidfd) + ", " + std::to_string(signal);
    return static_cast<int>(record("pidfd_send_signal", arguments, [&]() -> long {
        if (file_of(pidfd, "pidfd_send_signal") == nullptr) return -EBADF;
        signals.push_back(signal);
        return 0;
    }));
}

int FakeKernel::pidfd_get_info(int pidfd, uapi::PidfdInfo& info) noexcept {
    return static_cast<int>(record("pidfd_get_info", label_of(pidfd), [&]() -> long {
        if (!exit_information) return -ENOTTY;
        const bool released = count("pidfd_get_info") > answers_before_release;
        info.mask = released ? uapi::pidfd_info_exit : 0;
        if (released) info.exit_code = wait_status;
        return 0;
    }));
}

int FakeKernel::capget(std::uint64_t& out) noexcept {
    return static_cast<int>(record("capget", "", [&] {
        out = effective;
        return 0;
    }));
}
int FakeKernel::getuid() noexcept {
    return static_cast<int>(record("getuid", "", [&] { return uid; }));
}
int FakeKernel::getgid() noexcept {
    return static_cast<int>(record("getgid", "", [&] { return gid; }));
}
int FakeKernel::uname(utsname& out) noexcept {
    return static_cast<int>(record("uname", "", [&] {
        std::strncpy(out.release, release.c_str(), sizeof out.release - 1);
        std::strncpy(out.machine, machine.c_str(), sizeof out.machine - 1);
        return 0;
    }));
}

// the control socket

int FakeKernel::socketpair(int domain, int type, int (&ends)[2]) noexcept {
    return static_cast<int>(record("socketpair", "", [&]() -> long {
        if (domain != AF_UNIX || type != (SOCK_SEQPACKET | SOCK_CLOEXEC))
            FAIL_CHECK("socketpair of another kind");
        ends[0] = add_fd("control");
        ends[1] = add_fd("helper's end");
        return 0;
    }));
}

long FakeKernel::send_descriptors(int socket, const int* list, std::size_t number) noexcept {
    const std::string arguments = label_of(socket) + ", " + std::to_string(number);
    return record("send_descriptors", arguments, [&]() -> long {
        if (file_of(socket, "send_descriptors") == nullptr) return -EBADF;
        for (std::size_t i = 0; i != number; ++i) (void)file_of(list[i], "send_descriptors");
        batches.push_back(number);
        return 1;
    });
}

long FakeKernel::send(int socket, const void*, std::size_t, int flags) noexcept {
    return record("send", label_of(socket), [&]() -> long {
        if (file_of(socket, "send") == nullptr) return -EBADF;
        if (flags != MSG_NOSIGNAL) FAIL_CHECK("send without MSG_NOSIGNAL");
        return 1;
    });
}

long FakeKernel::recv(int socket, void* buffer, std::size_t, int) noexcept {
    return record("recv", label_of(socket), [&]() -> long {
        if (file_of(socket, "recv") == nullptr) return -EBADF;
        if (asked_ != helper.batches) {
            ++asked_;
            *static_cast<char*>(buffer) = 'm';
            return 1;
        }
        // The helper is done. The first mapping is the shared page.
        auto* page = static_cast<char*>(mappings_.begin()->first);
        auto* shared = reinterpret_cast<program::SharedPage*>(page);
        shared->report = helper.report;
        auto* entries = reinterpret_cast<program::TraceEntry*>(page + program::trace_offset);
        std::copy(helper.trace.begin(), helper.trace.end(), entries);
        shared->trace_count = static_cast<std::uint32_t>(helper.trace.size());
        shared->state = static_cast<std::uint32_t>(helper.end);
        return 0;
    });
}

int FakeKernel::ppoll(pollfd* list, std::size_t number, const timespec* timeout) noexcept {
    std::string arguments = label_of(list[0].fd);
    if (number > 1) arguments += ", " + label_of(list[1].fd);
    if (list[0].events == 0) arguments += ", hangup";
    if (timeout != nullptr) arguments += ", timeout";
    return static_cast<int>(record("ppoll", arguments, [&]() -> long {
        for (std::size_t i = 0; i != number; ++i)
            list[i].revents = i + 1 == static_cast<std::size_t>(poll_answer) ? POLLIN : 0;
        return poll_answer == 0 ? 0 : 1;
    }));
}

}  // namespace insula::test
