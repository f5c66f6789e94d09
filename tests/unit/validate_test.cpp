// SPDX-License-Identifier: Apache-2.0
#include "insula/model/validate.hpp"

#include <doctest/doctest.h>

#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;
using test::has_warning;

namespace {

/// A container that nothing is wrong with.
Domain sound() {
    Domain domain{.name = "box", .memory = ScaledSize{.value = 64, .unit = "MiB"}};
    domain.os.init = "/bin/sh";
    return domain;
}

}  // namespace

TEST_CASE("validate: a sound container has no findings") {
    const auto findings = validate(sound());
    CHECK_MESSAGE(findings.empty(), test::lines(findings));
}

TEST_CASE("validate: the reader's findings come first") {
    Domain domain = sound();
    domain.name.clear();
    domain.unread = {{.severity = Severity::error, .code = FindingCode::bad_value}};
    const auto findings = validate(domain);
    REQUIRE(findings.size() == 2);
    CHECK(findings[0] == domain.unread[0]);
    CHECK(findings[1].path == "/domain/name");
}

TEST_CASE("validate: names that could leave their place are errors") {
    for (const std::string& name :
         {std::string("a/b"), std::string(".."), std::string("."), std::string("a\nb"),
          std::string("a\0b", 3), std::string("\x7F"), std::string("  "), std::string(201, 'x')}) {
        CAPTURE(name);
        Domain domain = sound();
        domain.name = name;
        domain.name_at = {2, 3};
        const auto findings = validate(domain);
        CHECK(has_error(findings, FindingCode::unsafe_name, "/domain/name"));
        CHECK(findings[0].at == TextPosition{2, 3});
    }
    for (const std::string& name : {std::string("a..b"), std::string(".hidden"),
                                    std::string("\xC3\xA4"), std::string(200, 'x')}) {
        CAPTURE(name);
        Domain domain = sound();
        domain.name = name;
        CHECK(validate(domain).empty());
    }
    Domain domain = sound();
    domain.name.clear();
    CHECK(has_error(validate(domain), FindingCode::missing, "/domain/name"));
}

TEST_CASE("validate: uuid, title, vcpu, cpuset and partition") {
    Domain domain = sound();
    domain.uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
    domain.title = "one line";
    domain.vcpus = 1;
    domain.cpuset = "0-3,^2,8";
    domain.partition = "/machine/web";
    CHECK(validate(domain).empty());
    domain.uuid = "c7a5fdbdedaf9455926ad65c16db1809";
    CHECK(validate(domain).empty());
    for (const char* uuid :
         {"c7a5fdbd", "c7a5fdbd-edaf-9455-926a-d65c16db180g", "-c7a5fdbdedaf9455926ad65c16db1809",
          "c-7a5fdbdedaf9455926ad65c16db1809"}) {
        CAPTURE(uuid);
        domain.uuid = uuid;
        CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/uuid"));
    }
    domain.title = "two\nlines";
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/title"));
    domain.vcpus = 0;
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/vcpu"));
    for (const char* list : {"a", "1-", "3-1", "1,,2", ",", "^", "99999999999"}) {
        CAPTURE(list);
        domain.cpuset = list;
        CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/vcpu/@cpuset"));
    }
    domain.partition = "machine";
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/resource/partition"));
    domain.partition = "/machine/../x";
    CHECK(has_error(validate(domain), FindingCode::unsafe_name, "/domain/resource/partition"));
}

TEST_CASE("validate: memory") {
    Domain domain = sound();
    domain.memory.reset();
    CHECK(has_warning(validate(domain), FindingCode::missing, "/domain/memory"));
    domain.memory = ScaledSize{.value = 0};
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/memory"));
    domain.memory = ScaledSize{.value = 1, .unit = "MIB"};
    const auto findings = validate(domain);
    CHECK(has_error(findings, FindingCode::bad_value, "/domain/memory"));
    CHECK(findings[0].hint.find("'MiB'") != std::string::npos);
    domain.memory = ScaledSize{.value = UINT64_MAX};
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/memory"));
}

TEST_CASE("validate: the kind of domain and the kind of system agree") {
    Domain domain = sound();
    domain.type = DomainType::kvm;
    CHECK(has_error(validate(domain), FindingCode::conflict, "/domain/os/type"));
    domain.os.type = OsType::hvm;
    CHECK(validate(domain).empty());
    domain.type = DomainType::lxc;
    CHECK(has_error(validate(domain), FindingCode::conflict, "/domain/os/type"));
    domain.type = DomainType::vz;
    CHECK(validate(domain).empty());
}

TEST_CASE("validate: init") {
    Domain domain = sound();
    domain.os.init.clear();
    CHECK(has_error(validate(domain), FindingCode::missing, "/domain/os/init"));
    domain.os.init = "bin/sh";
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/os/init"));
    domain.os.init = "/../bin/sh";
    CHECK(has_error(validate(domain), FindingCode::unsafe_name, "/domain/os/init"));
    domain.os.init = std::string("/bin\0/sh", 8);
    CHECK(has_error(validate(domain), FindingCode::unsafe_name, "/domain/os/init"));
    domain.os.init = "/" + std::string(4095, 'x');
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/os/init"));
    domain.os.init = "/..x/y..";
    CHECK(validate(domain).empty());
    domain.os.init_dir = "home";
    CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/os/initdir"));
}

