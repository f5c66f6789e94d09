// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "insula/model/validate.hpp"
#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;
using test::has_warning;

namespace {

Domain with(std::vector<Device> devices) {
    Domain domain{.name = "box", .memory = ScaledSize{.value = 64, .unit = "MiB"}};
    domain.os.init = "/bin/sh";
    domain.devices = std::move(devices);
    return domain;
}

Domain sharing(SharedNamespaces shared) {
    Domain domain = with({});
    domain.shared_namespaces = std::move(shared);
    return domain;
}

Interface sound_interface() {
    return {.type = "bridge",
            .mac = "52:54:00:12:34:56",
            .source = "br0",
            .guest_device = "eth0",
            .link_state = "up",
            .addresses = {{.address = "10.0.0.2", .family = "ipv4", .prefix = 24},
                          {.address = "2001:db8::1", .family = "ipv6", .prefix = 64}},
            .routes = {{.family = "ipv4", .address = "0.0.0.0", .gateway = "10.0.0.1"}}};
}

std::string interface_at(std::string_view rest) {
    return "/domain/devices/interface[1]" + std::string(rest);
}
std::string hostdev_at(std::string_view rest) {
    return "/domain/devices/hostdev[1]" + std::string(rest);
}

}  // namespace

TEST_CASE("interfaces: a sound one has no findings") {
    const auto findings = validate(with({{.node = sound_interface()}}));
    CHECK_MESSAGE(findings.empty(), test::lines(findings));
}

TEST_CASE("interfaces: each wrong value is found") {
    Interface interface = sound_interface();
    interface.type = "brigde";
    interface.mac = "01:00:5e:00:00:01";
    interface.guest_device = "a/b";
    interface.target_device = "sixteen_bytes_xx";
    interface.link_state = "sideways";
    interface.addresses[0] = {.address = "10.0.0.256", .family = "ipv4", .prefix = 33};
    interface.addresses[1] = {.address = "2001:db8", .family = "ipv5", .prefix = 129, .peer = "x"};
    interface.routes[0] = {.family = "ipv6", .address = "0.0.0.0", .gateway = ""};
    const auto findings = validate(with({{.node = interface}}));
    for (const char* rest :
         {"/@type", "/mac/@address", "/link/@state", "/ip[1]/@address", "/ip[1]/@prefix",
          "/ip[2]/@address", "/ip[2]/@family", "/ip[2]/@prefix", "/ip[2]/@peer",
          "/route[1]/@address", "/route[1]/@gateway"}) {
        CAPTURE(rest);
        CHECK(has_error(findings, FindingCode::bad_value, interface_at(rest)));
    }
    CHECK(has_error(findings, FindingCode::unsafe_name, interface_at("/guest/@dev")));
    CHECK(has_error(findings, FindingCode::unsafe_name, interface_at("/target/@dev")));
}

TEST_CASE("interfaces: a type and, for most types, a source are needed") {
    CHECK(has_error(validate(with({{.node = Interface{}}})), FindingCode::missing,
                    interface_at("/@type")));
    for (const char* type : {"network", "bridge", "direct"}) {
        CAPTURE(type);
        CHECK(has_error(validate(with({{.node = Interface{.type = type}}})), FindingCode::missing,
                        interface_at("/source")));
    }
    CHECK(validate(with({{.node = Interface{.type = "ethernet"}}})).empty());
}

TEST_CASE("interfaces: two cannot have one name inside") {
    const auto findings =
        validate(with({{.node = sound_interface()}, {.node = sound_interface()}}));
    CHECK(has_error(findings, FindingCode::conflict, "/domain/devices/interface[2]/guest/@dev"));
}

TEST_CASE("host devices: mode, type and source") {
    using V = std::vector<Device>;
    const auto check = [](HostDevice device) {
        return validate(with(V{{.node = std::move(device)}}));
    };
    CHECK(check({.mode = "capabilities", .type = "net", .source = "eth1"}).empty());
    CHECK(check({.mode = "capabilities", .type = "storage", .source = "/dev/sdf1"}).empty());
    CHECK(check({.mode = "subsystem", .type = "usb"}).empty());
    CHECK(has_error(check({.mode = "capability"}), FindingCode::bad_value, hostdev_at("/@mode")));
    CHECK(has_error(check({.mode = "capabilities"}), FindingCode::missing, hostdev_at("/@type")));
    CHECK(has_error(check({.mode = "capabilities", .type = "disk"}), FindingCode::bad_value,
                    hostdev_at("/@type")));
    CHECK(has_error(check({.mode = "capabilities", .type = "misc"}), FindingCode::missing,
                    hostdev_at("/source")));
    CHECK(has_error(check({.mode = "capabilities", .type = "misc", .source = "dev/x"}),
                    FindingCode::bad_value, hostdev_at("/source")));
    CHECK(has_error(check({.mode = "capabilities", .type = "net", .source = "../x"}),
                    FindingCode::unsafe_name, hostdev_at("/source")));
}

TEST_CASE("shared namespaces: each names its source") {
    const std::string base = "/domain/lxc:namespace";
    using Source = NamespaceSource;
    CHECK(validate(sharing({.net = SharedNamespace{Source::netns, "red"},
                            .ipc = SharedNamespace{Source::pid, "12"},
                            .uts = SharedNamespace{Source::name, "other"}}))
              .empty());
    CHECK(validate(sharing({.net = SharedNamespace{}})).empty());
    CHECK(has_warning(validate(sharing({})), FindingCode::missing, base));
    CHECK(has_error(validate(sharing({.net = SharedNamespace{Source::name, ""}})),
                    FindingCode::missing, base + "/lxc:sharenet/@value"));
    for (const char* pid : {"0", "-1", "x", "2147483648"}) {
        CAPTURE(pid);
        CHECK(has_error(validate(sharing({.ipc = SharedNamespace{Source::pid, pid}})),
                        FindingCode::bad_value, base + "/lxc:shareipc/@value"));
    }
    CHECK(has_error(validate(sharing({.uts = SharedNamespace{Source::netns, "red"}})),
                    FindingCode::conflict, base + "/lxc:shareuts/@type"));
    CHECK(has_error(validate(sharing({.net = SharedNamespace{Source::netns, "../red"}})),
                    FindingCode::unsafe_name, base + "/lxc:sharenet/@value"));
}

TEST_CASE("shared namespaces: a network that is shared and private is said") {
    Domain domain = sharing({.net = SharedNamespace{NamespaceSource::netns, "red"}});
    domain.features.private_network = SwitchState::on;
    CHECK(
        has_warning(validate(domain), FindingCode::conflict, "/domain/lxc:namespace/lxc:sharenet"));
    domain.features.private_network = SwitchState::off;
    CHECK(validate(domain).empty());
    domain.devices = {{.node = sound_interface()}};
    CHECK(
        has_warning(validate(domain), FindingCode::conflict, "/domain/lxc:namespace/lxc:sharenet"));
}
