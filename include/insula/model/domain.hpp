// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "insula/model/container_extension.hpp"
#include "insula/model/device.hpp"
#include "insula/model/element.hpp"
#include "insula/model/features.hpp"
#include "insula/model/finding.hpp"
#include "insula/model/os.hpp"
#include "insula/model/scaled_size.hpp"
#include "insula/model/tuning.hpp"

namespace insula::inline v0 {

/// The `type` of `<domain>`: who is meant to run it.
enum class DomainType : std::uint8_t {
    lxc,
    openvz,
    qemu,
    kqemu,
    kvm,
    xen,
    uml,
    test,
    vmware,
    hyperv,
    vbox,
    phyp,
    parallels,
    bhyve,
    vz,
    hvf,
    ch,
};

template <>
inline constexpr std::array spellings<DomainType>{
    Spelling<DomainType>{DomainType::lxc, "lxc"},
    Spelling<DomainType>{DomainType::openvz, "openvz"},
    Spelling<DomainType>{DomainType::qemu, "qemu"},
    Spelling<DomainType>{DomainType::kqemu, "kqemu"},
    Spelling<DomainType>{DomainType::kvm, "kvm"},
    Spelling<DomainType>{DomainType::xen, "xen"},
    Spelling<DomainType>{DomainType::uml, "uml"},
    Spelling<DomainType>{DomainType::test, "test"},
    Spelling<DomainType>{DomainType::vmware, "vmware"},
    Spelling<DomainType>{DomainType::hyperv, "hyperv"},
    Spelling<DomainType>{DomainType::vbox, "vbox"},
    Spelling<DomainType>{DomainType::phyp, "phyp"},
    Spelling<DomainType>{DomainType::parallels, "parallels"},
    Spelling<DomainType>{DomainType::bhyve, "bhyve"},
    Spelling<DomainType>{DomainType::vz, "vz"},
    Spelling<DomainType>{DomainType::hvf, "hvf"},
    Spelling<DomainType>{DomainType::ch, "ch"},
};

/// What happens to the domain after an event (libvirt, formatdomain, "Events configuration").
enum class LifecycleAction : std::uint8_t {
    destroy,
    restart,
    rename_restart,
    preserve,
    coredump_destroy,
    coredump_restart,
};

template <>
inline constexpr std::array spellings<LifecycleAction>{
    Spelling<LifecycleAction>{LifecycleAction::destroy, "destroy"},
    Spelling<LifecycleAction>{LifecycleAction::restart, "restart"},
    Spelling<LifecycleAction>{LifecycleAction::rename_restart, "rename-restart"},
    Spelling<LifecycleAction>{LifecycleAction::preserve, "preserve"},
    Spelling<LifecycleAction>{LifecycleAction::coredump_destroy, "coredump-destroy"},
    Spelling<LifecycleAction>{LifecycleAction::coredump_restart, "coredump-restart"},
};

/// A machine as its XML describes it. Plain data: build it in C++, or read it with `parse_domain`.
///
/// Every typed node keeps its place in the document. What the model does not know stays in `source`
/// and comes out again when the domain is formatted.
struct Domain {
    DomainType type = DomainType::lxc;
    std::string name{};
    std::string uuid{};  ///< as written; "" where there is none
    std::string title{};
    std::string description{};
    std::optional<ScaledSize> memory{};  ///< default unit KiB
    std::optional<ScaledSize> current_memory{};
    std::optional<std::uint32_t> vcpus{};
    std::string cpuset{};
    Os os{};
    std::optional<IdMap> id_map{};
    Features features{};
    Tuning tuning{};
    std::string partition{};  ///< `<resource><partition>`
    LifecycleAction on_poweroff = LifecycleAction::destroy;
    LifecycleAction on_reboot = LifecycleAction::restart;
    LifecycleAction on_crash = LifecycleAction::destroy;
    std::vector<Device> devices{};                        ///< in document order
    std::optional<SharedNamespaces> shared_namespaces{};  ///< `<lxc:namespace>`
    std::optional<ContainerExtension> container{};        ///< `<insula:container>`

    TextPosition at{};
    TextPosition name_at{};
    TextPosition memory_at{};
    /// What the reader did not understand or could not convert; `validate` repeats it.
    std::vector<Finding> unread{};
    /// The document as it was read; empty for a domain built in C++.
    Element source{};
    /// The comments and processing instructions before and after it.
    std::vector<Element> prolog{};
    std::vector<Element> epilog{};
};

/// Whether `domain` describes a container (`<os><type>exe</type>`).
[[nodiscard]] inline bool is_container(const Domain& domain) noexcept {
    return domain.os.type == OsType::exe;
}

/// Calls `visitor(device)` for each device of type `T`, in document order.
template <class T, class Visitor>
void for_each_device(const Domain& domain, Visitor&& visitor) {
    for (const Device& device : domain.devices)
        if (const T* wanted = std::get_if<T>(&device.node)) visitor(*wanted);
}

/// Calls `visitor(filesystem)` for each `<filesystem>`, in document order.
template <class Visitor>
void for_each_filesystem(const Domain& domain, Visitor&& visitor) {
    for_each_device<Filesystem>(domain, visitor);
}

}  // namespace insula::inline v0
