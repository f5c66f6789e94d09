// SPDX-License-Identifier: Apache-2.0
// The part of `FakeCalls` that knows names and rights of the process.
#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "executor/fake_record.hpp"

namespace insula::test {

namespace {

[[nodiscard]] std::uint64_t joined(unsigned low, unsigned high) noexcept {
    return low | std::uint64_t{high} << 32;
}

[[nodiscard]] std::string ids(unsigned a, unsigned b, unsigned c) {
    return std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c);
}

}  // namespace

int FakeCalls::sethostname(const char* name, unsigned long length) noexcept {
    return static_cast<int>(record("sethostname", quoted(name), [&] {
        hostname.assign(name, length);
        return 0;
    }));
}

int FakeCalls::socket(int domain, int type, int) noexcept {
    return static_cast<int>(record("socket", std::to_string(domain), [&] {
        return add_fd({.kind = FakeFile::Kind::socket, .label = "socket"}, (type & O_CLOEXEC) != 0);
    }));
}

int FakeCalls::ioctl(int fd, unsigned long request, void* argument) noexcept {
    return static_cast<int>(record("ioctl", label_of(fd), [&]() -> long {
        if (file_of(fd, "ioctl") == nullptr) return -EBADF;
        if (request != uapi::set_interface_flags) FAIL_CHECK("unknown ioctl " << request);
        const auto* flags = static_cast<const uapi::InterfaceFlags*>(argument);
        loopback_up = std::strcmp(flags->name, "lo") == 0 && (flags->flags & 1) != 0;
        return 0;
    }));
}

int FakeCalls::setgroups(unsigned long count, const unsigned* list) noexcept {
    std::string arguments = std::to_string(count);
    for (unsigned long i = 0; i != count; ++i) arguments += ", " + std::to_string(list[i]);
    return static_cast<int>(record("setgroups", arguments, [&] {
        groups.assign(list, list + count);
        return 0;
    }));
}

int FakeCalls::setresgid(unsigned real, unsigned effective_id, unsigned saved) noexcept {
    return static_cast<int>(record("setresgid", ids(real, effective_id, saved), [&] {
        gid = effective_id;
        return 0;
    }));
}

int FakeCalls::setresuid(unsigned real, unsigned effective_id, unsigned saved) noexcept {
    return static_cast<int>(record("setresuid", ids(real, effective_id, saved), [&] {
        if (effective_id != 0) {
            effective = 0;
            ambient = 0;
            if (!keep_capabilities_) permitted = 0;
        }
        uid = effective_id;
        return 0;
    }));
}

int FakeCalls::capget(__user_cap_header_struct&, __user_cap_data_struct* data) noexcept {
    return static_cast<int>(record("capget", "", [&] {
        for (int i = 0; i != 2; ++i) {
            data[i].effective = static_cast<unsigned>(effective >> (32 * i));
            data[i].permitted = static_cast<unsigned>(permitted >> (32 * i));
            data[i].inheritable = static_cast<unsigned>(inheritable >> (32 * i));
        }
        return 0;
    }));
}

int FakeCalls::capset(__user_cap_header_struct&, const __user_cap_data_struct* data) noexcept {
    return static_cast<int>(record("capset", "", [&]() -> long {
        const std::uint64_t wanted = joined(data[0].permitted, data[1].permitted);
        if ((wanted & ~permitted) != 0) return -EPERM;
        permitted = wanted;
        effective = joined(data[0].effective, data[1].effective);
        inheritable = joined(data[0].inheritable, data[1].inheritable);
        ambient &= permitted & inheritable;
        return (effective & ~permitted) != 0 ? -EPERM : 0;
    }));
}

int FakeCalls::prctl(int option, unsigned long second, unsigned long third) noexcept {
    const auto bit = [](unsigned long capability) { return std::uint64_t{1} << capability; };
    const auto made = [&](const char* name, const std::string& rest, auto&& body) {
        return static_cast<int>(record(std::string("prctl ") + name, rest, body));
    };
    switch (option) {
        case PR_SET_KEEPCAPS:
            return made("KEEPCAPS", std::to_string(second), [&] {
                keep_capabilities_ = second != 0;
                return 0;
            });
        case PR_CAPBSET_DROP:
            return made("CAPBSET_DROP", std::to_string(second), [&]() -> long {
                if (second > static_cast<unsigned long>(last_capability)) return -EINVAL;
                if ((effective & bit(CAP_SETPCAP)) == 0) return -EPERM;
                bounding &= ~bit(second);
                return 0;
            });
        case PR_CAP_AMBIENT:
            if (second == PR_CAP_AMBIENT_CLEAR_ALL)
                return made("AMBIENT_CLEAR_ALL", "", [&] {
                    ambient = 0;
                    return 0;
                });
            return made("AMBIENT_RAISE", std::to_string(third), [&]() -> long {
                if ((permitted & inheritable & bit(third)) == 0) return -EPERM;
                ambient |= bit(third);
                return 0;
            });
        case PR_SET_NO_NEW_PRIVS:
            return made("NO_NEW_PRIVS", std::to_string(second), [&] {
                no_new_privs = second != 0;
                return 0;
            });
        default: break;
    }
    FAIL_CHECK("unknown prctl " << option);
    return -EINVAL;
}

}  // namespace insula::test
