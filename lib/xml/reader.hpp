// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "insula/model/finding.hpp"
#include "xml/codec.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// A name that a mapping asked for, and what it means when a document has it.
struct Asked {
    enum class Kind : std::uint8_t {
        attribute,
        ignored_attribute,
        single,
        many,
        quiet,
        ignored,
        not_enforced,
    };

    Name name{""};
    Kind kind = Kind::single;
    bool met = false;

    [[nodiscard]] bool is_attribute() const noexcept {
        return kind == Kind::attribute || kind == Kind::ignored_attribute;
    }
};

/// What all readers of one document share: where remarks go, and how strictly it is judged.
struct ReadContext {
    std::vector<Finding>& findings;
    /// Whether unknown things are remarked on: containers yes, machines of hypervisors no.
    bool judges = false;
    bool namespaced = false;   ///< whether names need their prefixes looked up
    bool has_insula = false;   ///< whether our namespace is declared anywhere
    std::size_t warnings = 0;  ///< those left out included
    std::size_t errors = 0;    ///< those left out included
    /// What the readers at work asked for, innermost last: one stack for all of them.
    std::vector<Asked> asked{};

    /// Counts a remark. Whether it is to be made: past a thousand of one severity they are only
    /// counted, before words and paths cost anything.
    [[nodiscard]] bool takes(Severity severity) noexcept;
    /// Says how many were left out, at the place of the document.
    void close(TextPosition at);
};

/// Reads one element into a node of the model: one of the two meanings of a mapping (`Writer` is
/// the other). What the mapping asks for is known; `finish` remarks on the rest.
class Reader {
public:
    static constexpr bool reads = true;

    Reader(ReadContext& context, const Reader* outer, const Element& element,
           const std::string* known_path = nullptr) noexcept
        : context_(context),
          outer_(outer),
          element_(element),
          known_path_(known_path),
          scope_{.outer = outer != nullptr ? &outer->scope_ : nullptr, .element = &element},
          first_asked_(context.asked.size()) {}
    ~Reader() { context_.asked.resize(first_asked_); }

    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    [[nodiscard]] const Element& element() const noexcept { return element_; }
    [[nodiscard]] ReadContext& context() const noexcept { return context_; }
    /// As "/domain/devices/filesystem[2]".
    [[nodiscard]] std::string path() const;

    void at(TextPosition& field) const { field = element_.at; }
    void path(std::string& field) const { field = path(); }

    /// An attribute; absent means `fallback`.
    template <class T>
    void attribute(std::string_view name, T& field, const std::type_identity_t<T>& fallback = {}) {
        ask(Name({}, name), Ask::attribute);
        field = fallback;
        if (const Attribute* found = element_.find_attribute(name))
            convert(found->value, field, found);
    }
    /// An attribute that has to be there.
    template <class T>
    void required_attribute(std::string_view name, T& field) {
        attribute(name, field, field);
        if (element_.find_attribute(name) == nullptr) report_missing(name);
    }
    /// An attribute that new elements always say, so that a person sees it.
    template <class T>
    void said_attribute(std::string_view name, T& field,
                        const std::type_identity_t<T>& fallback = {}) {
        attribute(name, field, fallback);
    }
    /// All text of the element.
    template <class T>
    void text(T& field, const std::type_identity_t<T>& = {}) {
        text_asked_ = true;
        convert(element_.text(), field, nullptr);
    }
    /// Text that may also be left out.
    template <class T>
    void text_or_none(std::optional<T>& field) {
        text_asked_ = true;
        const std::string text = element_.text();
        if (!trimmed(text).empty()) convert(text, field, nullptr);
    }
    /// Text that new elements always say.
    template <class T>
    void said_text(T& field, const std::type_identity_t<T>&) {
        text(field);
    }
    /// What `field` is where its element is absent.
    template <class T>
    void preset(T& field, const std::type_identity_t<T>& absent) const {
        field = absent;
    }
    /// A size: the text, and the attribute "unit".
    void size(std::optional<ScaledSize>& field);
    /// A size in two attributes.
    void size_attributes(std::string_view value, std::string_view unit,
                         std::optional<ScaledSize>& field);

