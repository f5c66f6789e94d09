// SPDX-License-Identifier: Apache-2.0
#include "executor/fake_tree.hpp"

#include <cerrno>
#include <utility>
#include <vector>

namespace insula::test {

NodePtr top_of(NodePtr node) {
    while (node->cover != nullptr) node = node->cover;
    return node;
}

unsigned type_bits(Node::Kind kind) noexcept {
    switch (kind) {
        case Node::Kind::directory: return 0040000;
        case Node::Kind::regular: return 0100000;
        case Node::Kind::character: return 0020000;
        case Node::Kind::symlink: return 0120000;
    }
    return 0;
}

NodePtr copy_tree(const Node& node, bool covers) {
    auto copy = std::make_shared<Node>(node);
    for (auto& [name, child] : copy->children) child = copy_tree(*child, covers);
    copy->cover = covers && node.cover != nullptr ? copy_tree(*node.cover, true) : nullptr;
    return copy;
}

NodePtr make_file(std::string text) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::regular;
    node->text = std::move(text);
    node->mode = 0644;
    return node;
}

NodePtr make_link(std::string target) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::symlink;
    node->text = std::move(target);
    node->mode = 0777;
    return node;
}

NodePtr make_device(unsigned major, unsigned minor) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::character;
    node->mode = 0666;
    node->device = major << 8 | minor;
    return node;
}

NodePtr put(const NodePtr& root, std::string_view path, NodePtr node) {
    NodePtr directory = root;
    while (!path.empty()) {
        const std::size_t start = path.find_first_not_of('/');
        if (start == std::string_view::npos) break;
        path.remove_prefix(start);
        const std::size_t end = path.find('/');
        const std::string name(path.substr(0, end));
        path.remove_prefix(end == std::string_view::npos ? path.size() : end);
        NodePtr& child = directory->children[name];
        if (path.empty())
            child = node;
        else if (child == nullptr)
            child = std::make_shared<Node>();
        directory = child;
    }
    return node;
}

Found find(const NodePtr& root, std::string_view path, Links links) {
    std::vector<NodePtr> way{top_of(root)};
    std::string rest(path);
    int followed = 0;
    while (true) {
        const std::size_t start = rest.find_first_not_of('/');
        if (start == std::string::npos) return {0, way.back()};
        const std::size_t end = rest.find('/', start);
        const std::string name = rest.substr(start, end - start);
        rest = end == std::string::npos ? std::string() : rest.substr(end);
        const bool last = rest.find_first_not_of('/') == std::string::npos;
        if (way.back()->kind != Node::Kind::directory) return {ENOTDIR, {}};
        if (name == ".") continue;
        if (name == "..") {
            if (way.size() > 1) way.pop_back();
            continue;
        }
        const auto child = way.back()->children.find(name);
        if (child == way.back()->children.end()) return {ENOENT, {}};
        NodePtr node = top_of(child->second);
        if (node->kind != Node::Kind::symlink || (last && links == Links::not_last)) {
            way.push_back(std::move(node));
            continue;
        }
        if (links == Links::refuse || ++followed > 40) return {ELOOP, {}};
        if (node->text.starts_with('/')) way.resize(1);
        rest = node->text + rest;
    }
}

}  // namespace insula::test
