// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
namespace insula::cli {
std::string json_string(std::string_view text);
}
