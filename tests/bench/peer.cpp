// SPDX-License-Identifier: Apache-2.0
#include "peer.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace insula::bench {

namespace {

namespace fs = std::filesystem;

constexpr const char* masked_paths[] = {
    "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
    "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
    "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
constexpr const char* protected_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                           "/proc/sysrq-trigger"};

[[nodiscard]] std::string list_of(const char* const* begin, const char* const* end) {
    std::string text = "[";
    for (; begin != end; ++begin)
        text += (text.size() > 1 ? ",\"" : "\"") + std::string(*begin) + '"';
    return text + ']';
}

[[nodiscard]] std::string namespaces_of(Set set) {
    std::string text = R"([{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"})";
    if (set != Set::a) text += R"(,{"type":"network"})";
    if (set == Set::c) text += R"(,{"type":"user"})";
    return text + ']';
}

[[nodiscard]] std::string maps_of(Set set) {
    if (set != Set::c) return {};
    const std::string map = R"([{"containerID":0,"hostID":)" + std::to_string(first_id) +
                            R"(,"size":)" + std::to_string(id_count) + "}]";
    return R"("uidMappings":)" + map + R"(,"gidMappings":)" + map + ',';
}

[[nodiscard]] std::string mounts_of(const Case& wanted) {
    std::string text = R"([
{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755","size=65536k"]},
{"destination":"/dev/pts","type":"devpts","source":"devpts","options":
  ["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
{"destination":"/dev/shm","type":"tmpfs","source":"shm","options":
  ["nosuid","noexec","nodev","mode=1777","size=65536k"]},
{"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]})";
    for (int i = 0; i != wanted.binds; ++i)
        text += ",\n{\"destination\":\"/mnt/" + std::to_string(i) +
                R"(","type":"bind","options":["bind","ro"],"source":")" + wanted.bind_source +
                "\"}";
    return text + ']';
}

[[nodiscard]] std::string oci_config(const Case& wanted) {
    const std::string capabilities =
        R"(["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_FSETID","CAP_KILL","CAP_SETGID",)"
        R"("CAP_SETUID","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_NET_RAW","CAP_SYS_CHROOT",)"
        R"("CAP_AUDIT_WRITE","CAP_SETFCAP"])";
    std::ostringstream json;
    json << R"({"ociVersion":"1.0.2","hostname":"floor","root":{"path":")" << wanted.root
         << R"("},"process":{"user":{"uid":0,"gid":0},"cwd":"/","noNewPrivileges":true,"args":[")"
         << wanted.program << R"("],"env":["PATH=/bin"],"capabilities":{"bounding":)"
         << capabilities << R"(,"effective":)" << capabilities << R"(,"permitted":)" << capabilities
         << R"(}},"mounts":)" << mounts_of(wanted) << R"(,"linux":{)" << maps_of(wanted.set)
         << R"("namespaces":)" << namespaces_of(wanted.set) << R"(,"maskedPaths":)"
         << list_of(std::begin(masked_paths), std::end(masked_paths)) << R"(,"readonlyPaths":)"
         << list_of(std::begin(protected_paths), std::end(protected_paths)) << "}}";
    return json.str();
}

[[nodiscard]] bool is_installed(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream directories(path == nullptr ? "" : path);
    for (std::string one; std::getline(directories, one, ':');)
        if (::access((one + '/').append(name).c_str(), X_OK) == 0) return true;
    return false;
}

/// With an OCI bundle in the fixture's directory; "{id}" stands for a new name each time.
[[nodiscard]] std::vector<std::string> crun_command(const Fixture& fixture) {
    const std::string bundle = fixture.directory() + "/bundle";
    fs::create_directories(bundle);
    std::ofstream(bundle + "/config.json") << oci_config(fixture.wanted());
    return {"crun", "--cgroup-manager=disabled", "run", "-b", bundle, "{id}"};
}

[[nodiscard]] std::vector<std::string> bubblewrap_command(const Fixture& fixture) {
    const Case& wanted = fixture.wanted();
    std::vector<std::string> command{"bwrap",         "--unshare-pid", "--unshare-uts",
                                     "--unshare-ipc", "--as-pid-1",    "--new-session",
                                     "--hostname",    "floor"};
    const auto add = [&](std::initializer_list<std::string> words) {
        command.insert(command.end(), words);
    };
    if (wanted.set != Set::a) add({"--unshare-net"});
    if (wanted.set == Set::c) add({"--unshare-user"});
    add({"--bind", wanted.root, "/", "--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue",
         "--tmpfs", "/dev/shm", "--ro-bind", "/sys", "/sys"});
    for (int i = 0; i != wanted.binds; ++i)
        add({"--ro-bind", wanted.bind_source, "/mnt/" + std::to_string(i)});
    for (const char* path : masked_paths) {
        if (fs::is_directory(path))
            add({"--tmpfs", path});
        else if (fs::exists(path))
            add({"--ro-bind", "/dev/null", path});
    }
    add({wanted.program});
    return command;
}

/// `command` with each "{id}" replaced.
[[nodiscard]] std::vector<std::string> with_new_id(std::vector<std::string> command) {
    static int id = 0;
    for (std::string& word : command)
        if (word == "{id}")
            word = "insula-bench-" + std::to_string(::getpid()) + '-' + std::to_string(++id);
    return command;
}

}  // namespace

double time_command(const std::vector<std::string>& command) {
    std::vector<std::string> words = with_new_id(command);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int status = 0;
    const double time = time_of([&] {
        pid_t pid = 0;
        if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0)
            give_up("cannot run " + words[0]);
        ::waitpid(pid, &status, 0);
    });
    if (status != 0) give_up(words[0] + " failed with status " + std::to_string(status));
    return time;
}

void add_peers(const Fixture& fixture, std::vector<Contender>& contenders) {
    const auto add = [&](const std::string& program, std::vector<std::string> command) {
        if (is_installed(program))
            contenders.push_back(
                {program, [command = std::move(command)] { return time_command(command); }});
        else
            (void)std::fprintf(stderr, "bench: %s is not installed: left out\n", program.c_str());
    };
    add("crun", crun_command(fixture));
    add("bwrap", bubblewrap_command(fixture));
}

}  // namespace insula::bench
