// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "insula/plan/json.hpp"
#include "plan_support.hpp"

using namespace plan_test;
using Json = nlohmann::json;

TEST_SUITE("plan json") {
    /// One op of each kind, with operands that need escapes.
    ContainerPlan every_op() {
        const std::string odd = "/a\"b\\c\n\t\x01\x7F/\xC3\xA9/\xF0\x9F\x8F\x9D";
        ContainerPlan plan;
        plan.name = odd;
        plan.uuid = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0";
        plan.namespaces = {Namespace::mount, Namespace::user};
        plan.uid_map = plan.gid_map = {{1, 2, UINT32_MAX}};
        const MountFlags flags{MountFlag::nosuid, MountFlag::noexec};
        const std::vector<MountOption> options{{"size", "1"}, {"newinstance", ""}};
        for (const Action& action :
             {Action(BindRoot{{odd}, Recursion::submounts, Access::read_only, flags}),
              Action(TmpfsRoot{options, flags}),
              Action(OverlayRoot{{odd}}),
              Action(BindMount{{odd}, {"/t"}, Recursion::submounts, Access::read_only, flags}),
              Action(GuestBindMount{{"/s"}, {odd}, Recursion::none, Access::read_write, {}}),
              Action(OverlayMount{{odd}, {"/t"}}),
              Action(FilesystemMount{
                  KernelFilesystem::devpts, {odd}, Access::read_only, flags, options}),
              Action(MakeDirectory{{odd}, 0711}),
              Action(MakeDevice{{odd}, 1, 3, 0666}),
              Action(MakeSymlink{{odd}, "../x"}),
              Action(MaskPath{{odd}}),
              Action(ProtectPath{{odd}}),
              Action(UnprotectPath{{odd}}),
              Action(SealRoot{}),
              Action(EnterRoot{}),
              Action(SetHostname{"h"}),
              Action(RaiseLoopback{}),
              Action(SetIdentity{"u", "g", SupplementaryGroups::keep}),
              Action(SetCapabilities{{Capability::chown}, {Capability::bpf}, {}, {}}),
              Action(SetNoNewPrivs{}),
              Action(ChangeDirectory{{odd}}),
              Action(ExecInit{{odd}, {odd, ""}, {{"A", odd}}, InitMode::reaper})})
            plan.ops.push_back({.action = action});
        plan.ops.front().origin = {3, 4};
        plan.ops.front().path = "/domain/devices/filesystem[1]";
        plan.findings = {{.message = "m\"", .path = "/p", .at = {1, 2}, .hint = "h"}};
        return plan;
    }

    TEST_CASE("json: a parser reads back what was written, every op with phase and origin") {
        const ContainerPlan plan = every_op();
        REQUIRE(plan.ops.size() == std::variant_size_v<Action>);
        const Json json = Json::parse(to_json(plan));
        CHECK(json.at("name") == plan.name);
        CHECK(json.at("uuid") == plan.uuid);
        CHECK(json.at("namespaces") == Json({"mount", "user"}));
        CHECK(json.at("uid_map").at(0) == Json{{"start", 1}, {"target", 2}, {"count", UINT32_MAX}});
        REQUIRE(json.at("ops").size() == plan.ops.size());
        std::set<std::string> names;
        for (const Json& op : json.at("ops")) {
            CHECK(names.insert(op.at("op").get<std::string>()).second);
            CHECK(op.at("phase") == "setup");
            CHECK(op.contains("origin"));
        }
        const Json& root = json.at("ops").at(0);
        CHECK(root.at("source") == plan.name);
        CHECK(root.at("recursion") == "submounts");
        CHECK(root.at("access") == "read_only");
        CHECK(root.at("flags") == Json({"nosuid", "noexec"}));
        CHECK(root.at("origin") ==
              Json{{"line", 3}, {"column", 4}, {"path", "/domain/devices/filesystem[1]"}});
        CHECK(json.at("ops").at(1).at("origin").is_null());
        const Json& exec = json.at("ops").back();
        CHECK(exec.at("argv") == Json({plan.name, ""}));
        CHECK(exec.at("environment").at(0) == Json{{"name", "A"}, {"value", plan.name}});
        CHECK(exec.at("mode") == "reaper");
        CHECK(json.at("findings").at(0) == Json{{"severity", "warning"},
                                                {"code", "bad-value"},
                                                {"message", "m\""},
                                                {"line", 1},
                                                {"column", 2},
                                                {"path", "/p"},
                                                {"hint", "h"}});
    }

    TEST_CASE("json: bytes that are not UTF-8 become U+FFFD") {
        const std::string replacement = "\xEF\xBF\xBD";
        const std::pair<std::string, std::string> rows[] = {
            {"\xFF", replacement},
            {"a\xC3", "a" + replacement},
            {"\xC3(", replacement + "("},
            {"\xC0\xAF", replacement + replacement},  // overlong
            {"\xE0\x80\xAF", replacement + replacement + replacement},
            {"\xED\xA0\x80", replacement + replacement + replacement},  // surrogate
            {"\xF4\x90\x80\x80", replacement + replacement + replacement + replacement},
            {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
            {std::string("\0", 1), std::string("\0", 1)},
            {"\xE2\x80\xA8", "\xE2\x80\xA8"},
        };
        for (const auto& [text, expected] : rows) {
            CAPTURE(expected);
            const ContainerPlan plan{.name = text};
            CHECK(Json::parse(to_json(plan)).at("name") == expected);
        }
    }

    TEST_CASE("json: findings carry their file, facts all they hold") {
        const std::vector<Finding> findings{{.severity = Severity::error,
                                             .code = FindingCode::unsafe_name,
                                             .message = "m",
                                             .path = "/p",
                                             .at = {1, 2},
                                             .hint = ""}};
        const Json json = Json::parse(to_json(findings, "a b.xml"));
        REQUIRE(json.size() == 1);
        CHECK(json.at(0).at("file") == "a b.xml");
        CHECK(json.at(0).at("severity") == "error");
        CHECK(json.at(0).at("code") == "unsafe-name");
        CHECK(to_json(std::vector<Finding>{}, "x") == "[]\n");

        HostFacts facts = user_facts();
        facts.notes = {"n"};
        facts.features.erase(KernelFeature::clone3);
        const Json host = Json::parse(to_json(facts));
        CHECK(host.at("uid") == user_id);
        CHECK(host.at("capabilities").empty());
        CHECK(host.at("features").size() == spellings<KernelFeature>.size() - 1);
        CHECK(host.at("root_entries").size() == facts.root_entries.size());
        CHECK(host.at("root_entries").at(0) == Json{{"path", "/bin"},
                                                    {"kind", "symlink"},
                                                    {"link_target", "usr/bin"},
                                                    {"mode", 0777}});
        CHECK(host.at("mounts") == Json::array({Json{{"path", "/"}, {"type", "ext4"}}}));
        CHECK(host.at("notes") == Json({"n"}));
    }

    /// Checks `value` against the part of JSON Schema that our schema uses.
    class Schema {
    public:
        explicit Schema(Json root) : root_(std::move(root)) {}

        [[nodiscard]] std::string fault(const Json& value) const {
            return fault(root_, value, "$");
        }

    private:
        [[nodiscard]] std::string fault(const Json& schema, const Json& value,
                                        const std::string& at) const {
            for (const auto& [keyword, argument] : schema.items()) {
                std::string found = keyword_fault(schema, keyword, argument, value, at);
                if (!found.empty()) return found;
            }
            return {};
        }

        [[nodiscard]] std::string keyword_fault(const Json& schema, const std::string& keyword,
                                                const Json& argument, const Json& value,
                                                const std::string& at) const {
            if (keyword == "$ref")
                return fault(root_.at(Json::json_pointer(argument.get<std::string>().substr(1))),
                             value, at);
            if (keyword == "type") return type_fault(argument, value, at);
            if (keyword == "const")
                return value == argument ? "" : at + " is not " + argument.dump();
            if (keyword == "enum")
                return std::find(argument.begin(), argument.end(), value) != argument.end()
                           ? ""
                           : at + " is none of " + argument.dump();
            if (keyword == "oneOf") return one_of_fault(argument, value, at);
            if (keyword == "items") {
                for (std::size_t i = 0; value.is_array() && i != value.size(); ++i)
                    if (auto f = fault(argument, value[i], at + "[" + std::to_string(i) + "]");
                        !f.empty())
                        return f;
                return {};
            }
            if (keyword == "required") {
                for (const Json& name : argument)
                    if (!value.contains(name.get<std::string>()))
                        return at + " lacks " + name.dump();
                return {};
            }
            if (keyword == "properties") return property_fault(schema, argument, value, at);
            if (keyword == "minimum") return value >= argument ? "" : at + " is too small";
            if (keyword == "maximum") return value <= argument ? "" : at + " is too large";
            const std::set<std::string> annotations{
                "$schema",    "$id", "$defs", "title", "description", "additionalProperties",
                "uniqueItems"};
            return annotations.count(keyword) != 0 ? "" : "unknown keyword " + keyword;
        }

        [[nodiscard]] static std::string type_fault(const Json& type, const Json& value,
                                                    const std::string& at) {
            const std::string name = value.is_number_integer() ? "integer" : value.type_name();
            return type == name ? "" : at + " is of type " + name;
        }

        [[nodiscard]] std::string one_of_fault(const Json& choices, const Json& value,
                                               const std::string& at) const {
            std::size_t matching = 0;
            std::string faults;
            for (const Json& choice : choices) {
                const std::string found = fault(choice, value, at);
                if (found.empty()) ++matching;
                faults += "\n  " + found;
            }
            return matching == 1 ? "" : at + " matches " + std::to_string(matching) + faults;
        }

        [[nodiscard]] std::string property_fault(const Json& schema, const Json& properties,
                                                 const Json& value, const std::string& at) const {
            if (!value.is_object()) return {};
            for (const auto& [name, member] : value.items()) {
                if (!properties.contains(name)) {
                    if (schema.value("additionalProperties", true)) continue;
                    return at + " has the unknown member " + name;
                }
                if (auto f = fault(properties.at(name), member, at + "." + name); !f.empty())
                    return f;
            }
            return {};
        }

        Json root_;
    };

    TEST_CASE("json: plans satisfy the schema, and the schema refuses what is no plan") {
        std::ifstream file(INSULA_PLAN_SCHEMA);
        const Json text = Json::parse(file);
        const Schema schema(text);
        Domain host = small_domain();
        add_host_template(host);
        for (const ContainerPlan& plan :
             {every_op(), plan_of(rooted_domain()), plan_of(host, user_facts()), ContainerPlan{}})
            CHECK(schema.fault(Json::parse(to_json(plan))) == "");

        const Json good = Json::parse(to_json(every_op()));
        for (std::size_t i = 0; i != good.at("ops").size(); ++i)
            for (const auto& [name, member] : good.at("ops").at(i).items()) {
                CAPTURE(name);
                CAPTURE(i);
                Json without = good;
                without.at("ops").at(i).erase(name);
                CHECK(schema.fault(without) != "");
                Json wrong = good;
                wrong.at("ops").at(i).at(name) = Json{{"x", 1}};
                CHECK(schema.fault(wrong) != "");
            }
        Json more = good;
        more.at("ops").at(0)["surprise"] = 1;
        CHECK(schema.fault(more) != "");
    }
}
