// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "xml/codec.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// What all writers of one document share.
struct WriteContext {
    Element& root;
    bool namespaced = false;  ///< whether names need their prefixes looked up
};

/// Writes a node of the model over one element: the other meaning of a mapping (`Reader` is the
/// first). Only what an element says differently from the field is touched, so that everything else
/// stays as it was read: spellings, order, comments, and all that the model does not know.
class Writer {
public:
    static constexpr bool reads = false;

    /// `fresh`: the element was made for this writer, so what is required has to be said.
    Writer(WriteContext& context, const Writer* outer, Element& element, bool fresh) noexcept
        : context_(context),
          element_(element),
          scope_{.outer = outer != nullptr ? &outer->scope_ : nullptr, .element = &element},
          fresh_(fresh) {}

    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    [[nodiscard]] Element& element() const noexcept { return element_; }
    [[nodiscard]] WriteContext& context() const noexcept { return context_; }

    void at(const TextPosition&) const noexcept {}
    void path(const std::string&) const noexcept {}

    template <class T>
    void attribute(std::string_view name, const T& field,
                   const std::type_identity_t<T>& fallback = {}) {
        T current = fallback;
        if (const Attribute* found = element_.find_attribute(name))
            Codec<T>::decode(found->value, current);
        if (!(current == field)) set_attribute(name, Codec<T>::encode(field));
    }
    template <class T>
    void required_attribute(std::string_view name, const T& field) {
        if (fresh_)
            set_attribute(name, Codec<T>::encode(field), true);
        else
            attribute(name, field);
    }
    template <class T>
    void said_attribute(std::string_view name, const T& field,
                        const std::type_identity_t<T>& fallback = {}) {
        if (fresh_)
            set_attribute(name, Codec<T>::encode(field), true);
        else
            attribute(name, field, fallback);
    }
    template <class T>
    void text(const T& field, const std::type_identity_t<T>& absent = {}) {
        T current{};
        if (Codec<T>::decode(element_.text(), current) != Fault::none) current = absent;
        if (!(current == field)) set_text(Codec<T>::encode(field));
    }
    template <class T>
    void text_or_none(const std::optional<T>& field) {
        text(field);
    }
    template <class T>
    void said_text(const T& field, const std::type_identity_t<T>& absent) {
        if (fresh_)
            set_text(Codec<T>::encode(field));
        else
            text(field, absent);
    }
    template <class T>
    void preset(const T&, const std::type_identity_t<T>&) const noexcept {}
    void size(const std::optional<ScaledSize>& field);
    void size_attributes(std::string_view value, std::string_view unit,
                         const std::optional<ScaledSize>& field);

    template <class Map>
    void child(const Name& name, Map&& map) {
        child(name, fresh_, false, map);
    }
    template <class T>
    void text_child(const Name& name, const T& field, const std::type_identity_t<T>& absent = {}) {
        child(name, [&](Writer& inner) { inner.text(field, absent); });
    }
    template <class T>
    void text_child_at(const Name& name, const T& field, const TextPosition&) {
        text_child(name, field);
    }
    void size_child(const Name& name, const std::optional<ScaledSize>& field) {
        child(name, [&](Writer& inner) { inner.size(field); });
    }
    template <class T, class Map>
    void optional_child(const Name& name, const std::optional<T>& field, Map&& map) {
        if (!field) return erase_all(name);
        const bool is_new = find(name) == none;
        child(name, is_new, true, [&](Writer& inner) { map(inner, *field); });
    }
    template <class T>
    void flag_child(const Name& name, const T& field, T present, const TextPosition* = nullptr) {
        if (field != present) return erase_all(name);
        child(name, fresh_, true, [](Writer&) {});
    }
    template <class T, class Map>
    void list(const Name& name, const std::vector<T>& items, Map&& map) {
        align(
            items.size(), std::string(name.local),
            [&](const Element& node) {
                return is_called(&scope_, node, name, context_.namespaced);
            },
            [&](Writer& inner, std::size_t index) { map(inner, items[index]); }, name);
    }
    template <class T, class Enum, class Map>
    void spelled_list(const std::vector<T>& items, Enum T::* member, Map&& map) {
        align(
            items.size(), {},
            [](const Element& node) {
                return node.kind == Element::Kind::element && find_spelling<Enum>(node.name);
            },
            [&](Writer& inner, std::size_t index) {
                inner.rename(to_text(items[index].*member));
                map(inner, items[index]);
            },
            Name(""));
    }

