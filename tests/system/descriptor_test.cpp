// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;

namespace {

/// Files whose content is their number, each open at a descriptor that the test chooses.
class Files {
public:
    explicit Files(const std::vector<int>& at) {
        for (const int fd : at) {
            const std::string path = scratch_.file(std::to_string(fd), std::to_string(fd));
            const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            REQUIRE(opened >= 0);
            // What stands there already must not get lost.
            if (opened != fd) {
                REQUIRE(fcntl(fd, F_GETFD) < 0);
                REQUIRE(dup3(opened, fd, O_CLOEXEC) == fd);
                close(opened);
            }
            held_.push_back(UniqueFd::adopt(fd));
        }
    }

private:
    Scratch scratch_{};
    std::vector<UniqueFd> held_{};
};

[[nodiscard]] StartOptions passing(const std::vector<int>& fds) {
    StartOptions options;
    for (const int fd : fds) options.passed_fds.push_back({.fd = {fd}});
    return options;
}

/// Passes `fds` in this order, and checks that 3 and on are those files and that nothing else is
/// open.
void check_passed(const Box& box, const std::vector<int>& fds) {
    std::vector<std::string> actions{"report"};
    for (std::size_t i = 0; i != fds.size(); ++i)
        actions.insert(actions.end(), {"read-fd", std::to_string(3 + i)});
    const Report inside = report_of(box, actions, passing(fds));
    std::vector<std::string> expected;
    for (std::size_t i = 0; i != fds.size() + 3; ++i) expected.push_back(std::to_string(i));
    std::sort(expected.begin(), expected.end());
    CHECK(lines(inside.names("fd.")) == lines(expected));
    std::vector<int> seen_before;
    for (std::size_t i = 0; i != fds.size(); ++i) {
        CAPTURE(i);
        // Copies share their offset: who is second reads nothing.
        const bool again =
            std::find(seen_before.begin(), seen_before.end(), fds[i]) != seen_before.end();
        CHECK(inside["read-fd:" + std::to_string(3 + i)] == (again ? "" : std::to_string(fds[i])));
        seen_before.push_back(fds[i]);
    }
}

constexpr const char* reaper = "<insula:container><insula:init mode='reaper'/></insula:container>";

}  // namespace

TEST_CASE("descriptor: init has 0, 1 and 2 and no other") {
    INSULA_NEEDS_CONTAINERS();
    CHECK(lines(report_of({}, {"report"}).names("fd.")) == "0\n1\n2\n");
    CHECK(lines(report_of({.container = reaper}, {"report"}).names("fd.")) == "0\n1\n2\n");
}

TEST_CASE("descriptor: those that are passed come from 3 on, in the order of the list") {
    INSULA_NEEDS_CONTAINERS();
    const Files files({60, 61, 62, 63, 64});
    const std::vector<std::vector<int>> lists{
        {60}, {61, 60}, {60, 61, 62}, {64, 63, 62, 61, 60}, {62, 60, 64, 61}};
    for (const std::vector<int>& list : lists) {
        check_passed({}, list);
        for (const int fd : list) lseek(fd, 0, SEEK_SET);
        check_passed({.container = reaper}, list);
        for (const int fd : list) lseek(fd, 0, SEEK_SET);
    }
}

TEST_CASE("descriptor: the numbers that init gets may be taken by others of the list") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    // The lowest eight numbers that are free, whatever the runner has left open.
    std::vector<int> low;
    for (int fd = 3; low.size() != 8; ++fd)
        if (fcntl(fd, F_GETFD) < 0) low.push_back(fd);
    const Files files(low);
    const auto rewind = [&] {
        for (const int fd : low) lseek(fd, 0, SEEK_SET);
    };
    check_passed({}, low);
    rewind();
    check_passed({}, {low.rbegin(), low.rend()});
    rewind();
    check_passed({}, {low[4], low[0], low[7], low[1], low[3], low[2], low[6], low[5]});
    rewind();
    check_passed({.container = reaper}, {low[1], low[2], low[3], low[0]});
}

