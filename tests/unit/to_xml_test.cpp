// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"

using namespace insula;

namespace {

/// Whether the two hold the same, wherever they stood.
bool same(const Element& left, const Element& right) {
    if (left.kind != right.kind || left.name != right.name || left.content != right.content ||
        left.attributes != right.attributes || left.children.size() != right.children.size())
        return false;
    for (std::size_t i = 0; i != left.children.size(); ++i)
        if (!same(left.children[i], right.children[i])) return false;
    return true;
}

Domain read(std::string_view text) {
    auto domain = read_domain(text);
    REQUIRE(domain);
    return *std::move(domain);
}

constexpr std::string_view full = R"(<!-- written by hand -->
<domain type='lxc' id='7' xmlns:insula='urn:insula:domain:1' odd='x'>
  <name>box</name>
  <!-- about memory -->
  <memory unit='KiB' dumpCore='on'>65536</memory>
  <unknown a='b'>
    <deep/>
  </unknown>
  <memory>1</memory>
  <vcpu placement='static'>2</vcpu>
  <os>
    <initarg>first</initarg>
    <type arch='x86_64'>exe</type>
    <init>/sbin/init</init>
    <initarg/>
    <initarg>second &lt;&amp;&gt;</initarg>
    <initenv name='A'><![CDATA[<raw>]]></initenv>
  </os>
  <features>
    <acpi/>
    <capabilities policy='default'>
      <mknod/>
    </capabilities>
  </features>
  <on_crash> destroy </on_crash>
  <devices>
    <emulator>/x</emulator>
    <!-- the root -->
    <filesystem accessmode='mapped' type='mount' future='1'>
      <target dir='/'/>
      <source dir='/srv/&apos;a&apos;' more='y'/>
    </filesystem>
    <graphics type='vnc'/>
    <filesystem type='nonsense'>
      <readonly/>
      <readonly/>
    </filesystem>
    <interface type='user'/>
    <!-- the end -->
  </devices>
  <insula:container/>
</domain>
<?after me?>
)";

}  // namespace

TEST_CASE("to_xml: what was read and not changed comes out as it was") {
    CHECK(to_xml(read(full)) == full);
}

TEST_CASE("to_xml: put(get(s)) is s, and formatting twice changes nothing more") {
    for (const std::string_view text : {
             "<domain/>",
             "<domain>text</domain>",
             "<domain type='lxc'><os/></domain>",
             "<domain type='nonsense'><os><type>odd</type></os><vcpu/><vcpu>x</vcpu></domain>",
             "<domain type='kvm'><memory/><on_crash/><features>\n</features></domain>",
             "<domain><devices>\n  </devices></domain>",
             "<domain><devices>text<filesystem/>more</devices></domain>",
             "<domain><description>a <b>c</b> <i>d</i>\n</description></domain>",
             "<domain><idmap><uid/><uid start='x'/><gid start='01' count='+3'/></idmap></domain>",
             "<domain><os><initarg> </initarg><initarg>\n</initarg><initarg/></os></domain>",
             "<domain><os><init>/bin/<!-- c -->sh</init></os></domain>",
             "<domain><title a='&#10;&#9;&quot;&apos;'>a&#13;b\rc\r\nd</title></domain>",
             "<domain><features><capabilities><foo/><kill state='maybe'/></capabilities>"
             "</features></domain>",
             "<domain><l:namespace xmlns:l='http://libvirt.org/schemas/domain/lxc/1.0'>"
             "<l:sharenet/><l:sharenet type='odd'/></l:namespace></domain>",
             "<domain><devices><filesystem type='ram'><source usage='x' units='y'/></filesystem>"
             "<hostdev mode='capabilities' type='misc'><source><char/><char>/x</char></source>"
             "</hostdev></devices><devices><console/></devices></domain>",
             "<domain><resource/><cputune><quota>1 </quota></cputune><blkiotune><device/>"
             "</blkiotune><numatune><memory nodeset=''/></numatune></domain>",
         }) {
        CAPTURE(text);
        const Domain once = read(text);
        const std::string written = to_xml(once);
        CAPTURE(written);
        const Domain twice = read(written);
        CHECK(same(once.source, twice.source));
        CHECK(to_xml(twice) == written);
        CHECK(once.unread.size() == twice.unread.size());
    }
}