    void quiet(std::initializer_list<Name> names) { pass_all(names); }
    void ignored(std::initializer_list<Name> names) { pass_all(names); }
    void not_enforced(std::initializer_list<Name> names) { pass_all(names); }
    void quiet_attributes(std::initializer_list<std::string_view>) const noexcept {}
    void ignored_attributes(std::initializer_list<std::string_view>) const noexcept {}

    /// `name` as it is written here; declares its namespace where that was never done.
    [[nodiscard]] std::string qualified(const Name& name);
    void rename(std::string_view name) {
        if (element_.name != name) element_.name = name;
    }
    /// "" takes the element away, where its mapping does not keep it.
    void set_text(const std::string& text);
    /// "" removes the attribute, unless it is `kept`.
    void set_attribute(std::string_view name, const std::string& value, bool kept = false);
    /// Forgets white space that was all an element held, before children come in.
    void drop_blank_text();

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    [[nodiscard]] std::size_t find(const Name& name) const noexcept {
        for (std::size_t i = 0; i != element_.children.size(); ++i)
            if (is_called(&scope_, element_.children[i], name, context_.namespaced)) return i;
        return none;
    }
    /// What comes next in the mapping belongs behind child `index`.
    void pass(std::size_t index) noexcept {
        if (index != none) next_ = index + 1;
    }
    void pass_all(std::initializer_list<Name> names) noexcept {
        for (const Name& name : names) pass(find(name));
    }
    void insert(Element node);
    void erase_all(const Name& name);
    /// Takes away the children that are marked.
    void erase(const std::vector<bool>& gone);

    /// `kept`: a new child stays even when nothing was written into it.
    template <class Map>
    void child(const Name& name, bool fresh, bool kept, Map&& map) {
        const std::size_t index = find(name);
        if (index == none) {
            Element made{.name = qualified(name)};
            Writer inner(context_, this, made, fresh);
            map(inner);
            if (kept || !made.attributes.empty() || !made.children.empty()) insert(std::move(made));
            return;
        }
        const bool was_empty = is_bare(element_.children[index]);
        Writer inner(context_, this, element_.children[index], false);
        map(inner);
        const bool emptied = !was_empty && is_bare(element_.children[index]);
        if (!kept && (emptied || inner.cleared_))
            element_.children.erase(element_.children.begin() + static_cast<std::ptrdiff_t>(index));
        else
            pass(index);
    }
    static bool is_bare(const Element& node) noexcept {
        return node.attributes.empty() && node.children.empty();
    }

    /// Makes the children that `belongs` picks say what `count` items do. Items meet their elements
    /// from both ends, as far as they agree; in between they meet in order.
    template <class Belongs, class Map>
    void align(std::size_t count, const std::string& local, Belongs&& belongs, Map&& map,
               const Name& name);
    template <class Map>
    [[nodiscard]] bool agrees(const Element& node, std::size_t item, Map&& map) {
        Element copy = node;
        Writer inner(context_, this, copy, false);
        map(inner, item);
        return copy == node;
    }

    WriteContext& context_;
    Element& element_;
    Scope scope_;
    bool fresh_;
    bool cleared_ = false;  ///< a text was taken away
    std::size_t next_ = 0;  ///< where the next new child goes
};

template <class Belongs, class Map>
void Writer::align(std::size_t count, const std::string& local, Belongs&& belongs, Map&& map,
                   const Name& name) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i != element_.children.size(); ++i)
        if (belongs(element_.children[i])) found.push_back(i);
    std::size_t front = 0;
    std::size_t back = 0;
    if (found.size() != count) {
        const std::size_t shorter = std::min(found.size(), count);
        while (front != shorter && agrees(element_.children[found[front]], front, map)) ++front;
        while (front + back != shorter &&
               agrees(element_.children[found[found.size() - 1 - back]], count - 1 - back, map))
            ++back;
    }
    const std::size_t paired = std::min(found.size(), count) - front - back;
    for (std::size_t i = 0; i != front + paired; ++i) {
        Writer inner(context_, this, element_.children[found[i]], false);
        map(inner, i);
        pass(found[i]);
    }
    if (front + paired + back != found.size()) {  // elements without an item
        std::vector<bool> gone(element_.children.size());
        for (std::size_t i = front + paired; i != found.size() - back; ++i) gone[found[i]] = true;
        erase(gone);
    }
    for (std::size_t i = front + paired; i != count - back; ++i) {  // items without an element
        Element made{.name = local.empty() ? std::string{} : qualified(name)};
        Writer inner(context_, this, made, true);
        map(inner, i);
        insert(std::move(made));
    }
    for (std::size_t i = element_.children.size(); back != 0 && i-- > 0;)
        if (belongs(element_.children[i])) {
            pass(i);
            break;
        }
}

}  // namespace insula::inline v0::xml
