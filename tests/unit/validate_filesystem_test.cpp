// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "insula/model/validate.hpp"
#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;
using test::has_warning;

namespace {

std::vector<Finding> check(std::vector<Filesystem> filesystems) {
    Domain domain{.name = "box", .memory = ScaledSize{.value = 64, .unit = "MiB"}};
    domain.os.init = "/bin/sh";
    for (Filesystem& filesystem : filesystems)
        domain.devices.push_back({.node = std::move(filesystem)});
    return validate(domain);
}

Filesystem mount(std::string source, std::string target) {
    return {.source = std::move(source), .target = std::move(target)};
}

Filesystem of(FilesystemType type, std::string source = "/img") {
    return {.type = type, .source = std::move(source), .target = "/x"};
}

std::string at(std::string_view rest) {
    return "/domain/devices/filesystem[1]" + std::string(rest);
}

}  // namespace

TEST_CASE("file systems: sound ones have no findings") {
    Filesystem ram = of(FilesystemType::ram, "");
    ram.usage = ScaledSize{.value = 1};
    ram.target = "/ram";
    Filesystem volume = of(FilesystemType::volume, "");
    volume.pool = "p";
    volume.volume = "v";
    const auto findings =
        check({mount("/srv", "/"), mount("/a", "/a"), mount("/b", "/a/b"), ram, volume});
    CHECK_MESSAGE(findings.empty(), test::lines(findings));
    CHECK(check({of(FilesystemType::template_, "host")}).empty());
}

TEST_CASE("file systems: targets") {
    CHECK(has_error(check({mount("/a", "")}), FindingCode::missing, at("/target/@dir")));
    CHECK(has_error(check({mount("/a", "tmp")}), FindingCode::bad_value, at("/target/@dir")));
    CHECK(has_error(check({mount("/a", "/a/../b")}), FindingCode::unsafe_name, at("/target/@dir")));
    CHECK(has_error(check({mount("/a", std::string("/a\0b", 4))}), FindingCode::unsafe_name,
                    at("/target/@dir")));
}

TEST_CASE("file systems: there is one root, however it is written") {
    for (const char* root : {"/", "//", "/.", "/./"}) {
        CAPTURE(root);
        Filesystem second = mount("/b", root);
        second.target_at = {7, 3};
        second.path = "/domain/devices/filesystem[9]";
        const auto findings = check({mount("/a", "/"), second});
        const Finding* found = test::find(findings, FindingCode::conflict,
                                          "/domain/devices/filesystem[9]/target/@dir");
        REQUIRE(found != nullptr);
        CHECK(found->severity == Severity::error);
        CHECK(found->at == TextPosition{7, 3});
    }
}

TEST_CASE("file systems: one that hides another is a warning") {
    const std::string second = "/domain/devices/filesystem[2]/target/@dir";
    CHECK(
        has_warning(check({mount("/a", "/x"), mount("/b", "/x/")}), FindingCode::conflict, second));
    CHECK(has_warning(check({mount("/a", "/x/y"), mount("/b", "/x")}), FindingCode::conflict,
                      second));
    CHECK(check({mount("/a", "/xy"), mount("/b", "/x")}).empty());
    CHECK(check({mount("/a", "/x"), mount("/b", "/")}).empty());
    CHECK(has_warning(check({of(FilesystemType::bind, "/"),
                             {.type = FilesystemType::bind, .source = "/", .target = "/"}}),
                      FindingCode::conflict, second));
}

TEST_CASE("file systems: sources by type") {
    using enum FilesystemType;
    CHECK(has_error(check({of(mount, "")}), FindingCode::missing, at("/source/@dir")));
    CHECK(has_error(check({of(bind, "")}), FindingCode::missing, at("/source/@dir")));
    CHECK(has_error(check({of(file, "")}), FindingCode::missing, at("/source/@file")));
    CHECK(has_error(check({of(block, "")}), FindingCode::missing, at("/source/@dev")));
    CHECK(has_error(check({of(template_, "")}), FindingCode::missing, at("/source/@name")));
    CHECK(has_error(check({of(volume, "")}), FindingCode::missing, at("/source/@pool")));
    CHECK(has_error(check({of(volume, "")}), FindingCode::missing, at("/source/@volume")));
    CHECK(has_error(check({of(mount, "srv")}), FindingCode::bad_value, at("/source/@dir")));
    CHECK(has_error(check({of(block, "sda")}), FindingCode::bad_value, at("/source/@dev")));
    CHECK(has_error(check({of(bind, "/a/../b")}), FindingCode::unsafe_name, at("/source/@dir")));
    CHECK(check({of(mount, "/a/../b")}).empty());
    CHECK(has_error(check({of(template_, "../x")}), FindingCode::unsafe_name, at("/source/@name")));
    CHECK(has_warning(check({of(mount, "/proc/sys")}), FindingCode::weaker, at("/source/@dir")));
    CHECK(check({of(mount, "/process")}).empty());
}

TEST_CASE("file systems: sizes") {
    Filesystem ram = of(FilesystemType::ram, "");
    CHECK(has_error(check({ram}), FindingCode::missing, at("/source/@usage")));
    ram.usage = ScaledSize{.value = 0};
    CHECK(has_error(check({ram}), FindingCode::bad_value, at("/source/@usage")));
    ram.usage = ScaledSize{.value = 1, .unit = "parsec"};
    CHECK(has_error(check({ram}), FindingCode::bad_value, at("/source/@usage")));
    ram.usage = ScaledSize{.value = 16, .unit = "EiB"};
    CHECK(has_error(check({ram}), FindingCode::bad_value, at("/source/@usage")));
    Filesystem limited = mount("/a", "/b");
    limited.space_hard_limit = ScaledSize{.value = 1, .unit = "GiB"};
    limited.space_soft_limit = ScaledSize{.value = 1, .unit = "?"};
    const auto findings = check({limited});
    CHECK(has_warning(findings, FindingCode::not_enforced, at("/space_hard_limit")));
    CHECK(has_error(findings, FindingCode::bad_value, at("/space_soft_limit")));
}

TEST_CASE("file systems: drivers and attributes for hypervisors") {
    Filesystem file = of(FilesystemType::file);
    file.driver_type = "loop";
    file.driver_format = "qcow2";
    CHECK(has_error(check({file}), FindingCode::conflict, at("/driver/@format")));
    file.driver_type = "nbd";
    CHECK(check({file}).empty());
    file.driver_format.clear();
    CHECK(has_error(check({file}), FindingCode::missing, at("/driver/@format")));
    file.driver_type = "nbb";
    CHECK(has_error(check({file}), FindingCode::bad_value, at("/driver/@type")));
    file.driver_type = "virtiofs";
    CHECK(has_error(check({file}), FindingCode::conflict, at("/driver/@type")));
    Filesystem other = mount("/a", "/b");
    other.driver_type = "path";
    other.access_mode = "squash";
    other.model = "virtio";
    other.multidevs = "remap";
    other.fmode = "0600";
    other.dmode = "0700";
    const auto findings = check({other});
    for (const char* rest :
         {"/driver", "/@accessmode", "/@model", "/@multidevs", "/@fmode", "/@dmode"}) {
        CAPTURE(rest);
        CHECK(has_warning(findings, FindingCode::ignored, at(rest)));
    }
    other.access_mode = "squish";
    CHECK(has_error(check({other}), FindingCode::bad_value, at("/@accessmode")));
    Filesystem block = of(FilesystemType::block);
    block.mount = MountExtension{.recursion = Recursion::submounts};
    CHECK(has_warning(check({block}), FindingCode::ignored, at("/insula:mount/@recursive")));
}
