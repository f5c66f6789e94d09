// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>

/// A precondition of ours that the caller broke. Checked in debug and test builds only: a release
/// build goes on, and the function answers `ErrorCode::internal` where it can tell.
#define INSULA_ASSERT(condition) assert(condition)
