// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "insula/core/text_position.hpp"
#include "insula/model/capability.hpp"

namespace insula::inline v0 {

/// Where the container's capability set starts from.
enum class CapabilityPolicy : std::uint8_t {
    default_,  ///< the profile's set
    allow,     ///< everything
    deny,      ///< nothing
};

template <>
inline constexpr std::array spellings<CapabilityPolicy>{
    Spelling<CapabilityPolicy>{CapabilityPolicy::default_, "default"},
    Spelling<CapabilityPolicy>{CapabilityPolicy::allow, "allow"},
    Spelling<CapabilityPolicy>{CapabilityPolicy::deny, "deny"},
};

enum class SwitchState : std::uint8_t { off, on };

template <>
inline constexpr std::array spellings<SwitchState>{
    Spelling<SwitchState>{SwitchState::off, "off"},
    Spelling<SwitchState>{SwitchState::on, "on"},
};

struct CapabilityState {
    Capability capability = Capability::chown;
    SwitchState state = SwitchState::on;
    TextPosition at{};
};

/// `<features>`, as far as a container uses it.
struct Features {
    SwitchState private_network = SwitchState::off;  ///< `<privnet/>`
    CapabilityPolicy capability_policy = CapabilityPolicy::default_;
    std::vector<CapabilityState> capabilities{};
    TextPosition private_network_at{};
    TextPosition capabilities_at{};
};

}  // namespace insula::inline v0
