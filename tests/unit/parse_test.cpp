// SPDX-License-Identifier: Apache-2.0
#include "insula/model/parse.hpp"

#include <doctest/doctest.h>

#include "insula/model/validate.hpp"
#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;
using test::has_warning;

namespace {

/// A container with `inside` at the end of `<domain>`.
Domain read(std::string_view inside, std::string_view attributes = "type='lxc'") {
    auto domain =
        read_domain("<domain " + std::string(attributes) + "><name>x</name><memory>1</memory>" +
                    std::string(inside) + "</domain>");
    REQUIRE(domain);
    return *std::move(domain);
}

constexpr std::string_view exe = "<os><type>exe</type><init>/bin/sh</init></os>";

Domain read_container(std::string_view inside) {
    return read(std::string(exe) + std::string(inside));
}

Domain read_device(std::string_view device) {
    return read_container("<devices>" + std::string(device) + "</devices>");
}

}  // namespace

TEST_CASE("parse: every part of a container definition reaches its field") {
    const auto read = read_domain(R"(<domain type='lxc' id='7'>
  <name>box</name>
  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <title>a box</title>
  <description>more &amp; more</description>
  <metadata><app:x xmlns:app='urn:app' y='z'>t</app:x></metadata>
  <memory unit='MiB'>64</memory>
  <currentMemory>65536</currentMemory>
  <blkiotune>
    <weight>500</weight>
    <device><path>/dev/sda</path><weight>300</weight><read_bytes_sec>1</read_bytes_sec>
      <write_bytes_sec>2</write_bytes_sec><read_iops_sec>3</read_iops_sec>
      <write_iops_sec>4</write_iops_sec></device>
  </blkiotune>
  <memtune><hard_limit unit='GB'>1</hard_limit><soft_limit>2</soft_limit>
    <swap_hard_limit unit='GB'>3</swap_hard_limit></memtune>
  <vcpu placement='static' cpuset='0-1'>2</vcpu>
  <cputune><shares>1024</shares><period>100000</period><quota>-1</quota>
    <global_period>5000</global_period><global_quota>6000</global_quota></cputune>
  <numatune><memory mode='strict' nodeset='0'/></numatune>
  <resource><partition>/machine</partition></resource>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/sbin/init</init>
    <initarg>-a</initarg>
    <initarg> b </initarg>
    <initenv name='A'>1=2</initenv>
    <initdir>/home</initdir>
    <inituser>+1000</inituser>
    <initgroup>users</initgroup>
    <cmdline>quiet</cmdline>
  </os>
  <idmap>
    <uid start='0' target='1000' count='10'/>
    <gid start='0' target='2000' count='20'/>
  </idmap>
  <features><privnet/><capabilities policy='deny'><mknod state='on'/><chown/>
    <kill state='off'/></capabilities></features>
  <clock offset='utc'/>
  <on_poweroff>restart</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>coredump-restart</on_crash>
  <devices><emulator>/usr/libexec/libvirt_lxc</emulator></devices>
</domain>)");
    REQUIRE(read);
    const Domain& domain = *read;
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    CHECK(domain.type == DomainType::lxc);
    CHECK(domain.name == "box");
    CHECK(domain.uuid == "c7a5fdbd-edaf-9455-926a-d65c16db1809");
    CHECK(domain.title == "a box");
    CHECK(domain.description == "more & more");
    CHECK(domain.memory == ScaledSize{64, "MiB"});
    CHECK(domain.current_memory == ScaledSize{65536, ""});
    CHECK(domain.vcpus == 2U);
    CHECK(domain.cpuset == "0-1");
    CHECK(domain.partition == "/machine");
    CHECK(is_container(domain));
    CHECK(domain.os.arch == "x86_64");
    CHECK(domain.os.init == "/sbin/init");
    CHECK(domain.os.init_args == std::vector<std::string>{"-a", " b "});
    REQUIRE(domain.os.init_env.size() == 1);
    CHECK(domain.os.init_env[0].name == "A");
    CHECK(domain.os.init_env[0].value == "1=2");
    CHECK(domain.os.init_env[0].at == TextPosition{27, 5});
    CHECK(domain.os.init_dir == "/home");
    CHECK(domain.os.init_user == "+1000");
    CHECK(domain.os.init_group == "users");
    CHECK(domain.os.cmdline == "quiet");
    REQUIRE(domain.id_map);
    CHECK(domain.id_map->uids == std::vector<IdRange>{{.start = 0, .target = 1000, .count = 10}});
    CHECK(domain.id_map->gids == std::vector<IdRange>{{.start = 0, .target = 2000, .count = 20}});
    CHECK(domain.features.private_network == SwitchState::on);
    CHECK(domain.features.capability_policy == CapabilityPolicy::deny);
    REQUIRE(domain.features.capabilities.size() == 3);
    CHECK(domain.features.capabilities[1].capability == Capability::chown);
    CHECK(domain.features.capabilities[1].state == SwitchState::on);
    CHECK(domain.features.capabilities[2].state == SwitchState::off);
    CHECK(domain.on_poweroff == LifecycleAction::restart);
    CHECK(domain.on_reboot == LifecycleAction::destroy);
    CHECK(domain.on_crash == LifecycleAction::coredump_restart);
    const Tuning& tuning = domain.tuning;
    CHECK(tuning.block_weight == 500U);
    REQUIRE(tuning.block_devices.size() == 1);
    CHECK(tuning.block_devices[0].device == "/dev/sda");
    CHECK(tuning.block_devices[0].write_operations_per_second == 4U);
    CHECK(tuning.memory_hard_limit == ScaledSize{1, "GB"});
    CHECK(tuning.memory_soft_limit == ScaledSize{2, ""});
    CHECK(tuning.memory_swap_hard_limit == ScaledSize{3, "GB"});
    CHECK(tuning.cpu_shares == 1024U);
    CHECK(tuning.cpu_quota == -1);
    CHECK(tuning.global_quota == 6000);
    CHECK(tuning.numa_mode == "strict");
    REQUIRE(domain.devices.size() == 1);
    CHECK(std::get<OtherDevice>(domain.devices[0].node).name == "emulator");
}

