// SPDX-License-Identifier: Apache-2.0
#include "executor/run_program.hpp"

#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <doctest/doctest.h>

#include "init/apply.hpp"

namespace insula::test {

namespace {

/// Everything that a jump out of the interpreter must leave alone.
struct Frame {
    std::jmp_buf leave{};
    std::vector<char> program{};
    std::vector<std::uint64_t> page{};
    bool left = false;
};

[[nodiscard]] program::SharedPage& shared_page(Frame& frame) {
    return *reinterpret_cast<program::SharedPage*>(frame.page.data());
}

/// The interpreter's frames hold nothing that needs destruction, so jumping out of them is fine.
void interpret(FakeCalls& calls, Frame& frame) {
    calls.leave = &frame.leave;
    if (setjmp(frame.leave) != 0) {
        frame.left = true;
        return;
    }
    const program::View view(frame.program.data());
    (void)init::apply(calls, view, shared_page(frame));
}

}  // namespace

Run run_program(FakeCalls& calls, std::vector<char> program) {
    calls.process_root = calls.host;
    calls.working_directory = calls.host;
    const auto frame = std::make_unique<Frame>();
    frame->program = std::move(program);
    const auto ops = program::View(frame->program.data()).header().op_count;
    frame->page.resize((program::trace_offset + ops * sizeof(program::TraceEntry)) / 8 + 1);
    new (frame->page.data()) program::SharedPage;

    interpret(calls, *frame);

    const program::SharedPage& page = shared_page(*frame);
    Run run{.report = page.report,
            .state = static_cast<program::State>(page.state),
            .init_status = page.init_status};
    if (frame->left) run.end = calls.exit_status ? Run::End::exited : Run::End::executed;
    const auto* entries = reinterpret_cast<const program::TraceEntry*>(
        reinterpret_cast<const char*>(frame->page.data()) + program::trace_offset);
    run.trace.assign(entries, entries + page.trace_count);
    return run;
}

void offer_sources(FakeCalls& calls, const linux_::LoweredPlan& lowered) {
    for (const linux_::SourceRequest& request : lowered.sources) {
        const Found source = find(calls.host, request.path);
        REQUIRE_MESSAGE(source.error == 0, request.path);
        calls.sources.push_back(copy_tree(*source.node, request.attributes.recursive != 0));
    }
}

Run run_plan(FakeCalls& calls, const ContainerPlan& plan, const linux_::LoweringOptions& options) {
    auto lowered = linux_::lower(plan, options);
    REQUIRE(lowered.has_value());
    offer_sources(calls, *lowered);
    return run_program(calls, std::move(lowered->program));
}

std::vector<std::string> calls_of(const FakeCalls& calls, const Run& run, std::int32_t plan_op) {
    std::vector<std::string> texts;
    std::size_t moments = 0;  // two per op, the second of the last one never comes
    for (const FakeCall& call : calls.log) {
        if (call.name == "clock_gettime") {
            ++moments;
            continue;
        }
        if (moments % 2 == 0 || run.trace[moments / 2].op != plan_op) continue;
        texts.push_back(call.text + (call.result < 0 ? " = " + std::to_string(call.result) : ""));
    }
    return texts;
}

}  // namespace insula::test
