// SPDX-License-Identifier: Apache-2.0
#include "xml/reader.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace insula::inline v0::xml {

namespace {

constexpr std::size_t most_findings = 1000;

/// For messages: as much of `text` as a reader needs.
std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 80;
    const bool cut = text.size() > longest;
    return "'" + std::string(text.substr(0, longest)) + (cut ? "…'" : "'");
}

std::string tag(std::string_view name) {
    return "<" + std::string(name) + ">";
}

std::string did_you_mean(std::string_view nearest) {
    return nearest.empty() ? std::string{} : "did you mean '" + std::string(nearest) + "'?";
}

bool is_declaration(std::string_view name) noexcept {
    return name == "xmlns" || name.starts_with("xmlns:");
}

}  // namespace

bool ReadContext::takes(Severity severity) noexcept {
    std::size_t& count = severity == Severity::error ? errors : warnings;
    return ++count <= most_findings;
}

void ReadContext::close(TextPosition at) {
    const auto left_out = [](std::size_t count) {
        return count > most_findings ? count - most_findings : 0;
    };
    const std::size_t more = left_out(warnings) + left_out(errors);
    if (more == 0) return;
    findings.push_back(
        {.severity = left_out(errors) > 0 ? Severity::error : Severity::warning,
         .code = FindingCode::bad_value,
         .message = std::to_string(more) + " more findings of the reader are left out",
         .path = "/domain",
         .at = at});
}

std::string Reader::path() const {
    if (known_path_ != nullptr) return *known_path_;
    if (outer_ == nullptr) return "/" + element_.name;
    std::string out = outer_->path() + "/" + element_.name;
    std::size_t siblings = 0;
    std::size_t index = 0;
    for (const Element& sibling : outer_->element_.children) {
        if (sibling.kind != Element::Kind::element || sibling.name != element_.name) continue;
        ++siblings;
        if (&sibling == &element_) index = siblings;
    }
    if (siblings > 1) out += "[" + std::to_string(index) + "]";
    return out;
}

std::vector<std::string> Reader::child_paths() const {
    struct Count {
        std::size_t all = 0;
        std::size_t seen = 0;
    };
    std::unordered_map<std::string_view, Count> counts;
    for (const Element& node : element_.children) ++counts[node.name].all;
    std::vector<std::string> paths;
    paths.reserve(element_.children.size());
    const std::string base = path() + "/";
    for (const Element& node : element_.children) {
        Count& count = counts[node.name];
        std::string& out = paths.emplace_back(base + node.name);
        if (count.all > 1) out += "[" + std::to_string(++count.seen) + "]";
    }
    return paths;
}

void Reader::report(Severity severity, FindingCode code, std::string message, std::string hint,
                    std::string_view attribute) const {
    if (!context_.takes(severity)) return;
    std::string place = path();
    if (!attribute.empty()) place += "/@" + std::string(attribute);
    context_.findings.push_back({.severity = severity,
                                 .code = code,
                                 .message = std::move(message),
                                 .path = std::move(place),
                                 .at = element_.at,
                                 .hint = std::move(hint)});
}

void Reader::report_missing(std::string_view attribute) const {
    report(Severity::error, FindingCode::missing,
           tag(element_.name) + " needs the attribute '" + std::string(attribute) + "'", {},
           attribute);
}

void Reader::report_value(Fault fault, std::string_view text, const Attribute* source,
                          std::string_view nearest, const std::string& all) const {
    const std::string place = source != nullptr
                                  ? "attribute '" + source->name + "' of " + tag(element_.name)
                                  : "the text of " + tag(element_.name);
    std::string message = place;
    std::string hint;
    switch (fault) {
        case Fault::none: return;
        case Fault::unknown_word:
            message +=
                trimmed(text).empty() ? " is empty" : " has the unknown value " + quoted(text);
            hint = nearest.empty() ? "one of: " + all : did_you_mean(nearest);
            break;
        case Fault::not_a_number:
            message += trimmed(text).empty() ? " is empty, where a number is needed"
                                             : " is not a whole number: " + quoted(text);
            break;
        case Fault::out_of_range: message += " is too large: " + quoted(text); break;
    }
    report(Severity::error, FindingCode::bad_value, std::move(message), std::move(hint),
           source != nullptr ? std::string_view(source->name) : std::string_view{});
}

void Reader::report_unknown_word(const Element& node, std::string_view nearest) const {
    const Reader inner(context_, this, node);
    inner.report(Severity::error, FindingCode::bad_value,
                 tag(node.name) + " is not known in " + tag(element_.name), did_you_mean(nearest));
}

void Reader::size(std::optional<ScaledSize>& field) {
    ScaledSize size;
    text_asked_ = true;
    attribute("unit", size.unit);
    const std::string digits = element_.text();
    const Fault fault = Codec<std::uint64_t>::decode(digits, size.value);
    if (fault != Fault::none) return report_value(fault, digits, nullptr, {}, {});
    field = std::move(size);
}

void Reader::size_attributes(std::string_view value, std::string_view unit,
                             std::optional<ScaledSize>& field) {
    ScaledSize size;
    std::optional<std::uint64_t> number;
    attribute(unit, size.unit);
    attribute(value, number);
    if (!number) return;
    size.value = *number;
    field = std::move(size);
}

