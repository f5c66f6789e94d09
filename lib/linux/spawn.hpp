// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "init/program.hpp"
#include "insula/core/result.hpp"
#include "insula/run/runtime.hpp"
#include "linux/kernel.hpp"

namespace insula::linux_ {

/// The pages that caller and helper share.
class SharedMemory {
public:
    SharedMemory() noexcept = default;
    SharedMemory(Kernel& kernel, void* address, std::size_t size) noexcept
        : kernel_(&kernel), address_(address), size_(size) {}
    SharedMemory(SharedMemory&& other) noexcept
        : kernel_(other.kernel_),
          address_(std::exchange(other.address_, nullptr)),
          size_(other.size_) {}
    SharedMemory& operator=(SharedMemory&& other) noexcept {
        if (this != &other) {
            reset();
            kernel_ = other.kernel_;
            address_ = std::exchange(other.address_, nullptr);
            size_ = other.size_;
        }
        return *this;
    }
    ~SharedMemory() { reset(); }

    [[nodiscard]] bool valid() const noexcept { return address_ != nullptr; }
    [[nodiscard]] const program::SharedPage& page() const noexcept {
        return *static_cast<const program::SharedPage*>(address_);
    }
    [[nodiscard]] const program::TraceEntry* trace() const noexcept {
        return reinterpret_cast<const program::TraceEntry*>(static_cast<const char*>(address_) +
                                                            program::trace_offset);
    }

private:
    void reset() noexcept {
        if (address_ != nullptr) kernel_->munmap(std::exchange(address_, nullptr), size_);
    }

    Kernel* kernel_ = nullptr;
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

/// A container whose init has been executed.
struct Spawned {
    std::int32_t pid = -1;
    HeldFd pidfd{};
    std::array<HeldFd, 3> streams{};  ///< the caller's ends of pipes
    SharedMemory shared{};            ///< the reaper writes init's status there; else not valid
};

/// Starts the container; see `Runtime::start`. `helper` is what `make_helper` made.
[[nodiscard]] Result<Spawned> spawn(Kernel& kernel, int helper, const ContainerPlan& plan,
                                    const StartOptions& options);

/// Reaps the ended process behind `pidfd`, or waits for it: the raw result of waitid(2), with every
/// kind of child.
[[nodiscard]] int reap(Kernel& kernel, int pidfd, siginfo_t& info) noexcept;

}  // namespace insula::linux_
