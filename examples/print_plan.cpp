// SPDX-License-Identifier: Apache-2.0
// Prints what running a definition would do on this machine, without doing it.
//
//     print_plan FILE
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "insula/insula.hpp"

namespace {

insula::Result<insula::ContainerPlan> plan(const std::string& text) {
    INSULA_TRY(const insula::Domain domain, insula::parse_domain(text));
    INSULA_TRY(const insula::HostFacts facts, insula::probe_host());
    return insula::plan_container(domain, facts);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: print_plan FILE\n", stderr);
        return 2;
    }
    std::ifstream file(argv[1], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
        std::fprintf(stderr, "cannot read '%s'\n", argv[1]);
        return 1;
    }

    const auto result = plan(text);
    if (!result) {
        std::fprintf(stderr, "%s\n", insula::describe(result.error(), argv[1]).c_str());
        return 1;
    }
    for (const insula::Finding& finding : result.value().findings)
        std::fprintf(stderr, "%s\n", insula::describe(finding, argv[1]).c_str());
    std::fputs(insula::to_text(result.value()).c_str(), stdout);
    return 0;
}
