// SPDX-License-Identifier: Apache-2.0
// bench-plan: from text to plan, and to print it. Needs no rights.
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "fixture.hpp"
#include "insula/insula.hpp"
#include "measure.hpp"

namespace insula::bench {

namespace {

struct Options {
    int rounds = 1000;
    bool json = false;
};

/// A definition as people write it: ten elements below <domain>, and what belongs into them.
constexpr const char* ten_elements = R"(<domain type='lxc'>
  <name>web</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
  <title>a web server</title>
  <description>the example that is measured</description>
  <memory unit='MiB'>256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/usr/sbin/httpd</init>
    <initarg>-D</initarg>
    <initarg>FOREGROUND</initarg>
    <initenv name='LANG'>C.UTF-8</initenv>
  </os>
  <features><privnet/></features>
  <on_crash>destroy</on_crash>
  <devices>
    <filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>
    <filesystem type='mount'>
      <source dir='/srv/pages'/><target dir='/var/www'/><readonly/>
    </filesystem>
    <filesystem type='ram'><source usage='16' units='MiB'/><target dir='/tmp'/></filesystem>
  </devices>
</domain>)";

[[nodiscard]] std::string many_filesystems(int count) {
    std::string text =
        "<domain type='lxc'><name>many</name><memory unit='MiB'>256</memory>"
        "<os><type>exe</type><init>/bin/true</init></os><features><privnet/></features><devices>"
        "<filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>";
    for (int i = 0; i != count; ++i) {
        const std::string number = std::to_string(i);
        text += "<filesystem type='mount'><source dir='/srv/data/" + number +
                "'/><target dir='/mnt/" + number + "'/><readonly/></filesystem>";
    }
    return text + "</devices></domain>";
}

template <class T>
[[nodiscard]] T expect(Result<T> result) {
    if (!result) give_up(describe(result.error()));
    return std::move(result).value();
}

/// The steps from `text` to a printed plan, and the first three together.
void measure(const std::string& title, const std::string& text, const Options& options,
             int rounds) {
    const HostFacts facts{};
    const Domain domain = expect(parse_domain(text));
    const ContainerPlan plan = expect(plan_container(domain, facts));
    volatile std::size_t sink = 0;  // what is not used would not be made
    const auto use = [&sink](std::size_t size) { sink = sink + size; };
    std::vector<Contender> steps{
        {"parse, validate, plan",
         [&] {
             return time_of([&] {
                 const Domain parsed = expect(parse_domain(text));
                 use(validate(parsed).size());
                 use(expect(plan_container(parsed, facts)).ops.size());
             });
         }},
        {"parse", [&] { return time_of([&] { use(expect(parse_domain(text)).devices.size()); }); }},
        {"validate", [&] { return time_of([&] { use(validate(domain).size()); }); }},
        {"plan",
         [&] { return time_of([&] { use(expect(plan_container(domain, facts)).ops.size()); }); }},
        {"print as text", [&] { return time_of([&] { use(to_text(plan).size()); }); }},
        {"print as JSON", [&] { return time_of([&] { use(to_json(plan).size()); }); }},
        {"print as tree", [&] { return time_of([&] { use(to_tree(plan).size()); }); }},
        {"format as XML", [&] { return time_of([&] { use(to_xml(domain).size()); }); }},
    };
    print(title, compare(steps, rounds), options.json ? Output::json : Output::text);
}

void run(const Options& options) {
    measure("plan, ten elements", ten_elements, options, options.rounds);
    for (const int count : {1000, 10'000}) {
        const int rounds = options.rounds * 10 / count;
        measure("plan, " + std::to_string(count) + " filesystems", many_filesystems(count), options,
                rounds > 3 ? rounds : 3);
    }
}

}  // namespace

}  // namespace insula::bench

int main(int argc, char** argv) {
    insula::bench::Options options;
    CLI::App app("Parse, validate, plan and print, in one process.");
    app.add_option("--rounds", options.rounds, "how often the small definition is planned")
        ->check(CLI::PositiveNumber);
    app.add_flag("--json", options.json, "one JSON object per line");
    CLI11_PARSE(app, argc, argv);
    return insula::bench::run_benchmark([&] { insula::bench::run(options); });
}
