// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "insula/insula.hpp"

namespace insula::bench {

namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) give_up("cannot write " + path.string());
}

[[nodiscard]] std::string make_directory() {
    char path[] = "/tmp/insula-bench.XXXXXX";
    if (::mkdtemp(path) == nullptr) give_up("cannot make a directory in /tmp");
    ::chmod(path, 0755);  // the ids of set C get at it as well
    return path;
}

void mount_or_give_up(const char* type, const char* target, unsigned long flags) {
    if (::mount(type, target, type, flags, nullptr) != 0)
        give_up(std::string("cannot mount ") + (type ? type : "") + " on " + target + ": " +
                std::strerror(errno));
}

}  // namespace

void give_up(const std::string& why) {
    throw std::runtime_error(why);
}

int run_benchmark(const std::function<void()>& benchmark) {
    try {
        benchmark();
        return 0;
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "bench: %s\n", error.what());
        return 1;
    }
}

Fixture::Fixture(Set set, int binds, const std::string& true_program)
    : directory_(make_directory()), owner_(::getpid()) {
    const fs::path root = fs::path(directory_) / "root";
    for (const char* name : {"bin", "dev", "proc", "sys", "mnt"})
        fs::create_directories(root / name);
    for (int i = 0; i != binds; ++i) fs::create_directory(root / "mnt" / std::to_string(i));
    fs::create_directory(fs::path(directory_) / "bound");
    fs::copy_file(true_program, root / "bin/true");
    case_ = {.set = set,
             .root = root,
             .program = "/bin/true",
             .binds = binds,
             .bind_source = directory_ + "/bound"};
}

Fixture::~Fixture() {
    if (::getpid() == owner_) fs::remove_all(directory_);
}

std::string Fixture::xml() const {
    std::string text = "<domain type='lxc'><name>floor</name><memory unit='MiB'>64</memory>";
    text += "<os><type>exe</type><init>" + case_.program + "</init></os>";
    if (case_.set == Set::c)
        for (const char* kind : {"uid", "gid"})
            text += std::string(kind[0] == 'u' ? "<idmap>" : "") + '<' + kind +
                    " start='0' target='" + std::to_string(first_id) + "' count='" +
                    std::to_string(id_count) + "'/>" + (kind[0] == 'g' ? "</idmap>" : "");
    if (case_.set != Set::a) text += "<features><privnet/></features>";
    text += "<devices><filesystem type='mount'><source dir='" + case_.root +
            "'/><target dir='/'/></filesystem>";
    for (int i = 0; i != case_.binds; ++i)
        text += "<filesystem type='mount'><source dir='" + case_.bind_source +
                "'/><target dir='/mnt/" + std::to_string(i) + "'/><readonly/></filesystem>";
    return text + "</devices></domain>";
}

ContainerPlan Fixture::plan() const {
    const auto planned = [this]() -> Result<ContainerPlan> {
        INSULA_TRY(const Domain domain, parse_domain(xml()));
        INSULA_TRY(const HostFacts facts, probe_host());
        return plan_container(domain, facts);
    }();
    if (!planned) give_up(describe(planned.error()));
    return planned.value();
}

std::string Fixture::write_xml() const {
    const std::string path = directory_ + "/domain.xml";
    write_text(path, xml());
    return path;
}

void enter_small_host() {
    if (::unshare(CLONE_NEWNS) != 0)
        give_up(std::string("cannot make a mount namespace (run as root): ") +
                std::strerror(errno));
    mount_or_give_up(nullptr, "/", MS_REC | MS_PRIVATE);
    while (::umount2("/sys/fs/cgroup", MNT_DETACH) == 0) {
    }
    mount_or_give_up("cgroup2", "/sys/fs/cgroup", 0);
    mount_or_give_up("tmpfs", "/run", 0);
}

void add_host_mounts(const std::string& directory, int count) {
    fs::create_directories(directory);
    for (int i = 0; i != count; ++i) {
        const std::string target = directory + '/' + std::to_string(i);
        fs::create_directory(target);
        mount_or_give_up("tmpfs", target.c_str(), 0);
    }
}

}  // namespace insula::bench
