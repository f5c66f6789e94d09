// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/domain.hpp"
#include "xml/map_container.hpp"
#include "xml/map_os.hpp"
#include "xml/map_tuning.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// Whether containers are what `type` is for.
[[nodiscard]] constexpr bool runs_containers(DomainType type) noexcept {
    return type == DomainType::lxc || type == DomainType::openvz;
}

/// `<domain>`. `map_devices(io, domain)` is called for `<devices>`.
template <class Io, class Node, class MapDevices>
void map_domain(Io& io, Node& domain, OsType absent_type, MapDevices&& map_devices) {
    io.at(domain.at);
    io.required_attribute("type", domain.type);
    io.quiet_attributes({"id"});
    io.text_child_at("name", domain.name, domain.name_at);
    io.text_child("uuid", domain.uuid);
    io.ignored({"genid"});
    io.text_child("title", domain.title);
    io.text_child("description", domain.description);
    io.quiet({"metadata"});
    io.ignored({"maxMemory"});
    io.child("memory", [&](Io& memory) {
        memory.at(domain.memory_at);
        memory.size(domain.memory);
        memory.ignored_attributes({"dumpCore"});
    });
    io.size_child("currentMemory", domain.current_memory);
    io.child("blkiotune", [&](Io& tune) { map_block_tuning(tune, domain.tuning); });
    io.child("memtune", [&](Io& tune) { map_memory_tuning(tune, domain.tuning); });
    io.ignored({"memoryBacking"});
    io.child("vcpu", [&](Io& vcpu) {
        vcpu.attribute("cpuset", domain.cpuset);
        vcpu.quiet_attributes({"placement", "current"});
        vcpu.text_or_none(domain.vcpus);
    });
    io.ignored({"vcpus", "iothreads", "iothreadids", "defaultiothread"});
    io.child("cputune", [&](Io& tune) { map_cpu_tuning(tune, domain.tuning); });
    io.child("numatune", [&](Io& tune) { map_numa_tuning(tune, domain.tuning); });
    io.child("resource", [&](Io& resource) {
        resource.text_child("partition", domain.partition);
        resource.ignored({"fibrechannel"});
    });
    io.ignored({"sysinfo", "bootloader", "bootloader_args"});
    io.child("os", [&](Io& os) { map_os(os, domain.os, absent_type); });
    io.optional_child("idmap", domain.id_map, [](Io& map, auto& item) { map_id_map(map, item); });
    io.child("features", [&](Io& features) { map_features(features, domain.features); });
    io.ignored({"cpu", "pm", "perf"});
    io.quiet({"clock"});
    io.text_child("on_poweroff", domain.on_poweroff, LifecycleAction::destroy);
    io.text_child("on_reboot", domain.on_reboot, LifecycleAction::restart);
    io.text_child("on_crash", domain.on_crash, LifecycleAction::destroy);
    io.ignored({"on_lockfailure"});
    io.child("devices", [&](Io& devices) { map_devices(devices, domain); });
    io.quiet({"seclabel"});
    io.ignored({"keywrap", "launchSecurity"});
    io.optional_child(lxc_name("namespace"), domain.shared_namespaces,
                      [](Io& shared, auto& item) { map_shared_namespaces(shared, item); });
    io.optional_child(insula_name("container"), domain.container,
                      [](Io& container, auto& item) { map_container(container, item); });
}

}  // namespace insula::inline v0::xml
