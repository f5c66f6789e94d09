// SPDX-License-Identifier: Apache-2.0
#include "insula/run/runtime.hpp"

#include <new>

#include "insula/run/host.hpp"
#include "linux/helper_program.hpp"
#include "linux/probe.hpp"
#include "linux/spawn.hpp"
#include "run/machine_state.hpp"

namespace insula::inline v0 {

struct Runtime::State {
    linux_::Kernel* kernel = nullptr;
    linux_::HeldFd helper{};
};

namespace {

/// Calls `work`; `bad_alloc` becomes an error, because nothing is thrown out of this library.
template <class Work>
auto without_exceptions(Work&& work) -> decltype(work()) {
#if defined(__cpp_exceptions)
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return Error{.code = ErrorCode::busy, .message = "out of memory"};
    }
#else
    return work();
#endif
}

}  // namespace

Runtime::Runtime(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Runtime::Runtime(Runtime&&) noexcept = default;
Runtime& Runtime::operator=(Runtime&&) noexcept = default;
Runtime::~Runtime() = default;

Result<Runtime> Runtime::create() {
    return without_exceptions([]() -> Result<Runtime> {
        linux_::Kernel& kernel = linux_::system_kernel();
        INSULA_TRY(auto helper, linux_::make_helper(kernel));
        auto state = std::make_unique<State>();
        state->kernel = &kernel;
        state->helper = std::move(helper);
        return Runtime(std::move(state));
    });
}

Result<Machine> Runtime::start(const ContainerPlan& plan, const StartOptions& options) const {
    return without_exceptions([&]() -> Result<Machine> {
        auto state = std::make_unique<Machine::State>();
        state->kernel = state_->kernel;
        INSULA_TRY(state->container,
                   linux_::spawn(*state_->kernel, state_->helper.get(), plan, options));
        return Machine(std::move(state));
    });
}

Result<HostFacts> probe_host() {
    return without_exceptions([] { return linux_::probe(linux_::system_kernel()); });
}

}  // namespace insula::inline v0
