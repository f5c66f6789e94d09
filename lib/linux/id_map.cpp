// SPDX-License-Identifier: Apache-2.0
#include "linux/id_map.hpp"

#include <cerrno>
#include <string>
#include <string_view>

#include "linux/explain.hpp"

namespace insula::linux_ {

namespace {

[[nodiscard]] Result<void> write_file(Kernel& kernel, std::int32_t pid, std::string_view name,
                                      std::string_view content) {
    const std::string path = "/proc/" + std::to_string(pid) + '/' + std::string(name);
    const int fd = kernel.open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return start_error(-fd, "open", "cannot open '" + path + "'");
    const HeldFd file(kernel, fd);
    const long written = kernel.write(fd, content.data(), content.size());
    if (written == static_cast<long>(content.size())) return {};
    Error error = start_error(written < 0 ? static_cast<int>(-written) : EIO, "write",
                              "cannot write the " + std::string(name) + " of the container");
    if (written == -EPERM)
        error.hint =
            "an ordinary user may map only his own id, to one id; more needs newuidmap "
            "and newgidmap";
    return error;
}

}  // namespace

Result<void> write_id_maps(Kernel& kernel, std::int32_t pid, const LoweredPlan& lowered) {
    if (lowered.deny_setgroups) INSULA_CHECK(write_file(kernel, pid, "setgroups", "deny"));
    INSULA_CHECK(write_file(kernel, pid, "uid_map", lowered.uid_map));
    return write_file(kernel, pid, "gid_map", lowered.gid_map);
}

}  // namespace insula::linux_
