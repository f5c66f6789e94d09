// SPDX-License-Identifier: Apache-2.0
#include "action.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace probe {

namespace {

volatile std::sig_atomic_t caught = 0;

void on_signal(int number) {
    caught = number;
}

/// Closes what `open` gave, and keeps errno.
[[nodiscard]] int closed(int fd) {
    if (fd < 0) return fd;
    close(fd);
    return 0;
}

[[nodiscard]] std::string read_descriptor(int fd) {
    std::string content;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(fd, buffer, sizeof buffer)) > 0;)
        content.append(buffer, static_cast<std::size_t>(got));
    return content;
}

void list(Output& out, const std::string& path) {
    DIR* const directory = opendir(path.c_str());
    if (directory == nullptr) {
        out.say_result("list-error:" + path, -1);
        return;
    }
    while (const dirent* entry = readdir(directory))
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
            out.say("list:" + path, entry->d_name);
    closedir(directory);
}

void say_status(Output& out, const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) < 0) {
        out.say_result("stat:" + path, -1);
        return;
    }
    char text[96];
    std::snprintf(text, sizeof text, "%04o %u %u %lld", status.st_mode & 07777, status.st_uid,
                  status.st_gid, static_cast<long long>(status.st_size));
    out.say("stat:" + path, text);
}

struct Count {
    long processes = 0;
    long zombies = 0;
};

[[nodiscard]] Count count_processes() {
    Count count;
    DIR* const directory = opendir("/proc");
    if (directory == nullptr) return count;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        ++count.processes;
        const std::string path = std::string("/proc/") + entry->d_name + "/stat";
        const std::string status = read_file(path.c_str());
        const std::size_t end = status.rfind(')');
        if (end != status.npos && status.compare(end, 3, ") Z") == 0) ++count.zombies;
    }
    closedir(directory);
    return count;
}

/// Makes `count` grandchildren, whose parent ends at once. Waits until every one of them has ended
/// too, by a pipe that they all hold.
void make_orphans(int count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return;
    for (int i = 0; i != count; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            if (fork() == 0) {
                while (getppid() != 1) usleep(1000);
                _exit(7);
            }
            _exit(0);
        }
        waitpid(child, nullptr, 0);
    }
    close(ends[1]);
    char byte = 0;
    while (read(ends[0], &byte, 1) > 0) {
    }
    close(ends[0]);
}

void set_handler(int number, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigaction(number, &action, nullptr);
}

[[noreturn]] void die_of(int number) {
    set_handler(number, SIG_DFL);
    raise(number);
    // Process 1 of a pid namespace cannot kill itself by a signal that it does not handle.
    _exit(99);
}

}  // namespace

void Actions::give_up(const char* why, const char* what) {
    out_.flush();
    dprintf(STDERR_FILENO, "probe: %s '%s'\n", why, what);
    _exit(98);
}

const char* Actions::operand() {
    if (next_ == argc_) give_up("operand missing after", argv_[next_ - 1]);
    return argv_[next_++];
}

int Actions::number() {
    return std::atoi(operand());
}

bool Actions::run_file_action(const char* action) {
    const std::string_view name = action;
    const auto is = [&](std::string_view wanted) { return name == wanted; };
    if (!is("read") && !is("write") && !is("create") && !is("mkdir") && !is("exists") &&
        !is("remount") && !is("chdir") && !is("cat") && !is("list") && !is("stat"))
        return false;
    const char* path = operand();
    const std::string key = std::string(name) + ':' + path;
    struct stat status{};
    if (is("read")) out_.say_result(key, closed(open(path, O_RDONLY | O_CLOEXEC)));
    if (is("write")) out_.say_result(key, closed(open(path, O_WRONLY | O_CLOEXEC)));
    if (is("create"))
        out_.say_result(key, closed(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)));
    if (is("mkdir")) out_.say_result(key, mkdir(path, 0777));
    if (is("exists")) out_.say_result(key, lstat(path, &status));
    if (is("remount"))
        out_.say_result(key, mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND, nullptr));
    if (is("chdir")) out_.say_result(key, chdir(path));
    if (is("cat")) out_.say(key, read_file(path));
    if (is("list")) list(out_, path);
    if (is("stat")) say_status(out_, path);
    return true;
}

bool Actions::run_process_action(const char* action) {
    const std::string_view name = action;
    if (name == "report") {
        report(out_, argc_, argv_);
    } else if (name == "sethostname") {
        const char* host = operand();
        out_.say_result("sethostname", sethostname(host, std::strlen(host)));
    } else if (name == "write-fd") {
        const int fd = number();
        const std::string text = std::to_string(fd) + '\n';
        out_.say_result("write-fd:" + std::to_string(fd), write(fd, text.data(), text.size()));
    } else if (name == "read-fd") {
        const int fd = number();
        out_.say("read-fd:" + std::to_string(fd), read_descriptor(fd));
    } else if (name == "processes") {
        const Count count = count_processes();
        out_.say("processes", count.processes);
        out_.say("zombies", count.zombies);
    } else if (name == "settle") {
        while (count_processes().zombies != 0) usleep(1000);
    } else if (name == "orphan") {
        make_orphans(number());
    } else if (name == "linger") {
        for (int i = number(); i != 0; --i)
            if (fork() == 0)
                for (;;) pause();
    } else if (name == "clock") {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        out_.say("clock", now.tv_sec * 1'000'000'000L + now.tv_nsec);
    } else if (name == "say") {
        out_.say("say", operand());
        out_.flush();
    } else if (name == "ignore") {
        set_handler(number(), SIG_IGN);
    } else if (name == "catch") {
        const int wanted = number();
        // Blocked until `await`, so that none is missed.
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, wanted);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        set_handler(wanted, on_signal);
    } else if (name == "await") {
        out_.flush();
        sigset_t none;
        sigemptyset(&none);
        caught = 0;
        while (caught == 0) sigsuspend(&none);
        out_.say("caught", caught);
    } else {
        return false;
    }
    return true;
}

int Actions::run() {
    while (next_ != argc_) {
        const char* action = argv_[next_++];
        if (run_file_action(action) || run_process_action(action)) continue;
        const std::string_view name = action;
        if (name == "exit") return number();
        if (name == "signal") {
            const int wanted = number();
            out_.flush();
            die_of(wanted);
        }
        if (name == "crash") {
            out_.flush();
            volatile int* volatile nowhere = nullptr;
            *nowhere = 1;
        }
        if (name != "hang") give_up("unknown action", action);
        out_.flush();
        for (;;) pause();
    }
    return 0;
}

}  // namespace probe
