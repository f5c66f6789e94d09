// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace insula::test {

struct Node;
using NodePtr = std::shared_ptr<Node>;

/// A file of a tree in memory.
struct Node {
    enum class Kind : std::uint8_t { directory, regular, character, symlink };
    Kind kind = Kind::directory;
    std::string text{};  ///< content, or target of a symbolic link
    unsigned mode = 0755;
    unsigned device = 0;  ///< as mknod(2) takes it
    std::map<std::string, NodePtr, std::less<>> children{};
    NodePtr cover{};  ///< root of the mount on top
};

/// The topmost mount at `node`.
[[nodiscard]] NodePtr top_of(NodePtr node);

/// The bits S_IFMT of `kind`.
[[nodiscard]] unsigned type_bits(Node::Kind kind) noexcept;

/// A deep copy, as a clone of a mount has it: what is mounted below comes along when `covers`.
[[nodiscard]] NodePtr copy_tree(const Node& node, bool covers);

NodePtr make_file(std::string text);
NodePtr make_link(std::string target);
NodePtr make_device(unsigned major, unsigned minor);

/// Puts `node` at `path` below `root`, and directories on the way.
NodePtr put(const NodePtr& root, std::string_view path, NodePtr node = std::make_shared<Node>());

enum class Links : std::uint8_t { follow, not_last, refuse };

struct Found {
    int error = 0;  ///< 0, or an errno
    NodePtr node{};
};

/// Resolves `path` below `root` as the kernel does with RESOLVE_IN_ROOT: ".." and absolute links
/// stay inside.
[[nodiscard]] Found find(const NodePtr& root, std::string_view path, Links links = Links::follow);

}  // namespace insula::test