    /// The first child called `name`; `map(inner)` where there is one.
    template <class Map>
    void child(const Name& name, Map&& map) {
        ask(name, Ask::single);
        if (const Element* found = find(name)) enter(*found, map);
    }
    /// A child whose text is a value; without it the field is `absent`.
    template <class T>
    void text_child(const Name& name, T& field, const std::type_identity_t<T>& absent = {}) {
        preset(field, absent);
        child(name, [&](Reader& inner) { inner.text(field); });
    }
    template <class T>
    void text_child_at(const Name& name, T& field, TextPosition& position) {
        child(name, [&](Reader& inner) {
            inner.at(position);
            inner.text(field);
        });
    }
    void size_child(const Name& name, std::optional<ScaledSize>& field) {
        child(name, [&](Reader& inner) { inner.size(field); });
    }
    /// A child that means something by being there.
    template <class T, class Map>
    void optional_child(const Name& name, std::optional<T>& field, Map&& map) {
        child(name, [&](Reader& inner) { map(inner, field.emplace()); });
    }
    /// A child without content: `field` is `present` where it is there.
    template <class T>
    void flag_child(const Name& name, T& field, T present, TextPosition* position = nullptr) {
        child(name, [&](Reader& inner) {
            field = present;
            if (position != nullptr) inner.at(*position);
        });
    }
    /// All children called `name`, one item each.
    template <class T, class Map>
    void list(const Name& name, std::vector<T>& items, Map&& map) {
        ask(name, Ask::many);
        for (const Element& node : element_.children)
            if (is_called(&scope_, node, name, context_.namespaced))
                enter(node, [&](Reader& inner) { map(inner, items.emplace_back()); });
    }
    /// All children whose names are spellings of `member`, one item each.
    template <class T, class Enum, class Map>
    void spelled_list(std::vector<T>& items, Enum T::* member, Map&& map) {
        for (const auto& row : spellings<Enum>) ask(Name({}, row.text), Ask::many);
        unknown_words_reported_ = true;
        for (const Element& node : element_.children) {
            if (node.kind != Element::Kind::element) continue;
            if (const auto found = find_spelling<Enum>(node.name)) {
                T& item = items.emplace_back();
                item.*member = *found;
                enter(node, [&](Reader& inner) { map(inner, item); });
            } else if (WrittenName(node.name).prefix.empty()) {
                report_unknown_word(node, nearest_spelling<Enum>(node.name));
            }
        }
    }

    /// All child elements, in place of the calls above: `map(inner, index)` tells whether it
    /// described the child.
    template <class Map>
    void every_child(Map&& map) {
        every_child_asked_ = true;
        const std::vector<std::string> paths = child_paths();
        for (std::size_t i = 0; i != element_.children.size(); ++i) {
            if (element_.children[i].kind != Element::Kind::element) continue;
            Reader inner(context_, this, element_.children[i], &paths[i]);
            if (map(inner, i))
                inner.finish();
            else
                inner.sweep();
        }
    }

    /// Names that say nothing to a container and nothing wrong either.
    void quiet(std::initializer_list<Name> names) { ask_all(names, Ask::quiet); }
    void quiet_attributes(std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names) ask(Name({}, name), Ask::attribute);
    }
    /// Names that are known, and have no effect on a container.
    void ignored(std::initializer_list<Name> names) { ask_all(names, Ask::ignored); }
    void ignored_attributes(std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names) ask(Name({}, name), Ask::ignored_attribute);
    }
    /// Names that ask for something which this release does not do.
    void not_enforced(std::initializer_list<Name> names) { ask_all(names, Ask::not_enforced); }

    /// Remarks on this element, or on its attribute `attribute`.
    void report(Severity severity, FindingCode code, std::string message, std::string hint = {},
                std::string_view attribute = {}) const;
    void report_missing(std::string_view attribute) const;
    /// Remarks on everything that was not asked for.
    void finish();
    /// Refuses names of ours in a part of the document that nothing here reads.
    void sweep() const;

private:
    using Ask = Asked::Kind;

    void ask(const Name& name, Ask kind) { context_.asked.push_back({.name = name, .kind = kind}); }
    void ask_all(std::initializer_list<Name> names, Ask kind) {
        for (const Name& name : names) ask(name, kind);
    }
    /// What the mapping of this element asked for.
    [[nodiscard]] std::span<Asked> asked() const noexcept {
        return std::span(context_.asked).subspan(first_asked_);
    }
    [[nodiscard]] const Element* find(const Name& name) const noexcept {
        for (const Element& node : element_.children)
            if (is_called(&scope_, node, name, context_.namespaced)) return &node;
        return nullptr;
    }
    template <class Map>
    void enter(const Element& node, Map&& map) {
        Reader inner(context_, this, node);
        map(inner);
        inner.finish();
    }

    /// `source` is the attribute that `text` comes from, null for the element's text.
    template <class T>
    void convert(std::string_view text, T& field, const Attribute* source) const {
        const Fault fault = Codec<T>::decode(text, field);
        if (fault != Fault::none)
            report_value(fault, text, source, Words<T>::nearest(text), Words<T>::all());
    }
    void report_value(Fault fault, std::string_view text, const Attribute* source,
                      std::string_view nearest, const std::string& all) const;
    void report_unknown_word(const Element& node, std::string_view nearest) const;

    /// The paths of all children, those that are no elements included.
    [[nodiscard]] std::vector<std::string> child_paths() const;
    void finish_attribute(const Attribute& attribute);
    void finish_child(const Element& node);
    void finish_unknown_child(const Element& node);
    [[nodiscard]] std::string nearest_asked(std::string_view name, bool attribute) const;

    ReadContext& context_;
    const Reader* outer_;
    const Element& element_;
    const std::string* known_path_;
    Scope scope_;
    std::size_t first_asked_;
    bool text_asked_ = false;
    bool every_child_asked_ = false;
    bool unknown_words_reported_ = false;
};

}  // namespace insula::inline v0::xml
