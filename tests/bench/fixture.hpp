// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "case.hpp"
#include "insula/plan/container_plan.hpp"

namespace insula::bench {

/// A directory for one benchmark: a container's root with a static `true`, and what peers need.
/// Removed at the end, by the process that made it.
class Fixture {
public:
    /// `true_program` is the host path of bench-true.
    Fixture(Set set, int binds, const std::string& true_program);
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture();

    [[nodiscard]] const Case& wanted() const noexcept { return case_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

    /// The definition in domain XML; what it plans is what the floor does.
    [[nodiscard]] std::string xml() const;
    /// The definition, planned for this host. Gives up when it cannot be planned.
    [[nodiscard]] ContainerPlan plan() const;
    /// Writes the definition into a file and returns its path.
    [[nodiscard]] std::string write_xml() const;

private:
    std::string directory_;
    Case case_;
    int owner_;
};

/// Takes this process into a mount namespace of its own, private, with about ten mounts, a new
/// tmpfs on /run and cgroup v2 alone at /sys/fs/cgroup: crun refuses a hybrid layout. The
/// friendliest host for all contenders.
void enter_small_host();

/// Adds `count` tmpfs mounts below `directory`.
void add_host_mounts(const std::string& directory, int count);

/// Ends the benchmark: throws, so that fixtures are removed.
[[noreturn]] void give_up(const std::string& why);

/// Calls `benchmark`; the exit status of the program.
[[nodiscard]] int run_benchmark(const std::function<void()>& benchmark);

}  // namespace insula::bench
