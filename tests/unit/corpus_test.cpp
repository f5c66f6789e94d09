// SPDX-License-Identifier: Apache-2.0
// Reads every domain of the conformance corpus that the environment names: what libvirt reads has
// to be accepted, and nothing may be lost.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"
#include "support/skip.hpp"

using namespace insula;

namespace {

std::string contents(const std::string& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

/// Words with one space between them.
std::string words(const std::string& text) {
    std::istringstream in(text);
    std::string out;
    for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
    return out;
}

/// Names, attributes and texts of `element` and all below, without order and white space.
std::string infoset(const Element& element) {
    std::vector<std::string> parts;
    for (const Attribute& attribute : element.attributes)
        parts.push_back("@" + attribute.name + "=" + attribute.value);
    for (const Element& child : element.children)
        if (child.kind == Element::Kind::element) parts.push_back(infoset(child));
    std::ranges::sort(parts);
    std::string out = "<" + element.name + " " + words(element.text());
    for (const std::string& part : parts) out += " " + part;
    return out + ">";
}

/// The columns of manifest.tsv that matter here.
struct Row {
    std::string category;
    std::string operation;
    std::string input;
    std::string status;

    explicit Row(const std::string& line) {
        std::istringstream in(line);
        std::vector<std::string> cells;
        for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
        cells.resize(8);
        category = cells[1];
        operation = cells[3];
        input = cells[4];
        status = cells[7];
    }
    [[nodiscard]] bool is_domain() const {
        return status == "ok" && input.ends_with(".xml") &&
               (operation.starts_with("xml2") || operation == "parse");
    }
};

}  // namespace

TEST_CASE("corpus: every domain that libvirt reads is accepted, and none loses anything") {
    const char* const root = std::getenv("INSULA_CORPUS");
    if (root == nullptr) INSULA_SKIP("INSULA_CORPUS names no conformance corpus");
    std::ifstream manifest(std::string(root) + "/manifest.tsv");
    if (!manifest) INSULA_SKIP("there is no conformance corpus at " + std::string(root));
    std::map<std::string, int> counts;
    for (std::string line; std::getline(manifest, line);) {
        const Row row(line);
        if (!row.is_domain()) continue;
        CAPTURE(row.input);
        ++counts[row.category];
        const auto domain = read_domain(contents(std::string(root) + "/" + row.input));
        CHECK_MESSAGE(domain.has_value(), (domain ? "" : describe(domain.error(), row.input)));
        if (!domain) continue;
        const auto findings = validate(*domain);
        const Finding* const wrong = find_error(findings);
        CHECK_MESSAGE(wrong == nullptr, (wrong != nullptr ? describe(*wrong, row.input) : ""));
        const auto again = read_domain(to_xml(*domain));
        REQUIRE(again);
        CHECK(infoset(again->source) == infoset(domain->source));
    }
    for (const char* const category : {"lxc/xml2xml", "generic/xml2xml", "qemu", "xen/xl"}) {
        CAPTURE(category);
        CHECK(counts[category] > 0);
    }
}
