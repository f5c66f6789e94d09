// SPDX-License-Identifier: Apache-2.0
// Unit-tests the mounts of a container: no root, no files, no library of ours to link.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "insula/plan/plan_container.hpp"
#include "insula/plan/text.hpp"

namespace {

/// The container under test, as the program that embeds insula would make it.
insula::Domain web_server() {
    insula::Domain domain{};
    domain.name = "web";
    domain.memory = insula::ScaledSize{.value = 256, .unit = "MiB"};
    domain.os.init = "/usr/sbin/httpd";
    domain.devices.push_back({.node = insula::Filesystem{.source = "/srv/web", .target = "/"}});
    domain.devices.push_back(
        {.node = insula::Filesystem{
             .source = "/srv/pages", .target = "/var/www", .access = insula::Access::read_only}});
    return domain;
}

const insula::BindMount* find_bind(const insula::ContainerPlan& plan, std::string_view target) {
    for (const insula::Op& op : plan.ops)
        if (const auto* bind = std::get_if<insula::BindMount>(&op.action))
            if (bind->target.text == target) return bind;
    return nullptr;
}

}  // namespace

TEST_CASE("web server: cannot change its pages") {
    const auto plan = insula::plan_container(web_server(), insula::HostFacts{});
    REQUIRE(plan);

    const insula::BindMount* const pages = find_bind(plan.value(), "/var/www");
    REQUIRE(pages != nullptr);
    CHECK(pages->source.text == "/srv/pages");
    CHECK(pages->access == insula::Access::read_only);
}

TEST_CASE("web server: has its own view of processes and names") {
    const auto plan = insula::plan_container(web_server(), insula::HostFacts{});
    REQUIRE(plan);

    CHECK(plan.value().namespaces.contains(insula::Namespace::pid));
    CHECK(plan.value().namespaces.contains(insula::Namespace::uts));
}

TEST_CASE("web server: a relative target is refused, at its element") {
    insula::Domain domain = web_server();
    domain.devices.push_back(
        {.node = insula::Filesystem{.source = "/srv/logs", .target = "var/log"}});

    const auto plan = insula::plan_container(domain, insula::HostFacts{});

    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == insula::ErrorCode::invalid);
}
