// SPDX-License-Identifier: Apache-2.0
// A container with a user namespace of its own: an ordinary user may run it, and its root is
// nobody outside. Run by root it does the same with ids that belong to nobody.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "insula/insula.hpp"

namespace {

/// Root inside is this user outside, and nobody else exists.
insula::IdMap map_of_own_id() {
    const auto uid = ::geteuid() == 0 ? 100000U : ::geteuid();
    const auto gid = ::geteuid() == 0 ? 100000U : ::getegid();
    return {.uids = {{.start = 0, .target = uid, .count = 1}},
            .gids = {{.start = 0, .target = gid, .count = 1}}};
}

insula::Domain definition() {
    insula::Domain domain{};
    domain.name = "rootless";
    domain.memory = insula::ScaledSize{.value = 64, .unit = "MiB"};
    domain.os.init = "/bin/sh";
    domain.os.init_args = {"-c", "echo \"uid $(id -u) inside is\" $(tail -n 1 /proc/self/uid_map)"};
    domain.features.private_network = insula::SwitchState::on;
    domain.id_map = map_of_own_id();
    domain.devices.push_back(
        {.node = insula::Filesystem{
             .type = insula::FilesystemType::template_, .source = "host", .target = "/"}});
    return domain;
}

insula::Result<insula::ExitStatus> run() {
    INSULA_TRY(const insula::HostFacts facts, insula::probe_host());
    INSULA_TRY(const insula::ContainerPlan plan, insula::plan_container(definition(), facts));
    INSULA_TRY(const insula::Runtime runtime, insula::Runtime::create());
    INSULA_TRY(insula::Machine machine, runtime.start(plan));
    return machine.wait();
}

}  // namespace

int main() {
    const auto status = run();
    if (!status) {
        std::fprintf(stderr, "%s\n", insula::describe(status.error()).c_str());
        return 125;
    }
    return status.value().code;
}
