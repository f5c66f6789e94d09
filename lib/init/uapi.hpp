// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel's interface as far as we use it: its own headers, and what those of Debian 12
// (Linux 6.1) do not have yet.

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#if __STDC_HOSTED__
#include <fcntl.h>  // libc's and the kernel's header cannot both be included
#else
#include <linux/fcntl.h>
#endif

namespace insula::uapi {

// What the kernel's headers leave to libc.
inline constexpr int at_recursive = 0x8000;
inline constexpr int at_empty_path = 0x1000;
inline constexpr int umount_detach = 2;
inline constexpr unsigned mode_type = 0170000;
inline constexpr unsigned mode_directory = 0040000;
inline constexpr unsigned mode_regular = 0100000;
inline constexpr unsigned mode_character = 0020000;
inline constexpr unsigned long set_interface_flags = 0x8914;  // SIOCSIFFLAGS
inline constexpr short interface_up = 0x1;                    // IFF_UP
inline constexpr short interface_running = 0x40;              // IFF_RUNNING

/// struct ifreq of netdevice(7), as SIOCSIFFLAGS reads it.
struct InterfaceFlags {
    char name[16];
    short flags;
    char unused[22];
};
static_assert(sizeof(InterfaceFlags) == 40);

// <linux/memfd.h>, Linux 6.3.
inline constexpr unsigned mfd_exec = 0x0010;

// <linux/pidfd.h>, Linux 6.13 and 6.15 (exit information).
struct PidfdInfo {
    unsigned long long mask;
    unsigned long long cgroup_id;
    unsigned pid, tgid, ppid;
    unsigned ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
inline constexpr unsigned long long pidfd_info_exit = 1ULL << 3;
inline constexpr unsigned long pidfd_get_info = 0xc040ff0b;  // _IOWR(0xFF, 11, struct pidfd_info)

}  // namespace insula::uapi
