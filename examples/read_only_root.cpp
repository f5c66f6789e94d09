// SPDX-License-Identifier: Apache-2.0
// A container whose whole root is read-only, with a tmpfs for what it has to write.
#include <cstdio>

#include "insula/insula.hpp"

namespace {

constexpr std::string_view definition = R"(
<domain type='lxc'>
  <name>sealed</name>
  <memory unit='MiB'>64</memory>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
    <initarg>-c</initarg>
    <initarg>
      if (: > /etc/probe) 2> /dev/null; then exit 1; fi
      echo "/etc cannot be written"
      echo scratch > /tmp/probe &amp;&amp; echo "/tmp can"
    </initarg>
  </os>
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'>
      <source dir='/'/>
      <target dir='/'/>
      <readonly/>
    </filesystem>
    <filesystem type='ram'>
      <source usage='16' units='MiB'/>
      <target dir='/tmp'/>
    </filesystem>
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
    if (!status) {
        std::fprintf(stderr, "%s\n", insula::describe(status.error()).c_str());
        return 125;
    }
    return status.value().code;
}