TEST_CASE("to_xml: a changed field changes its place and nothing else") {
    Domain domain = read(full);
    domain.name = "<other>";
    domain.memory = ScaledSize{.value = 1, .unit = "GiB"};
    domain.os.init_args[1] = "filled";
    domain.os.init_args.push_back("last");
    auto& root = std::get<Filesystem>(domain.devices[1].node);
    root.target = "/mnt";
    root.access = Access::read_only;
    domain.on_crash = LifecycleAction::restart;
    domain.features.private_network = SwitchState::on;
    std::string expected(full);
    const auto replace = [&](std::string_view from, std::string_view to) {
        const std::size_t at = expected.find(from);
        REQUIRE(at != std::string::npos);
        expected.replace(at, from.size(), to);
    };
    replace("<name>box", "<name>&lt;other&gt;");
    replace("unit='KiB' dumpCore='on'>65536", "unit='GiB' dumpCore='on'>1");
    replace("<initarg/>", "<initarg>filled</initarg>");
    replace("    <initenv", "    <initarg>last</initarg>\n    <initenv");
    replace("<target dir='/'/>", "<target dir='/mnt'/>");
    replace("more='y'/>\n", "more='y'/>\n");
    replace("<target dir='/mnt'/>\n", "<target dir='/mnt'/>\n      <readonly/>\n");
    replace("<on_crash> destroy </on_crash>", "<on_crash>restart</on_crash>");
    replace("<acpi/>\n", "<acpi/>\n    <privnet/>\n");
    CHECK(to_xml(domain) == expected);
}

TEST_CASE("to_xml: fields that fall silent take their elements away") {
    Domain domain = read(
        "<domain type='lxc'><name>a</name><title>t</title><memory unit='KiB'>1</memory>"
        "<resource><partition>/p</partition></resource><os><type arch='i686'>exe</type>"
        "<init>/i</init></os><idmap/><features><privnet/><capabilities policy='deny'/>"
        "</features></domain>");
    domain.title.clear();
    domain.memory.reset();
    domain.partition.clear();
    domain.os.arch.clear();
    domain.id_map.reset();
    domain.features.private_network = SwitchState::off;
    domain.features.capability_policy = CapabilityPolicy::default_;
    CHECK(to_xml(domain) == R"(<domain type='lxc'>
  <name>a</name>
  <os>
    <type>exe</type>
    <init>/i</init>
  </os>
  <features>
    <capabilities policy='default'/>
  </features>
</domain>
)");
}

TEST_CASE("to_xml: devices can be removed, added, moved and copied") {
    Domain domain = read(
        "<domain type='lxc'><devices><!-- a --><filesystem x='1'><target dir='/a'/></filesystem>"
        "<!-- b --><controller/><filesystem><target dir='/c'/></filesystem><!-- end --></devices>"
        "</domain>");
    Filesystem added;
    added.source = "/src";
    added.target = "/new";
    Device copy = domain.devices[0];
    std::get<Filesystem>(copy.node).target = "/copy";
    domain.devices = {Device{.node = added}, domain.devices[2], domain.devices[0], copy};
    CHECK(to_xml(domain) == R"(<domain type='lxc'>
  <devices>
    <filesystem type='mount'>
      <source dir='/src'/>
      <target dir='/new'/>
    </filesystem>
    <filesystem>
      <target dir='/c'/>
    </filesystem>
    <!-- a -->
    <filesystem x='1'>
      <target dir='/a'/>
    </filesystem>
    <filesystem x='1'>
      <target dir='/copy'/>
    </filesystem>
    <!-- end -->
  </devices>
</domain>
)");
}

TEST_CASE("to_xml: items of lists keep their elements when others come and go") {
    Domain domain = read(
        "<domain type='lxc'><os><type>exe</type><init>/i</init><!-- 1 --><initarg x='1'>a</initarg>"
        "<!-- 2 --><initarg x='2'>b</initarg><!-- 3 --><initarg x='3'>c</initarg></os></domain>");
    domain.os.init_args.erase(domain.os.init_args.begin());
    const std::string shorter = to_xml(domain);
    CHECK(shorter.find("<initarg x='1'>") == std::string::npos);
    CHECK(shorter.find("<initarg x='2'>b</initarg>") != std::string::npos);
    CHECK(shorter.find("<initarg x='3'>c</initarg>") != std::string::npos);
    domain = read(shorter);
    domain.os.init_args.insert(domain.os.init_args.begin() + 1, "between");
    const std::string longer = to_xml(domain);
    CHECK(read(longer).os.init_args == std::vector<std::string>{"b", "between", "c"});
    CHECK(longer.find("<initarg x='3'>c</initarg>") != std::string::npos);
}

