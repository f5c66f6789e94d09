// SPDX-License-Identifier: Apache-2.0
#include "xml/name.hpp"

#include <algorithm>

namespace insula::inline v0::xml {

namespace {

constexpr std::string_view default_declaration = "xmlns";
constexpr std::string_view declaration = "xmlns:";

/// The attribute of `element` that declares `prefix`.
const Attribute* find_declaration(const Element& element, std::string_view prefix) noexcept {
    for (const Attribute& attribute : element.attributes) {
        const std::string_view name = attribute.name;
        if (!name.starts_with(default_declaration)) continue;
        if (prefix.empty()
                ? name == default_declaration
                : name.starts_with(declaration) && name.substr(declaration.size()) == prefix)
            return &attribute;
    }
    return nullptr;
}

}  // namespace

bool uses_namespaces(const Element& element) noexcept {
    if (element.kind != Element::Kind::element) return false;
    if (element.name.find(':') != std::string::npos) return true;
    for (const Attribute& attribute : element.attributes)
        if (attribute.name.find(':') != std::string::npos || attribute.name == default_declaration)
            return true;
    return std::ranges::any_of(element.children, uses_namespaces);
}

bool declares(const Element& element, std::string_view space) noexcept {
    for (const Attribute& attribute : element.attributes)
        if (attribute.value == space && attribute.name.starts_with(default_declaration))
            return true;
    return std::ranges::any_of(element.children,
                               [&](const Element& child) { return declares(child, space); });
}

std::optional<std::string_view> find_namespace(const Scope& scope,
                                               std::string_view prefix) noexcept {
    for (const Scope* level = &scope; level != nullptr; level = level->outer)
        if (const Attribute* found = find_declaration(*level->element, prefix)) return found->value;
    if (prefix.empty()) return std::string_view{};
    return std::nullopt;
}

std::optional<std::string> find_prefix(const Scope& scope, std::string_view space) {
    for (const Scope* level = &scope; level != nullptr; level = level->outer) {
        for (const Attribute& attribute : level->element->attributes) {
            if (attribute.value != space || !attribute.name.starts_with(default_declaration))
                continue;
            const bool bare = attribute.name == default_declaration;
            const std::string_view prefix =
                bare ? std::string_view{}
                     : std::string_view(attribute.name).substr(declaration.size());
            if (find_namespace(scope, prefix) != space) continue;  // hidden by an inner declaration
            return bare ? std::string{} : std::string(prefix) + ':';
        }
    }
    return std::nullopt;
}

}  // namespace insula::inline v0::xml
