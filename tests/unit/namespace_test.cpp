// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "insula/model/parse.hpp"
#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;

namespace {

Domain read(std::string_view attributes, std::string_view inside,
            std::string_view os = "<type>exe</type><init>/x</init>") {
    auto domain =
        read_domain("<domain type='lxc' " + std::string(attributes) + "><name>x</name><os>" +
                    std::string(os) + "</os>" + std::string(inside) + "</domain>");
    REQUIRE(domain);
    return *std::move(domain);
}

constexpr std::string_view insula_declared = "xmlns:insula='urn:insula:domain:1'";
constexpr std::string_view lxc_declared = "xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'";

}  // namespace

TEST_CASE("namespace: <insula:container> reaches its fields") {
    const Domain domain = read(insula_declared, R"(<insula:container profile='system'>
  <insula:init mode='reaper'/><insula:no_new_privs state='off'/>
  <insula:kernel_paths default='off'><insula:mask path='/proc/a'/><insula:readonly path='/proc/b'/>
  <insula:mask path='/proc/c'/></insula:kernel_paths></insula:container>)");
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    REQUIRE(domain.container);
    CHECK(domain.container->profile == Profile::system);
    CHECK(domain.container->init_mode == InitMode::reaper);
    CHECK(domain.container->no_new_privs == SwitchState::off);
    CHECK(domain.container->default_kernel_paths == SwitchState::off);
    REQUIRE(domain.container->masked_paths.size() == 2);
    CHECK(domain.container->masked_paths[1].path.text == "/proc/c");
    REQUIRE(domain.container->read_only_paths.size() == 1);
    CHECK(domain.container->at == TextPosition{1, 109});
}

TEST_CASE("namespace: <insula:mount> reaches its fields") {
    const Domain domain =
        read(insula_declared,
             "<devices><filesystem><source dir='/a'/><target dir='/b'/>"
             "<insula:mount recursive='yes' nosuid='yes' nodev='no' noexec='yes'/>"
             "</filesystem></devices>");
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    const auto& mount = std::get<Filesystem>(domain.devices.at(0).node).mount;
    REQUIRE(mount);
    CHECK(mount->recursion == Recursion::submounts);
    CHECK(mount->nosuid);
    CHECK_FALSE(mount->nodev);
    CHECK(mount->noexec);
}

TEST_CASE("namespace: <lxc:namespace> reaches its fields") {
    const Domain domain = read(lxc_declared,
                               "<lxc:namespace><lxc:sharenet type='netns' value='red'/>"
                               "<lxc:shareipc type='pid' value='12'/><lxc:shareuts type='name' "
                               "value='c'/></lxc:namespace>");
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    REQUIRE(domain.shared_namespaces);
    REQUIRE(domain.shared_namespaces->net);
    CHECK(domain.shared_namespaces->net->source == NamespaceSource::netns);
    CHECK(domain.shared_namespaces->net->value == "red");
    REQUIRE(domain.shared_namespaces->ipc);
    CHECK(domain.shared_namespaces->ipc->source == NamespaceSource::pid);
    REQUIRE(domain.shared_namespaces->uts);
    CHECK(domain.shared_namespaces->uts->source == NamespaceSource::name);
}

TEST_CASE("namespace: a prefix is only a prefix") {
    const Domain other = read("xmlns:i='urn:insula:domain:1'", "<i:container profile='system'/>");
    REQUIRE(other.container);
    CHECK(other.container->profile == Profile::system);
    const Domain own = read("", "<container xmlns='urn:insula:domain:1' profile='system'/>");
    REQUIRE(own.container);
    CHECK(own.container->profile == Profile::system);
    const Domain foreign = read("xmlns:insula='urn:other'", "<insula:container profile='system'/>");
    CHECK_FALSE(foreign.container);
    CHECK(find_error(foreign.unread) == nullptr);
    CHECK(test::has_warning(foreign.unread, FindingCode::ignored, "/domain/insula:container"));
    const Domain hidden =
        read(insula_declared, "<insula:container xmlns:insula='urn:other' profile='system'/>");
    CHECK_FALSE(hidden.container);
}

TEST_CASE("namespace: an undeclared prefix of ours is an error with the declaration to write") {
    const Domain domain = read("", "<insula:container/>");
    const Finding* found =
        test::find(domain.unread, FindingCode::unknown_element, "/domain/insula:container");
    REQUIRE(found != nullptr);
    CHECK(found->severity == Severity::error);
    CHECK(found->hint.find("xmlns:insula='urn:insula:domain:1'") != std::string::npos);
}

TEST_CASE("namespace: unknown names of ours are errors wherever they stand") {
    const struct {
        std::string_view inside;
        std::string_view path;
    } table[] = {
        {"<insula:contaner/>", "/domain/insula:contaner"},
        {"<insula:container><insula:sekcomp/></insula:container>",
         "/domain/insula:container/insula:sekcomp"},
        {"<features><insula:mount/></features>", "/domain/features/insula:mount"},
        {"<devices><filesystem><source dir='/a'><insula:mount nosuid='yes'/></source>"
         "</filesystem></devices>",
         "/domain/devices/filesystem/source/insula:mount"},
        {"<cpu><x><insula:mount/></x></cpu>", "/domain/cpu/x/insula:mount"},
        {"<devices><disk><insula:mount/></disk></devices>", "/domain/devices/disk/insula:mount"},
        {"<odd><insula:mount/></odd>", "/domain/odd/insula:mount"},
    };
    for (const auto& row : table) {
        CAPTURE(row.inside);
        for (const std::string_view os : {"<type>exe</type>", "<type>hvm</type>"}) {
            const Domain domain = read(insula_declared, row.inside, os);
            CHECK(has_error(domain.unread, FindingCode::unknown_element, row.path));
        }
    }
    const Domain attribute = read(insula_declared, "<insula:container porfile='app'/>");
    CHECK(has_error(attribute.unread, FindingCode::unknown_attribute,
                    "/domain/insula:container/@porfile"));
    const Domain qualified = read(insula_declared, "<idmap insula:x='y'/>");
    CHECK(has_error(qualified.unread, FindingCode::unknown_attribute, "/domain/idmap/@insula:x"));
    const Domain metadata = read(insula_declared, "<metadata><insula:anything/></metadata>");
    CHECK(metadata.unread.empty());
    const Domain lxc = read(lxc_declared, "<lxc:namespace><lxc:sharepid/></lxc:namespace>");
    CHECK(
        has_error(lxc.unread, FindingCode::unknown_element, "/domain/lxc:namespace/lxc:sharepid"));
}

TEST_CASE("namespace: names in a namespace of their own are not ours") {
    const Domain domain = read("xmlns:x='urn:x'", "<x:idmap/><x:features><privnet/></x:features>");
    CHECK_FALSE(domain.id_map);
    CHECK(domain.features.private_network == SwitchState::off);
}
