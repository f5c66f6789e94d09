// SPDX-License-Identifier: Apache-2.0
// Uses both libraries as an embedder does. Exit code 0 when the container ran, or this user and
// kernel may not run one.
#include <cstdio>

#include "insula/insula.hpp"

namespace {

constexpr std::string_view definition = R"(
<domain type='lxc'>
  <name>embedded</name>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>exit 7</initarg></os>
  <features><privnet/></features>
  <devices>
    <filesystem type='template'><source name='host'/><target dir='/'/></filesystem>
  </devices>
</domain>)";

insula::Result<insula::ExitStatus> run() {
    INSULA_TRY(const insula::Domain domain, insula::parse_domain(definition));
    INSULA_TRY(const insula::HostFacts facts, insula::probe_host());
    INSULA_TRY(const insula::ContainerPlan plan, insula::plan_container(domain, facts));
    INSULA_TRY(const insula::Runtime runtime, insula::Runtime::create());
    INSULA_TRY(insula::Machine machine, runtime.start(plan));
    return machine.wait();
}

}  // namespace

int main() {
    const auto status = run();
    if (status) return status.value().code == 7 ? 0 : 1;
    std::fprintf(stderr, "%s\n", insula::describe(status.error()).c_str());
    const auto code = status.error().code;
    return code == insula::ErrorCode::denied || code == insula::ErrorCode::unsupported ? 0 : 1;
}
