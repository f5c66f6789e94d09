// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"

using namespace insula;
using namespace insula::test;
using namespace std::chrono_literals;

namespace {

/// The error of a start that must fail; everything must be as before.
[[nodiscard]] Error refusal_of(const Box& box, const StartOptions& options = {}) {
    const Unchanged host;
    const Result<Machine> machine = start_box(box, {"hang"}, options);
    REQUIRE(!machine);
    CHECK(host.difference() == "");
    return machine.error();
}

/// Checks that `error` came from executing init, and is said at its element.
void check_init_error(const Error& error, ErrorCode code, int system_error) {
    CHECK(error.code == code);
    CHECK(error.system_error == system_error);
    CHECK(error.call == "execve");
    CHECK(error.op >= 0);
    CHECK(error.path == "/domain/os/init");
    CHECK(error.xml.line == 5);
}

/// A root with files that cannot be init, each in a way of its own.
struct Inits {
    Scratch scratch{};
    std::string root = scratch.root_tree();

    [[nodiscard]] Error refusal(const std::string& init, const std::string& more = {}) const {
        return refusal_of({.init = init,
                           .root = mount_xml("mount", root, "/"),
                           .container = more,
                           .with_probe = false});
    }
};

constexpr const char* reaper = "<insula:container><insula:init mode='reaper'/></insula:container>";

}  // namespace

TEST_CASE("failure: an init that is not there") {
    INSULA_NEEDS_CONTAINERS();
    const Inits inits;
    for (const char* mode : {"", reaper}) {
        check_init_error(inits.refusal("/sbin/missing", mode), ErrorCode::missing, ENOENT);
        CHECK(inits.refusal("/sbin/missing", mode).hint == "");
    }
}

TEST_CASE("failure: a directory as init") {
    INSULA_NEEDS_CONTAINERS();
    const Inits inits;
    inits.scratch.directory("root/sbin");
    for (const char* mode : {"", reaper}) {
        const Error error = inits.refusal("/sbin", mode);
        check_init_error(error, ErrorCode::invalid, EACCES);
        CHECK(!error.hint.empty());
    }
}

TEST_CASE("failure: a script whose interpreter is missing") {
    INSULA_NEEDS_CONTAINERS();
    const Inits inits;
    inits.scratch.file("root/script", "#!/bin/missing-interpreter\n", 0755);
    for (const char* mode : {"", reaper}) {
        const Error error = inits.refusal("/script", mode);
        check_init_error(error, ErrorCode::invalid, ENOENT);
        CHECK(error.hint.find("interpreter") != std::string::npos);
    }
}

TEST_CASE("failure: an init that may not be executed, or is no program") {
    INSULA_NEEDS_CONTAINERS();
    const Inits inits;
    inits.scratch.file("root/plain", "#!/init\n", 0644);
    check_init_error(inits.refusal("/plain"), ErrorCode::denied, EACCES);
    inits.scratch.file("root/garbage", "not a program", 0755);
    check_init_error(inits.refusal("/garbage"), ErrorCode::invalid, ENOEXEC);
    inits.scratch.link("root/circle", "circle");
    check_init_error(inits.refusal("/circle"), ErrorCode::invalid, ELOOP);
    inits.scratch.file("root/file", "", 0755);
    check_init_error(inits.refusal("/file/init"), ErrorCode::missing, ENOTDIR);
}

TEST_CASE("failure: a root mounted noexec") {
    INSULA_NEEDS_CONTAINERS();
    const Inits inits;
    check_init_error(
        refusal_of({.init = "/init",
                    .root = mount_xml("mount", inits.root, "/", "<insula:mount noexec='yes'/>"),
                    .with_probe = false}),
        ErrorCode::denied, EACCES);
}

