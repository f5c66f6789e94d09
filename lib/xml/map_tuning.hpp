// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "insula/model/tuning.hpp"
#include "xml/name.hpp"

namespace insula::inline v0::xml {

/// `<blkiotune>`.
template <class Io, class Node>
void map_block_tuning(Io& io, Node& tuning) {
    io.at(tuning.block_at);
    io.text_child("weight", tuning.block_weight);
    io.list("device", tuning.block_devices, [](Io& device, auto& item) {
        device.at(item.at);
        device.text_child("path", item.device);
        device.text_child("weight", item.weight);
        device.text_child("read_iops_sec", item.read_operations_per_second);
        device.text_child("write_iops_sec", item.write_operations_per_second);
        device.text_child("read_bytes_sec", item.read_bytes_per_second);
        device.text_child("write_bytes_sec", item.write_bytes_per_second);
    });
}

/// `<memtune>`.
template <class Io, class Node>
void map_memory_tuning(Io& io, Node& tuning) {
    io.at(tuning.memory_at);
    io.size_child("hard_limit", tuning.memory_hard_limit);
    io.size_child("soft_limit", tuning.memory_soft_limit);
    io.ignored({"min_guarantee"});
    io.size_child("swap_hard_limit", tuning.memory_swap_hard_limit);
}

/// `<cputune>`.
template <class Io, class Node>
void map_cpu_tuning(Io& io, Node& tuning) {
    io.at(tuning.cpu_at);
    io.text_child("shares", tuning.cpu_shares);
    io.text_child("period", tuning.cpu_period);
    io.text_child("quota", tuning.cpu_quota);
    io.text_child("global_period", tuning.global_period);
    io.text_child("global_quota", tuning.global_quota);
    io.ignored({"emulator_period", "emulator_quota", "iothread_period", "iothread_quota", "vcpupin",
                "emulatorpin", "iothreadpin", "vcpusched", "iothreadsched", "emulatorsched",
                "cachetune", "memorytune", "energytune"});
}

/// `<numatune>`.
template <class Io, class Node>
void map_numa_tuning(Io& io, Node& tuning) {
    io.at(tuning.numa_at);
    io.child("memory", [&](Io& memory) {
        memory.attribute("mode", tuning.numa_mode);
        memory.attribute("nodeset", tuning.numa_nodeset);
        memory.ignored_attributes({"placement"});
    });
    io.ignored({"memnode"});
}

}  // namespace insula::inline v0::xml
