// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "insula/core/flags.hpp"
#include "insula/core/spelling.hpp"

namespace insula::inline v0 {

/// A capability (capabilities(7)), spelled as in `<features><capabilities>`.
enum class Capability : std::uint8_t {
    chown,
    dac_override,
    dac_read_search,
    fowner,
    fsetid,
    kill,
    setgid,
    setuid,
    setpcap,
    linux_immutable,
    net_bind_service,
    net_broadcast,
    net_admin,
    net_raw,
    ipc_lock,
    ipc_owner,
    sys_module,
    sys_rawio,
    sys_chroot,
    sys_ptrace,
    sys_pacct,
    sys_admin,
    sys_boot,
    sys_nice,
    sys_resource,
    sys_time,
    sys_tty_config,
    mknod,
    lease,
    audit_write,
    audit_control,
    setfcap,
    mac_override,
    mac_admin,
    syslog,
    wake_alarm,
    block_suspend,
    audit_read,
    perfmon,
    bpf,
    checkpoint_restore,
};

using Capabilities = Flags<Capability>;

template <>
inline constexpr std::array spellings<Capability>{
    Spelling<Capability>{Capability::chown, "chown"},
    Spelling<Capability>{Capability::dac_override, "dac_override"},
    Spelling<Capability>{Capability::dac_read_search, "dac_read_search"},
    Spelling<Capability>{Capability::fowner, "fowner"},
    Spelling<Capability>{Capability::fsetid, "fsetid"},
    Spelling<Capability>{Capability::kill, "kill"},
    Spelling<Capability>{Capability::setgid, "setgid"},
    Spelling<Capability>{Capability::setuid, "setuid"},
    Spelling<Capability>{Capability::setpcap, "setpcap"},
    Spelling<Capability>{Capability::linux_immutable, "linux_immutable"},
    Spelling<Capability>{Capability::net_bind_service, "net_bind_service"},
    Spelling<Capability>{Capability::net_broadcast, "net_broadcast"},
    Spelling<Capability>{Capability::net_admin, "net_admin"},
    Spelling<Capability>{Capability::net_raw, "net_raw"},
    Spelling<Capability>{Capability::ipc_lock, "ipc_lock"},
    Spelling<Capability>{Capability::ipc_owner, "ipc_owner"},
    Spelling<Capability>{Capability::sys_module, "sys_module"},
    Spelling<Capability>{Capability::sys_rawio, "sys_rawio"},
    Spelling<Capability>{Capability::sys_chroot, "sys_chroot"},
    Spelling<Capability>{Capability::sys_ptrace, "sys_ptrace"},
    Spelling<Capability>{Capability::sys_pacct, "sys_pacct"},
    Spelling<Capability>{Capability::sys_admin, "sys_admin"},
    Spelling<Capability>{Capability::sys_boot, "sys_boot"},
    Spelling<Capability>{Capability::sys_nice, "sys_nice"},
    Spelling<Capability>{Capability::sys_resource, "sys_resource"},
    Spelling<Capability>{Capability::sys_time, "sys_time"},
    Spelling<Capability>{Capability::sys_tty_config, "sys_tty_config"},
    Spelling<Capability>{Capability::mknod, "mknod"},
    Spelling<Capability>{Capability::lease, "lease"},
    Spelling<Capability>{Capability::audit_write, "audit_write"},
    Spelling<Capability>{Capability::audit_control, "audit_control"},
    Spelling<Capability>{Capability::setfcap, "setfcap"},
    Spelling<Capability>{Capability::mac_override, "mac_override"},
    Spelling<Capability>{Capability::mac_admin, "mac_admin"},
    Spelling<Capability>{Capability::syslog, "syslog"},
    Spelling<Capability>{Capability::wake_alarm, "wake_alarm"},
    Spelling<Capability>{Capability::block_suspend, "block_suspend"},
    Spelling<Capability>{Capability::audit_read, "audit_read"},
    Spelling<Capability>{Capability::perfmon, "perfmon"},
    Spelling<Capability>{Capability::bpf, "bpf"},
    Spelling<Capability>{Capability::checkpoint_restore, "checkpoint_restore"},
};

/// Every capability that has a name here.
[[nodiscard]] constexpr Capabilities all_capabilities() noexcept {
    Capabilities all{};
    for (const auto& row : spellings<Capability>) all.insert(row.value);
    return all;
}

}  // namespace insula::inline v0
