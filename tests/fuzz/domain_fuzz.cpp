// SPDX-License-Identifier: Apache-2.0
// Reads a document, validates it, plans it, writes it and reads it again: nothing crashes, what was
// written says what was read, and what has errors is not planned.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"
#include "insula/plan/json.hpp"
#include "insula/plan/plan_container.hpp"
#include "insula/plan/text.hpp"

using namespace insula;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bool same(const Element& left, const Element& right) {
    if (left.kind != right.kind || left.name != right.name || left.content != right.content ||
        left.attributes != right.attributes || left.children.size() != right.children.size())
        return false;
    for (std::size_t i = 0; i != left.children.size(); ++i)
        if (!same(left.children[i], right.children[i])) return false;
    return true;
}

HostFacts ordinary_user() {
    HostFacts facts;
    facts.uid = 1000;
    facts.gid = 1000;
    facts.capabilities = {};
    return facts;
}

/// Plans for root and for an ordinary user. A plan can be run, and printed in every form.
void plan(const Domain& domain, bool has_errors) {
    static const HostFacts hosts[] = {HostFacts{}, ordinary_user()};
    for (const HostFacts& facts : hosts) {
        const Result<ContainerPlan> plan = plan_container(domain, facts);
        if (!plan) {
            require(!plan.error().message.empty());
            continue;
        }
        require(!has_errors && validate(*plan).has_value());
        require(!to_text(*plan).empty() && !to_json(*plan).empty() && !to_tree(*plan).empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<Domain> read = read_domain(text);
    if (!read) {
        require(!read.error().message.empty() && read.error().xml.known());
        return 0;
    }
    const std::vector<Finding> findings = validate(*read);
    for (const Finding& finding : findings)
        require(!finding.message.empty() && finding.path.starts_with('/') && finding.at.known());

    plan(*read, find_error(findings) != nullptr);

    const std::string written = to_xml(*read);
    const Result<Domain> again = read_domain(written);
    require(again.has_value());
    require(same(read->source, again->source));
    require(validate(*again).size() == findings.size());
    require(to_xml(*again) == written);

    // The same fields over an empty document: not the same text, but one that can be read.
    Domain fresh = *read;
    fresh.source = {};
    for (Device& device : fresh.devices) device.source_index = -1;
    require(read_domain(to_xml(fresh)).has_value());
    return 0;
}