TEST_CASE("parse: file systems of every type know their source, place and path") {
    const Domain domain = read_device(R"(
<filesystem><source dir='/a'/><target dir='/b'/></filesystem>
<filesystem type='bind' accessmode='passthrough'><source dir='/c'/><target dir='/d'/><readonly/></filesystem>
<filesystem type='ram'><source usage='5' units='MiB'/><target dir='/e'/></filesystem>
<filesystem type='file'><driver type='nbd' format='qcow2'/><source file='/f'/><target dir='/g'/></filesystem>
<filesystem type='block'><source dev='/dev/sda'/><target dir='/h'/></filesystem>
<filesystem type='template'><source name='host'/><target dir='/'/></filesystem>
<filesystem type='volume'><source pool='p' volume='v'/><target dir='/i'/>
<space_hard_limit unit='GiB'>1</space_hard_limit><space_soft_limit>2</space_soft_limit></filesystem>)");
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    std::vector<Filesystem> all;
    for_each_filesystem(domain, [&](const Filesystem& fs) { all.push_back(fs); });
    REQUIRE(all.size() == 7);
    CHECK(all[0].type == FilesystemType::mount);
    CHECK(all[0].source == "/a");
    CHECK(all[0].target == "/b");
    CHECK(all[0].access == Access::read_write);
    CHECK(all[0].path == "/domain/devices/filesystem[1]");
    CHECK(all[0].at == TextPosition{2, 1});
    CHECK(all[0].target_at == TextPosition{2, 31});
    CHECK(all[1].access == Access::read_only);
    CHECK(all[1].access_mode == "passthrough");
    CHECK(all[2].usage == ScaledSize{5, "MiB"});
    CHECK(all[3].driver_format == "qcow2");
    CHECK(all[3].source == "/f");
    CHECK(all[4].source == "/dev/sda");
    CHECK(all[5].source == "host");
    CHECK(all[6].pool == "p");
    CHECK(all[6].volume == "v");
    CHECK(all[6].space_hard_limit == ScaledSize{1, "GiB"});
    CHECK(all[6].space_soft_limit == ScaledSize{2, ""});
    CHECK(domain.devices[6].source_index == 6);
}

