// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "insula/insula.hpp"

namespace insula::test {

/// The directory inside every box where the probe is, and the probe itself.
inline constexpr std::string_view probe_target = "/probe";
inline constexpr std::string_view probe_init = "/probe/probe";
/// The probe's directory on the host.
[[nodiscard]] const std::string& probe_source();

/// A `<filesystem>`; `more` goes inside, as "<readonly/>".
[[nodiscard]] std::string mount_xml(std::string_view type, std::string_view source,
                                    std::string_view target, std::string_view more = {});
[[nodiscard]] std::string ram_xml(std::string_view target, std::string_view more = {});

/// A container to be: pieces of its definition. By itself an empty tmpfs as the root, with the
/// probe in it.
struct Box {
    std::string name = "box";
    std::string init{probe_init};
    std::string root = ram_xml("/");
    std::string devices{};    ///< more `<filesystem>`
    std::string os{};         ///< inside `<os>`, after `<init>` and its arguments
    std::string features{};   ///< inside `<features>`
    std::string domain{};     ///< inside `<domain>`, as `<uuid>` and `<idmap>`
    std::string container{};  ///< the whole `<insula:container>`
    bool with_probe = true;
};

/// The definition of `box`, whose init gets `arguments`.
[[nodiscard]] std::string to_xml_text(const Box& box, const std::vector<std::string>& arguments);

/// What `insula` knows of this machine, and its runtime: made once.
[[nodiscard]] const HostFacts& facts();
[[nodiscard]] const Runtime& runtime();

[[nodiscard]] Result<ContainerPlan> plan_box(const Box& box,
                                             const std::vector<std::string>& arguments);
[[nodiscard]] Result<Machine> start_box(const Box& box, const std::vector<std::string>& arguments,
                                        const StartOptions& options = {});

/// What a probe said.
class Report {
public:
    explicit Report(std::string_view text);

    /// The first value of `key`; "(none)" where it was not said.
    [[nodiscard]] std::string operator[](const std::string& key) const;
    [[nodiscard]] std::vector<std::string> all(const std::string& key) const;
    [[nodiscard]] bool has(const std::string& key) const { return values_.contains(key); }
    /// What the keys that begin with `prefix` have after it, sorted.
    [[nodiscard]] std::vector<std::string> names(const std::string& prefix) const;
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_{};
    std::map<std::string, std::vector<std::string>> values_{};
};

struct Ended {
    Report report;
    ExitStatus status{};
};

/// Runs the box to its end; its standard output is the report.
[[nodiscard]] Result<Ended> run_box(const Box& box, const std::vector<std::string>& arguments,
                                    StartOptions options = {});

/// The report of a box that must run and end with 0; fails the test case otherwise.
[[nodiscard]] Report report_of(const Box& box, const std::vector<std::string>& arguments,
                               StartOptions options = {});

/// The texts, one per line, in the order given.
[[nodiscard]] std::string lines(const std::vector<std::string>& texts);

/// Everything up to end-of-file.
[[nodiscard]] std::string read_all(int fd);
/// One line, without its end; what there is where the file ends first.
[[nodiscard]] std::string read_line(int fd);

/// Options with which standard output is a pipe to the test, and standard input is empty.
[[nodiscard]] StartOptions piped();

}  // namespace insula::test
