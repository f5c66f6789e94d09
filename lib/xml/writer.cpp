// SPDX-License-Identifier: Apache-2.0
#include "xml/writer.hpp"

namespace insula::inline v0::xml {

namespace {

bool is_text(const Element& node) noexcept {
    return node.kind == Element::Kind::text || node.kind == Element::Kind::cdata;
}

/// The size that an element says, as `Reader::size` reads it.
std::optional<ScaledSize> read_size(const std::string& digits, const Attribute* unit) {
    ScaledSize size{.unit = unit != nullptr ? unit->value : ""};
    if (Codec<std::uint64_t>::decode(digits, size.value) != Fault::none) return std::nullopt;
    return size;
}

}  // namespace

void Writer::size(const std::optional<ScaledSize>& field) {
    if (read_size(element_.text(), element_.find_attribute("unit")) == field) return;
    set_text(field ? std::to_string(field->value) : "");
    set_attribute("unit", field ? field->unit : "");
}

void Writer::size_attributes(std::string_view value, std::string_view unit,
                             const std::optional<ScaledSize>& field) {
    const Attribute* digits = element_.find_attribute(value);
    const std::optional<ScaledSize> current =
        digits != nullptr ? read_size(digits->value, element_.find_attribute(unit)) : std::nullopt;
    if (current == field) return;
    set_attribute(value, field ? std::to_string(field->value) : "");
    set_attribute(unit, field ? field->unit : "");
}

void Writer::set_text(const std::string& text) {
    auto& nodes = element_.children;
    const auto first = std::ranges::find_if(nodes, is_text);
    auto place = static_cast<std::size_t>(first - nodes.begin());
    std::erase_if(nodes, is_text);
    place = std::min(place, nodes.size());
    cleared_ = text.empty() && !fresh_;
    if (!text.empty())
        nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>(place),
                     Element{.kind = Element::Kind::text, .content = text});
}

void Writer::set_attribute(std::string_view name, const std::string& value, bool kept) {
    auto& attributes = element_.attributes;
    const auto found = std::ranges::find(attributes, name, &Attribute::name);
    if (value.empty() && !kept) {
        if (found != attributes.end()) attributes.erase(found);
    } else if (found != attributes.end()) {
        found->value = value;
    } else {
        attributes.push_back({.name = std::string(name), .value = value});
    }
}

void Writer::drop_blank_text() {
    if (std::ranges::all_of(element_.children, [](const Element& node) {
            return !is_text(node) || trimmed(node.content).empty();
        }))
        std::erase_if(element_.children, is_text);
}

void Writer::insert(Element node) {
    if (next_ == 0) drop_blank_text();
    next_ = std::min(next_, element_.children.size());
    element_.children.insert(element_.children.begin() + static_cast<std::ptrdiff_t>(next_),
                             std::move(node));
    ++next_;
}

void Writer::erase_all(const Name& name) {
    if (find(name) == none) return;
    std::vector<bool> gone(element_.children.size());
    for (std::size_t i = 0; i != gone.size(); ++i)
        gone[i] = is_called(&scope_, element_.children[i], name, context_.namespaced);
    erase(gone);
}

void Writer::erase(const std::vector<bool>& gone) {
    std::size_t kept = 0;
    std::size_t next = next_;
    for (std::size_t i = 0; i != gone.size(); ++i) {
        if (gone[i]) {
            if (i < next_) --next;
            continue;
        }
        if (kept != i) element_.children[kept] = std::move(element_.children[i]);
        ++kept;
    }
    element_.children.resize(kept);
    next_ = next;
}

std::string Writer::qualified(const Name& name) {
    if (name.space.empty()) return std::string(name.local);
    if (const auto prefix = find_prefix(scope_, name.space))
        return *prefix + std::string(name.local);
    std::string prefix = name.space == lxc_xml_namespace ? "lxc" : "insula";
    while (context_.root.find_attribute("xmlns:" + prefix) != nullptr) prefix += '_';
    context_.root.attributes.push_back(
        {.name = "xmlns:" + prefix, .value = std::string(name.space)});
    context_.namespaced = true;
    return prefix + ':' + std::string(name.local);
}

}  // namespace insula::inline v0::xml
