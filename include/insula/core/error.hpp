// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "insula/core/spelling.hpp"
#include "insula/core/text_position.hpp"

namespace insula::inline v0 {

/// What the caller can do about an error.
enum class ErrorCode : std::uint8_t {
    malformed,    ///< not XML, not a number, over a limit: correct the text
    invalid,      ///< understood, but means nothing: correct the definition
    unsupported,  ///< this build, kernel or release cannot do it
    conflict,     ///< two parts of the definition, or of the host, contradict each other
    denied,       ///< the kernel refuses this user
    missing,      ///< something that was named does not exist
    busy,         ///< in use, or a limit is reached: try again later
    system,       ///< another system call failed
    internal,     ///< a defect of this library
};

template <>
inline constexpr std::array spellings<ErrorCode>{
    Spelling<ErrorCode>{ErrorCode::malformed, "malformed"},
    Spelling<ErrorCode>{ErrorCode::invalid, "invalid"},
    Spelling<ErrorCode>{ErrorCode::unsupported, "unsupported"},
    Spelling<ErrorCode>{ErrorCode::conflict, "conflict"},
    Spelling<ErrorCode>{ErrorCode::denied, "denied"},
    Spelling<ErrorCode>{ErrorCode::missing, "missing"},
    Spelling<ErrorCode>{ErrorCode::busy, "busy"},
    Spelling<ErrorCode>{ErrorCode::system, "system"},
    Spelling<ErrorCode>{ErrorCode::internal, "internal"},
};

/// Why something could not be done. Every field beyond `code` and `message` is filled where it is
/// known.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message{};      ///< lower case, no final period, the operand in quotes
    std::string path{};         ///< element path, as "/domain/devices/filesystem[2]/target/@dir"
    TextPosition xml{};         ///< where in the document
    std::int32_t op = -1;       ///< index into `ContainerPlan::ops`, -1 for none
    std::string call{};         ///< the system call that failed, as "move_mount"
    int system_error = 0;       ///< its errno, 0 for none
    std::string kernel_text{};  ///< the kernel's own words (the mount API's context log)
    std::string hint{};         ///< the likely cause and its remedy

    friend bool operator==(const Error&, const Error&) = default;
};

/// `error` on one or more lines, as the `insula` command prints it: "FILE:LINE:COLUMN: error:
/// MESSAGE [CODE]", then indented lines for element, step, call, kernel text and hint, as far as
/// they are known. No final line feed.
[[nodiscard]] std::string describe(const Error& error, std::string_view file = {});

}  // namespace insula::inline v0

#include "insula/core/impl/error.ipp"
