// SPDX-License-Identifier: Apache-2.0
// bench-command: the command `insula run`, start to end, against the floor as a command and peers.
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "fixture.hpp"
#include "measure.hpp"
#include "peer.hpp"

namespace insula::bench {

namespace {

struct Options {
    std::string set = "A";
    int rounds = 100;
    bool json = false;
};

[[nodiscard]] Contender contender(const std::string& name, std::vector<std::string> command) {
    return {name, [command = std::move(command)] { return time_command(command); }};
}

void run(const Options& options) {
    enter_small_host();
    const Fixture fixture(static_cast<Set>(options.set[0]), /*binds=*/0, BENCH_TRUE);
    const Case& wanted = fixture.wanted();
    std::vector<Contender> contenders{
        contender("floor", {BENCH_FLOOR, options.set, wanted.root, wanted.program}),
        contender("insula", {BENCH_INSULA, "run", "--quiet", fixture.write_xml()}),
        // What no command can save: the start of a static program that does nothing.
        contender("true", {BENCH_TRUE}),
    };
    add_peers(fixture, contenders);
    print("command " + options.set, compare(contenders, options.rounds),
          options.json ? Output::json : Output::text);
}

}  // namespace

}  // namespace insula::bench

int main(int argc, char** argv) {
    insula::bench::Options options;
    CLI::App app("Start to exit of the command, against the floor and peers. Needs root.");
    app.add_option("--set", options.set, "namespaces: A, B or C")
        ->check(CLI::IsMember(std::vector<std::string>{"A", "B", "C"}));
    app.add_option("--rounds", options.rounds, "how often each contender runs")
        ->check(CLI::PositiveNumber);
    app.add_flag("--json", options.json, "one JSON object per line");
    CLI11_PARSE(app, argc, argv);
    return insula::bench::run_benchmark([&] { insula::bench::run(options); });
}
