// SPDX-License-Identifier: Apache-2.0
#include "cli/reporter.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "cli/output.hpp"
#include "insula/plan/text.hpp"

namespace insula::cli {
namespace {

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view magenta = "\x1b[1;35m";
constexpr std::string_view plain = "\x1b[0m";

bool wants_color() {
    // https://no-color.org: set and not empty, whatever the value
    const char* const no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return false;
    const char* const terminal = std::getenv("TERM");
    if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
    return ::isatty(STDERR_FILENO) == 1;
}

/// Trust: the text quotes the definition, which may come from anywhere. A terminal obeys escape
/// sequences and reorders text, and a line feed of the definition's could pretend to be another
/// finding; our own line feeds are followed by an indent.
std::string harmless(std::string_view text) {
    namespace escape = detail::escape;
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const escape::Character c = escape::character_at(text, i);
        const bool indented_line = c.code == '\n' && text.substr(i + 1, 2) == "  ";
        if (indented_line || (c.valid && !escape::is_treacherous(c.code))) {
            out += text.substr(i, c.bytes);
        } else {
            out += c.code > 0xff ? "\\u" : "\\x";
            escape::append_hexadecimal(out, c.code, c.code > 0xff ? 4 : 2);
        }
        i += c.bytes;
    }
    return out;
}

std::string colored(std::string_view text, std::size_t prefix) {
    std::string out;
    if (prefix != 0) {
        out += bold;
        out += text.substr(0, prefix);
        out += plain;
    }
    const std::string_view rest = text.substr(prefix);
    const std::size_t word = rest.find(':');
    if (word == std::string_view::npos) return out += rest;
    out += rest.starts_with("error") ? red : magenta;
    out += rest.substr(0, word + 1);
    out += plain;
    out += rest.substr(word + 1);
    return out;
}

}  // namespace

Reporter::Reporter(const CommonOptions& options) : options_(options), color_(wants_color()) {}

void Reporter::print(std::string text, std::size_t prefix) const {
    text = color_ ? colored(harmless(text), prefix) : harmless(text);
    text += '\n';
    write_message(text);
}

void Reporter::error(const Error& error, std::string_view file) const {
    if (options_.json) {
        write_message(to_json_line(error, file) + '\n');
        return;
    }
    if (file.empty() && !error.xml.known()) {
        print("insula: " + describe(error), std::string_view("insula: ").size());
        return;
    }
    print(describe(error, file), harmless(detail::location_prefix(file, error.xml)).size());
}

void Reporter::finding(const Finding& finding, std::string_view file) const {
    if (options_.quiet && finding.severity == Severity::warning) return;
    if (options_.json) {
        write_message(to_json_line(finding, file) + '\n');
        return;
    }
    print(describe(finding, file), harmless(detail::location_prefix(file, finding.at)).size());
}

void Reporter::findings(const std::vector<Finding>& findings, std::string_view file) const {
    for (const Finding& one : findings) finding(one, file);
}

void Reporter::note(std::string_view text) const {
    if (options_.quiet || options_.json) return;
    print("insula: note: " + std::string(text), std::string_view("insula: ").size());
}

}  // namespace insula::cli