TEST_CASE("validate: arguments and environment") {
    Domain domain = sound();
    domain.os.init_args = {"a", "", std::string("\0", 1)};
    domain.os.init_env = {
        {.name = "A", .value = "1"},   {.name = "", .value = "1"},
        {.name = "B=C", .value = "1"}, {.name = "D", .value = ""},
        {.name = "A", .value = "2"},   {.name = "E", .value = std::string("\0", 1)}};
    domain.os.cmdline = std::string("\0", 1);
    const auto findings = validate(domain);
    CHECK(has_warning(findings, FindingCode::missing, "/domain/os/initarg[2]"));
    CHECK(has_error(findings, FindingCode::bad_value, "/domain/os/initarg[3]"));
    CHECK(has_error(findings, FindingCode::missing, "/domain/os/initenv[2]/@name"));
    CHECK(has_error(findings, FindingCode::bad_value, "/domain/os/initenv[3]/@name"));
    CHECK(has_warning(findings, FindingCode::missing, "/domain/os/initenv[4]"));
    CHECK(has_warning(findings, FindingCode::conflict, "/domain/os/initenv[5]/@name"));
    CHECK(has_error(findings, FindingCode::bad_value, "/domain/os/initenv[6]"));
    CHECK(has_error(findings, FindingCode::bad_value, "/domain/os/cmdline"));
    CHECK(findings.size() == 8);
}

TEST_CASE("validate: users and groups are names, numbers or '+' and a number") {
    for (const char* text :
         {"root", "0", "1000", "+0", "+4294967294", "1000abc", "0xyz", "a-b.c_d$"}) {
        CAPTURE(text);
        Domain domain = sound();
        domain.os.init_user = text;
        domain.os.init_group = text;
        CHECK(validate(domain).empty());
    }
    for (const char* text : {"-1", "+", "+x", "+-1", "0x", "0x1F", "4294967295", "99999999999",
                             "+4294967295", "a:b", "a b", "a/b", "a\tb", "-name"}) {
        CAPTURE(text);
        Domain domain = sound();
        domain.os.init_user = text;
        domain.os.init_group = text;
        CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/os/inituser"));
        CHECK(has_error(validate(domain), FindingCode::bad_value, "/domain/os/initgroup"));
    }
}

TEST_CASE("validate: tuning") {
    Domain domain = sound();
    domain.tuning.cpu_period = 1000;
    domain.tuning.cpu_quota = -1;
    domain.tuning.global_quota = 1000;
    domain.tuning.memory_hard_limit = ScaledSize{.value = 1, .unit = "GiB"};
    domain.tuning.memory_swap_hard_limit = ScaledSize{.value = 1, .unit = "GiB"};
    domain.tuning.block_weight = 1000;
    domain.tuning.block_devices = {{.device = "/dev/sda", .weight = 10}};
    domain.tuning.numa_mode = "strict";
    domain.tuning.numa_nodeset = "0";
    CHECK(validate(domain).empty());
    domain.tuning.cpu_period = 999;
    domain.tuning.global_period = 1'000'001;
    domain.tuning.cpu_quota = 999;
    domain.tuning.global_quota = 17'592'186'044'416;
    domain.tuning.memory_soft_limit = ScaledSize{.value = 1, .unit = "x"};
    domain.tuning.memory_swap_hard_limit = ScaledSize{.value = 1, .unit = "GB"};
    domain.tuning.block_weight = 9;
    domain.tuning.block_devices = {{.weight = 1001}, {.device = "sda"}};
    domain.tuning.numa_mode = "strikt";
    domain.tuning.numa_nodeset = "x";
    const auto findings = validate(domain);
    for (const char* path :
         {"/domain/cputune/period", "/domain/cputune/global_period", "/domain/cputune/quota",
          "/domain/cputune/global_quota", "/domain/memtune/soft_limit", "/domain/blkiotune/weight",
          "/domain/blkiotune/device[1]/weight", "/domain/blkiotune/device[2]/path",
          "/domain/numatune/memory/@mode", "/domain/numatune/memory/@nodeset"}) {
        CAPTURE(path);
        CHECK(has_error(findings, FindingCode::bad_value, path));
    }
    CHECK(has_error(findings, FindingCode::conflict, "/domain/memtune/swap_hard_limit"));
    CHECK(has_error(findings, FindingCode::missing, "/domain/blkiotune/device[1]/path"));
}

TEST_CASE("validate: capabilities, kernel paths") {
    Domain domain = sound();
    domain.features.capabilities = {{.capability = Capability::kill},
                                    {.capability = Capability::kill}};
    domain.container =
        ContainerExtension{.masked_paths = {{.path = {"/proc/x"}}, {.path = {"proc"}}},
                           .read_only_paths = {{.path = {"/proc/../x"}}, {.path = {""}}}};
    const auto findings = validate(domain);
    const std::string base = "/domain/insula:container/insula:kernel_paths/insula:";
    CHECK(has_warning(findings, FindingCode::conflict, "/domain/features/capabilities/kill"));
    CHECK(has_error(findings, FindingCode::bad_value, base + "mask[2]/@path"));
    CHECK(has_error(findings, FindingCode::unsafe_name, base + "readonly[1]/@path"));
    CHECK(has_error(findings, FindingCode::bad_value, base + "readonly[2]/@path"));
    CHECK(findings.size() == 4);
}

TEST_CASE("validate: machines of hypervisors are not judged as containers") {
    Domain domain = sound();
    domain.type = DomainType::kvm;
    domain.os = {.type = OsType::hvm};
    domain.memory.reset();
    domain.id_map.emplace();
    domain.devices = {Device{.node = Filesystem{.target = "tag"}}};
    CHECK(validate(domain).empty());
}
