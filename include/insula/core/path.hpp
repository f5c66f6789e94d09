// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace insula::inline v0 {

/// A path outside the container, resolved by the caller of `start`.
struct HostPath {
    std::string text{};
    friend bool operator==(const HostPath&, const HostPath&) = default;
};

/// A path inside the container. It begins with '/', the container's root, and is never resolved
/// outside of it.
struct GuestPath {
    std::string text{};
    friend bool operator==(const GuestPath&, const GuestPath&) = default;
};

}  // namespace insula::inline v0
