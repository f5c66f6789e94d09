// SPDX-License-Identifier: Apache-2.0
// Mounts that the caller takes from the host.
#include <cerrno>

#include "executor/fake_kernel.hpp"
#include "executor/run_program.hpp"
#include "executor/text_list.hpp"
#include "linux/sources.hpp"

namespace insula::test {

namespace {

[[nodiscard]] std::vector<linux_::SourceRequest> requests(std::size_t count) {
    return std::vector<linux_::SourceRequest>(count, {.path = "/srv/data", .op = 1});
}

/// A kernel with /srv/data.
struct Host {
    FakeKernel kernel{};
    ContainerPlan plan = plan_of({BindMount{.source = {"/srv/data"}, .target = {"/data"}}});

    Host() { put(kernel.root, "/srv/data"); }
    [[nodiscard]] Result<std::vector<linux_::HeldFd>> take(
        const std::vector<linux_::SourceRequest>& list, std::size_t first = 0) {
        return linux_::take_sources(kernel, plan, list, first);
    }
};

}  // namespace

TEST_CASE("executor: a source is cloned, private, with its attributes") {
    Host host;
    const auto taken =
        host.take({{.path = "/srv/data", .attributes = {.set = MOUNT_ATTR_NOSUID}, .op = 1},
                   {.path = "/srv",
                    .attributes = {.set = MOUNT_ATTR_RDONLY, .recursive = 1},
                    .writable_root = true,
                    .op = 0}});
    REQUIRE(taken.has_value());
    CHECK(taken->size() == 2);
    CHECK_TEXTS(
        host.kernel.texts(),
        {"open_tree(/srv/data)", "mount_setattr(clone of /srv/data, set 2, private)",
         "open_tree(/srv, recursive)", "mount_setattr(clone of /srv, recursive, set 1, private)",
         "mount_setattr(clone of /srv, clear 1)"});
}

TEST_CASE("executor: a batch is 200 sources, the last one what is left") {
    struct Row {
        std::size_t sources;
        std::size_t first;
        std::size_t taken;
    };
    constexpr Row rows[] = {{0, 0, 0},     {1, 0, 1},      {199, 0, 199},  {200, 0, 200},
                            {201, 0, 200}, {201, 200, 1},  {1000, 0, 200}, {1000, 800, 200},
                            {200, 200, 0}, {1001, 1000, 1}};
    for (const Row& row : rows) {
        CAPTURE(row.sources);
        CAPTURE(row.first);
        Host host;
        const auto taken = host.take(requests(row.sources), row.first);
        REQUIRE(taken.has_value());
        CHECK(taken->size() == row.taken);
    }
}

TEST_CASE(
    "executor: a source that cannot be taken is said with its op, and the others are let go") {
    struct Row {
        const char* call;
        unsigned nth;
        int error;
        ErrorCode code;
    };
    constexpr Row rows[] = {{"open_tree", 3, ENOENT, ErrorCode::missing},
                            {"open_tree", 1, EACCES, ErrorCode::denied},
                            {"mount_setattr", 2, EPERM, ErrorCode::denied},
                            {"mount_setattr", 3, EINVAL, ErrorCode::system}};
    for (const Row& row : rows) {
        CAPTURE(row.call);
        CAPTURE(row.nth);
        Host host;
        host.kernel.fail(row.call, row.nth, row.error);
        const auto taken = host.take(requests(5));
        REQUIRE_FALSE(taken.has_value());
        CHECK(taken.error().code == row.code);
        CHECK(taken.error().call == row.call);
        CHECK(taken.error().system_error == row.error);
        CHECK(taken.error().op == 1);
        CHECK(taken.error().xml == TextPosition{2, 1});
        CHECK(host.kernel.open_fds() == 0);
    }
}

TEST_CASE("executor: a root that cannot be made writable again is refused") {
    Host host;
    host.kernel.fail("mount_setattr", 2, EPERM);
    const auto taken = host.take({{.path = "/srv",
                                   .attributes = {.set = MOUNT_ATTR_RDONLY, .recursive = 1},
                                   .writable_root = true,
                                   .op = 0}});
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().op == 0);
}

}  // namespace insula::test
