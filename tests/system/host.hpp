// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace insula::test {

/// Everything that a start must leave as it was: the mounts of this namespace, and of this process
/// the descriptors, memory files, children, masks, directory, ids, flags and environment. As lines
/// of text, so that a difference can be read.
[[nodiscard]] std::vector<std::string> snapshot();

/// Takes a snapshot at its birth; `difference()` is what changed since, "" for nothing. The runtime
/// is made before.
class Unchanged {
public:
    Unchanged();
    [[nodiscard]] std::string difference() const;

private:
    std::vector<std::string> before_;
};

/// The children of this process, zombies included.
[[nodiscard]] std::vector<int> children();
[[nodiscard]] std::size_t descriptor_count();
[[nodiscard]] std::string mounts();

/// A directory of the test's own, which goes away with everything in it. Everybody may enter it.
class Scratch {
public:
    Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string_view below) const;
    /// Makes a directory, and those above it.
    std::string directory(std::string_view below) const;
    /// Makes a file, and the directories above it.
    std::string file(std::string_view below, std::string_view content = {},
                     unsigned mode = 0644) const;
    void link(std::string_view below, std::string_view target) const;
    /// A root tree with the probe as /init; `/etc/passwd` and `/etc/group` as the test says.
    std::string root_tree(std::string_view below = "root") const;

private:
    std::string path_{};
};

[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] std::string content_of(const std::string& path);
[[nodiscard]] std::string link_of(const std::string& path);
[[nodiscard]] bool is_root();

/// Why no container can be started here at all; nothing where one can.
[[nodiscard]] const std::optional<std::string>& cannot_run();

}  // namespace insula::test

/// Leaves the test case as skipped where this machine lets this user start no container.
#define INSULA_NEEDS_CONTAINERS()                                                    \
    do {                                                                             \
        if (const auto& reason = ::insula::test::cannot_run()) INSULA_SKIP(*reason); \
    } while (false)
