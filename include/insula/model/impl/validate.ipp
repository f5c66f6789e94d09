// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "insula/model/impl/validate_text.ipp"

// The parts below use what stands above them.
#include "insula/model/impl/validate_device.ipp"
#include "insula/model/impl/validate_filesystem.ipp"
#include "insula/model/impl/validate_id_map.ipp"
#include "insula/model/impl/validate_os.ipp"
#include "insula/model/impl/validate_tuning.ipp"

namespace insula::inline v0 {

namespace detail {

inline void validate_identity(FindingList& list, const Domain& domain) {
    if (domain.name.empty())
        list.error(FindingCode::missing, "<domain> needs a <name>", "/domain/name", domain.at);
    else
        check_name(list, "the name of the domain", domain.name,
                   {.path = "/domain/name", .at = domain.name_at});
    if (!domain.uuid.empty() && !is_uuid(domain.uuid))
        list.error(FindingCode::bad_value,
                   "the uuid is not 32 hexadecimal digits: " + quote(domain.uuid), "/domain/uuid",
                   domain.at,
                   "as c7a5fdbd-edaf-9455-926a-d65c16db1809; without <uuid> there is none");
    if (domain.title.find('\n') != std::string::npos)
        list.error(FindingCode::bad_value, "the title has more than one line", "/domain/title",
                   domain.at, "long texts go into <description>");
    if (domain.vcpus == 0U)
        list.error(FindingCode::bad_value, "<vcpu> is 0", "/domain/vcpu", domain.at);
    if (!domain.cpuset.empty() && !is_cpu_list(domain.cpuset))
        list.error(FindingCode::bad_value,
                   "the cpuset is not a list of numbers and ranges: " + quote(domain.cpuset),
                   "/domain/vcpu/@cpuset", domain.at, "as 0-3,^2,8");
    if (!domain.partition.empty())
        check_guest_path(list, "the partition", domain.partition,
                         {.path = "/domain/resource/partition", .at = domain.at});
}

inline void validate_memory(FindingList& list, const Domain& domain) {
    const Spot memory{.path = "/domain/memory", .at = domain.memory_at};
    check_size(list, "<memory>", domain.memory, "KiB", memory);
    check_size(list, "<currentMemory>", domain.current_memory, "KiB",
               {.path = "/domain/currentMemory", .at = domain.at});
    // OpenVZ keeps its limits elsewhere.
    if (!is_container(domain) || domain.type == DomainType::openvz) return;
    if (!domain.memory)
        list.warning(FindingCode::missing, "there is no <memory>: libvirt demands one",
                     "/domain/memory", domain.at, "without it the container has no limit");
    else if (domain.memory->value == 0)
        list.error(FindingCode::bad_value, "<memory> is 0", memory.path, memory.at,
                   "leave it out where no limit is wanted");
}

/// Whether containers, and nothing else, are what `type` runs; nothing for one that runs both, or
/// what nobody knows.
inline void validate_kind(FindingList& list, const Domain& domain) {
    const bool container = is_container(domain);
    const bool runs_containers =
        domain.type == DomainType::lxc || domain.type == DomainType::openvz;
    const bool runs_both = domain.type == DomainType::vz || domain.type == DomainType::parallels;
    if (container == runs_containers || runs_both) return;
    list.error(
        FindingCode::conflict,
        "domain type '" + std::string(to_text(domain.type)) + "' does not run <os><type>" +
            std::string(to_text(domain.os.type)) + "</type>",
        "/domain/os/type", domain.os.type_at,
        container ? "a container has <domain type='lxc'>" : "a container has <os><type>exe</type>");
}

inline void validate_container(FindingList& list, const Domain& domain) {
    validate_os(list, domain);
    validate_id_map(list, domain);
    validate_filesystems(list, domain);
    validate_devices(list, domain);
    validate_capabilities(list, domain);
    validate_shared_namespaces(list, domain);
    validate_extension(list, domain);
}

}  // namespace detail

inline std::vector<Finding> validate(const Domain& domain) {
    std::vector<Finding> findings = domain.unread;
    detail::FindingList list(findings, domain.at);
    detail::validate_identity(list, domain);
    detail::validate_memory(list, domain);
    detail::validate_kind(list, domain);
    detail::validate_tuning(list, domain);
    if (is_container(domain)) detail::validate_container(list, domain);
    list.close();
    return findings;
}

}  // namespace insula::inline v0
