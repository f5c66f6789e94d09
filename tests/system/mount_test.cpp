// SPDX-License-Identifier: Apache-2.0
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/skip.hpp"
#include "system/box.hpp"
#include "system/host.hpp"
#include "system/mount_table.hpp"

using namespace insula;
using namespace insula::test;

namespace {

/// The flags that the mount at or above a path of the host has.
[[nodiscard]] std::string host_flags(const std::string& path, std::string more) {
    struct statvfs status{};
    if (statvfs(path.c_str(), &status) != 0) return "unknown";
    if ((status.f_flag & ST_RDONLY) != 0) more += "ro ";
    if ((status.f_flag & ST_NOSUID) != 0) more += "nosuid ";
    if ((status.f_flag & ST_NODEV) != 0) more += "nodev ";
    if ((status.f_flag & ST_NOEXEC) != 0) more += "noexec ";
    return normal_flags(more);
}

[[nodiscard]] std::string flags_text(MountFlags flags, Access access) {
    std::string text;
    if (access == Access::read_only) text += "ro ";
    for (const auto& row : spellings<MountFlag>)
        if (flags.contains(row.value)) text += std::string(row.text) + ' ';
    return text;
}

/// What the table of mounts inside must be after `plan`, as "TARGET: FLAGS".
class Expectation {
public:
    [[nodiscard]] std::vector<std::string> after(const ContainerPlan& plan) {
        for (const Op& op : plan.ops) std::visit(*this, op.action);
        std::vector<std::string> out;
        for (const auto& [target, flags] : mounts_) out.push_back(target + ": " + flags);
        std::sort(out.begin(), out.end());
        return out;
    }

    void operator()(const BindRoot& op) {
        add("/", host_flags(op.source.text, flags_text(op.flags, Access::read_write)));
    }
    void operator()(const TmpfsRoot& op) { add("/", flags_text(op.flags, Access::read_write)); }
    void operator()(const OverlayRoot&) { add("/", ""); }
    void operator()(const OverlayMount& op) { add(op.target.text, ""); }
    void operator()(const BindMount& op) {
        add(op.target.text, host_flags(op.source.text, flags_text(op.flags, op.access)));
    }
    void operator()(const GuestBindMount& op) {
        add(op.target.text, flags_at(op.source.text) + flags_text(op.flags, op.access));
    }
    void operator()(const FilesystemMount& op) {
        add(op.target.text, flags_text(op.flags, op.access));
    }
    void operator()(const MaskPath& op) {
        if (!exists(op.path.text)) return;
        const bool directory = std::filesystem::is_directory(op.path.text);
        add(op.path.text, directory ? "ro nosuid nodev noexec" : flags_at("/dev/null"));
    }
    void operator()(const ProtectPath& op) {
        if (exists(op.path.text)) add(op.path.text, flags_at(op.path.text) + "ro");
    }
    void operator()(const UnprotectPath& op) {
        std::string flags = flags_at(op.path.text);
        if (flags.starts_with("ro ")) flags.erase(0, 3);
        if (exists(op.path.text)) add(op.path.text, flags);
    }
    void operator()(const SealRoot&) {
        mounts_.front().second = normal_flags(flags_at("/") + "ro");
    }
    template <class Other>
    void operator()(const Other&) {}

private:
    void add(const std::string& target, const std::string& flags) {
        mounts_.emplace_back(target, normal_flags(flags));
    }

    /// Of the last mount at or above `path`.
    [[nodiscard]] std::string flags_at(const std::string& path) const {
        std::string best;
        std::string flags;
        for (const auto& [target, own] : mounts_) {
            const bool above = target == "/" || path == target || path.starts_with(target + "/");
            if (!above || target.size() < best.size()) continue;
            best = target;
            flags = own;
        }
        return flags;
    }

