// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "insula/plan/json.hpp"
#include "insula/run/host.hpp"

namespace insula::cli {
namespace {

std::string capability_list(const HostFacts& facts) {
    if (facts.capabilities == all_capabilities()) return "all";
    std::string out;
    for (const auto& row : spellings<Capability>) {
        if (!facts.capabilities.contains(row.value)) continue;
        if (!out.empty()) out += ' ';
        out += row.text;
    }
    return out.empty() ? "none" : out;
}

std::string padded(std::string_view name) {
    constexpr std::size_t width = 16;
    std::string out(name);
    out.resize(std::max(width, out.size() + 1), ' ');
    return out;
}

std::string host_text(const HostFacts& facts) {
    std::string out;
    const auto line = [&out](std::string_view name, std::string_view value) {
        out += padded(name);
        out += value;
        out += '\n';
    };
    line("kernel", facts.kernel_release);
    line("arch", facts.arch);
    line("uid", std::to_string(facts.uid));
    line("gid", std::to_string(facts.gid));
    line("capabilities", capability_list(facts));
    for (const auto& row : spellings<KernelFeature>)
        line(row.text, facts.features.contains(row.value) ? "yes" : "no");
    for (const HostMount& mount : facts.mounts) line("mount", mount.path + " " + mount.type);
    for (const std::string& note : facts.notes) line("note", note);
    return out;
}

}  // namespace

int host_command(const CommonOptions& common, const Reporter& reporter) {
    const Result<HostFacts> facts = probe_host();
    if (!facts) {
        reporter.error(facts.error());
        return ExitCode::failure;
    }
    return print_result(common.json ? to_json(facts.value()) : host_text(facts.value()), reporter);
}

}  // namespace insula::cli
