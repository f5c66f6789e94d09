// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/exit_code.hpp"
#include "insula/core/version.hpp"

namespace insula::cli {
namespace {

constexpr const char* description =
    "Plans, explains and runs containers that are defined in libvirt-style domain XML.";

constexpr const char* examples =
    "Examples:\n"
    "  insula validate box.xml              what is wrong with a definition, line by line\n"
    "  insula plan --format tree box.xml    what running it would do, before anything is done\n"
    "  insula plan --json box.xml | jq .    the same for a program\n"
    "  insula run box.xml                   run it; exits as the container's init does\n"
    "  insula run box.xml -- -c 'id; ls'    the same with other arguments for init\n"
    "  generate-xml | insula run -          a definition from standard input\n"
    "\n"
    "Exit codes: 0 done, 1 bad input or failure, 2 wrong usage. For run: the container's own, 128 "
    "+\n"
    "signal when it was killed, 124 timeout, 125 failure of insula, 126 init cannot be executed,\n"
    "127 init not found.";

constexpr const char* run_examples =
    "Examples:\n"
    "  insula run box.xml\n"
    "  insula run --timeout 60 job.xml\n"
    "  insula run --trace box.xml -- /bin/true     how long each step of the start took\n"
    "\n"
    "SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to init; when init has no handler for one,\n"
    "the container is killed. After SIGTERM init has the grace period; a second one kills at "
    "once.\n"
    "So does a second SIGINT, unless init handles it and standard input is a terminal.";

// CLI11 checks numbers; the bound keeps a count of milliseconds inside its type.
constexpr double most_seconds = 1e9;

std::chrono::milliseconds to_milliseconds(double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000.0));
}

/// The command line's variables, to which CLI11 binds its options.
struct Values {
    CommonOptions common;
    PlanRequest plan;
    ValidateRequest validate;
    FormatRequest format;
    RunRequest run;
    double timeout = 0;
    double grace = 10;
};

void add_common(CLI::App& command, CommonOptions& common, const char* json_help) {
    command.add_flag("-q,--quiet", common.quiet, "print errors only, no warnings");
    command.add_flag("--json", common.json, json_help);
}

void add_commands(CLI::App& app, Values& values) {
    const char* const file_help = "definition; - for standard input";
    CLI::App* plan = app.add_subcommand("plan", "print what running a definition would do");
    plan->add_option("FILE", values.plan.file, file_help)->required();
    const std::map<std::string, PlanFormat> formats = {
        {"text", PlanFormat::text}, {"json", PlanFormat::json}, {"tree", PlanFormat::tree}};
    plan->add_option_function<std::string>(
            "-f,--format",
            [&values, formats](const std::string& name) { values.plan.format = formats.at(name); },
            "text (one line per step), json, or tree (for people); default text")
        ->check(CLI::IsMember({"text", "json", "tree"}))
        ->type_name("FORMAT");
    add_common(*plan, values.common, "as --format json; findings and errors as JSON lines");

    CLI::App* validate = app.add_subcommand("validate", "list what is wrong with definitions");
    validate->add_option("FILE", values.validate.files, file_help)->required();
    validate->add_flag("--strict", values.validate.strict,
                       "unknown elements and attributes are errors");
    add_common(*validate, values.common, "findings as one JSON array on standard output");

    CLI::App* format = app.add_subcommand("format", "print a definition as insula writes it");
    format->add_option("FILE", values.format.file, file_help)->required();
    add_common(*format, values.common, "errors as JSON lines");

    CLI::App* run = app.add_subcommand("run", "run a container and exit as its init does");
    run->add_option("FILE", values.run.file, "definition; arguments for init follow after --")
        ->required();
    run->add_option("--timeout", values.timeout, "stop the container after so many seconds")
        ->check(CLI::Range(0.001, most_seconds))
        ->type_name("SECONDS");
    run->add_option("--grace", values.grace,
                    "seconds from SIGTERM, or the timeout, until the container is killed; "
                    "default 10")
        ->check(CLI::Range(0.0, most_seconds))
        ->type_name("SECONDS");
    run->add_flag("--trace", values.run.trace, "print how long each step of the start took");
    add_common(*run, values.common, "findings and errors as JSON lines");
    run->footer(run_examples);

    CLI::App* host = app.add_subcommand("host", "print what this kernel and user can do");
    add_common(*host, values.common, "the facts as JSON");
}

/// Takes "--" and what follows off the end of `arguments` where the command is `run`: CLI11 would
/// mix them with FILE.
std::optional<std::vector<std::string>> split_init_args(std::vector<std::string>& arguments) {
    const auto is_command = [](const std::string& text) { return !text.starts_with('-'); };
    const auto command = std::find_if(arguments.begin(), arguments.end(), is_command);
    if (command == arguments.end() || *command != "run") return std::nullopt;
    const auto marker = std::find(command, arguments.end(), "--");
    if (marker == arguments.end()) return std::nullopt;
    std::vector<std::string> init_args(std::next(marker), arguments.end());
    arguments.erase(marker, arguments.end());
    return init_args;
}

decltype(CommandLine::request) chosen_request(const CLI::App& app, Values& values) {
    if (app.got_subcommand("plan")) {
        if (values.common.json) values.plan.format = PlanFormat::json;
        return values.plan;
    }
    if (app.got_subcommand("validate")) return values.validate;
    if (app.got_subcommand("format")) return values.format;
    if (app.got_subcommand("run")) {
        values.run.timeout = to_milliseconds(values.timeout);
        values.run.grace = to_milliseconds(values.grace);
        return values.run;
    }
    return HostRequest{};
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    const std::span<const char* const> raw(argv, static_cast<std::size_t>(argc));
    std::vector<std::string> arguments;
    for (const char* text : raw.subspan(raw.empty() ? 0 : 1)) arguments.emplace_back(text);

    Values values;
    values.run.init_args = split_init_args(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first

    CLI::App app(description, "insula");
    app.require_subcommand(1);
    app.footer(examples);
    app.set_version_flag("--version", "insula " + std::string(insula::version));
    add_commands(app, values);
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return {values.common, HelpRequest{app.help()}};
    } catch (const CLI::CallForVersion& version) {
        return {values.common, HelpRequest{std::string(version.what()) + "\n"}};
    } catch (const CLI::ParseError& error) {
        const bool for_run = app.got_subcommand("run");
        return {values.common,
                UsageError{error.what(), for_run ? ExitCode::run_failure : ExitCode::usage}};
    }
    return {values.common, chosen_request(app, values)};
}

}  // namespace insula::cli
