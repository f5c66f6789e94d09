// SPDX-License-Identifier: Apache-2.0
#include "linux/spawn.hpp"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "linux/await.hpp"
#include "linux/explain.hpp"
#include "linux/id_map.hpp"
#include "linux/lower.hpp"
#include "linux/sources.hpp"
#include "linux/stage_one.hpp"
#include "linux/streams.hpp"

namespace insula::linux_ {

namespace {

using program::Call;

[[nodiscard]] const ExecInit& exec_of(const ContainerPlan& plan) {
    return std::get<ExecInit>(plan.ops.back().action);
}

[[nodiscard]] Result<LoweringOptions> lowering_options(Kernel& kernel, const ContainerPlan& plan,
                                                       const StartOptions& options) {
    INSULA_CHECK(validate(plan));
    INSULA_TRY(auto variables, listen_variables(kernel, options, exec_of(plan).mode));
    std::uint64_t effective = 0;
    if (const int got = kernel.capget(effective); got < 0)
        return start_error(-got, "capget", "cannot read the caller's capabilities");
    const bool mounts = (effective >> CAP_SYS_ADMIN & 1) != 0;
    return LoweringOptions{.source_taker = mounts ? SourceTaker::caller : SourceTaker::helper,
                           .caller_uid = static_cast<std::uint32_t>(kernel.getuid()),
                           .passed_fds = static_cast<std::uint32_t>(options.passed_fds.size()),
                           .extra_environment = std::move(variables),
                           .trace = static_cast<bool>(options.trace)};
}

[[nodiscard]] Result<HeldFd> make_program_file(Kernel& kernel) {
    const int fd = kernel.memfd_create("insula-program", /*MFD_CLOEXEC*/ 1);
    if (fd < 0) return start_error(-fd, "memfd_create", "cannot make the program file");
    return HeldFd(kernel, fd);
}

/// Writes the shared page, room for the trace, and the Program into `file`, and maps what is
/// shared.
[[nodiscard]] Result<SharedMemory> write_program(Kernel& kernel, int file,
                                                 const LoweredPlan& lowered, bool trace) {
    constexpr std::size_t page = program::page_size;
    const std::size_t traced =
        program::trace_offset + (trace ? lowered.op_count * sizeof(program::TraceEntry) : 0);
    const std::size_t offset = (traced + page - 1) / page * page;
    std::vector<char> content(offset);
    program::SharedPage first;
    first.program_offset = static_cast<std::uint32_t>(offset);
    first.program_size = static_cast<std::uint32_t>(lowered.program.size());
    std::memcpy(content.data(), &first, sizeof first);
    content.insert(content.end(), lowered.program.begin(), lowered.program.end());

    const long written = kernel.pwrite(file, content.data(), content.size(), 0);
    if (written != static_cast<long>(content.size()))
        return start_error(written < 0 ? static_cast<int>(-written) : EIO, "pwrite",
                           "cannot write the program file");
    void* address = nullptr;
    if (const int mapped = kernel.mmap(offset, file, address); mapped < 0)
        return start_error(-mapped, "mmap", "cannot map the program file");
    return SharedMemory(kernel, address, offset);
}

/// One start: everything that must be undone when it fails is a member.
class Spawner {
public:
    Spawner(Kernel& kernel, int helper, const ContainerPlan& plan, const StartOptions& options,
            const LoweringOptions& lowering, LoweredPlan lowered)
        : kernel_(kernel),
          helper_(helper),
          plan_(plan),
          options_(options),
          lowering_(lowering),
          lowered_(std::move(lowered)) {}
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;
    ~Spawner() { abandon(); }

    [[nodiscard]] Result<Spawned> run() {
        INSULA_CHECK(open_control());
        INSULA_CHECK(check_not_given_up(kernel_, control_.get(), options_.cancel));
        INSULA_CHECK(take_batch());
        INSULA_TRY(streams_, open_streams(kernel_, options_));
        INSULA_TRY(program_file_, make_program_file(kernel_));
        INSULA_CHECK(clone());
        INSULA_CHECK(write_maps());
        INSULA_CHECK(send_program());
        INSULA_CHECK(send_batch());
        const Result<void> started = await_init();
        report_trace();
        if (!started) return started.error();
        // Nobody but the reaper writes there from now on.
        if (exec_of(plan_).mode == InitMode::exec) shared_ = {};
        return Spawned{std::exchange(pid_, no_child), std::move(pidfd_),
                       std::move(streams_.callers_ends), std::move(shared_)};
    }

private:
    [[nodiscard]] Result<void> open_control() {
        int ends[2];
        const int made = kernel_.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, ends);
        if (made < 0) return start_error(-made, "socketpair", "cannot make the control socket");
        control_ = HeldFd(kernel_, ends[0]);
        helpers_end_ = HeldFd(kernel_, ends[1]);
        return {};
    }

