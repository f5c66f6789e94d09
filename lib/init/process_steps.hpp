// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/user_database.hpp"

namespace insula::init {

template <class Calls>
Outcome run(Context<Calls>& context, const program::BecomeRoot& op) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    if (op.drop_groups)
        if (const Outcome o = outcome(calls.setgroups(0, nullptr), Call::setgroups); o.failed())
            return o;
    if (op.set_group)
        if (const Outcome o = outcome(calls.setresgid(0, 0, 0), Call::setresgid); o.failed())
            return o;
    return op.set_user ? outcome(calls.setresuid(0, 0, 0), Call::setresuid) : Outcome{};
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Hostname& op) noexcept {
    return outcome(context.calls.sethostname(context.view.text(op.name), op.length),
                   program::Call::sethostname);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Loopback&) noexcept {
    using program::Call;
    constexpr int inet = 2;                  // AF_INET
    constexpr int datagram = 2 | O_CLOEXEC;  // SOCK_DGRAM | SOCK_CLOEXEC
    Calls& calls = context.calls;
    const Opened socket = opened(calls.socket(inet, datagram, 0), Call::socket);
    if (socket.failed()) return socket.outcome;
    uapi::InterfaceFlags request{
        .name = "lo", .flags = uapi::interface_up | uapi::interface_running, .unused = {}};
    const int raised = calls.ioctl(socket.fd, uapi::set_interface_flags, &request);
    calls.close(socket.fd);
    return outcome(raised, Call::ioctl);
}

/// What an `Identity` op comes to inside this root.
struct ResolvedIdentity {
    unsigned uid = 0;
    unsigned gid = 0;
    Groups groups{};
};

template <class Calls>
[[nodiscard]] Outcome resolve(Context<Calls>& context, const program::Identity& op,
                              ResolvedIdentity& out) noexcept {
    using program::Call;
    const char* user_name = op.user.name == 0 ? nullptr : context.view.text(op.user.name);
    const char* group_name = op.group.name == 0 ? nullptr : context.view.text(op.group.name);
    User user{.uid = op.user.id};
    if (user_name != nullptr) {
        if (const Outcome o = find_user(context.calls, user_name, user); o.failed()) return o;
        // A name made of digits is a number when no user is called so (libvirt, formatdomain,
        // "inituser").
        if (!user.found && !read_id(user_name, user.uid)) return {ENOENT, Call::look_up_user};
    }
    User group{.gid = op.group.id};
    const char* member = op.set_groups && user.found ? user_name : nullptr;
    if (group_name != nullptr || member != nullptr)
        if (const Outcome o = find_groups(context.calls, group_name, group, member, out.groups);
            o.failed())
            return o;
    if (group_name != nullptr && !group.found && !read_id(group_name, group.gid))
        return {ENOENT, Call::look_up_group};
    out.uid = user.uid;
    out.gid = op.default_group ? user.gid : group.gid;
    return {};
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Identity& op) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    ResolvedIdentity identity;
    if (const Outcome o = resolve(context, op, identity); o.failed()) return o;
    if (op.set_groups)
        if (const Outcome o = outcome(calls.setgroups(identity.groups.count, identity.groups.ids),
                                      Call::setgroups);
            o.failed())
            return o;
    if (const Outcome o =
            outcome(calls.setresgid(identity.gid, identity.gid, identity.gid), Call::setresgid);
        o.failed())
        return o;
    // A user other than root would lose the capabilities that the next op gives up in order.
    if (identity.uid != 0)
        if (const Outcome o = outcome(calls.prctl(PR_SET_KEEPCAPS, 1), Call::keep_capabilities);
            o.failed())
            return o;
    return outcome(calls.setresuid(identity.uid, identity.uid, identity.uid), Call::setresuid);
}

inline void put_set(__user_cap_data_struct (&data)[2], unsigned __user_cap_data_struct::* set,
                    unsigned long bits) noexcept {
    data[0].*set = static_cast<unsigned>(bits);
    data[1].*set = static_cast<unsigned>(bits >> 32);
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::Capabilities& op) noexcept {
    using program::Call;
    Calls& calls = context.calls;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (const Outcome o = outcome(calls.capget(header, data), Call::capget); o.failed()) return o;
    // A change of user empties the effective set; dropping from the bounding set needs CAP_SETPCAP
    // there.
    if ((data[0].effective & data[0].permitted) != data[0].permitted) {
        data[0].effective = data[0].permitted;
        data[1].effective = data[1].permitted;
        if (const Outcome o = outcome(calls.capset(header, data), Call::capset); o.failed())
            return o;
    }
    for (unsigned capability = 0; capability != 64; ++capability) {
        if ((op.bounding >> capability & 1) != 0) continue;
        const int dropped = calls.prctl(PR_CAPBSET_DROP, capability);
        // The kernel knows no more. What these headers know it knows too, since Linux 5.9; there
        // EINVAL is no such answer, and going on would leave the whole bounding set.
        if (dropped == -EINVAL && capability > CAP_LAST_CAP) break;
        if (dropped < 0) return outcome(dropped, Call::drop_bounding);
    }
    put_set(data, &__user_cap_data_struct::effective, op.permitted);
    put_set(data, &__user_cap_data_struct::permitted, op.permitted);
    put_set(data, &__user_cap_data_struct::inheritable, op.inheritable);
    if (const Outcome o = outcome(calls.capset(header, data), Call::capset); o.failed()) return o;
    if (const Outcome o =
            outcome(calls.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL), Call::raise_ambient);
        o.failed())
        return o;
    for (unsigned capability = 0; capability != 64; ++capability)
        if ((op.ambient >> capability & 1) != 0)
            if (const Outcome o =
                    outcome(calls.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability),
                            Call::raise_ambient);
                o.failed())
                return o;
    return {};
}

template <class Calls>
Outcome run(Context<Calls>& context, const program::NoNewPrivs&) noexcept {
    return outcome(context.calls.prctl(PR_SET_NO_NEW_PRIVS, 1), program::Call::no_new_privs);
}

/// Trust: the working directory may name /proc/self/fd/N, a directory of the host that an embedder
/// leaked (CVE-2024-21626). It is opened inside the root, without magic links, and entered by
/// descriptor.
template <class Calls>
Outcome run(Context<Calls>& context, const program::ChangeDirectory& op) noexcept {
    Calls& calls = context.calls;
    const Opened directory =
        open_inside(calls, context.root, context.view.text(op.path), O_PATH | O_DIRECTORY, 0);
    if (directory.failed())
        return {directory.outcome.error, program::Call::chdir, program::Detail::none};
    const int changed = calls.fchdir(directory.fd);
    calls.close(directory.fd);
    return outcome(changed, program::Call::fchdir);
}

}  // namespace insula::init
