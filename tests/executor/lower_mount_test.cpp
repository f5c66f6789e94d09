// SPDX-License-Identifier: Apache-2.0
// What the tree of a plan becomes for the helper.
#include <algorithm>

#include "executor/program_reader.hpp"

namespace insula::test {

namespace {

using linux_::SourceTaker;

[[nodiscard]] ContainerPlan with_root(Action root) {
    ContainerPlan plan = plan_of({});
    plan.ops[0].action = std::move(root);
    return plan;
}

}  // namespace

TEST_CASE("executor: each op of a plan becomes ops that know its index") {
    const LoweredPlan plan = lowered(plan_of({SealRoot{}}, {SetNoNewPrivs{}}));
    const Reader reader(plan);
    CHECK(reader.codes() == std::vector<OpCode>{OpCode::make_private, OpCode::root_bind,
                                                OpCode::seal_root, OpCode::enter_root,
                                                OpCode::no_new_privs, OpCode::exec});
    CHECK(reader.header().magic_number == program::magic);
    CHECK(reader.header().op_count == plan.op_count);
    CHECK(reader.op<program::MakePrivate>().header.plan_op == -1);
    CHECK(reader.op<program::RootBind>().header.plan_op == 0);
    CHECK(reader.op<program::Exec>().header.plan_op == 4);
}

TEST_CASE("executor: a plan that cannot be run is not lowered") {
    ContainerPlan plan = plan_of({});
    plan.ops.clear();
    const auto result = linux_::lower(plan, {});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid);
}

