// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "plan_support.hpp"

using namespace plan_test;

TEST_SUITE("plan text") {
    /// Values that differ and look alike, for every kind of operand.
    const std::vector<std::string> texts{
        "/a",     "/a ",   "/a -> /b",      "/a, /b",   "/a (ro)", "\"/a\"",    "/a\\",  "/a\n",
        "/a\t",   "/a'",   "/a[b]",         "/A",       "/a/",     "/\xC3\xA9", "/\xC3", "/\xA9",
        "/\\xc3", "/\x7F", "/\xE2\x80\xAE", "/\\u202e", "/a=b",    "->",        "/a{",   "/{a}"};
    const std::vector<Access> accesses{Access::read_write, Access::read_only};
    const std::vector<Recursion> recursions{Recursion::none, Recursion::submounts};
    const std::vector<std::uint32_t> numbers{0, 1, 5, 8, 10, 64, 0666, 0755, 01777, UINT32_MAX};
    const std::vector<MountFlags> flag_sets{
        {MountFlag::nosuid},
        {MountFlag::nodev},
        {MountFlag::noexec},
        {MountFlag::nosuid, MountFlag::nodev},
        {MountFlag::nosuid, MountFlag::nodev, MountFlag::noexec}};
    const std::vector<std::vector<MountOption>> option_lists{
        {{"a", ""}},    {{"a", "b"}},     {{"a=b", ""}},           {{"a", "b=c"}},
        {{"a=b", "c"}}, {{"a", "b, c"}},  {{"a", "b"}, {"c", ""}}, {{"c", ""}, {"a", "b"}},
        {{"a, c", ""}}, {{"nosuid", ""}}, {{"a", "\"b\""}},        {{"a", "b]"}}};
    const std::vector<Capabilities> capability_sets{
        {Capability::chown},
        {Capability::kill},
        {Capability::chown, Capability::kill},
        all_capabilities(),
        all_capabilities() - Capabilities{Capability::chown},
        Capabilities::from_bits(std::uint64_t{1} << 63U),
        all_capabilities() | Capabilities::from_bits(std::uint64_t{1} << 63U)};
    const std::vector<std::vector<std::string>> lists{
        {""}, {"", ""}, {"a"}, {"a b"}, {"a", "b"}, {"a, b"}, {"a,", "b"}, {"\"a\""}, {"a]", "b"}};
    const std::vector<std::vector<EnvironmentVariable>> environments{
        {{"A", ""}},      {{"A", "b"}},   {{"A=b", ""}},
        {{"A", "b=c"}},   {{"A=b", "c"}}, {{"A", "b"}, {"C", ""}},
        {{"A", "b, C="}}, {{"A b", "c"}}, {{"A", "b] mode"}}};

    /// The texts of `base` and of what it becomes with one field set to each value in turn.
    class Variants {
    public:
        template <class T, class Member, class Values>
        void vary(const T& base, Member T::* member, const Values& values) {
            add(base);
            for (const auto& value : values) {
                T changed = base;
                if constexpr (std::is_same_v<Member, HostPath> || std::is_same_v<Member, GuestPath>)
                    (changed.*member).text = value;
                else
                    changed.*member = value;
                add(changed);
            }
        }
        void add(const Action& action) {
            const std::string text = to_text(Op{.action = action});
            CAPTURE(text);
            CHECK(text.find('\n') == std::string::npos);
            CHECK(text.find('\x7F') == std::string::npos);
            const auto [place, fresh] = actions_.emplace(text, action);
            if (!fresh) CHECK_MESSAGE(place->second == action, "two actions print as: ", text);
            kinds_.insert(action.index());
        }
        [[nodiscard]] std::size_t kinds() const { return kinds_.size(); }
        [[nodiscard]] std::size_t size() const { return actions_.size(); }

    private:
        std::map<std::string, Action> actions_{};
        std::set<std::size_t> kinds_{};
    };

    template <class T>
    void vary_bind(Variants & all) {
        const T base{{"/s"}, {"/t"}};
        all.vary(base, &T::source, texts);
        all.vary(base, &T::target, texts);
        all.vary(base, &T::recursion, recursions);
        all.vary(base, &T::access, accesses);
        all.vary(base, &T::flags, flag_sets);
    }

    void vary_mounts(Variants & all) {
        const BindRoot root{.source = {"/s"}};
        all.vary(root, &BindRoot::source, texts);
        all.vary(root, &BindRoot::recursion, recursions);
        all.vary(root, &BindRoot::access, accesses);
        all.vary(root, &BindRoot::flags, flag_sets);
        all.vary(TmpfsRoot{}, &TmpfsRoot::options, option_lists);
        all.vary(TmpfsRoot{}, &TmpfsRoot::flags, flag_sets);
        all.vary(OverlayRoot{}, &OverlayRoot::lower, texts);
        vary_bind<BindMount>(all);
        vary_bind<GuestBindMount>(all);
        all.vary(OverlayMount{{"/s"}, {"/t"}}, &OverlayMount::lower, texts);
        all.vary(OverlayMount{{"/s"}, {"/t"}}, &OverlayMount::target, texts);
        const FilesystemMount fs{.target = {"/t"}};
        std::vector<KernelFilesystem> types;
        for (const auto& row : spellings<KernelFilesystem>) types.push_back(row.value);
        all.vary(fs, &FilesystemMount::type, types);
        all.vary(fs, &FilesystemMount::target, texts);
        all.vary(fs, &FilesystemMount::access, accesses);
        all.vary(fs, &FilesystemMount::flags, flag_sets);
        all.vary(fs, &FilesystemMount::options, option_lists);
    }

    void vary_files(Variants & all) {
        all.vary(MakeDirectory{}, &MakeDirectory::path, texts);
        all.vary(MakeDirectory{{"/p"}}, &MakeDirectory::mode, numbers);
        all.vary(MakeDevice{}, &MakeDevice::path, texts);
        all.vary(MakeDevice{{"/p"}}, &MakeDevice::major, numbers);
        all.vary(MakeDevice{{"/p"}}, &MakeDevice::minor, numbers);
        all.vary(MakeDevice{{"/p"}}, &MakeDevice::mode, numbers);
        all.vary(MakeSymlink{{}, "x"}, &MakeSymlink::path, texts);
        all.vary(MakeSymlink{{"/p"}, {}}, &MakeSymlink::target, texts);
        all.vary(MaskPath{}, &MaskPath::path, texts);
        all.vary(ProtectPath{}, &ProtectPath::path, texts);
        all.vary(UnprotectPath{}, &UnprotectPath::path, texts);
        all.add(SealRoot{});
        all.add(EnterRoot{});
    }

    void vary_process(Variants & all) {
        all.vary(SetHostname{}, &SetHostname::hostname, texts);
        all.add(RaiseLoopback{});
        all.vary(SetIdentity{}, &SetIdentity::user, texts);
        all.vary(SetIdentity{}, &SetIdentity::group, texts);
        all.vary(SetIdentity{}, &SetIdentity::supplementary,
                 std::vector{SupplementaryGroups::keep, SupplementaryGroups::of_user});
        const SetCapabilities some{.permitted = {Capability::fowner}};
        all.vary(some, &SetCapabilities::bounding, capability_sets);
        all.vary(some, &SetCapabilities::permitted, capability_sets);
        all.vary(some, &SetCapabilities::inheritable, capability_sets);
        all.vary(some, &SetCapabilities::ambient, capability_sets);
        all.add(SetNoNewPrivs{});
        all.vary(ChangeDirectory{}, &ChangeDirectory::path, texts);
        all.vary(ExecInit{}, &ExecInit::path, texts);
        all.vary(ExecInit{}, &ExecInit::argv, lists);
        all.vary(ExecInit{}, &ExecInit::environment, environments);
        all.vary(ExecInit{}, &ExecInit::mode, std::vector{InitMode::exec, InitMode::reaper});
    }

    TEST_CASE("text: actions that differ in any field print differently, in one line") {
        Variants all;
        vary_mounts(all);
        vary_files(all);
        vary_process(all);
        CHECK(all.kinds() == std::variant_size_v<Action>);
        CHECK(all.size() > 500);
    }

    TEST_CASE("text: plans that differ in any field print differently") {
        const ContainerPlan base = plan_of(rooted_domain(), user_facts());
        using Change = void (*)(ContainerPlan&);
        const Change changes[] = {
            [](ContainerPlan&) {},
            [](ContainerPlan& p) { p.name = "other"; },
            [](ContainerPlan& p) { p.name = ""; },
            [](ContainerPlan& p) { p.name = "box\nuuid x"; },
            [](ContainerPlan& p) { p.uuid = ""; },
            [](ContainerPlan& p) { p.namespaces.erase(Namespace::ipc); },
            [](ContainerPlan& p) { p.namespaces.insert(Namespace::time); },
            [](ContainerPlan& p) { p.uid_map[0].start = 7; },
            [](ContainerPlan& p) { p.uid_map[0].target = 7; },
            [](ContainerPlan& p) { p.uid_map[0].count = 7; },
            [](ContainerPlan& p) { p.gid_map[0].count = 7; },
            [](ContainerPlan& p) { std::swap(p.ops[1], p.ops[2]); },
            [](ContainerPlan& p) { p.ops.erase(p.ops.begin() + 1); },
            [](ContainerPlan& p) { p.ops[0].phase = Phase::host; },
            [](ContainerPlan& p) { p.ops[1].phase = Phase::host; },
            [](ContainerPlan& p) { p.ops.back().phase = Phase::confine; },
        };
        std::set<std::string> printed;
        for (const Change change : changes) {
            ContainerPlan plan = base;
            change(plan);
            CHECK(printed.insert(to_text(plan)).second);
        }
    }

    TEST_CASE("text: origins and findings are not part of it") {
        ContainerPlan plan = plan_of(rooted_domain());
        const std::string before = to_text(plan);
        plan.findings.clear();
        plan.ops.front().origin = {99, 99};
        plan.ops.front().path = "/elsewhere";
        CHECK(to_text(plan) == before);
    }

    TEST_CASE("tree: nothing in it can steer a terminal") {
        ContainerPlan plan = plan_of(rooted_domain());
        plan.name = "a\x1B[31m\xE2\x80\xAE";
        std::get<ExecInit>(plan.ops.back().action).argv = {"\x07", "\xC2\x9B", "\xFF"};
        plan.ops[1].action = BindMount{{"/s\x1B]0;x\x07"}, {"/t\n\r"}};
        plan.findings = {{.message = "says \x1B[2J and \xC2\x9B", .path = "/p", .hint = "\x08"}};
        const std::string tree = to_tree(plan);
        for (const char c : tree) {
            const bool control = static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
            CHECK((!control || c == '\n'));
        }
        CHECK(tree.find("\xC2\x9B") == std::string::npos);
        CHECK(tree.find("\xE2\x80\xAE") == std::string::npos);
        CHECK(tree.find('\xFF') == std::string::npos);
        CHECK(tree.find("\\u001b[2J") != std::string::npos);
    }

    TEST_CASE("tree: a mount that a later one covers is marked") {
        const ContainerPlan plan{.ops = {{.action = TmpfsRoot{}},
                                         {.action = BindMount{{"/1"}, {"/a/b"}}},
                                         {.action = BindMount{{"/2"}, {"/c"}}},
                                         {.action = BindMount{{"/3"}, {"/c"}}},
                                         {.action = BindMount{{"/4"}, {"/a"}}},
                                         {.action = BindMount{{"/5"}, {"/a/d"}}},
                                         {.action = BindMount{{"/6"}, {"/a-b"}}}}};
        const std::string tree = to_tree(plan);
        CAPTURE(tree);
        const auto line_of = [&](std::string_view source) {
            const std::size_t at = tree.find("host " + std::string(source));
            REQUIRE(at != std::string::npos);
            return tree.substr(at, tree.find('\n', at) - at);
        };
        for (const char* source : {"/1", "/2"})
            CHECK(line_of(source).find("hidden") != std::string::npos);
        for (const char* source : {"/3", "/4", "/5", "/6"})
            CHECK(line_of(source).find("hidden") == std::string::npos);
    }

    TEST_CASE("tree: every mount of a plan that makes no sense is still there") {
        const ContainerPlan plan{.ops = {{.action = BindMount{{"/1"}, {"relative"}}},
                                         {.action = BindMount{{"/2"}, {""}}},
                                         {.action = BindMount{{"/3"}, {"/"}}},
                                         {.action = BindMount{{"/4"}, {"/x"}}}}};
        const std::string tree = to_tree(plan);
        for (const char* source : {"host /1", "host /2", "host /3", "host /4"})
            CHECK(tree.find(source) != std::string::npos);
    }
}
