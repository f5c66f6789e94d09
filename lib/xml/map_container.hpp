// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/container_extension.hpp"
#include "insula/model/filesystem.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// A child of `<lxc:namespace>`.
template <class Io, class Node>
void map_shared_namespace(Io& io, Node& shared) {
    io.at(shared.at);
    io.required_attribute("type", shared.source);
    io.attribute("value", shared.value);
}

/// `<lxc:namespace>`.
template <class Io, class Node>
void map_shared_namespaces(Io& io, Node& shared) {
    const auto each = [](Io& inner, auto& item) { map_shared_namespace(inner, item); };
    io.at(shared.at);
    io.optional_child(lxc_name("sharenet"), shared.net, each);
    io.optional_child(lxc_name("shareipc"), shared.ipc, each);
    io.optional_child(lxc_name("shareuts"), shared.uts, each);
}

template <class Io, class Node>
void map_kernel_path(Io& io, Node& path) {
    io.at(path.at);
    io.required_attribute("path", path.path.text);
}

/// `<insula:container>`.
template <class Io, class Node>
void map_container(Io& io, Node& container) {
    io.at(container.at);
    io.attribute("profile", container.profile);
    io.child(insula_name("init"), [&](Io& init) { init.attribute("mode", container.init_mode); });
    io.optional_child(
        insula_name("no_new_privs"), container.no_new_privs,
        [](Io& inner, auto& state) { inner.said_attribute("state", state, SwitchState::on); });
    io.child(insula_name("kernel_paths"), [&](Io& paths) {
        const auto each = [](Io& inner, auto& item) { map_kernel_path(inner, item); };
        paths.attribute("default", container.default_kernel_paths, SwitchState::on);
        paths.list(insula_name("mask"), container.masked_paths, each);
        paths.list(insula_name("readonly"), container.read_only_paths, each);
    });
}

/// `<insula:mount>` inside `<filesystem>`.
template <class Io, class Node>
void map_mount(Io& io, Node& mount) {
    io.at(mount.at);
    io.attribute("recursive", mount.recursion);
    io.attribute("nosuid", mount.nosuid);
    io.attribute("nodev", mount.nodev);
    io.attribute("noexec", mount.noexec);
}

}  // namespace insula::inline v0::xml