void Reader::finish() {
    if (!context_.judges && !context_.namespaced) return;
    for (const Attribute& attribute : element_.attributes) finish_attribute(attribute);
    for (const Element& node : element_.children) {
        if (node.kind == Element::Kind::element) {
            if (!every_child_asked_) finish_child(node);
        } else if (context_.judges && !text_asked_ && node.kind != Element::Kind::comment &&
                   node.kind != Element::Kind::processing_instruction &&
                   !trimmed(node.content).empty()) {
            report(Severity::warning, FindingCode::unknown_element,
                   "text has no meaning in " + tag(element_.name) + ": " +
                       quoted(trimmed(node.content)));
        }
    }
}

void Reader::finish_attribute(const Attribute& attribute) {
    if (is_declaration(attribute.name)) return;
    for (const Asked& known : asked()) {
        if (known.name.local != attribute.name) continue;
        if (known.kind == Ask::attribute) return;
        if (known.kind != Ask::ignored_attribute) continue;
        if (context_.judges)
            report(Severity::warning, FindingCode::ignored,
                   "attribute '" + attribute.name + "' of " + tag(element_.name) +
                       " has no effect on a container",
                   {}, attribute.name);
        return;
    }
    const WrittenName written(attribute.name);
    const bool ours =
        !written.prefix.empty() && (find_namespace(scope_, written.prefix) == insula_xml_namespace);
    if (!ours && (!context_.judges || written.prefix == "xml")) return;
    const bool strict =
        ours || find_namespace(scope_, WrittenName(element_.name).prefix) == insula_xml_namespace;
    report(strict ? Severity::error : Severity::warning, FindingCode::unknown_attribute,
           "attribute '" + attribute.name + "' of " + tag(element_.name) + " is not known",
           did_you_mean(nearest_asked(written.local, true)), attribute.name);
}

void Reader::finish_child(const Element& node) {
    for (Asked& known : asked()) {
        if (known.is_attribute()) continue;
        if (!is_called(&scope_, node, known.name, context_.namespaced)) continue;
        const Reader inner(context_, this, node);
        const bool again = std::exchange(known.met, true);
        switch (known.kind) {
            case Ask::single:
                if (again && context_.judges)
                    inner.report(Severity::warning, FindingCode::ignored,
                                 "only the first " + tag(node.name) + " counts");
                return;
            case Ask::ignored:
                if (context_.judges)
                    inner.report(Severity::warning, FindingCode::ignored,
                                 tag(node.name) + " has no effect on a container");
                return inner.sweep();
            case Ask::not_enforced:
                if (context_.judges)
                    inner.report(Severity::warning, FindingCode::not_enforced,
                                 tag(node.name) + " is not applied by this release");
                return inner.sweep();
            case Ask::quiet: return inner.sweep();
            case Ask::many:
            case Ask::attribute:
            case Ask::ignored_attribute: return;
        }
    }
    finish_unknown_child(node);
}

void Reader::finish_unknown_child(const Element& node) {
    const Reader inner(context_, this, node);
    const WrittenName written(node.name);
    const auto space = find_namespace(inner.scope_, written.prefix);
    if (!space) {
        const bool known = written.prefix == "insula" || written.prefix == "lxc";
        if (!known && !context_.judges) return;
        std::string hint;
        if (known)
            hint = "write xmlns:" + std::string(written.prefix) + "='" +
                   std::string(written.prefix == "lxc" ? lxc_xml_namespace : insula_xml_namespace) +
                   "' in <domain>";
        return inner.report(
            known ? Severity::error : Severity::warning, FindingCode::unknown_element,
            "prefix '" + std::string(written.prefix) + "' is not declared", std::move(hint));
    }
    if (*space == insula_xml_namespace || *space == lxc_xml_namespace)
        return inner.report(Severity::error, FindingCode::unknown_element,
                            tag(node.name) + " is not known in " + tag(element_.name),
                            did_you_mean(nearest_asked(written.local, false)));
    if (context_.judges && !space->empty()) {
        inner.report(Severity::warning, FindingCode::ignored,
                     tag(node.name) + " belongs to a namespace that has no effect on a container");
    } else if (context_.judges && !unknown_words_reported_) {
        inner.report(Severity::warning, FindingCode::unknown_element,
                     tag(node.name) + " is not known in " + tag(element_.name),
                     did_you_mean(nearest_asked(written.local, false)));
    }
    inner.sweep();
}

void Reader::sweep() const {
    if (!context_.has_insula || element_.name == "metadata") return;
    for (const Element& node : element_.children) {
        if (node.kind != Element::Kind::element) continue;
        const Reader inner(context_, this, node);
        if (find_namespace(inner.scope_, WrittenName(node.name).prefix) == insula_xml_namespace)
            inner.report(Severity::error, FindingCode::unknown_element,
                         tag(node.name) + " has no meaning in " + tag(element_.name));
        else
            inner.sweep();
    }
}

std::string Reader::nearest_asked(std::string_view name, bool attribute) const {
    if (context_.warnings >= most_findings) return {};
    NearestText nearest(name);
    for (const Asked& known : asked()) {
        if (known.is_attribute() == attribute && known.name.local != name)
            nearest.offer(known.name.local);
    }
    return std::string(nearest.get());
}

}  // namespace insula::inline v0::xml
