// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "insula/model/container_extension.hpp"
#include "insula/model/element.hpp"

namespace insula::inline v0::xml {

/// A name and the namespace that it belongs to; "" for none.
struct Name {
    std::string_view space{};
    std::string_view local{};

    constexpr Name(const char* text) noexcept
        : local(text) {}  // NOLINT(google-explicit-constructor): names read as words
    constexpr Name(std::string_view name_space, std::string_view text) noexcept
        : space(name_space), local(text) {}

    friend constexpr bool operator==(const Name&, const Name&) noexcept = default;
};

[[nodiscard]] constexpr Name insula_name(std::string_view local) noexcept {
    return {insula_xml_namespace, local};
}
[[nodiscard]] constexpr Name lxc_name(std::string_view local) noexcept {
    return {lxc_xml_namespace, local};
}

/// The two halves of a name as it is written.
struct WrittenName {
    std::string_view prefix{};
    std::string_view local{};

    explicit WrittenName(std::string_view text) noexcept : local(text) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) return;
        prefix = text.substr(0, colon);
        local = text.substr(colon + 1);
    }
};

/// An element and those around it: what decides which namespace a prefix means.
struct Scope {
    const Scope* outer = nullptr;
    const Element* element = nullptr;
};

/// Whether any name below `element` needs a look at declarations.
[[nodiscard]] bool uses_namespaces(const Element& element) noexcept;

/// Whether `space` is declared anywhere below `element`.
[[nodiscard]] bool declares(const Element& element, std::string_view space) noexcept;

/// The namespace that `prefix` means; nothing where it is not declared.
[[nodiscard]] std::optional<std::string_view> find_namespace(const Scope& scope,
                                                             std::string_view prefix) noexcept;

/// The prefix that means `space` (not ""), with its colon; nothing where there is none.
[[nodiscard]] std::optional<std::string> find_prefix(const Scope& scope, std::string_view space);

/// Whether `child`, which stands in `outer`, is called `name`.
[[nodiscard]] inline bool is_called(const Scope* outer, const Element& child, const Name& name,
                                    bool namespaced) noexcept {
    if (child.kind != Element::Kind::element) return false;
    if (!namespaced) return name.space.empty() && child.name == name.local;
    const WrittenName written(child.name);
    if (written.local != name.local) return false;
    const Scope scope{.outer = outer, .element = &child};
    return find_namespace(scope, written.prefix) == name.space;
}

}  // namespace insula::inline v0::xml
