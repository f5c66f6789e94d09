// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"
#include "system/mount_table.hpp"

using namespace insula;
using namespace insula::test;

namespace {

constexpr const char* no_signal = "0000000000000000";

/// One disposition of the test's own, for the time of a case.
class Disposition {
public:
    Disposition(int number, void (*handler)(int)) : number_(number) {
        struct sigaction action{};
        action.sa_handler = handler;
        sigaction(number_, &action, &before_);
    }
    Disposition(const Disposition&) = delete;
    Disposition& operator=(const Disposition&) = delete;
    ~Disposition() { sigaction(number_, &before_, nullptr); }

private:
    int number_;
    struct sigaction before_{};
};

}  // namespace

TEST_CASE("process: the environment is exactly what the design says") {
    INSULA_NEEDS_CONTAINERS();
    setenv("INSULA_TEST_LEAK", "must not be inside", 1);
    const Report inside = report_of({}, {"report"});
    unsetenv("INSULA_TEST_LEAK");
    CHECK(lines(inside.all("env")) ==
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
          "TERM=linux\n"
          "HOME=/\n"
          "container=lxc-libvirt\n"
          "LIBVIRT_LXC_NAME=box\n");
}

TEST_CASE("process: uuid, command line and variables of the definition are in the environment") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside =
        report_of({.os = "<initenv name='A'>one</initenv><initenv name='TERM'>xterm</initenv>"
                         "<initenv name='EMPTY'></initenv><cmdline>quiet splash</cmdline>",
                   .domain = "<uuid>DEADBEEF-1234-5678-9abc-00000000000f</uuid>"},
                  {"report"});
    CHECK(lines(inside.all("env")) ==
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
          "TERM=xterm\n"
          "HOME=/\n"
          "container=lxc-libvirt\n"
          "container_uuid=deadbeef-1234-5678-9abc-00000000000f\n"
          "LIBVIRT_LXC_NAME=box\n"
          "LIBVIRT_LXC_UUID=deadbeef-1234-5678-9abc-00000000000f\n"
          "LIBVIRT_LXC_CMDLINE=quiet splash\n"
          "A=one\n"
          "EMPTY=\n");
}

TEST_CASE("process: argv is init and its arguments, in order, as written") {
    INSULA_NEEDS_CONTAINERS();
    const std::vector<std::string> arguments{"report", "say", "two words",     "say",
                                             "",       "say", "<&'\">\\é$(id)"};
    const Report inside = report_of({}, arguments);
    std::vector<std::string> expected{std::string(probe_init)};
    expected.insert(expected.end(), arguments.begin(), arguments.end());
    CHECK(lines(inside.all("argv")) == lines(expected));
}

TEST_CASE("process: many and long arguments arrive") {
    INSULA_NEEDS_CONTAINERS();
    std::vector<std::string> arguments{"report"};
    for (int i = 0; i != 300; ++i) {
        arguments.emplace_back("say");
        arguments.emplace_back(static_cast<std::size_t>(i) * 10, 'x');
    }
    const Report inside = report_of({}, arguments);
    std::vector<std::string> seen = inside.all("argv");
    REQUIRE(seen.size() == arguments.size() + 1);
    seen.erase(seen.begin());
    CHECK(seen == arguments);
}

TEST_CASE("process: the directory is '/', or what the definition says") {
    INSULA_NEEDS_CONTAINERS();
    CHECK(report_of({}, {"report"})["cwd"] == "/");
    CHECK(report_of({.os = "<initdir>/dev/shm</initdir>"}, {"report"})["cwd"] == "/dev/shm");
    const Result<Machine> missing = start_box({.os = "<initdir>/nowhere</initdir>"}, {});
    REQUIRE(!missing);
    CHECK(missing.error().code == ErrorCode::missing);
    CHECK(missing.error().path == "/domain/os/initdir");
}

TEST_CASE("process: the umask is 022 whatever the embedder's is") {
    INSULA_NEEDS_CONTAINERS();
    const mode_t before = umask(0137);
    const Report inside = report_of({}, {"report"});
    CHECK(umask(before) == 0137);
    CHECK(inside["umask"] == std::to_string(022));
}

TEST_CASE(
    "process: no signal is blocked, pending, ignored or handled, whatever the embedder does") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition pipe(SIGPIPE, SIG_IGN);
    const Disposition child(SIGHUP, SIG_IGN);
    const Disposition user(SIGUSR1, [](int) {});
    const Disposition realtime(SIGRTMIN + 3, SIG_IGN);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const Unchanged host;
    const Report inside = report_of({}, {"report"});
    CHECK(host.difference() == "");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    for (const char* key :
         {"status.SigBlk", "status.SigIgn", "status.SigCgt", "status.SigPnd", "status.ShdPnd"}) {
        CAPTURE(key);
        CHECK(inside[key] == no_signal);
    }
}

TEST_CASE("process: init of a reaper starts as clean as one that is process 1") {
    INSULA_NEEDS_CONTAINERS();
    const Disposition pipe(SIGPIPE, SIG_IGN);
    const Report inside = report_of(
        {.container = "<insula:container><insula:init mode='reaper'/></insula:container>"},
        {"report"});
    for (const char* key :
         {"status.SigBlk", "status.SigIgn", "status.SigCgt", "status.SigPnd", "status.ShdPnd"}) {
        CAPTURE(key);
        CHECK(inside[key] == no_signal);
    }
    CHECK(inside["pid"] == "2");
    CHECK(inside["ppid"] == "1");
    CHECK(inside["sid"] == "2");
    CHECK(inside["umask"] == std::to_string(022));
}

TEST_CASE("process: init is dumpable, has no parent-death signal and plain security bits") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({}, {"report"});
    CHECK(inside["dumpable"] == "1");
    CHECK(inside["pdeathsig"] == "0");
    CHECK(inside["securebits"] == "0");
    CHECK(inside["keepcaps"] == "0");
    CHECK(inside["comm"] == "probe\n");
}

TEST_CASE("process: the device nodes are the container's own and nothing else is there") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside =
        report_of({}, {"report", "write", "/dev/null", "read", "/dev/zero", "cat", "/dev/null",
                       "read", "/dev/urandom", "write", "/dev/full"});
    CHECK(lines(inside.names("dev.")) ==
          "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzer"
          "o\n");
    constexpr std::pair<const char*, const char*> nodes[] = {
        {"dev.null", "1 3"},   {"dev.zero", "1 5"},    {"dev.full", "1 7"},
        {"dev.random", "1 8"}, {"dev.urandom", "1 9"}, {"dev.tty", "5 0"}};
    for (const auto& [key, number] : nodes) {
        CAPTURE(key);
        CHECK(inside[key].starts_with("c 0666 "));
        CHECK(inside[key].ends_with(std::string(" ") + number));
    }
    CHECK(inside["link.fd"] == "/proc/self/fd");
    CHECK(inside["link.stdin"] == "/proc/self/fd/0");
    CHECK(inside["link.stdout"] == "/proc/self/fd/1");
    CHECK(inside["link.stderr"] == "/proc/self/fd/2");
    CHECK(inside["link.ptmx"] == "pts/ptmx");
    for (const char* key : {"write:/dev/null", "read:/dev/zero", "read:/dev/urandom"}) {
        CAPTURE(key);
        CHECK(inside[key] == "ok");
    }
}
