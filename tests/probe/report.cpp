// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <climits>

#include "output.hpp"

namespace probe {

void Output::say(std::string_view key, std::string_view value) {
    text_ += key;
    text_ += '=';
    for (const char c : value) {
        if (c == '\n')
            text_ += "\\n";
        else if (c == '\\')
            text_ += "\\\\";
        else
            text_ += c;
    }
    text_ += '\n';
}

void Output::say_result(std::string_view key, long result) {
    if (result >= 0) {
        say(key, "ok");
        return;
    }
    const char* name = strerrorname_np(errno);
    say(key, name == nullptr ? "unknown" : name);
}

void Output::flush() {
    std::size_t done = 0;
    while (done != text_.size()) {
        const ssize_t written = write(STDOUT_FILENO, text_.data() + done, text_.size() - done);
        if (written < 0 && errno != EINTR) break;
        if (written > 0) done += static_cast<std::size_t>(written);
    }
    text_.clear();
}

std::string read_file(const char* path) {
    std::string content;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return content;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(fd, buffer, sizeof buffer)) > 0;)
        content.append(buffer, static_cast<std::size_t>(got));
    close(fd);
    return content;
}

namespace {

[[nodiscard]] std::string link_target(const std::string& path) {
    char target[PATH_MAX];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

[[nodiscard]] std::vector<std::string> entries_of(const char* path) {
    std::vector<std::string> names;
    DIR* const directory = opendir(path);
    if (directory == nullptr) return names;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        // The descriptor of this very listing is not worth a word.
        if (name == "." || name == ".." || name == std::to_string(dirfd(directory))) continue;
        names.push_back(name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

template <class Use>
void each_line(const std::string& text, Use use) {
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        use(std::string_view(text).substr(start, end - start));
        start = end + 1;
    }
}

/// "TYPE MODE UID GID MAJOR MINOR", numbers but the mode in decimal.
[[nodiscard]] std::string description(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0) return "missing";
    const char type = S_ISCHR(status.st_mode)   ? 'c'
                      : S_ISBLK(status.st_mode) ? 'b'
                      : S_ISDIR(status.st_mode) ? 'd'
                      : S_ISLNK(status.st_mode) ? 'l'
                      : S_ISREG(status.st_mode) ? 'f'
                                                : 'o';
    char text[96];
    std::snprintf(text, sizeof text, "%c %04o %u %u %u %u", type, status.st_mode & 07777,
                  status.st_uid, status.st_gid, major(status.st_rdev), minor(status.st_rdev));
    return text;
}

void report_environment(Output& out, int argc, char** argv) {
    for (int i = 0; i != argc; ++i) out.say("argv", argv[i]);
    for (char** entry = environ; *entry != nullptr; ++entry) out.say("env", *entry);
    char name[HOST_NAME_MAX + 1] = {};
    gethostname(name, sizeof name - 1);
    out.say("hostname", name);
    char directory[PATH_MAX] = {};
    out.say("cwd", getcwd(directory, sizeof directory) == nullptr ? "" : directory);
}

void report_process(Output& out) {
    out.say("pid", getpid());
    out.say("ppid", getppid());
    out.say("sid", getsid(0));
    out.say("pgrp", getpgrp());
    out.say("dumpable", prctl(PR_GET_DUMPABLE));
    out.say("securebits", prctl(PR_GET_SECUREBITS));
    out.say("keepcaps", prctl(PR_GET_KEEPCAPS));
    int signal = -1;
    prctl(PR_GET_PDEATHSIG, &signal);
    out.say("pdeathsig", signal);
    const mode_t mask = umask(0);
    umask(mask);
    out.say("umask", static_cast<long>(mask));
    out.say("exe", link_target("/proc/self/exe"));
    out.say("root", link_target("/proc/self/root"));
    out.say("comm", read_file("/proc/self/comm"));
}

void report_ids(Output& out) {
    uid_t uids[3];
    gid_t gids[3];
    getresuid(&uids[0], &uids[1], &uids[2]);
    getresgid(&gids[0], &gids[1], &gids[2]);
    for (int i = 0; i != 3; ++i) {
        out.say("uid", static_cast<long>(uids[i]));
        out.say("gid", static_cast<long>(gids[i]));
    }
    std::vector<gid_t> groups(65536);
    const int count = getgroups(static_cast<int>(groups.size()), groups.data());
    for (int i = 0; i < count; ++i)
        out.say("group", static_cast<long>(groups[static_cast<std::size_t>(i)]));
    each_line(read_file("/proc/self/uid_map"),
              [&](std::string_view line) { out.say("uid_map", line); });
}

void report_status(Output& out) {
    // The keys are the kernel's: SigBlk, SigIgn, SigCgt, ShdPnd, CapEff, NoNewPrivs, …
    each_line(read_file("/proc/self/status"), [&](std::string_view line) {
        const std::size_t colon = line.find(":\t");
        if (colon == line.npos) return;
        const std::string_view key = line.substr(0, colon);
        if (!key.starts_with("Sig") && !key.starts_with("Shd") && !key.starts_with("Cap") &&
            key != "NoNewPrivs" && key != "Seccomp" && key != "Threads")
            return;
        out.say(std::string("status.").append(key), line.substr(colon + 2));
    });
}

void report_files(Output& out) {
    for (const std::string& name : entries_of("/proc/self/fd"))
        out.say("fd." + name, link_target("/proc/self/fd/" + name));
    for (const char* name : {"mnt", "pid", "uts", "ipc", "net", "user", "cgroup", "time"})
        out.say(std::string("ns.") + name, link_target(std::string("/proc/self/ns/") + name));
    each_line(read_file("/proc/self/mountinfo"),
              [&](std::string_view line) { out.say("mount", line); });
    for (const std::string& name : entries_of("/dev")) {
        const std::string path = "/dev/" + name;
        out.say("dev." + name, description(path));
        const std::string target = link_target(path);
        if (!target.empty()) out.say("link." + name, target);
    }
}

}  // namespace

void report(Output& out, int argc, char** argv) {
    report_environment(out, argc, argv);
    report_process(out);
    report_ids(out);
    report_status(out);
    report_files(out);
}

}  // namespace probe