TEST_CASE("parse: consoles, interfaces and host devices") {
    const Domain domain = read_device(R"(<console type='pty'><target type='lxc' port='3'/></console>
<interface type='bridge'><mac address='52:54:00:12:34:56'/><source bridge='br0'/>
<ip address='10.0.0.2' family='ipv4' prefix='24'/><route family='ipv4' address='0.0.0.0' gateway='10.0.0.1'/>
<guest dev='eth0'/><link state='up'/><mtu size='1400'/></interface>
<hostdev mode='capabilities' type='net'><source><interface>eth1</interface></source></hostdev>
<hostdev mode='capabilities' type='storage'><source><block>/dev/sdf1</block></source></hostdev>)");
    CHECK_MESSAGE(domain.unread.empty(), test::lines(domain.unread));
    REQUIRE(domain.devices.size() == 4);
    CHECK(std::get<Console>(domain.devices[0].node).target_port == 3U);
    CHECK(std::get<Console>(domain.devices[0].node).path == "/domain/devices/console");
    const auto& interface = std::get<Interface>(domain.devices[1].node);
    CHECK(interface.source == "br0");
    CHECK(interface.mac == "52:54:00:12:34:56");
    CHECK(interface.guest_device == "eth0");
    CHECK(interface.link_state == "up");
    CHECK(interface.mtu == 1400U);
    REQUIRE(interface.addresses.size() == 1);
    CHECK(interface.addresses[0].prefix == 24U);
    REQUIRE(interface.routes.size() == 1);
    CHECK(interface.routes[0].gateway == "10.0.0.1");
    CHECK(std::get<HostDevice>(domain.devices[2].node).source == "eth1");
    CHECK(std::get<HostDevice>(domain.devices[3].node).source == "/dev/sdf1");
    CHECK(std::get<HostDevice>(domain.devices[3].node).path == "/domain/devices/hostdev[2]");
}

TEST_CASE("parse: a bad value is an error with the place and what was meant") {
    const Domain domain = read_device("\n<filesystem type='mont'/>");
    const Finding* found =
        test::find(domain.unread, FindingCode::bad_value, "/domain/devices/filesystem/@type");
    REQUIRE(found != nullptr);
    CHECK(found->severity == Severity::error);
    CHECK(found->at == TextPosition{2, 1});
    CHECK(found->hint.find("'mount'") != std::string::npos);
}

