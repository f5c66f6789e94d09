// SPDX-License-Identifier: Apache-2.0
// A container manager in small: starts three machines, watches all of them in one poll loop, and
// starts one that fails once more. No threads, no signal handlers, no process beside the
// containers.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "insula/insula.hpp"

namespace {

struct Service {
    std::string name;
    std::string command;
    int restarts_left = 0;
};

struct Watched {
    Service service;
    insula::Machine machine;
};

insula::Domain definition(const Service& service) {
    insula::Domain domain{};
    domain.name = service.name;
    domain.memory = insula::ScaledSize{.value = 64, .unit = "MiB"};
    domain.os.init = "/bin/sh";
    domain.os.init_args = {"-c", service.command};
    domain.features.private_network = insula::SwitchState::on;
    domain.devices.push_back(
        {.node = insula::Filesystem{
             .type = insula::FilesystemType::template_, .source = "host", .target = "/"}});
    return domain;
}

class Manager {
public:
    static insula::Result<Manager> create() {
        INSULA_TRY(insula::HostFacts facts, insula::probe_host());
        INSULA_TRY(insula::Runtime runtime, insula::Runtime::create());
        return Manager(std::move(facts), std::move(runtime));
    }

    insula::Result<void> start(Service service) {
        INSULA_TRY(const auto plan, insula::plan_container(definition(service), facts_));
        INSULA_TRY(insula::Machine machine, runtime_.start(plan));
        std::printf("%s: started\n", service.name.c_str());
        watched_.push_back({std::move(service), std::move(machine)});
        return {};
    }

    /// Returns when no machine is left.
    insula::Result<void> watch() {
        while (!watched_.empty()) {
            std::vector<pollfd> polled;
            for (const Watched& one : watched_)
                polled.push_back({.fd = one.machine.pidfd().raw, .events = POLLIN, .revents = 0});
            if (::poll(polled.data(), polled.size(), -1) < 0) continue;
            // from the end, because a machine that has ended leaves the list
            for (std::size_t i = polled.size(); i-- > 0;)
                if (polled[i].revents != 0) INSULA_CHECK(ended(i));
        }
        return {};
    }

private:
    Manager(insula::HostFacts facts, insula::Runtime runtime)
        : facts_(std::move(facts)), runtime_(std::move(runtime)) {}

    insula::Result<void> ended(std::size_t index) {
        Watched one = std::move(watched_[index]);
        watched_.erase(watched_.begin() + static_cast<std::ptrdiff_t>(index));
        INSULA_TRY(const insula::ExitStatus status, one.machine.wait());
        std::printf("%s: ended with %d\n", one.service.name.c_str(), status.code);
        if (status.code == 0 || one.service.restarts_left == 0) return {};
        --one.service.restarts_left;
        return start(std::move(one.service));
    }

    insula::HostFacts facts_;
    insula::Runtime runtime_;
    std::vector<Watched> watched_;
};

insula::Result<void> run() {
    INSULA_TRY(Manager manager, Manager::create());
    INSULA_CHECK(manager.start({.name = "quick", .command = "exit 0"}));
    INSULA_CHECK(manager.start({.name = "steady", .command = "sleep 0.2"}));
    INSULA_CHECK(manager.start({.name = "broken", .command = "exit 3", .restarts_left = 1}));
    return manager.watch();
}

}  // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto done = run();
    if (done) return 0;
    std::fprintf(stderr, "%s\n", insula::describe(done.error()).c_str());
    return 125;
}