TEST_CASE("failure: a source that is not there is named with its element") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const Box box{.devices = mount_xml("mount", scratch / "missing", "/data")};
    const Error error = refusal_of(box);
    CHECK(error.code == ErrorCode::missing);
    CHECK(error.call == "open_tree");
    CHECK(error.system_error == ENOENT);
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(error.xml.known());
    CHECK(error.message.find(scratch / "missing") != std::string::npos);
    CHECK(error.message.find("'/data'") != std::string::npos);
    const Result<ContainerPlan> plan = plan_box(box, {});
    REQUIRE(plan);
    REQUIRE(error.op >= 0);
    const auto* bind =
        std::get_if<BindMount>(&plan->ops[static_cast<std::size_t>(error.op)].action);
    REQUIRE(bind != nullptr);
    CHECK(bind->target.text == "/data");
}

TEST_CASE("failure: a root that is not there, or is a file") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const Error missing = refusal_of({.root = mount_xml("mount", scratch / "missing", "/")});
    CHECK(missing.code == ErrorCode::missing);
    CHECK(missing.op == 0);
    CHECK(missing.path == "/domain/devices/filesystem[1]");
    const std::string file = scratch.file("file");
    const Error wrong = refusal_of({.root = mount_xml("mount", file, "/")});
    CHECK(wrong.op == 0);
}

TEST_CASE("failure: the last of many mounts fails, and nothing is left of the others") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.directory("data");
    std::string devices;
    for (int i = 0; i != 200; ++i)
        devices += mount_xml("mount", scratch / "data", "/m/" + std::to_string(i));
    devices += mount_xml("mount", scratch / "missing", "/last");
    const Error error = refusal_of({.devices = devices});
    CHECK(error.code == ErrorCode::missing);
    CHECK(error.path == "/domain/devices/filesystem[203]");
}

TEST_CASE("failure: a source that this user may not reach") {
    if (is_root()) INSULA_SKIP("needs an ordinary user: root may reach everything");
    INSULA_NEEDS_CONTAINERS();
    // Somebody else's: his own he can reach whatever their mode, being root inside.
    if (access("/root", X_OK) == 0) INSULA_SKIP("this machine lets everybody into /root");
    const Error error = refusal_of({.devices = mount_xml("mount", "/root/data", "/data")});
    CHECK(error.code == ErrorCode::denied);
    CHECK(error.system_error == EACCES);
    CHECK(error.path == "/domain/devices/filesystem[3]");
    CHECK(!error.hint.empty());
}

TEST_CASE("failure: a read-only tree in which the target cannot be made") {
    if (!is_root()) INSULA_SKIP("needs root: an ordinary user is stopped by the owner");
    const Scratch scratch;
    scratch.directory("data");
    const Error error =
        refusal_of({.devices = mount_xml("mount", scratch / "data", "/closed", "<readonly/>") +
                               mount_xml("mount", scratch / "data", "/closed/below")});
    CHECK(error.system_error == EROFS);
    CHECK(error.call == "mkdirat");
    CHECK(error.path == "/domain/devices/filesystem[4]");
    CHECK(!error.hint.empty());
}

TEST_CASE("failure: a full process table is busy") {
    if (is_root()) INSULA_SKIP("needs an ordinary user: the limit does not hold for root");
    INSULA_NEEDS_CONTAINERS();
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NPROC, &before) == 0);
    const rlimit none{1, before.rlim_max};
    static_cast<void>(runtime());
    static_cast<void>(facts());
    REQUIRE(setrlimit(RLIMIT_NPROC, &none) == 0);
    const Result<Machine> machine = start_box({}, {"hang"});
    REQUIRE(setrlimit(RLIMIT_NPROC, &before) == 0);
    REQUIRE(!machine);
    CHECK(machine.error().code == ErrorCode::busy);
    CHECK(machine.error().call == "clone3");
    CHECK(machine.error().system_error == EAGAIN);
}