    /// Takes the next batch of mounts from the host.
    [[nodiscard]] Result<void> take_batch() {
        INSULA_TRY(batch_, take_sources(kernel_, plan_, lowered_.sources, taken_));
        taken_ += batch_.size();
        return {};
    }

    /// Hands the batch to the helper. The socket holds it until the helper runs; never before stage
    /// 1 has been told that its ids are mapped, because it would take this message for that one.
    [[nodiscard]] Result<void> send_batch() {
        if (batch_.empty()) return {};
        std::vector<int> fds;
        fds.reserve(batch_.size());
        for (const HeldFd& tree : batch_) fds.push_back(tree.get());
        const long sent = kernel_.send_descriptors(control_.get(), fds.data(), fds.size());
        batch_.clear();
        return told_helper(sent, "sendmsg", "cannot hand the mounts to the helper");
    }

    /// A child that is gone shows itself in `await_init`.
    [[nodiscard]] static Result<void> told_helper(long sent, std::string_view call,
                                                  const char* failure) {
        if (sent >= 0 || sent == -EPIPE || sent == -ECONNRESET) return {};
        return start_error(static_cast<int>(-sent), call, failure);
    }

    [[nodiscard]] Result<void> clone() {
        std::vector<int>& descriptors = frame_.descriptors;
        descriptors = streams_.descriptors;
        descriptors.push_back(helpers_end_.get());
        descriptors.push_back(program_file_.get());
        for (const PassedFd& passed : options_.passed_fds) descriptors.push_back(passed.fd.raw);
        descriptors.push_back(helper_);
        frame_.copies.resize(descriptors.size());
        frame_.stack = std::make_unique_for_overwrite<char[]>(stage_one_stack_size);

        job_.clone_flags = lowered_.clone_flags;
        job_.descriptors = descriptors.data();
        job_.copies = frame_.copies.data();
        job_.descriptor_count = static_cast<int>(descriptors.size());
        job_.control = program::control_fd;
        job_.wait_for_maps = !lowered_.uid_map.empty();
        job_.keep_capabilities = lowered_.keep_capabilities;
        job_.argv = frame_.argv;
        job_.environment = frame_.argv + 1;
        job_.stack = frame_.stack.get();
        job_.stack_size = stage_one_stack_size;

        const int pid = kernel_.clone_stage_one(job_);
        if (pid < 0) {
            program::Report report;
            report.error = -pid;
            report.call = Call::clone;
            return explain(plan_, report);
        }
        pid_ = pid;
        pidfd_ = HeldFd(kernel_, job_.pidfd);
        helpers_end_.reset();
        streams_.held.clear();
        return {};
    }

    [[nodiscard]] Result<void> write_maps() {
        if (lowered_.uid_map.empty()) return {};
        if (const Result<void> written = write_id_maps(kernel_, pid_, lowered_); !written) {
            // A child that is gone has no files to write to (EACCES): what counts is why it went.
            abandon();
            return job_.error != 0 ? stage_one_error() : written.error();
        }
        const char go = 'g';
        return told_helper(kernel_.send(control_.get(), &go, 1, MSG_NOSIGNAL), "send",
                           "cannot tell the helper to go on");
    }

    /// Writes the Program, while the child is on its way to the helper, which waits for this
    /// message.
    [[nodiscard]] Result<void> send_program() {
        lower_program(plan_, lowering_, lowered_);
        INSULA_TRY(shared_, write_program(kernel_, program_file_.get(), lowered_,
                                          static_cast<bool>(options_.trace)));
        program_file_.reset();
        const char written = 'p';
        return told_helper(kernel_.send(control_.get(), &written, 1, MSG_NOSIGNAL), "send",
                           "cannot tell the helper to begin");
    }