    std::vector<std::pair<std::string, std::string>> mounts_{};
};

/// Checks the table inside `box` against its plan, flags and all.
void check_table(const Box& box) {
    const Result<ContainerPlan> plan = plan_box(box, {"report"});
    REQUIRE(plan);
    const Report inside = report_of(box, {"report"});
    std::vector<std::string> seen;
    for (const MountLine& mount : mount_table(inside)) {
        seen.push_back(mount.target + ": " + mount.flags);
        CAPTURE(mount.target);
        CHECK(mount.propagation == "");
    }
    std::sort(seen.begin(), seen.end());
    CHECK(lines(seen) == lines(Expectation().after(*plan)));
}

}  // namespace

TEST_CASE("mount: the table inside is the plan's, flags and all, on a tmpfs root") {
    INSULA_NEEDS_CONTAINERS();
    check_table({.features = "<privnet/>"});
}

TEST_CASE("mount: the table inside is the plan's for a directory as the root") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    check_table({.root = mount_xml("mount", root, "/"), .features = "<privnet/>"});
    check_table({.root = mount_xml("mount", root, "/", "<readonly/>"), .features = "<privnet/>"});
    check_table({.root = mount_xml("mount", root, "/", "<insula:mount nosuid='yes' nodev='yes'/>"),
                 .features = "<privnet/>"});
}

TEST_CASE("mount: the table inside is the plan's with file systems of every kind") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string data = scratch.directory("data");
    check_table(
        {.devices = mount_xml("mount", data, "/a") + mount_xml("mount", data, "/b", "<readonly/>") +
                    mount_xml("mount", data, "/c", "<insula:mount nosuid='yes' noexec='yes'/>") +
                    ram_xml("/ram") + ram_xml("/ram/ro", "<readonly/>") +
                    mount_xml("bind", "/ram", "/again", "<readonly/>") +
                    mount_xml("bind", "/c", "/d", "<insula:mount nodev='yes'/>"),
         .features = "<privnet/>"});
}

TEST_CASE("mount: the table inside is the plan's for the profile system") {
    INSULA_NEEDS_CONTAINERS();
    check_table({.features = "<privnet/>", .container = "<insula:container profile='system'/>"});
}

TEST_CASE("mount: the table inside is the plan's for the template host") {
    INSULA_NEEDS_CONTAINERS();
    check_table({.root = mount_xml("template", "host", "/"), .features = "<privnet/>"});
}

TEST_CASE("mount: everything inside is private, whatever the host is") {
    INSULA_NEEDS_CONTAINERS();
    for (const Box& box :
         {Box{}, Box{.root = ""}, Box{.root = mount_xml("template", "host", "/")}}) {
        const Report inside = report_of(box, {"report"});
        CHECK(!mount_table(inside).empty());
        for (const MountLine& mount : mount_table(inside)) {
            CAPTURE(mount.target);
            CHECK(mount.propagation == "");
        }
    }
}

TEST_CASE("mount: nothing of a container is to be seen in the host's table while it runs") {
    INSULA_NEEDS_CONTAINERS();
    const Scratch scratch;
    const std::string root = scratch.root_tree();
    const std::string before = mounts();
    Result<Machine> machine = start_box(
        {.root = mount_xml("mount", root, "/"), .devices = ram_xml("/ram") + ram_xml("/ram/below")},
        {"say", "up", "hang"}, piped());
    REQUIRE(machine);
    const UniqueFd output = machine->take_stdout();
    CHECK(read_line(output.get()) == "say=up");
    CHECK(mounts() == before);
    CHECK(machine->kill());
    CHECK(mounts() == before);
}

TEST_CASE("mount: the host's tree is out of reach, and has left no mount inside") {
    INSULA_NEEDS_CONTAINERS();
    const Report inside = report_of({.features = "<privnet/>"}, {"report", "list", "/"});
    std::vector<std::string> entries = inside.all("list:/");
    std::sort(entries.begin(), entries.end());
    CHECK(lines(entries) == "dev\nprobe\nproc\nsys\n");
    CHECK(inside["root"] == "/");
    CHECK(inside["exe"] == "/probe/probe");
}
