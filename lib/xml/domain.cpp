// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "insula/model/parse.hpp"
#include "xml/devices.hpp"
#include "xml/document.hpp"
#include "xml/map_domain.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

namespace insula::inline v0 {

namespace {

using xml::Reader;
using xml::Writer;

/// The text of `<os><type>`, "" where there is none.
std::string os_type_text(const Element& root) {
    const Element* os = root.find_child("os");
    const Element* type = os != nullptr ? os->find_child("type") : nullptr;
    return type != nullptr ? std::string(xml::trimmed(type->text())) : std::string{};
}

/// What a document without `<os><type>` means: a container only where its type says so.
OsType absent_os_type(const Element& root) {
    if (root.find_child("bootloader") != nullptr) return OsType::xen;
    const Attribute* type = root.find_attribute("type");
    const auto known =
        type != nullptr ? find_spelling<DomainType>(xml::trimmed(type->value)) : std::nullopt;
    return !known || xml::runs_containers(*known) ? OsType::exe : OsType::hvm;
}

/// Refuses a document that does not say what it describes.
void read_kind(const Reader& io) {
    if (!os_type_text(io.element()).empty() || io.element().find_child("bootloader") != nullptr)
        return;
    const Element* os = io.element().find_child("os");
    const Element* type = os != nullptr ? os->find_child("type") : nullptr;
    if (type != nullptr) return;  // empty: said where its text is read
    io.context().findings.push_back({.severity = Severity::error,
                                     .code = FindingCode::missing,
                                     .message = "<os> needs a <type>",
                                     .path = "/domain/os/type",
                                     .at = os != nullptr ? os->at : io.element().at,
                                     .hint = "<type>exe</type> makes a container"});
}

/// Elements that nearly every document has, and that are worth a word only when they ask for more.
void read_formalities(const Reader& root) {
    for (const Element& node : root.element().children) {
        if (node.kind != Element::Kind::element) continue;
        const Reader io(root.context(), &root, node);
        if (node.name == "clock") {
            const Attribute* offset = node.find_attribute("offset");
            if ((offset != nullptr && offset->value != "utc") || !node.children.empty())
                io.report(Severity::warning, FindingCode::ignored,
                          "<clock> has no effect on a container: it has the host's clock");
        } else if (node.name == "seclabel") {
            const Attribute* type = node.find_attribute("type");
            if (type == nullptr || type->value != "none")
                io.report(Severity::warning, FindingCode::not_enforced,
                          "<seclabel> is not applied by this release");
        }
    }
}

Domain read_document(xml::Document document) {
    Domain domain;
    domain.source = std::move(document.root);
    domain.prolog = std::move(document.prolog);
    domain.epilog = std::move(document.epilog);
    const Element& root = domain.source;
    const OsType absent_type = absent_os_type(root);
    const std::string os_type = os_type_text(root);
    const bool is_exe = os_type.empty() ? absent_type == OsType::exe : os_type == "exe";
    xml::ReadContext context{
        .findings = domain.unread, .judges = is_exe, .namespaced = xml::uses_namespaces(root)};
    context.has_insula = context.namespaced && xml::declares(root, insula_xml_namespace);
    Reader io(context, nullptr, root);
    domain.os.type = absent_type;
    read_kind(io);
    xml::map_domain(io, domain, absent_type, xml::read_devices);
    io.finish();
    if (context.judges) read_formalities(io);
    context.close(root.at);
    return domain;
}

}  // namespace

Result<Domain> read_domain(std::string_view text, const ParseLimits& limits) {
    INSULA_TRY(xml::Document document, xml::parse_document(text, limits));
    const Element& root = document.root;
    const xml::Scope scope{.element = &root};
    const auto space = xml::find_namespace(scope, xml::WrittenName(root.name).prefix);
    if (root.name != "domain" || space != std::string_view{})
        return Error{.code = ErrorCode::invalid,
                     .message = "the root element is <" + root.name + ">" +
                                (root.name == "domain" ? " in a namespace" : "") + ", not <domain>",
                     .path = "/" + root.name,
                     .xml = root.at};
    return read_document(std::move(document));
}

Result<Domain> parse_domain(std::string_view text, const ParseLimits& limits) {
    INSULA_TRY(Domain domain, read_domain(text, limits));
    if (const Finding* wrong = find_error(domain.unread)) return to_error(*wrong);
    return domain;
}

std::string to_xml(const Domain& domain) {
    xml::Document document{.prolog = domain.prolog, .root = domain.source, .epilog = domain.epilog};
    const bool is_new = domain.source.name.empty();
    if (is_new) document.root.name = "domain";
    const OsType absent_type = absent_os_type(document.root);
    xml::WriteContext context{.root = document.root,
                              .namespaced = xml::uses_namespaces(document.root)};
    Writer io(context, nullptr, document.root, is_new);
    xml::map_domain(io, domain, absent_type, xml::write_devices);
    return xml::format_document(document);
}

}  // namespace insula::inline v0
