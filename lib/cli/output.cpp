// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace insula::cli {
namespace {

/// 0, or the errno of the write that failed.
int write_all(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

}  // namespace

Result<void> write_output(std::string_view text) {
    const int number = write_all(STDOUT_FILENO, text);
    if (number == 0) return {};
    return Error{.code = ErrorCode::system,
                 .message = "cannot write the result to standard output",
                 .call = "write",
                 .system_error = number};
}

void write_message(std::string_view text) noexcept {
    [[maybe_unused]] const int unreported = write_all(STDERR_FILENO, text);
}

}  // namespace insula::cli