TEST_CASE("descriptor: one may be passed twice") {
    INSULA_NEEDS_CONTAINERS();
    const Files files({60, 61});
    check_passed({}, {60, 60});
    lseek(60, 0, SEEK_SET);
    check_passed({}, {60, 61, 60, 61, 61});
}

TEST_CASE("descriptor: fifty of them arrive") {
    INSULA_NEEDS_CONTAINERS();
    std::vector<int> many;
    for (int fd = 100; fd != 150; ++fd) many.push_back(fd);
    const Files files(many);
    check_passed({}, many);
}

TEST_CASE("descriptor: LISTEN variables are set when asked, and only then") {
    INSULA_NEEDS_CONTAINERS();
    const Files files({60, 61});
    StartOptions options = passing({60, 61});
    CHECK(report_of({}, {"report"}, options).text().find("LISTEN_") == std::string::npos);

    options.listen_variables = ListenVariables::set;
    options.passed_fds[0].name = "web";
    for (const auto& [container, pid] : {std::pair{"", "1"}, std::pair{reaper, "2"}}) {
        const Report inside = report_of({.container = container}, {"report"}, options);
        const std::string environment = lines(inside.all("env"));
        CHECK(environment.find("LISTEN_FDS=2\n") != std::string::npos);
        CHECK(environment.find("LISTEN_FDNAMES=web:unknown\n") != std::string::npos);
        CHECK(environment.find("LISTEN_PID=" + inside["pid"] + "\n") != std::string::npos);
        CHECK(inside["pid"] == pid);
    }
}

TEST_CASE("descriptor: a passed one that is not open is an error before anything starts") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    const Result<Machine> machine = start_box({}, {}, passing({999}));
    REQUIRE(!machine);
    CHECK(machine.error().code == ErrorCode::invalid);
    CHECK(machine.error().system_error == EBADF);
    CHECK(host.difference() == "");
}

TEST_CASE("descriptor: what the embedder leaves open stays outside") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    const UniqueFd directory = UniqueFd::adopt(open("/", O_RDONLY | O_DIRECTORY));
    std::vector<UniqueFd> leaks;
    // Without close-on-exec, at every free number from 7 to 20.
    for (int fd = 7; fd <= 20; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && dup2(directory.get(), fd) == fd)
            leaks.push_back(UniqueFd::adopt(fd));
    REQUIRE(!leaks.empty());
    CHECK(lines(report_of({}, {"report"}).names("fd.")) == "0\n1\n2\n");
    const Files files({60});
    CHECK(lines(report_of({}, {"report"}, passing({60})).names("fd.")) == "0\n1\n2\n3\n");
}

TEST_CASE("descriptor: a leaked directory of the host is no working directory") {
    INSULA_NEEDS_CONTAINERS();
    static_cast<void>(runtime());
    const UniqueFd directory = UniqueFd::adopt(open("/", O_RDONLY | O_DIRECTORY));
    std::vector<UniqueFd> leaks;
    for (int fd = 3; fd <= 20; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && dup2(directory.get(), fd) == fd)
            leaks.push_back(UniqueFd::adopt(fd));
    for (int fd = 3; fd <= 20; ++fd) {
        CAPTURE(fd);
        for (const char* form : {"/proc/self/fd/", "/proc/1/fd/", "/dev/fd/"}) {
            const std::string path = form + std::to_string(fd);
            const Result<Machine> machine =
                start_box({.os = "<initdir>" + path + "</initdir>"}, {"report"});
            REQUIRE(!machine);
            CHECK(machine.error().path == "/domain/os/initdir");
        }
    }
    // Not even where the embedder passes it to init on purpose.
    CHECK(!start_box({.os = "<initdir>/proc/self/fd/3</initdir>"}, {}, passing({directory.get()})));
}
