// SPDX-License-Identifier: Apache-2.0
#include "cli/trace.hpp"

#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "insula/plan/text.hpp"

namespace insula::cli {
namespace {

std::string microseconds(std::chrono::nanoseconds duration) {
    const std::int64_t tenths = (duration.count() + 50) / 100;
    std::string number = std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
    constexpr std::size_t width = 9;
    if (number.size() < width) number.insert(0, width - number.size(), ' ');
    return number + " us  ";
}

}  // namespace

std::string trace_text(const ContainerPlan& plan, const std::vector<TraceEvent>& events) {
    std::string out;
    std::chrono::nanoseconds total{};
    for (const TraceEvent& event : events) {
        total += event.duration;
        out += microseconds(event.duration);
        const auto index = static_cast<std::size_t>(event.op);
        out += event.op >= 0 && index < plan.ops.size() ? to_text(plan.ops[index]) : "start";
        if (event.system_error != 0) out += ": " + detail::errno_text(event.system_error);
        out += '\n';
    }
    return out + microseconds(total) + "in all\n";
}

}  // namespace insula::cli
