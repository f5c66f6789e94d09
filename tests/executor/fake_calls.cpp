// SPDX-License-Identifier: Apache-2.0
#include "executor/fake_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "executor/fake_record.hpp"
#include "init/exec_steps.hpp"

namespace insula::test {

namespace {

constexpr std::uint64_t all_capability_bits = (std::uint64_t{1} << 41) - 1;

}  // namespace

FakeCalls::FakeCalls(unsigned passed_fds)
    : permitted(all_capability_bits),
      effective(all_capability_bits),
      bounding(all_capability_bits) {
    process_root = host;
    working_directory = host;
    const auto give = [this](int fd, FakeFile::Kind kind, std::string label, bool close_on_exec) {
        fds[fd] = {std::make_shared<FakeFile>(FakeFile{.kind = kind, .label = std::move(label)}),
                   close_on_exec};
    };
    give(0, FakeFile::Kind::stream, "stdin", false);
    give(1, FakeFile::Kind::stream, "stdout", false);
    give(2, FakeFile::Kind::stream, "stderr", false);
    give(program::control_fd, FakeFile::Kind::control, "control", true);
    for (unsigned i = 0; i != passed_fds; ++i)
        give(program::first_passed_fd + static_cast<int>(i), FakeFile::Kind::passed,
             "passed " + std::to_string(i), false);
}

void FakeCalls::fail(std::string name, unsigned nth, int error, unsigned times) {
    failures_.push_back({std::move(name), nth, times, error});
}
void FakeCalls::fail_text(std::string text, int error) {
    failures_of_text_.emplace_back(std::move(text), error);
}
void FakeCalls::fail_at(std::size_t index, int error) {
    failures_at_[index] = error;
}

int FakeCalls::planned(std::size_t index, const std::string& name, unsigned nth) const {
    if (const auto at = failures_at_.find(index); at != failures_at_.end()) return at->second;
    for (const auto& [text, error] : failures_of_text_)
        if (log[index].text.starts_with(text)) return error;
    for (const Failure& failure : failures_)
        if (failure.name == name && nth >= failure.nth && nth < failure.nth + failure.times)
            return failure.error;
    return 0;
}

unsigned FakeCalls::count(const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
}

unsigned FakeCalls::count_files(FakeFile::Kind kind) const {
    return static_cast<unsigned>(std::count_if(
        fds.begin(), fds.end(), [kind](const auto& fd) { return fd.second.first->kind == kind; }));
}

std::vector<std::string> FakeCalls::texts(const std::string& prefix) const {
    std::vector<std::string> out;
    for (const FakeCall& call : log)
        if (call.text.starts_with(prefix)) out.push_back(call.text);
    return out;
}

std::vector<int> FakeCalls::inheritable_fds() const {
    std::vector<int> out;
    for (const auto& [fd, slot] : fds)
        if (!slot.second) out.push_back(fd);
    return out;
}

NodePtr FakeCalls::inside(std::string_view path) const {
    return find(attached_roots_.back(), path, Links::not_last).node;
}

std::string FakeCalls::label_of(int fd) const {
    if (fd == AT_FDCWD) return "cwd";
    const auto found = fds.find(fd);
    return found == fds.end() ? "fd " + std::to_string(fd) : found->second.first->label;
}

FakeFile* FakeCalls::file_of(int fd, const char* call) {
    const auto found = fds.find(fd);
    if (found != fds.end()) return found->second.first.get();
    FAIL_CHECK(std::string(call) << " of descriptor " << fd << ", which is not open");
    return nullptr;
}

NodePtr FakeCalls::start_of(int fd, const char* path) {
    if (fd == AT_FDCWD) return path[0] == '/' ? process_root : working_directory;
    const FakeFile* file = file_of(fd, path);
    return file == nullptr ? nullptr : file->node;
}

int FakeCalls::add_fd(FakeFile file, bool close_on_exec, int lowest) {
    int fd = lowest;
    while (fds.contains(fd)) ++fd;
    fds[fd] = {std::make_shared<FakeFile>(std::move(file)), close_on_exec};
    return fd;
}

// descriptors

int FakeCalls::close(int fd) noexcept {
    const std::string label = label_of(fd);
    const bool open = file_of(fd, "close") != nullptr;
    fds.erase(fd);  // also when close(2) fails
    return static_cast<int>(record("close", label, [&] { return open ? 0 : -EBADF; }));
}

int FakeCalls::close_range(unsigned first, unsigned last, unsigned) noexcept {
    return static_cast<int>(record("close_range", std::to_string(first), [&] {
        std::erase_if(fds, [&](const auto& entry) {
            const auto fd = static_cast<unsigned>(entry.first);
            return fd >= first && fd <= last;
        });
        return 0;
    }));
}

int FakeCalls::dup3(int from, int to, int flags) noexcept {
    const std::string arguments =
        label_of(from) + ", " + std::to_string(to) + (flags == 0 ? "" : ", O_CLOEXEC");
    return static_cast<int>(record("dup3", arguments, [&]() -> long {
        if (from == to) return -EINVAL;
        if (file_of(from, "dup3") == nullptr) return -EBADF;
        fds[to] = {fds[from].first, (flags & O_CLOEXEC) != 0};
        return to;
    }));
}

int FakeCalls::fcntl(int fd, int command, long argument) noexcept {
    const std::string arguments = label_of(fd) + ", F_DUPFD_CLOEXEC, " + std::to_string(argument);
    return static_cast<int>(record("fcntl", arguments, [&]() -> long {
        if (command != F_DUPFD_CLOEXEC) FAIL_CHECK("fcntl with command " << command);
        if (file_of(fd, "fcntl") == nullptr) return -EBADF;
        int copy = static_cast<int>(argument);
        while (fds.contains(copy)) ++copy;
        fds[copy] = {fds[fd].first, true};
        return copy;
    }));
}

long FakeCalls::read(int fd, void* buffer, unsigned long size) noexcept {
    return record("read", label_of(fd), [&]() -> long {
        FakeFile* file = file_of(fd, "read");
        if (file == nullptr) return -EBADF;
        const bool context = file->kind == FakeFile::Kind::context;
        if (!context && file->kind != FakeFile::Kind::file) FAIL_CHECK("read of a path descriptor");
        const std::string& text = context ? kernel_text : file->node->text;
        if (context && text.empty()) return -ENODATA;
        const std::size_t left = text.size() - file->position;
        const std::size_t got = std::min({left, std::size_t{size}, std::size_t(read_size)});
        std::memcpy(buffer, text.data() + file->position, got);
        file->position += got;
        return static_cast<long>(got);
    });
}

// control socket

long FakeCalls::recvmsg(int fd, init::MessageHeader& message, int flags) noexcept {
    return record("recvmsg", label_of(fd), [&]() -> long {
        if (file_of(fd, "recvmsg") == nullptr) return -EBADF;
        if ((flags & 0x40000000) == 0) FAIL_CHECK("recvmsg without MSG_CMSG_CLOEXEC");
        if (!owner_lives) return 0;
        if (sent_ == sources.size() || sent_ > asked_ * program::batch_size) {
            FAIL_CHECK("the helper waits for mounts that nobody will send");
            exit_group(-1);
        }
        const std::size_t batch =
            std::min<std::size_t>(sources.size() - sent_, program::batch_size);
        const std::size_t arrived = std::min(batch, static_cast<std::size_t>(batch_limit));
        std::vector<int> received;
        for (std::size_t i = 0; i != arrived; ++i)
            received.push_back(add_fd({.kind = FakeFile::Kind::source,
                                       .label = "source " + std::to_string(sent_ + i),
                                       .node = sources[sent_ + i],
                                       .is_private = true}));
        sent_ += batch;
        const init::ControlHeader header{sizeof header + received.size() * sizeof(int), 1, 1};
        auto* control = static_cast<char*>(message.control);
        std::memcpy(control, &header, sizeof header);
        if (!received.empty())
            std::memcpy(control + sizeof header, received.data(), received.size() * sizeof(int));
        message.control_length = header.length;
        if (arrived != batch) message.flags |= 0x8;  // MSG_CTRUNC
        return 1;
    });
}

long FakeCalls::recvfrom(int fd, void*, unsigned long, int) noexcept {
    return record("recvfrom", label_of(fd), [&]() -> long {
        if (file_of(fd, "recvfrom") == nullptr) return -EBADF;
        return owner_lives ? -EAGAIN : 0;
    });
}

long FakeCalls::sendto(int fd, const void*, unsigned long, int flags) noexcept {
    return record("sendto", label_of(fd), [&]() -> long {
        if (file_of(fd, "sendto") == nullptr) return -EBADF;
        if ((flags & 0x4000) == 0) FAIL_CHECK("sendto without MSG_NOSIGNAL");
        if (!owner_lives) return -EPIPE;
        ++asked_;
        return 1;
    });
}

// processes

int FakeCalls::rt_sigtimedwait(const unsigned long*) noexcept {
    return static_cast<int>(record("rt_sigtimedwait", "", [&]() -> long {
        if (signals.empty()) {
            FAIL_CHECK("process 1 waits for a signal that never comes");
            exit_group(-1);
        }
        const int signal = signals.front();
        signals.pop_front();
        return signal;
    }));
}

int FakeCalls::clone_process(int exit_signal) noexcept {
    return static_cast<int>(record("clone", std::to_string(exit_signal), [&] { return child; }));
}

int FakeCalls::wait4(int pid, int* status, int options) noexcept {
    return static_cast<int>(
        record("wait4", std::to_string(pid) + ", " + std::to_string(options), [&]() -> long {
            if (ended.empty()) return -ECHILD;
            const auto [who, how] = ended.front();
            ended.pop_front();
            *status = how;
            return who;
        }));
}

int FakeCalls::kill(int pid, int signal) noexcept {
    return static_cast<int>(
        record("kill", std::to_string(pid) + ", " + std::to_string(signal), [&] {
            killed_with.push_back(signal);
            return 0;
        }));
}

int FakeCalls::execve(const char* path, char* const* argv, char* const* variables) noexcept {
    const long result = record("execve", quoted(path), [&]() -> long {
        const Found program = find(process_root, path);
        if (program.error != 0) return -program.error;
        if (program.node->kind != Node::Kind::regular) return -EACCES;
        if ((program.node->mode & 0111) == 0) return -EACCES;
        if (program.node->text.starts_with("#!")) {
            const std::string line = program.node->text.substr(2);
            if (find(process_root, line.substr(0, line.find('\n'))).error != 0) return -ENOENT;
        }
        executed = {path};
        for (; *argv != nullptr; ++argv) executed.emplace_back(*argv);
        for (; *variables != nullptr; ++variables) environment.emplace_back(*variables);
        return 0;
    });
    if (result < 0) return static_cast<int>(result);
    if (detached_roots_ < attached_roots_.size()) FAIL_CHECK("init sees mounts of the host");
    std::longjmp(*leave, 1);
}

void FakeCalls::exit_group(int status) noexcept {
    record("exit_group", std::to_string(status), [] { return 0; });
    exit_status = status;
    std::longjmp(*leave, 1);
}

int FakeCalls::clock_gettime(int, __kernel_timespec& out) noexcept {
    log.push_back({"clock_gettime", "clock_gettime()", 0});
    clock_ += 10;
    out.tv_sec = 0;
    out.tv_nsec = clock_;
    return 0;
}

int FakeCalls::umask(unsigned mask) noexcept {
    return static_cast<int>(record("umask", octal(mask), [] { return 0; }));
}
int FakeCalls::setsid() noexcept {
    return static_cast<int>(record("setsid", "", [] { return 1; }));
}
int FakeCalls::rt_sigprocmask(int how, const unsigned long* set) noexcept {
    return static_cast<int>(record(
        "rt_sigprocmask",
        std::string(how == 0 ? "SIG_BLOCK" : "SIG_SETMASK") + (*set == 0 ? ", none" : ", all"),
        [] { return 0; }));
}
int FakeCalls::rt_sigaction_default(int signal) noexcept {
    return static_cast<int>(record("rt_sigaction", std::to_string(signal), [] { return 0; }));
}

}  // namespace insula::test
