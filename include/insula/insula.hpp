// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The whole public interface. Including just what is used compiles faster.
#include "insula/core/version.hpp"
#include "insula/model/parse.hpp"
#include "insula/model/validate.hpp"
#include "insula/plan/json.hpp"
#include "insula/plan/plan_container.hpp"
#include "insula/plan/text.hpp"
#include "insula/run/host.hpp"
#include "insula/run/runtime.hpp"
