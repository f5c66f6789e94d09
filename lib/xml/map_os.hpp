// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/domain.hpp"
#include "xml/name.hpp"

// A mapping describes how one node of the model is written. It is called with a `Reader` and with a
// `Writer`, so that the two cannot drift. The order of its calls is the order in which new elements
// are written.

namespace insula::inline v0::xml {

/// `<os>`. `absent_type` is what a document without `<type>` means.
template <class Io, class Node>
void map_os(Io& io, Node& os, OsType absent_type) {
    io.at(os.at);
    io.ignored_attributes({"firmware"});
    io.preset(os.type, absent_type);
    io.child("type", [&](Io& type) {
        type.at(os.type_at);
        type.attribute("arch", os.arch);
        type.ignored_attributes({"machine"});
        type.said_text(os.type, absent_type);
    });
    io.text_child_at("init", os.init, os.init_at);
    io.list("initarg", os.init_args, [](Io& argument, auto& item) { argument.text(item); });
    io.list("initenv", os.init_env, [](Io& variable, auto& item) {
        variable.at(item.at);
        variable.attribute("name", item.name);
        variable.text(item.value);
    });
    io.text_child_at("initdir", os.init_dir, os.init_dir_at);
    io.text_child_at("inituser", os.init_user, os.init_user_at);
    io.text_child_at("initgroup", os.init_group, os.init_group_at);
    io.text_child("cmdline", os.cmdline);
    io.ignored({"firmware", "loader", "nvram", "boot", "bootmenu", "smbios", "bios", "kernel",
                "initrd", "dtb", "acpi", "root", "shim", "varstore"});
}

template <class Io, class Node>
void map_id_range(Io& io, Node& range) {
    io.at(range.at);
    io.required_attribute("start", range.start);
    io.required_attribute("target", range.target);
    io.required_attribute("count", range.count);
}

/// `<idmap>`.
template <class Io, class Node>
void map_id_map(Io& io, Node& map) {
    io.at(map.at);
    io.list("uid", map.uids, [](Io& range, auto& item) { map_id_range(range, item); });
    io.list("gid", map.gids, [](Io& range, auto& item) { map_id_range(range, item); });
}

/// `<features>`.
template <class Io, class Node>
void map_features(Io& io, Node& features) {
    io.ignored({"acpi",       "apic", "pae",  "hap",        "viridian",
                "hyperv",     "kvm",  "xen",  "pvspinlock", "pmu",
                "vmport",     "gic",  "smm",  "ioapic",     "vmcoreinfo",
                "msrs",       "tcg",  "hpt",  "htm",        "nested-hv",
                "ccf-assist", "cfpc", "sbbc", "ibs",        "async-teardown",
                "ras",        "ps2",  "aia"});
    io.flag_child("privnet", features.private_network, SwitchState::on,
                  &features.private_network_at);
    io.child("capabilities", [&](Io& capabilities) {
        capabilities.at(features.capabilities_at);
        capabilities.attribute("policy", features.capability_policy);
        capabilities.spelled_list(features.capabilities, &CapabilityState::capability,
                                  [](Io& state, auto& item) {
                                      state.at(item.at);
                                      state.attribute("state", item.state, SwitchState::on);
                                  });
    });
}

}  // namespace insula::inline v0::xml
