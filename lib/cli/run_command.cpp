// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "cli/command.hpp"
#include "cli/document.hpp"
#include "cli/exit_code.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/signal_relay.hpp"
#include "cli/supervisor.hpp"
#include "cli/trace.hpp"
#include "insula/run/runtime.hpp"

namespace insula::cli {
namespace {

/// 126 and 127, as a shell answers, when it is init that could not be executed; 125 for the rest.
int exit_code_of(const Error& error) {
    if (error.system_error == ETIMEDOUT) return ExitCode::run_timeout;
    if (error.call != "execve") return ExitCode::run_failure;
    return error.code == ErrorCode::missing ? ExitCode::run_not_found
                                            : ExitCode::run_not_executable;
}

int exit_code_of(const ExitStatus& status, const Reporter& reporter) {
    switch (status.kind) {
        case ExitStatus::Kind::exited: return status.code;
        case ExitStatus::Kind::signaled: return ExitCode::run_signal_base + status.signal;
        case ExitStatus::Kind::unknown: break;
    }
    reporter.error(Error{.code = ErrorCode::internal,
                         .message = "the container has ended and its exit status is unknown"});
    return ExitCode::run_failure;
}

int fail(const Error& error, const RunRequest& request, const Reporter& reporter) {
    reporter.error(error, display_name(request.file));
    return exit_code_of(error);
}

Result<Machine> start(const Runtime& runtime, const ContainerPlan& plan,
                      const RunRequest& request) {
    std::vector<TraceEvent> events;
    const auto record = [&events](const TraceEvent& event) { events.push_back(event); };
    // Signals are no reason to cancel: one that comes as init begins to run has to reach init.
    StartOptions options{.timeout = request.timeout};
    if (request.trace) options.trace = record;
    Result<Machine> machine = runtime.start(plan, options);
    if (request.trace) write_message(trace_text(plan, events));
    return machine;
}

int supervise(Machine& machine, const SignalRelay& relay, const RunRequest& request,
              const Reporter& reporter) {
    Supervisor supervisor(machine, relay, request, reporter);
    const Result<ExitStatus> status = supervisor.supervise();
    if (!status) return fail(status.error(), request, reporter);
    return supervisor.timed_out() ? ExitCode::run_timeout : exit_code_of(status.value(), reporter);
}

}  // namespace

int run_command(const RunRequest& request, const Reporter& reporter) {
    const std::optional<ContainerPlan> plan =
        plan_file(request.file, PlanOptions{.init_args = request.init_args}, reporter);
    if (!plan) return ExitCode::run_failure;

    Result<SignalRelay> relay = SignalRelay::create();
    if (!relay) return fail(relay.error(), request, reporter);
    const Result<Runtime> runtime = Runtime::create();
    if (!runtime) return fail(runtime.error(), request, reporter);
    Result<Machine> machine = start(runtime.value(), *plan, request);
    if (!machine) return fail(machine.error(), request, reporter);
    return supervise(machine.value(), relay.value(), request, reporter);
}

}  // namespace insula::cli
