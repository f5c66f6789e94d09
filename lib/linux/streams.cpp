// SPDX-License-Identifier: Apache-2.0
#include "linux/streams.hpp"

#include <string>

#include "linux/explain.hpp"

namespace insula::linux_ {

namespace {

constexpr std::array<std::string_view, 3> stream_names{"standard input", "standard output",
                                                       "standard error"};

[[nodiscard]] bool is_open(Kernel& kernel, int fd) noexcept {
    return kernel.fcntl(fd, F_GETFD, 0) >= 0;
}

/// Whether a program that the caller executes would find `fd` open. What closes at exec may be a
/// descriptor of this library, in a caller whose own standard streams are closed: the control
/// socket, or a mount of the host.
[[nodiscard]] bool is_inherited(Kernel& kernel, int fd) noexcept {
    const int flags = kernel.fcntl(fd, F_GETFD, 0);
    return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

[[nodiscard]] Error not_open(int fd, std::string_view what) {
    return Error{.code = ErrorCode::invalid,
                 .message = "descriptor " + std::to_string(fd) + " for " + std::string(what) +
                            " is not open",
                 .call = "fcntl",
                 .system_error = EBADF};
}

[[nodiscard]] Result<void> open_null(Kernel& kernel, Streams& streams) {
    const int fd = kernel.open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return start_error(-fd, "open", "cannot open '/dev/null'");
    streams.held.emplace_back(kernel, fd);
    streams.descriptors.push_back(fd);
    return {};
}

[[nodiscard]] Result<void> open_pipe(Kernel& kernel, int number, Streams& streams) {
    int ends[2];
    const int made = kernel.pipe2(ends, O_CLOEXEC);
    if (made < 0) return start_error(-made, "pipe2", "cannot make a pipe");
    const int childs = number == 0 ? 0 : 1;
    streams.held.emplace_back(kernel, ends[childs]);
    streams.descriptors.push_back(ends[childs]);
    streams.callers_ends[static_cast<std::size_t>(number)] = HeldFd(kernel, ends[1 - childs]);
    return {};
}

[[nodiscard]] Result<void> open_stream(Kernel& kernel, const Stream& stream, int number,
                                       Streams& streams) {
    switch (stream.kind) {
        case Stream::Kind::inherit:
            if (!is_inherited(kernel, number)) return open_null(kernel, streams);
            streams.descriptors.push_back(number);
            return {};
        case Stream::Kind::null: return open_null(kernel, streams);
        case Stream::Kind::pipe: return open_pipe(kernel, number, streams);
        case Stream::Kind::given:
            if (!is_open(kernel, stream.fd.raw))
                return not_open(stream.fd.raw, stream_names[static_cast<std::size_t>(number)]);
            streams.descriptors.push_back(stream.fd.raw);
            return {};
    }
    return Error{.code = ErrorCode::internal, .message = "unknown kind of stream"};
}

}  // namespace

Result<Streams> open_streams(Kernel& kernel, const StartOptions& options) {
    Streams streams;
    INSULA_CHECK(open_stream(kernel, options.standard_input, 0, streams));
    INSULA_CHECK(open_stream(kernel, options.standard_output, 1, streams));
    INSULA_CHECK(open_stream(kernel, options.standard_error, 2, streams));
    return streams;
}

Result<std::vector<EnvironmentVariable>> listen_variables(Kernel& kernel,
                                                          const StartOptions& options,
                                                          InitMode mode) {
    std::string names;
    for (const PassedFd& passed : options.passed_fds) {
        if (!is_open(kernel, passed.fd.raw)) return not_open(passed.fd.raw, "the container");
        for (const char c : passed.name)
            if (c == ':' || static_cast<unsigned char>(c) < ' ' || c == '\x7f')
                return Error{.code = ErrorCode::invalid,
                             .message = "name '" + passed.name +
                                        "' of a passed descriptor holds a colon or a control "
                                        "character (sd_listen_fds(3))"};
        if (!names.empty()) names += ':';
        names += passed.name.empty() ? "unknown" : passed.name;
    }
    std::vector<EnvironmentVariable> variables;
    if (options.listen_variables == ListenVariables::none || options.passed_fds.empty())
        return variables;
    variables.push_back({"LISTEN_FDS", std::to_string(options.passed_fds.size())});
    // Init is process 1, or the first child of process 1, in a new pid namespace.
    variables.push_back({"LISTEN_PID", mode == InitMode::exec ? "1" : "2"});
    variables.push_back({"LISTEN_FDNAMES", names});
    return variables;
}

}  // namespace insula::linux_