TEST_CASE("to_xml: a domain built in C++ is written from nothing") {
    Domain domain{.name = "a'b", .memory = ScaledSize{.value = 64, .unit = "MiB"}};
    domain.os.init = "/bin/sh";
    domain.os.init_args = {"", "x<y", "tab\tand\r\n"};
    domain.os.init_env = {{.name = "A", .value = "&"}};
    domain.id_map = IdMap{.uids = {{.start = 0, .target = 1000, .count = 1}},
                          .gids = {{.start = 0, .target = 1000, .count = 1}}};
    domain.features.capabilities = {{.capability = Capability::mknod, .state = SwitchState::off},
                                    {.capability = Capability::chown, .state = SwitchState::on}};
    Filesystem ram;
    ram.type = FilesystemType::ram;
    ram.usage = ScaledSize{.value = 1, .unit = "MiB"};
    ram.target = "/tmp";
    ram.mount = MountExtension{.noexec = true};
    domain.devices = {Device{.node = ram}, Device{.node = OtherDevice{.name = "emulator"}}};
    domain.shared_namespaces =
        SharedNamespaces{.net = SharedNamespace{.source = NamespaceSource::name, .value = "c"}};
    domain.container = ContainerExtension{.no_new_privs = SwitchState::on,
                                          .masked_paths = {{.path = {"/proc/x"}}}};
    CHECK(to_xml(domain) ==
          "<domain type='lxc' xmlns:insula='urn:insula:domain:1' "
          "xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>\n"
          "  <name>a'b</name>\n"
          "  <memory unit='MiB'>64</memory>\n"
          "  <os>\n"
          "    <type>exe</type>\n"
          "    <init>/bin/sh</init>\n"
          "    <initarg/>\n"
          "    <initarg>x&lt;y</initarg>\n"
          "    <initarg>tab\tand&#13;\n</initarg>\n"
          "    <initenv name='A'>&amp;</initenv>\n"
          "  </os>\n"
          "  <idmap>\n"
          "    <uid start='0' target='1000' count='1'/>\n"
          "    <gid start='0' target='1000' count='1'/>\n"
          "  </idmap>\n"
          "  <features>\n"
          "    <capabilities>\n"
          "      <mknod state='off'/>\n"
          "      <chown/>\n"
          "    </capabilities>\n"
          "  </features>\n"
          "  <devices>\n"
          "    <filesystem type='ram'>\n"
          "      <source usage='1' units='MiB'/>\n"
          "      <target dir='/tmp'/>\n"
          "      <insula:mount noexec='yes'/>\n"
          "    </filesystem>\n"
          "    <emulator/>\n"
          "  </devices>\n"
          "  <lxc:namespace>\n"
          "    <lxc:sharenet type='name' value='c'/>\n"
          "  </lxc:namespace>\n"
          "  <insula:container>\n"
          "    <insula:no_new_privs state='on'/>\n"
          "    <insula:kernel_paths>\n"
          "      <insula:mask path='/proc/x'/>\n"
          "    </insula:kernel_paths>\n"
          "  </insula:container>\n"
          "</domain>\n");
    const Domain again = read(to_xml(domain));
    CHECK(again.unread.empty());
    CHECK(again.os.init_args == domain.os.init_args);
    CHECK(to_xml(again) == to_xml(domain));
}

TEST_CASE("to_xml: a namespace is declared under another prefix where ours is taken") {
    Domain domain = read("<domain type='lxc' xmlns:insula='urn:other'><insula:x/></domain>");
    domain.container.emplace().profile = Profile::system;
    const Domain again = read(to_xml(domain));
    REQUIRE(again.container);
    CHECK(again.container->profile == Profile::system);
}

TEST_CASE("to_xml: what XML cannot hold never makes a document that cannot be read") {
    Domain domain;
    domain.name = std::string("a\x01\0b\xFF", 5);
    domain.description = "]]>";
    domain.source.name = "domain";
    domain.source.children = {
        {.kind = Element::Kind::comment, .content = "--->-"},
        {.kind = Element::Kind::processing_instruction, .name = "x", .content = "?>"},
        {.name = "y", .children = {{.kind = Element::Kind::cdata, .content = "a]]>b"}}}};
    const auto again = read_domain(to_xml(domain));
    REQUIRE(again);
    CHECK(again->name ==
          "a\xEF\xBF\xBD\xEF\xBF\xBD"
          "b\xEF\xBF\xBD");
    CHECK(again->description == "]]>");
    CHECK(again->source.find_child("y")->text() == "a]]>b");
}
