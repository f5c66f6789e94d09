// SPDX-License-Identifier: Apache-2.0
#include "cli/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "insula/core/fd.hpp"
#include "insula/model/parse.hpp"

namespace insula::cli {
namespace {

Error input_error(std::string_view file, const char* call, int number) {
    const bool absent = number == ENOENT || number == ENOTDIR;
    const bool refused = number == EACCES || number == EPERM;
    return Error{.code = absent    ? ErrorCode::missing
                         : refused ? ErrorCode::denied
                                   : ErrorCode::system,
                 .message = "cannot read '" + std::string(display_name(file)) + "'",
                 .call = call,
                 .system_error = number};
}

Result<std::string> read_all(int fd, std::string_view file) {
    const std::size_t limit = std::size_t{ParseLimits{}.bytes} + 1;
    std::string text;
    std::array<char, 65536> buffer{};
    while (text.size() < limit) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count == 0) break;
        if (count > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return input_error(file, "read", errno);
        }
    }
    return text;
}

}  // namespace

std::string_view display_name(std::string_view file) {
    return file == "-" ? std::string_view("<stdin>") : file;
}

Result<std::string> read_input(const std::string& file) {
    if (file == "-") return read_all(STDIN_FILENO, file);
    const UniqueFd fd = UniqueFd::adopt(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd.valid()) return input_error(file, "open", errno);
    return read_all(fd.get(), file);
}

}  // namespace insula::cli