TEST_CASE("parse: numbers that are none, or too large, are errors") {
    const Domain domain = read_container(
        "<idmap><uid start='-1' target='x' count='4294967296'/><gid start='0' target='0'/></idmap>"
        "<cputune><shares>many</shares></cputune><vcpu>99999999999</vcpu>"
        "<memtune><hard_limit/></memtune>");
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/idmap/uid/@start"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/idmap/uid/@target"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/idmap/uid/@count"));
    CHECK(has_error(domain.unread, FindingCode::missing, "/domain/idmap/gid/@count"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/cputune/shares"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/vcpu"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/memtune/hard_limit"));
}

TEST_CASE("parse: unknown words in enumerations are errors") {
    const Domain domain = read(
        "<os><type>exe</type></os><on_crash>destory</on_crash>"
        "<features><capabilities policy='alow'><mknot/></capabilities></features>",
        "type='lxd'");
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/@type"));
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/on_crash"));
    CHECK(
        has_error(domain.unread, FindingCode::bad_value, "/domain/features/capabilities/@policy"));
    const Finding* name =
        test::find(domain.unread, FindingCode::bad_value, "/domain/features/capabilities/mknot");
    REQUIRE(name != nullptr);
    CHECK(name->hint.find("'mknod'") != std::string::npos);
}

TEST_CASE("parse: an unknown word is reported once") {
    const Domain domain = read_container(
        "<features><capabilities><mknot/><other:note xmlns:other='urn:other'/></capabilities>"
        "</features>");
    REQUIRE(domain.unread.size() == 2);
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/features/capabilities/mknot"));
    CHECK(has_warning(domain.unread, FindingCode::ignored,
                      "/domain/features/capabilities/other:note"));
}

TEST_CASE("parse: a document without a type is wrong, and keeps its kind") {
    CHECK(has_error(read(exe, "").unread, FindingCode::missing, "/domain/@type"));
    const Domain none = read("", "type='kvm'");
    CHECK(has_error(none.unread, FindingCode::missing, "/domain/os/type"));
    CHECK_FALSE(is_container(none));
    CHECK(is_container(read("", "type='lxc'")));
    const Domain xen = read("<bootloader>/usr/bin/pygrub</bootloader>", "type='xen'");
    CHECK(xen.unread.empty());
    CHECK(xen.os.type == OsType::xen);
}

TEST_CASE("parse: unknown elements and attributes of a container are warnings with a hint") {
    const Domain domain = read_container(
        "<devces/><os2/><memory mode='x'>1</memory>"
        "<devices><filesytem/><filesystem tpye='mount'><target dri='/x'/></filesystem></devices>");
    const Finding* devices =
        test::find(domain.unread, FindingCode::unknown_element, "/domain/devces");
    REQUIRE(devices != nullptr);
    CHECK(devices->severity == Severity::warning);
    CHECK(devices->hint.find("'devices'") != std::string::npos);
    CHECK(has_warning(domain.unread, FindingCode::unknown_element, "/domain/os2"));
    CHECK(has_warning(domain.unread, FindingCode::ignored, "/domain/memory[2]"));
    CHECK(has_warning(domain.unread, FindingCode::unknown_element, "/domain/devices/filesytem"));
    const Finding* attribute = test::find(domain.unread, FindingCode::unknown_attribute,
                                          "/domain/devices/filesystem/@tpye");
    REQUIRE(attribute != nullptr);
    CHECK(attribute->hint.find("'type'") != std::string::npos);
    CHECK(has_warning(domain.unread, FindingCode::unknown_attribute,
                      "/domain/devices/filesystem/target/@dri"));
}

TEST_CASE("parse: what libvirt knows and a container does not use is said once, without alarm") {
    const Domain domain = read_container(
        "<genid/><cpu mode='host-model'/><clock offset='localtime'/><seclabel type='dynamic'/>"
        "<features><acpi/></features><qemu:commandline xmlns:qemu='urn:q'><qemu:arg/>"
        "</qemu:commandline><devices><graphics type='vnc'/><disk type='file'/></devices>");
    CHECK(find_error(domain.unread) == nullptr);
    for (const char* path :
         {"/domain/genid", "/domain/cpu", "/domain/clock", "/domain/features/acpi",
          "/domain/qemu:commandline", "/domain/devices/graphics"}) {
        CAPTURE(path);
        CHECK(has_warning(domain.unread, FindingCode::ignored, path));
    }
    CHECK(has_warning(domain.unread, FindingCode::not_enforced, "/domain/seclabel"));
    CHECK(has_warning(domain.unread, FindingCode::not_enforced, "/domain/devices/disk"));
    CHECK(domain.unread.size() == 8);
}

TEST_CASE("parse: machines of hypervisors are preserved and not judged, but for typed values") {
    const Domain domain = read(
        "<os><type machine='pc'>hvm</type><unknown/></os><whatever a='b'/><cpu/><on_crash>x"
        "</on_crash><devices><disk/><new-thing/></devices>",
        "type='kvm'");
    REQUIRE(domain.unread.size() == 1);
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/on_crash"));
}

TEST_CASE("parse: a thousand remarks are enough, and errors are not lost among warnings") {
    std::string many;
    for (int i = 0; i != 20'000; ++i) many += "<unknown/>";
    const Domain domain = read_container(many + "<on_crash>x</on_crash>");
    CHECK(domain.unread.size() == 1002);
    CHECK(has_error(domain.unread, FindingCode::bad_value, "/domain/on_crash"));
}

TEST_CASE("parse: parse_domain stops at the first error and keeps warnings") {
    const auto wrong = parse_domain("<domain type='lxc'>\n<on_crash>x</on_crash></domain>");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == ErrorCode::invalid);
    const auto fine = parse_domain("<domain type='lxc'>" + std::string(exe) + "<odd/></domain>");
    REQUIRE(fine);
    CHECK(fine->unread.size() == 1);
}

TEST_CASE("parse: every finding of a document has a place in it") {
    const Domain domain = read("\n<os><type>exe</type><initarg/></os><title>a\nb</title>");
    const auto findings = validate(domain);
    const Finding* argument = test::find(findings, FindingCode::missing, "/domain/os/initarg[1]");
    REQUIRE(argument != nullptr);
    CHECK(argument->at == TextPosition{2, 1});
    const Finding* title = test::find(findings, FindingCode::bad_value, "/domain/title");
    REQUIRE(title != nullptr);
    CHECK(title->at == TextPosition{1, 1});
}

TEST_CASE("parse: a thousand findings of validation are enough") {
    std::string many;
    for (int i = 0; i != 20'000; ++i) many += "<filesystem/>";
    const auto findings = validate(read_device(many));
    CHECK(findings.size() == 1001);
    CHECK(findings.back().severity == Severity::error);
}
