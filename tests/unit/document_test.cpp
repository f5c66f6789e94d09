// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>

#include "insula/model/parse.hpp"

using namespace insula;

namespace {

struct Broken {
    std::string_view text;
    TextPosition at;
};

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i != times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("document: what is not well-formed is refused at its place") {
    const Broken table[] = {
        {"", {1, 1}},
        {"   \n", {2, 1}},
        {"hello", {1, 1}},
        {"<domain>", {1, 9}},
        {"<domain>\n <os>\n</domain>", {3, 1}},
        {"<domain></domain></domain>", {1, 18}},
        {"<domain/><domain/>", {1, 10}},
        {"<domain/>text", {1, 10}},
        {"<domain/><![CDATA[x]]>", {1, 10}},
        {"<domain\n type='lxc' type='lxc'/>", {2, 13}},
        {"<domain type=lxc/>", {1, 14}},
        {"<domain type/>", {1, 13}},
        {"<domain type='lxc/>", {1, 14}},
        {"<domain a='1'b='2'/>", {1, 14}},
        {"<domain a='<'/>", {1, 12}},
        {"<domain>\n  &unknown;</domain>", {2, 3}},
        {"<domain>a & b</domain>", {1, 11}},
        {"<domain>&#0;</domain>", {1, 9}},
        {"<domain>&#xD800;</domain>", {1, 9}},
        {"<domain>&#x110000;</domain>", {1, 9}},
        {"<domain>&#99999999999999999999;</domain>", {1, 9}},
        {"<domain a='&nbsp;'/>", {1, 12}},
        {"<domain>]]></domain>", {1, 9}},
        {"<domain><![CDATA[x</domain>", {1, 9}},
        {"<domain><!-- x</domain>", {1, 9}},
        {"<domain><!-- a -- b --></domain>", {1, 16}},
        {"<domain><?pi</domain>", {1, 9}},
        {"<domain><?xml version='1.0'?></domain>", {1, 9}},
        {"<domain>< a/></domain>", {1, 9}},
        {"<domain></ domain>", {1, 9}},
        {"<domain", {1, 1}},
        {"<domain>\xC3(</domain>", {1, 9}},
        {"<domain>\xC0\x80</domain>", {1, 9}},
        {"<domain>\xED\xA0\x80</domain>", {1, 9}},
        {"<domain>\x01</domain>", {1, 9}},
        {"<!DOCTYPE domain [<!ENTITY a 'b'>]>\n<domain/>", {1, 1}},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><domain/>", {1, 21}},
        {"<?xml version='2.0'?><domain/>", {1, 7}},
        {"\xFF\xFE<\0d\0", {1, 1}},
    };
    for (const Broken& row : table) {
        CAPTURE(row.text);
        const auto domain = read_domain(row.text);
        REQUIRE_FALSE(domain);
        CHECK(domain.error().code == ErrorCode::malformed);
        CHECK(domain.error().xml.line == row.at.line);
        CHECK(domain.error().xml.column == row.at.column);
        CHECK_FALSE(domain.error().message.empty());
    }
}

TEST_CASE("document: a NUL byte is refused, not an end") {
    const std::string text("<domain/>\0<domain/>", 19);
    const auto domain = read_domain(text);
    REQUIRE_FALSE(domain);
    CHECK(domain.error().code == ErrorCode::malformed);
    CHECK(domain.error().xml == TextPosition{1, 10});
}

TEST_CASE("document: harmless forms are read") {
    for (const std::string_view text : {
             "<domain/>",
             "\xEF\xBB\xBF<domain/>",
             "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<domain/>\r\n",
             "<?xml version=\"1.0\"?><!-- a --><?pi x?><domain></domain><!-- b -->",
             "<domain a='&lt;&#x10FFFF;\"' ><!-- <&> ]]> --><x><![CDATA[<&>]]></x></domain >",
             "<domain><name>\xC3\xA4\xF0\x9F\x8F\x9D</name></domain>",
         }) {
        CAPTURE(text);
        CHECK(read_domain(text));
    }
}

TEST_CASE("document: only <domain> in no namespace is a root") {
    for (const std::string_view text :
         {"<network/>", "<d:domain xmlns:d='urn:x'/>", "<domain xmlns='urn:x'/>", "<Domain/>"}) {
        CAPTURE(text);
        const auto domain = read_domain(text);
        REQUIRE_FALSE(domain);
        CHECK(domain.error().code == ErrorCode::invalid);
        CHECK(domain.error().xml == TextPosition{1, 1});
    }
}

TEST_CASE("document: every element knows its line and column") {
    const auto domain = read_domain(
        "<!-- \xC3\xA4 -->\r\n"
        "<domain type='lxc'>\n"
        "\t<name>a</name><memory>1</memory>\n"
        "  <!-- a\n comment --><os>\n"
        "    <type>exe</type>\n"
        "    <init\n>/bin/sh</init>\n"
        "  </os>\n"
        "</domain>\n");
    REQUIRE(domain);
    CHECK(domain->at == TextPosition{2, 1});
    CHECK(domain->name_at == TextPosition{3, 2});
    CHECK(domain->memory_at == TextPosition{3, 16});
    CHECK(domain->os.at == TextPosition{5, 13});
    CHECK(domain->os.type_at == TextPosition{6, 5});
    CHECK(domain->os.init_at == TextPosition{7, 5});
}

TEST_CASE("document: a byte order mark does not shift positions") {
    const auto domain = read_domain("\xEF\xBB\xBF<domain>\n<name>x</name></domain>");
    REQUIRE(domain);
    CHECK(domain->name_at == TextPosition{2, 1});
}

TEST_CASE("document: limits are exact") {
    const ParseLimits limits{
        .bytes = 200, .depth = 3, .elements = 5, .attributes = 4, .attributes_per_element = 3};
    CHECK(read_domain("<domain><a><b/></a></domain>", limits));
    CHECK_FALSE(read_domain("<domain><a><b><c/></b></a></domain>", limits));
    CHECK(read_domain("<domain><a/><b/><!-- c --><d/></domain>", limits));
    CHECK_FALSE(read_domain("<domain><a/><b/><!-- c --><d/><e/></domain>", limits));
    CHECK(read_domain("<domain a='' b='' c=''><d e=''/></domain>", limits));
    CHECK_FALSE(read_domain("<domain a='' b='' c='' d=''/>", limits));
    CHECK_FALSE(read_domain("<domain a='' b='' c=''><d e='' f=''/></domain>", limits));
    CHECK(read_domain("<domain>" + std::string(183, ' ') + "</domain>", limits));
    CHECK_FALSE(read_domain("<domain>" + std::string(184, ' ') + "</domain>", limits));
}

TEST_CASE("document: bombs are refused before they cost anything") {
    CHECK_FALSE(read_domain("<domain>" + std::string(64U << 20U, 'x') + "</domain>"));
    CHECK_FALSE(read_domain(repeated("<a>", 1'000'000)));
    CHECK_FALSE(read_domain("<domain>" + repeated("<a>", 1'000'000)));
    CHECK_FALSE(read_domain("<domain>" + repeated("<a/>", 1'000'000) + "</domain>"));
    CHECK_FALSE(read_domain("<domain>" + repeated("<!---->", 1'000'000) + "</domain>"));
    CHECK_FALSE(read_domain("<domain" + repeated(" a=''", 1'000'000) + "/>"));
    const std::string wide = "<a" + [] {
        std::string out;
        for (int i = 0; i != 256; ++i) out += " a" + std::to_string(i) + "=''";
        return out;
    }() + "/>";
    CHECK_FALSE(read_domain("<domain>" + repeated(wide, 1600) + "</domain>"));
}

TEST_CASE("document: no limit makes nesting deeper than what recursion can bear") {
    const ParseLimits limits{.depth = 4'000'000'000U, .elements = 4'000'000'000U};
    const auto domain = read_domain(
        "<domain>" + repeated("<a>", 2000) + repeated("</a>", 2000) + "</domain>", limits);
    REQUIRE_FALSE(domain);
    CHECK(domain.error().code == ErrorCode::malformed);
}