TEST_CASE("failure: no descriptor left is busy, and is no leak") {
    INSULA_NEEDS_CONTAINERS();
    const Unchanged host;
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const Result<ContainerPlan> plan = plan_box({}, {"exit", "0"});
    REQUIRE(plan);
    bool started = false;
    // Each number of descriptors stops the start at another step.
    for (rlim_t left = descriptor_count(); !started && left < 100; ++left) {
        CAPTURE(left);
        const rlimit few{left, before.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
        Result<Machine> machine = runtime().start(*plan, piped());
        REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
        started = machine.has_value();
        if (started) {
            CHECK(machine->wait().value() == ExitStatus{.kind = ExitStatus::Kind::exited});
        } else {
            CHECK(machine.error().code == ErrorCode::busy);
            CHECK(machine.error().system_error == EMFILE);
            CHECK(host.difference() == "");
        }
    }
    CHECK(started);
    CHECK(host.difference() == "");
}

TEST_CASE("failure: a start that is given up beforehand is busy, and leaves nothing") {
    INSULA_NEEDS_CONTAINERS();
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader = UniqueFd::adopt(ends[0]);
    UniqueFd writer = UniqueFd::adopt(ends[1]);
    StartOptions options;
    options.cancel = reader.ref();
    {
        Result<Machine> undisturbed = start_box({}, {"exit", "0"}, options);
        REQUIRE(undisturbed);
        CHECK(undisturbed->wait());
    }
    REQUIRE(write(writer.get(), "x", 1) == 1);
    for (int i = 0; i != 20; ++i) {
        const Error error = refusal_of({}, options);
        CHECK(error.code == ErrorCode::busy);
        CHECK(error.system_error == ECANCELED);
    }
}

TEST_CASE("failure: a start that takes too long is busy, and leaves nothing") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    scratch.directory("data");
    // So much to do that a millisecond cannot be enough.
    std::string devices;
    for (int i = 0; i != 1000; ++i)
        devices += mount_xml("mount", scratch / "data", "/m/" + std::to_string(i));
    StartOptions options;
    options.timeout = 1ms;
    const Error error = refusal_of({.devices = devices}, options);
    CHECK(error.code == ErrorCode::busy);
    CHECK(error.system_error == ETIMEDOUT);
    options.timeout = 60s;
    Result<Machine> enough = start_box({}, {"exit", "0"}, options);
    REQUIRE(enough);
    CHECK(enough->wait());
}

TEST_CASE("failure: the trace tells each step once, in order, and which one failed") {
    INSULA_NEEDS_CONTAINERS();
    for (const bool fails : {false, true}) {
        CAPTURE(fails);
        const Box box{.devices = ram_xml("/ram"), .os = fails ? "<initdir>/nowhere</initdir>" : ""};
        const Result<ContainerPlan> plan = plan_box(box, {"exit", "0"});
        REQUIRE(plan);
        std::vector<TraceEvent> events;
        const auto keep = [&](const TraceEvent& event) { events.push_back(event); };
        StartOptions options = piped();
        options.trace = keep;
        const Result<Machine> machine = runtime().start(*plan, options);
        CHECK(machine.has_value() != fails);
        std::vector<int> ops;
        for (const TraceEvent& event : events)
            if (event.op >= 0) ops.push_back(event.op);
        const std::size_t expected =
            fails ? static_cast<std::size_t>(machine.error().op) + 1 : plan->ops.size();
        REQUIRE(ops.size() == expected);
        for (std::size_t i = 0; i != ops.size(); ++i) CHECK(ops[i] == static_cast<int>(i));
        for (const TraceEvent& event : events) {
            const bool last = &event == &events.back();
            CHECK(event.system_error == (fails && last ? ENOENT : 0));
            CHECK(event.duration >= 0ns);
            if (event.op >= 0 && std::holds_alternative<FilesystemMount>(
                                     plan->ops[static_cast<std::size_t>(event.op)].action))
                CHECK(event.duration > 0ns);
        }
    }
}
