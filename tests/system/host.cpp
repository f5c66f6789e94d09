// SPDX-License-Identifier: Apache-2.0
#include "system/host.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>

#include "system/box.hpp"

namespace insula::test {

namespace fs = std::filesystem;

namespace {

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        lines.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

[[nodiscard]] std::vector<std::string> names_in(const char* path) {
    std::vector<std::string> names;
    DIR* const directory = opendir(path);
    if (directory == nullptr) return names;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != ".." && name != std::to_string(dirfd(directory)))
            names.push_back(name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

void add_status(std::vector<std::string>& out) {
    constexpr std::string_view wanted[] = {
        "Umask:",  "Uid:",    "Gid:",    "Groups:", "Threads:", "SigBlk:",     "SigIgn:", "SigCgt:",
        "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",  "NoNewPrivs:", "Seccomp:"};
    for (const std::string& line : lines_of(content_of("/proc/thread-self/status")))
        for (const std::string_view key : wanted)
            if (line.starts_with(key)) out.push_back(line);
}

/// Memory files that are mapped; one that is open is a descriptor.
void add_memory_files(std::vector<std::string>& out) {
    for (const std::string& line : lines_of(content_of("/proc/self/maps")))
        if (line.find("memfd:") != line.npos) out.push_back("mapped " + line);
}

}  // namespace

bool exists(const std::string& path) {
    struct stat status{};
    return lstat(path.c_str(), &status) == 0;
}

std::string content_of(const std::string& path) {
    // A file of a process that ends meanwhile answers ESRCH: read() stops there, where an
    // istreambuf_iterator would throw.
    std::ifstream in(path, std::ios::binary);
    std::string out;
    char part[4096];
    while (in.read(part, sizeof part) || in.gcount() > 0)
        out.append(part, static_cast<std::size_t>(in.gcount()));
    return out;
}

std::string link_of(const std::string& path) {
    std::error_code failed;
    return fs::read_symlink(path, failed).string();
}

bool is_root() {
    return geteuid() == 0;
}

std::string mounts() {
    return content_of("/proc/self/mountinfo");
}

std::size_t descriptor_count() {
    return names_in("/proc/self/fd").size();
}

std::vector<int> children() {
    std::vector<int> out;
    for (const std::string& name : names_in("/proc")) {
        if (name[0] < '0' || name[0] > '9') continue;
        const std::string status = content_of("/proc/" + name + "/stat");
        const std::size_t end = status.rfind(") ");
        if (end != status.npos && std::atoi(status.c_str() + end + 4) == getpid())
            out.push_back(std::atoi(name.c_str()));
    }
    return out;
}

std::vector<std::string> snapshot() {
    std::vector<std::string> out;
    for (const std::string& line : lines_of(mounts())) out.push_back("mount " + line);
    for (const std::string& name : names_in("/proc/self/fd"))
        out.push_back("descriptor " + name + " " + link_of("/proc/self/fd/" + name));
    for (const int child : children()) out.push_back("child " + std::to_string(child));
    for (const std::string& name : names_in("/proc/self/ns"))
        out.push_back("namespace " + link_of("/proc/self/ns/" + name));
    add_status(out);
    add_memory_files(out);
    out.push_back("directory " + link_of("/proc/self/cwd"));
    out.push_back("root " + link_of("/proc/self/root"));
    out.push_back("dumpable " + std::to_string(prctl(PR_GET_DUMPABLE)));
    out.push_back("securebits " + std::to_string(prctl(PR_GET_SECUREBITS)));
    out.push_back("session " + std::to_string(getsid(0)));
    out.push_back("hostname " + content_of("/proc/sys/kernel/hostname"));
    out.push_back(std::string("locale ") + std::setlocale(LC_ALL, nullptr));
    for (char** entry = environ; *entry != nullptr; ++entry)
        out.push_back(std::string("environment ") + *entry);
    return out;
}

Unchanged::Unchanged() {
    static_cast<void>(runtime());
    static_cast<void>(facts());
    // libc handles a signal of its own from the first thread on.
    static const bool threaded = [] {
        std::thread([] {}).join();
        return true;
    }();
    static_cast<void>(threaded);
    before_ = snapshot();
}

std::string Unchanged::difference() const {
    const std::vector<std::string> after = snapshot();
    std::string out;
    for (const std::string& line : before_)
        if (std::count(after.begin(), after.end(), line) <
            std::count(before_.begin(), before_.end(), line))
            out += "- " + line + '\n';
    for (const std::string& line : after)
        if (std::count(before_.begin(), before_.end(), line) <
            std::count(after.begin(), after.end(), line))
            out += "+ " + line + '\n';
    return out;
}

Scratch::Scratch() {
    const char* const base = std::getenv("TMPDIR");
    std::string pattern = std::string(base == nullptr ? "/tmp" : base) + "/insula-system.XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a directory like " << pattern);
    path_ = pattern;
    chmod(path_.c_str(), 0755);
}

Scratch::~Scratch() {
    std::error_code failed;
    fs::remove_all(path_, failed);
}

std::string Scratch::operator/(std::string_view below) const {
    return path_ + "/" + std::string(below);
}

std::string Scratch::directory(std::string_view below) const {
    std::string path = *this / below;
    fs::create_directories(path);
    return path;
}

std::string Scratch::file(std::string_view below, std::string_view content, unsigned mode) const {
    std::string path = *this / below;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
    chmod(path.c_str(), mode);
    return path;
}

void Scratch::link(std::string_view below, std::string_view target) const {
    const std::string path = *this / below;
    fs::create_directories(fs::path(path).parent_path());
    fs::create_symlink(target, path);
}

std::string Scratch::root_tree(std::string_view below) const {
    std::string root = directory(below);
    fs::copy_file(probe_source() + "/probe", root + "/init");
    return root;
}

const std::optional<std::string>& cannot_run() {
    static const std::optional<std::string> reason = []() -> std::optional<std::string> {
        const HostFacts& host = facts();
        if (host.capabilities.contains(Capability::sys_admin) ||
            host.features.contains(KernelFeature::user_namespace))
            return std::nullopt;
        return "this user may make no namespaces" +
               (host.notes.empty() ? std::string() : ": " + host.notes.front());
    }();
    return reason;
}

}  // namespace insula::test
