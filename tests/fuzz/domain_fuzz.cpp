// SPDX-License-Identifier: Apache-2.0
// Reads a document, validates it, writes it and reads it again: nothing crashes, and what was
// written says what was read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"

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