    [[nodiscard]] Error stage_one_error() const {
        program::Report report;
        report.error = job_.error;
        report.call = static_cast<Call>(job_.call);
        return explain(plan_, report);
    }

    /// Serves the helper until it closes the control socket: init has been executed, or the helper
    /// gave up.
    [[nodiscard]] Result<void> await_init() {
        const Deadline deadline(options_.timeout);
        for (;;) {
            INSULA_TRY(const char request,
                       await_message(kernel_, control_.get(), options_.cancel, deadline));
            if (request == end_of_messages) break;
            INSULA_CHECK(take_batch());
            INSULA_CHECK(send_batch());
        }
        kernel_.wait_for_stage_one(job_);
        const program::SharedPage& page = shared_.page();
        const auto state =
            static_cast<program::State>(__atomic_load_n(&page.state, __ATOMIC_ACQUIRE));
        if (state == program::State::executing) return {};
        if (state == program::State::failed) return explain(plan_, page.report);
        if (job_.error != 0) return stage_one_error();
        return Error{.code = ErrorCode::system,
                     .message = "the helper ended before it could say why",
                     .hint = "it was killed: by a memory limit, or by somebody"};
    }

    /// Tells of each op once. The helper may have taken its source beforehand, in a step of its
    /// own: that counts as part of it.
    void report_trace() const {
        if (!options_.trace) return;
        const program::SharedPage& page = shared_.page();
        const program::TraceEntry* const entries = shared_.trace();
        const std::uint32_t count =
            std::min(__atomic_load_n(&page.trace_count, __ATOMIC_ACQUIRE), lowered_.op_count);
        // One more in front, for what belongs to no op.
        std::vector<std::uint32_t> steps(plan_.ops.size() + 1);
        std::vector<std::chrono::nanoseconds> spent(steps.size());
        const auto place_of = [&](const program::TraceEntry& entry) {
            return static_cast<std::size_t>(entry.op) + 1;
        };
        for (std::uint32_t i = 0; i != count; ++i) ++steps[place_of(entries[i])];
        for (std::uint32_t i = 0; i != count; ++i) {
            const std::size_t place = place_of(entries[i]);
            spent[place] += std::chrono::nanoseconds(entries[i].nanoseconds);
            if (--steps[place] != 0) continue;
            options_.trace(
                {.op = entries[i].op, .duration = spent[place], .system_error = entries[i].error});
        }
    }

    /// Ends what a failed start has left: the child, which may be in stage 1 still, using this
    /// object.
    void abandon() noexcept {
        if (pid_ == no_child) return;
        control_.reset();
        kernel_.pidfd_send_signal(pidfd_.get(), SIGKILL);
        kernel_.wait_for_stage_one(job_);
        siginfo_t info{};
        while (reap(kernel_, pidfd_.get(), info) == -EINTR) {
        }
        pid_ = no_child;
    }

    static constexpr std::int32_t no_child = -1;

    /// What stage 1 reads and writes until it has executed the helper.
    struct Frame {
        std::vector<int> descriptors{};
        std::vector<int> copies{};
        const char* argv[2] = {"insula-init", nullptr};
        std::unique_ptr<char[]> stack{};
    };

    Kernel& kernel_;
    int helper_;
    const ContainerPlan& plan_;
    const StartOptions& options_;
    const LoweringOptions& lowering_;
    LoweredPlan lowered_;
    HeldFd control_{};
    HeldFd helpers_end_{};
    Streams streams_{};
    HeldFd program_file_{};
    SharedMemory shared_{};
    Frame frame_{};
    StageOneJob job_{};
    std::vector<HeldFd> batch_{};  ///< mounts on their way to the helper
    std::size_t taken_ = 0;
    std::int32_t pid_ = no_child;
    HeldFd pidfd_{};
};

}  // namespace

int reap(Kernel& kernel, int pidfd, siginfo_t& info) noexcept {
    return kernel.waitid(pidfd, info, WEXITED | __WALL);
}

Result<Spawned> spawn(Kernel& kernel, int helper, const ContainerPlan& plan,
                      const StartOptions& options) {
    INSULA_TRY(const auto lowering, lowering_options(kernel, plan, options));
    INSULA_TRY(auto lowered, lower_outside(plan, lowering));
    Spawner spawner(kernel, helper, plan, options, lowering, std::move(lowered));
    return spawner.run();
}

}  // namespace insula::linux_
