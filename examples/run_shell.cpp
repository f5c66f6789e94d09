// SPDX-License-Identifier: Apache-2.0
// Runs a shell in a container of its own: the definition is XML, the rest is a dozen lines of C++.
// Arguments, as "-c 'ls -l /'", go to the shell.
#include <cstdio>

#include "insula/insula.hpp"

namespace {

constexpr std::string_view definition = R"(
<domain type='lxc'>
  <name>shell</name>
  <memory unit='MiB'>256</memory>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
  </os>
  <features><privnet/></features>
  <devices>
    <filesystem type='template'>
      <source name='host'/>
      <target dir='/'/>
    </filesystem>
  </devices>
</domain>)";

insula::Result<insula::ExitStatus> run_shell(std::vector<std::string> arguments) {
    INSULA_TRY(const insula::Domain domain, insula::parse_domain(definition));
    INSULA_TRY(const insula::HostFacts facts, insula::probe_host());
    INSULA_TRY(const insula::ContainerPlan plan,
               insula::plan_container(domain, facts, {.init_args = std::move(arguments)}));
    INSULA_TRY(const insula::Runtime runtime, insula::Runtime::create());
    INSULA_TRY(insula::Machine machine, runtime.start(plan));
    return machine.wait();
}

}  // namespace

int main(int argc, char** argv) {
    const auto status = run_shell({argv + 1, argv + argc});
    if (!status) {
        std::fprintf(stderr, "%s\n", insula::describe(status.error()).c_str());
        return 125;
    }
    return status.value().kind == insula::ExitStatus::Kind::signaled ? 128 + status.value().signal
                                                                     : status.value().code;
}
