// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "init/exec_steps.hpp"
#include "init/file_steps.hpp"
#include "init/mount_steps.hpp"
#include "init/overlay_steps.hpp"
#include "init/process_steps.hpp"
#include "init/source_steps.hpp"

namespace insula::init {

/// Calls `run` with `op` as the type that its code says.
template <class Calls>
[[nodiscard]] Outcome dispatch(Context<Calls>& context, const program::OpHeader& op) noexcept {
    namespace p = program;
    const auto as = [&]<class T>() noexcept -> Outcome {
        return run(context, reinterpret_cast<const T&>(op));
    };
    switch (op.code) {
        case p::OpCode::become_root: return as.template operator()<p::BecomeRoot>();
        case p::OpCode::make_private: return as.template operator()<p::MakePrivate>();
        case p::OpCode::take_source: return as.template operator()<p::TakeSource>();
        case p::OpCode::scratch: return as.template operator()<p::Scratch>();
        case p::OpCode::root_bind: return as.template operator()<p::RootBind>();
        case p::OpCode::root_filesystem: return as.template operator()<p::RootFilesystem>();
        case p::OpCode::root_overlay: return as.template operator()<p::RootOverlay>();
        case p::OpCode::bind: return as.template operator()<p::Bind>();
        case p::OpCode::guest_bind: return as.template operator()<p::GuestBind>();
        case p::OpCode::overlay: return as.template operator()<p::Overlay>();
        case p::OpCode::filesystem: return as.template operator()<p::Filesystem>();
        case p::OpCode::directory: return as.template operator()<p::Directory>();
        case p::OpCode::device: return as.template operator()<p::Device>();
        case p::OpCode::symlink: return as.template operator()<p::Symlink>();
        case p::OpCode::mask: return as.template operator()<p::Mask>();
        case p::OpCode::protect: return as.template operator()<p::Protect>();
        case p::OpCode::unprotect: return as.template operator()<p::Unprotect>();
        case p::OpCode::seal_root: return as.template operator()<p::SealRoot>();
        case p::OpCode::enter_root: return as.template operator()<p::EnterRoot>();
        case p::OpCode::hostname: return as.template operator()<p::Hostname>();
        case p::OpCode::loopback: return as.template operator()<p::Loopback>();
        case p::OpCode::identity: return as.template operator()<p::Identity>();
        case p::OpCode::capabilities: return as.template operator()<p::Capabilities>();
        case p::OpCode::no_new_privs: return as.template operator()<p::NoNewPrivs>();
        case p::OpCode::change_directory: return as.template operator()<p::ChangeDirectory>();
        case p::OpCode::exec: return as.template operator()<p::Exec>();
    }
    return {EINVAL, program::Call::none};
}

template <class Calls>
[[nodiscard]] int64_t now(Calls& calls) noexcept {
    __kernel_timespec time{};
    calls.clock_gettime(/*CLOCK_MONOTONIC*/ 1, time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// Appends to the trace. The caller made room for one entry per op.
inline void trace(program::SharedPage& shared, const program::TraceEntry& entry) noexcept {
    auto* entries = reinterpret_cast<program::TraceEntry*>(reinterpret_cast<char*>(&shared) +
                                                           program::trace_offset);
    entries[shared.trace_count] = entry;
    __atomic_store_n(&shared.trace_count, shared.trace_count + 1, __ATOMIC_RELEASE);
}

/// Runs the Program op by op and stops at the first that fails; the report is in the shared page
/// too. The last op executes init and does not return, unless it fails or `Calls` is a fake.
template <class Calls>
program::Report apply(Calls& calls, program::View view, program::SharedPage& shared) noexcept {
    Context<Calls> context{.calls = calls, .view = view, .shared = shared};
    set_state(shared, program::State::running);
    const program::ProgramHeader& header = view.header();
    const program::OpHeader* op = &view.first_op();
    for (uint32_t i = 0; i != header.op_count; ++i, op = &program::View::after(*op)) {
        const int64_t start = header.trace ? now(calls) : 0;
        // Nothing comes back from the last op, so its entry is written before.
        const bool last = i + 1 == header.op_count;
        if (header.trace && last) trace(shared, {.op = op->plan_op});
        const Outcome outcome = dispatch(context, *op);
        if (header.trace && !last) trace(shared, {op->plan_op, outcome.error, now(calls) - start});
        if (!outcome.failed()) continue;
        shared.report.op = op->plan_op;
        shared.report.error = outcome.error;
        shared.report.call = outcome.call;
        shared.report.detail = outcome.detail;
        set_state(shared, program::State::failed);
        break;
    }
    return shared.report;
}

}  // namespace insula::init
