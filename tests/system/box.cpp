// SPDX-License-Identifier: Apache-2.0
#include "system/box.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <doctest/doctest.h>

namespace insula::test {

namespace {

[[nodiscard]] std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '\'')
            out += "&apos;";
        else
            out += c;
    }
    return out;
}

[[nodiscard]] std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size())
            out += text[i];
        else
            out += text[++i] == 'n' ? '\n' : text[i];
    }
    return out;
}

template <class T>
[[nodiscard]] T checked(Result<T> result) {
    if (!result) FAIL(describe(result.error()));
    return std::move(result).value();
}

}  // namespace

const std::string& probe_source() {
    static const std::string directory = INSULA_PROBE_DIRECTORY;
    return directory;
}

std::string mount_xml(std::string_view type, std::string_view source, std::string_view target,
                      std::string_view more) {
    const char* const attribute = type == "template" ? "name" : "dir";
    return "<filesystem type='" + std::string(type) + "'><source " + attribute + "='" +
           escaped(source) + "'/><target dir='" + escaped(target) + "'/>" + std::string(more) +
           "</filesystem>\n";
}

std::string ram_xml(std::string_view target, std::string_view more) {
    return "<filesystem type='ram'><source usage='16' units='MiB'/><target dir='" +
           escaped(target) + "'/>" + std::string(more) + "</filesystem>\n";
}

std::string to_xml_text(const Box& box, const std::vector<std::string>& arguments) {
    std::string xml = "<domain type='lxc' xmlns:insula='urn:insula:domain:1'>\n<name>" +
                      escaped(box.name) + "</name>\n<memory unit='MiB'>64</memory>\n" + box.domain +
                      "<os><type>exe</type>\n<init>" + escaped(box.init) + "</init>\n";
    for (const std::string& argument : arguments)
        xml += "<initarg>" + escaped(argument) + "</initarg>";
    xml += box.os + "</os>\n<features>" + box.features + "</features>\n<devices>\n" + box.root;
    if (box.with_probe) xml += mount_xml("mount", probe_source(), probe_target, "<readonly/>");
    return xml + box.devices + "</devices>\n" + box.container + "</domain>\n";
}

const HostFacts& facts() {
    static const HostFacts probed = checked(probe_host());
    return probed;
}

const Runtime& runtime() {
    static const Runtime made = checked(Runtime::create());
    return made;
}

Result<ContainerPlan> plan_box(const Box& box, const std::vector<std::string>& arguments) {
    INSULA_TRY(const Domain domain, parse_domain(to_xml_text(box, arguments)));
    return plan_container(domain, facts());
}

Result<Machine> start_box(const Box& box, const std::vector<std::string>& arguments,
                          const StartOptions& options) {
    INSULA_TRY(const ContainerPlan plan, plan_box(box, arguments));
    return runtime().start(plan, options);
}

Report::Report(std::string_view text) : text_(text) {
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = text.substr(start, end - start);
        start = end + 1;
        const std::size_t equals = line.find('=');
        if (equals == line.npos) continue;
        values_[std::string(line.substr(0, equals))].push_back(unescaped(line.substr(equals + 1)));
    }
}

std::string Report::operator[](const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "(none)" : found->second.front();
}

std::vector<std::string> Report::all(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::vector<std::string> Report::names(const std::string& prefix) const {
    std::vector<std::string> out;
    for (const auto& [key, values] : values_)
        if (key.starts_with(prefix)) out.push_back(key.substr(prefix.size()));
    return out;
}

std::string lines(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += text + '\n';
    return out;
}

std::string read_all(int fd) {
    std::string content;
    char buffer[4096];
    for (;;) {
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return content;
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

std::string read_line(int fd) {
    std::string line;
    char c = 0;
    for (;;) {
        const ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || c == '\n') return line;
        line += c;
    }
}

StartOptions piped() {
    StartOptions options;
    options.standard_input.kind = Stream::Kind::null;
    options.standard_output.kind = Stream::Kind::pipe;
    return options;
}

Result<Ended> run_box(const Box& box, const std::vector<std::string>& arguments,
                      StartOptions options) {
    options.standard_input.kind = Stream::Kind::null;
    options.standard_output.kind = Stream::Kind::pipe;
    INSULA_TRY(Machine machine, start_box(box, arguments, options));
    const UniqueFd output = machine.take_stdout();
    const std::string text = read_all(output.get());
    INSULA_TRY(const ExitStatus status, machine.wait());
    return Ended{Report(text), status};
}

Report report_of(const Box& box, const std::vector<std::string>& arguments, StartOptions options) {
    const Ended ended = checked(run_box(box, arguments, std::move(options)));
    CHECK(ended.status == ExitStatus{.kind = ExitStatus::Kind::exited});
    return ended.report;
}

}  // namespace insula::test
