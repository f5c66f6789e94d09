// SPDX-License-Identifier: Apache-2.0
// bench-start: from "start" to the end of a container, inside one process, against the floor.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "fixture.hpp"
#include "floor.hpp"
#include "insula/insula.hpp"
#include "measure.hpp"
#include "peer.hpp"
#include "twin.hpp"

namespace insula::bench {

namespace {

struct Options {
    std::string set = "A";
    int rounds = 200;
    int memory_mib = 0;
    int host_mounts = 0;
    int binds = 0;
    bool peers = false;
    bool phases = false;
    bool json = false;
};

/// The library, with all that an embedder would keep from start to start.
class Embedder {
public:
    explicit Embedder(const Fixture& fixture) : plan_(fixture.plan()), runtime_(create()) {}

    void start_and_wait(const StartOptions& options = {}) const {
        auto machine = runtime_.start(plan_, options);
        if (!machine) give_up(describe(machine.error()));
        const auto status = machine.value().wait();
        if (!status) give_up(describe(status.error()));
        if (status.value().kind != ExitStatus::Kind::exited || status.value().code != 0)
            give_up("the container failed");
    }

    [[nodiscard]] const ContainerPlan& plan() const noexcept { return plan_; }

private:
    [[nodiscard]] static Runtime create() {
        auto runtime = Runtime::create();
        if (!runtime) give_up(describe(runtime.error()));
        return std::move(runtime).value();
    }

    ContainerPlan plan_;
    Runtime runtime_;
};

[[nodiscard]] std::string title_of(const Options& options) {
    std::string title = "embedded " + options.set;
    if (options.memory_mib != 0) title += ", " + std::to_string(options.memory_mib) + " MiB";
    if (options.host_mounts != 0)
        title += ", " + std::to_string(options.host_mounts) + " host mounts";
    if (options.binds != 0) title += ", " + std::to_string(options.binds) + " binds";
    return title;
}

void compare_with_floor(const Options& options, const Fixture& fixture, const Embedder& embedder) {
    std::vector<Contender> contenders{
        {"floor", [&] { return time_of([&] { run_floor(fixture.wanted()); }); }},
        {"insula", [&] { return time_of([&] { embedder.start_and_wait(); }); }},
    };
    if (options.peers) add_peers(fixture, contenders);
    print(title_of(options), compare(contenders, options.rounds),
          options.json ? Output::json : Output::text);
}

/// Memory that is in use, as a large embedder has it.
void touch_memory(int mib) {
    static std::unique_ptr<char[]> memory;
    const std::size_t size = static_cast<std::size_t>(mib) << 20;
    memory = std::make_unique_for_overwrite<char[]>(size);
    for (std::size_t at = 0; at < size; at += 4096) memory[at] = 1;
}

/// A large caller, or one on a host with many mounts, against a plain one: each in a process of its
/// own.
void compare_with_twin(const Options& options, const Fixture& fixture, const Embedder& embedder) {
    const auto run_insula = [&] { return time_of([&] { embedder.start_and_wait(); }); };
    const auto run_floor_once = [&] { return time_of([&] { run_floor(fixture.wanted()); }); };
    const auto prepare = [&] {
        touch_memory(options.memory_mib);
        if (options.host_mounts == 0) return;
        enter_small_host();
        add_host_mounts("/run/insula-bench", options.host_mounts);
    };
    const Twin plain([] {}, run_insula);
    const Twin changed(prepare, run_insula);
    const Twin changed_floor(prepare, run_floor_once);
    std::vector<Contender> contenders{
        {"insula, plain", [&] { return plain.run(); }},
        {"insula", [&] { return changed.run(); }},
        {"floor", [&] { return changed_floor.run(); }},
    };
    print(title_of(options), compare(contenders, options.rounds),
          options.json ? Output::json : Output::text);
}

[[nodiscard]] std::string verb_of(const Op& op) {
    const std::string text = to_text(op);
    return text.size() > 40 ? text.substr(0, 37) + "..." : text;
}

/// Where the time goes: medians per phase of the floor, and per op of the plan.
void print_phases(const Options& options, const Fixture& fixture, const Embedder& embedder) {
    constexpr auto phases = static_cast<std::size_t>(FloorPhase::count_);
    std::vector<std::vector<double>> floor(phases);
    std::vector<std::vector<double>> ops(embedder.plan().ops.size() + 1);
    const auto trace = [&](const TraceEvent& event) {
        ops[event.op < 0 ? ops.size() - 1 : static_cast<std::size_t>(event.op)].push_back(
            std::chrono::duration<double, std::micro>(event.duration).count());
    };
    StartOptions traced;
    traced.trace = trace;
    for (int round = 0; round != options.rounds; ++round) {
        FloorTimes times{};
        run_floor(fixture.wanted(), &times);
        std::int64_t last = times[0];
        for (std::size_t i = 1; i != phases; ++i) {
            if (times[i] == 0) continue;
            floor[i].push_back(static_cast<double>(times[i] - last) / 1000.0);
            last = times[i];
        }
        embedder.start_and_wait(traced);
    }
    std::printf("floor, median us per phase\n");
    for (std::size_t i = 1; i != phases; ++i)
        if (!floor[i].empty())
            std::printf("  %8.1f  %s\n", median_of(floor[i]),
                        std::string(name_of(static_cast<FloorPhase>(i))).c_str());
    std::printf("insula, median us per op (the last one: ops before the plan's)\n");
    for (std::size_t i = 0; i != ops.size(); ++i)
        if (!ops[i].empty())
            std::printf("  %8.1f  %s\n", median_of(ops[i]),
                        i + 1 == ops.size() ? "" : verb_of(embedder.plan().ops[i]).c_str());
}

void run(const Options& options) {
    enter_small_host();
    const Fixture fixture(static_cast<Set>(options.set[0]), options.binds, BENCH_TRUE);
    const Embedder embedder(fixture);
    if (options.phases)
        print_phases(options, fixture, embedder);
    else if (options.memory_mib != 0 || options.host_mounts != 0)
        compare_with_twin(options, fixture, embedder);
    else
        compare_with_floor(options, fixture, embedder);
}

}  // namespace

}  // namespace insula::bench

int main(int argc, char** argv) {
    insula::bench::Options options;
    CLI::App app(
        "Start to exit of a container from inside a process, against the floor. Needs root.");
    app.add_option("--set", options.set, "namespaces: A, B or C")
        ->check(CLI::IsMember(std::vector<std::string>{"A", "B", "C"}));
    app.add_option("--rounds", options.rounds, "how often each contender runs")
        ->check(CLI::PositiveNumber);
    app.add_option("--memory", options.memory_mib, "MiB that the caller has touched");
    app.add_option("--host-mounts", options.host_mounts, "mounts that the host has in addition");
    app.add_option("--binds", options.binds, "bind mounts of the container");
    app.add_flag("--peers", options.peers, "compare with crun and bubblewrap as well");
    app.add_flag("--phases", options.phases, "print where the time goes instead");
    app.add_flag("--json", options.json, "one JSON object per line");
    CLI11_PARSE(app, argc, argv);
    return insula::bench::run_benchmark([&] { insula::bench::run(options); });
}
