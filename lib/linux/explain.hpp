// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/program.hpp"
#include "insula/core/error.hpp"
#include "insula/plan/container_plan.hpp"

namespace insula::linux_ {

/// The sentence for a failed step: what was being done with which paths, the XML element, the call,
/// and the cause with its remedy where it can be known.
[[nodiscard]] Error explain(const ContainerPlan& plan, const program::Report& report);

/// The kernel's name of `call`.
[[nodiscard]] std::string_view call_name(program::Call call) noexcept;

/// What the caller of the library can do about `system_error`.
[[nodiscard]] ErrorCode error_code_of(int system_error) noexcept;

/// The error of `call`, which belongs to no step of the plan; "" where none failed.
[[nodiscard]] Error start_error(int system_error, std::string_view call, std::string message);

}  // namespace insula::linux_
