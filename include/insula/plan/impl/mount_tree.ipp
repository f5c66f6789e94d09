// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "insula/plan/container_plan.hpp"
#include "insula/plan/impl/branch.ipp"
#include "insula/plan/impl/escape.ipp"

namespace insula::inline v0::detail::plan_tree {

using escape::word;

[[nodiscard]] inline std::string remark_of(Recursion recursion, Access access, MountFlags flags,
                                           const std::vector<MountOption>& options = {}) {
    std::string out;
    const auto add = [&out](std::string_view part) {
        out += out.empty() ? "" : " ";
        out += part;
    };
    if (access == Access::read_only) add("ro");
    if (recursion == Recursion::submounts) add("recursive");
    for (const auto& row : spellings<MountFlag>)
        if (flags.contains(row.value)) add(row.text);
    for (const MountOption& option : options)
        add(option.value.empty() ? word(option.name)
                                 : word(option.name) + "=" + word(option.value));
    return out;
}

/// What one op puts into the container's tree.
struct Placed {
    /// Small things are shown together, in one line for each directory.
    enum class Kind : std::uint8_t { mount, directory, device, host_device, link };

    Kind kind = Kind::mount;
    std::string path{};
    std::string source{};
    std::string remark{};
    std::size_t order = 0;
};

/// Collects what the ops place, by their guest paths.
struct PlacedBy {
    std::vector<Placed>& out;
    std::size_t order = 0;

    void place(const GuestPath& path, std::string source, std::string remark,
               Placed::Kind kind = Placed::Kind::mount) const {
        out.push_back({.kind = kind,
                       .path = path.text,
                       .source = std::move(source),
                       .remark = std::move(remark),
                       .order = order});
    }

    void operator()(const BindMount& action) const {
        const bool device = action.source.text == action.target.text &&
                            action.source.text.starts_with("/dev/") &&
                            action.access == Access::read_write && action.flags.empty();
        place(action.target, "host " + word(action.source.text),
              remark_of(action.recursion, action.access, action.flags),
              device ? Placed::Kind::host_device : Placed::Kind::mount);
    }
    void operator()(const GuestBindMount& action) const {
        place(action.target, "inside " + word(action.source.text),
              remark_of(action.recursion, action.access, action.flags));
    }
    void operator()(const OverlayMount& action) const {
        place(action.target, "overlay of " + word(action.lower.text), "");
    }
    void operator()(const FilesystemMount& action) const {
        place(action.target, "new " + std::string(to_text(action.type)),
              remark_of(Recursion::none, action.access, action.flags, action.options));
    }
    void operator()(const MakeDirectory& action) const {
        place(action.path, "directory", "", Placed::Kind::directory);
    }
    void operator()(const MakeDevice& action) const {
        place(action.path, {}, {}, Placed::Kind::device);
    }
    void operator()(const MakeSymlink& action) const {
        place(action.path, word(action.target), {}, Placed::Kind::link);
    }
    void operator()(const BindRoot&) const {}
    void operator()(const TmpfsRoot&) const {}
    void operator()(const OverlayRoot&) const {}
    void operator()(const MaskPath&) const {}
    void operator()(const ProtectPath&) const {}
    void operator()(const UnprotectPath&) const {}
    void operator()(const SealRoot&) const {}
    void operator()(const EnterRoot&) const {}
    void operator()(const SetHostname&) const {}
    void operator()(const RaiseLoopback&) const {}
    void operator()(const SetIdentity&) const {}
    void operator()(const SetCapabilities&) const {}
    void operator()(const SetNoNewPrivs&) const {}
    void operator()(const ChangeDirectory&) const {}
    void operator()(const ExecInit&) const {}
};

/// Whether `left` comes before `right` in a tree: what is below a directory follows it at once.
[[nodiscard]] inline bool path_before(const Placed& left, const Placed& right) {
    const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
    const auto before = [&](char a, char b) { return rank(a) < rank(b); };
    if (left.path != right.path)
        return std::lexicographical_compare(left.path.begin(), left.path.end(), right.path.begin(),
                                            right.path.end(), before);
    return left.order < right.order;
}

/// Whether `path` is below `parent`; everything is below "".
[[nodiscard]] inline bool is_below(std::string_view path, std::string_view parent) noexcept {
    if (parent.empty()) return true;
    return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '/';
}

/// Nests what was placed by path, and says what a later mount hides.
class MountTree {
public:
    explicit MountTree(std::vector<Placed> placed) : placed_(std::move(placed)) {
        std::sort(placed_.begin(), placed_.end(), path_before);
    }

    [[nodiscard]] std::vector<Branch> branches() {
        next_ = 0;
        return below("", 0);
    }

private:
    /// The branches below `parent`, on top of which the op number `covered` mounted something.
    [[nodiscard]] std::vector<Branch> below(const std::string& parent, std::size_t covered) {
        std::vector<Branch> branches;
        Branch small[3] = {{.label = "devices"}, {.label = "host devices"}, {.label = "links"}};
        while (next_ != placed_.size() && is_below(placed_[next_].path, parent)) {
            const Placed& item = placed_[next_++];
            const std::string name = word(item.path.substr(parent.empty() ? 0 : parent.size() + 1));
            switch (item.kind) {
                case Placed::Kind::mount:
                case Placed::Kind::directory: branches.push_back(nest(item, name, covered)); break;
                case Placed::Kind::device: small[0].items.push_back(name); break;
                case Placed::Kind::host_device: small[1].items.push_back(name); break;
                case Placed::Kind::link: small[2].items.push_back(name + " → " + item.source);
            }
        }
        for (Branch& branch : small) {
            for (std::size_t i = 0; i + 1 < branch.items.size(); ++i)
                if (&branch == &small[2]) branch.items[i] += ",";
            if (!branch.items.empty()) branches.push_back(std::move(branch));
        }
        return branches;
    }

    [[nodiscard]] Branch nest(const Placed& item, const std::string& name, std::size_t covered) {
        Branch branch{.label = name, .items = {item.source}, .remark = item.remark};
        const bool covered_again = next_ != placed_.size() && placed_[next_].path == item.path &&
                                   placed_[next_].kind != Placed::Kind::directory;
        if (covered_again || item.order < covered)
            branch.remark +=
                (branch.remark.empty() ? "" : " ") + std::string("(hidden by a later mount)");
        if (placed_.size() == next_ || covered_again) return branch;
        const bool covers = item.kind != Placed::Kind::directory;
        branch.children = below(item.path, covers ? std::max(covered, item.order) : covered);
        return branch;
    }

    std::vector<Placed> placed_;
    std::size_t next_ = 0;
};

}  // namespace insula::inline v0::detail::plan_tree