TEST_CASE("executor: sources keep their order, flags and steps") {
    const auto kind = Access::read_only;
    const LoweredPlan plan = lowered(plan_of(
        {BindMount{
             .source = {"/a"}, .target = {"/x"}, .access = kind, .flags = {MountFlag::nosuid}},
         SealRoot{},
         BindMount{.source = {"/b"},
                   .target = {"/y"},
                   .recursion = Recursion::submounts,
                   .flags = {MountFlag::nodev, MountFlag::noexec}}}));
    REQUIRE(plan.sources.size() == 3);
    CHECK(plan.sources[0].path == "/srv/root");
    CHECK(plan.sources[0].attributes.recursive == 1);
    CHECK_FALSE(plan.sources[0].writable_root);
    CHECK(plan.sources[1].path == "/a");
    CHECK(plan.sources[1].attributes.set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
    CHECK(plan.sources[1].attributes.recursive == 0);
    CHECK_FALSE(plan.sources[1].writable_root);
    CHECK(plan.sources[1].op == 1);
    CHECK(plan.sources[2].attributes.set == (MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    CHECK(plan.sources[2].attributes.recursive == 1);
    CHECK(plan.sources[2].op == 3);
    const Reader reader(plan);
    CHECK(reader.header().source_count == 3);
    CHECK(reader.op<program::RootBind>().slot == 0);
    CHECK(reader.op<program::Bind>(0).slot == 1);
    CHECK(reader.op<program::Bind>(1).slot == 2);
}

TEST_CASE("executor: a read-only root is writable until it is sealed") {
    const LoweredPlan plan =
        lowered(with_root(BindRoot{.source = {"/r"}, .access = Access::read_only}));
    CHECK(plan.sources[0].attributes.set == MOUNT_ATTR_RDONLY);
    CHECK(plan.sources[0].writable_root);
}

TEST_CASE("executor: the helper takes sources in batches where the caller may not") {
    std::vector<Action> mounts(400, BindMount{.source = {"/a"}, .target = {"/x"}});
    const LoweredPlan plan =
        lowered(plan_of(std::move(mounts)), {.source_taker = SourceTaker::helper});
    CHECK(plan.sources.empty());
    const Reader reader(plan);
    CHECK(reader.header().source_count == 0);
    const auto codes = reader.codes();
    CHECK(std::count(codes.begin(), codes.end(), OpCode::take_source) == 401);
    // 200 of them before the root, 200 before the 200th mount, one before the last.
    CHECK(codes[1] == OpCode::take_source);
    CHECK(codes[200] == OpCode::take_source);
    CHECK(codes[201] == OpCode::root_bind);
    CHECK(codes[400] == OpCode::bind);
    CHECK(codes[401] == OpCode::take_source);
    CHECK(reader.op<program::TakeSource>(400).slot == 400);
    CHECK(reader.op<program::TakeSource>(400).header.plan_op == 400);
    CHECK(reader.text(reader.op<program::TakeSource>(0).path) == "/srv/root");
}

TEST_CASE("executor: a lower layer is escaped for the option only") {
    const LoweredPlan plan = lowered(with_root(OverlayRoot{.lower = {"/a:b\\c,d"}}));
    const Reader reader(plan);
    const auto& layers = reader.op<program::RootOverlay>().layers;
    CHECK(reader.text(layers.lower) == "/a:b\\c,d");
    CHECK(reader.text(layers.lower_option) == "/a\\:b\\\\c,d");
    CHECK(layers.number == 0);
    CHECK(layers.user_attributes == 0);
    CHECK(reader.codes()[1] == OpCode::scratch);
}

TEST_CASE("executor: layers are numbered and their one scratch mount comes first") {
    const LoweredPlan plan =
        lowered(plan_of({OverlayMount{{"/a"}, {"/x"}}, OverlayMount{{"/b"}, {"/y"}}}));
    const Reader reader(plan);
    CHECK(reader.op<program::Overlay>(0).layers.number == 0);
    CHECK(reader.op<program::Overlay>(1).layers.number == 1);
    const auto codes = reader.codes();
    CHECK(std::count(codes.begin(), codes.end(), OpCode::scratch) == 1);
    CHECK(codes[1] == OpCode::scratch);
}

TEST_CASE("executor: entries of one directory share its text") {
    const LoweredPlan plan = lowered(plan_of(
        {MakeDirectory{{"/dev/a"}}, MakeSymlink{{"/dev/b"}, "x"},
         MakeDevice{.path = {"/dev/c"}, .major = 1, .minor = 0x12345}, MakeDirectory{{"/top"}}}));
    const Reader reader(plan);
    const auto& first = reader.op<program::Directory>(0).entry;
    CHECK(reader.text(first.parent.path) == "/dev");
    CHECK(reader.text(first.name) == "a");
    CHECK(first.parent.no_symlinks == 1);
    CHECK(reader.op<program::Symlink>().entry.parent.path == first.parent.path);
    CHECK(reader.op<program::Device>().entry.parent.path == first.parent.path);
    const auto& top = reader.op<program::Directory>(1).entry;
    CHECK(reader.text(top.parent.path) == "/");
    CHECK(reader.text(top.name) == "top");
    CHECK(top.parent.no_symlinks == 0);
    // mknod(2): the low 8 bits of the minor number, the major number, the rest of the minor.
    CHECK(reader.op<program::Device>().device == (0x45U | 1U << 8 | 0x12300U << 12));
}

TEST_CASE("executor: the paths that may hold no link are the kernel's") {
    constexpr std::pair<const char*, unsigned> rows[] = {
        {"/dev", 1},     {"/dev/x", 1}, {"/proc", 1},    {"/proc/sys", 1}, {"/sys", 1},
        {"/sys/x/y", 1}, {"/", 0},      {"/devices", 0}, {"/x/dev", 0},    {"/system", 0}};
    for (const auto& [path, expected] : rows) {
        CAPTURE(path);
        const LoweredPlan plan =
            lowered(plan_of({MaskPath{{path}}, FilesystemMount{.target = {path}}}));
        CHECK(Reader(plan).op<program::Mask>().path.no_symlinks == expected);
        CHECK(Reader(plan).op<program::Filesystem>().target.no_symlinks == expected);
    }
}

TEST_CASE("executor: options are texts of their own") {
    const LoweredPlan plan = lowered(plan_of(
        {FilesystemMount{.target = {"/x"}, .options = {{"mode", "1,777"}, {"newinstance", ""}}}}));
    const Reader reader(plan);
    const auto& made = reader.op<program::Filesystem>().filesystem;
    CHECK(reader.text(made.type) == "tmpfs");
    REQUIRE(made.option_count == 2);
    CHECK(made.options % 8 == 0);
}

}  // namespace insula::test
