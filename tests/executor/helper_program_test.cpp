// SPDX-License-Identifier: Apache-2.0
// The helper as something that can be executed and that nobody can write.
#include "linux/helper_program.hpp"

#include <cerrno>

#include "executor/fake_kernel.hpp"
#include "executor/text_list.hpp"
#include "linux/helper_image.hpp"

namespace insula::test {

TEST_CASE("executor: the helper is a memfd with every seal") {
    FakeKernel kernel;
    const auto helper = linux_::make_helper(kernel);
    REQUIRE(helper.has_value());
    CHECK(helper->valid());
    // seal, shrink, grow, write
    CHECK_TEXTS(kernel.texts(), {"memfd_create(insula-init, MFD_EXEC)", "write(insula-init)",
                                 "fcntl(insula-init, F_ADD_SEALS, 15)"});
    CHECK(kernel.content_of(helper->get()).size() == linux_::helper_image_size);
    CHECK(kernel.content_of(helper->get()).substr(1, 3) == "ELF");
}

TEST_CASE("executor: a kernel that does not know MFD_EXEC makes the memfd without it") {
    FakeKernel kernel;
    kernel.memfd_flags = uapi::mfd_exec;
    CHECK(linux_::make_helper(kernel).has_value());
    CHECK_TEXTS(kernel.texts("memfd"),
                {"memfd_create(insula-init, MFD_EXEC)", "memfd_create(insula-init)"});
}

TEST_CASE("executor: the helper is written however little a write takes, and in spite of signals") {
    FakeKernel kernel;
    kernel.short_write = true;
    kernel.fail("write", 1, EINTR, 2);
    const auto helper = linux_::make_helper(kernel);
    REQUIRE(helper.has_value());
    CHECK(kernel.content_of(helper->get()).size() == linux_::helper_image_size);
    CHECK(kernel.count("write") > 3);
}

TEST_CASE("executor: where memory must not be executed the installed helper is") {
    for (const int error : {EACCES, EPERM}) {
        CAPTURE(error);
        FakeKernel kernel;
        kernel.fail("memfd_create", 1, error);
        put(kernel.root, INSULA_HELPER_PATH, make_file("ELF"));
        const auto helper = linux_::make_helper(kernel);
        REQUIRE(helper.has_value());
        const std::string path = INSULA_HELPER_PATH;
        CHECK_TEXTS(kernel.texts(),
                    {"memfd_create(insula-init, MFD_EXEC)", "open_tree(" + path + ")",
                     "mount_setattr(clone of " + path + ", set 1, private)"});
    }
}

TEST_CASE("executor: an ordinary user executes the installed helper as it is") {
    FakeKernel kernel;
    kernel.fail("memfd_create", 1, EACCES);
    kernel.fail("open_tree", 1, EPERM);
    put(kernel.root, INSULA_HELPER_PATH, make_file("ELF"));
    CHECK(linux_::make_helper(kernel).has_value());
    CHECK(kernel.texts("open(").size() == 1);
}

TEST_CASE("executor: without a helper that can be executed the sysctl is named") {
    struct Row {
        const char* call;  // that fails beside memfd_create
        int error;
    };
    constexpr Row rows[] = {{"open_tree", ENOENT}, {"open_tree", EPERM}, {"mount_setattr", EPERM}};
    for (const Row& row : rows) {
        CAPTURE(row.call);
        CAPTURE(row.error);
        FakeKernel kernel;
        kernel.fail("memfd_create", 1, EACCES);
        kernel.fail(row.call, 1, row.error);
        kernel.fail("open", 1, ENOENT);
        put(kernel.root, INSULA_HELPER_PATH, make_file("ELF"));
        const auto helper = linux_::make_helper(kernel);
        REQUIRE_FALSE(helper.has_value());
        CHECK(helper.error().code == ErrorCode::denied);
        CHECK(helper.error().call == "memfd_create");
        CHECK(helper.error().system_error == EACCES);
        CHECK(helper.error().hint.find("vm.memfd_noexec") != std::string::npos);
        CHECK(kernel.open_fds() == 0);
    }
}

TEST_CASE("executor: any other failure is said as it is, and nothing is left") {
    struct Row {
        const char* call;
        int error;
        ErrorCode code;
    };
    constexpr Row rows[] = {{"memfd_create", ENOSYS, ErrorCode::unsupported},
                            {"memfd_create", EMFILE, ErrorCode::busy},
                            {"memfd_create", ENOMEM, ErrorCode::busy},
                            {"write", ENOSPC, ErrorCode::busy},
                            {"fcntl", EBUSY, ErrorCode::busy}};
    for (const Row& row : rows) {
        CAPTURE(row.call);
        CAPTURE(row.error);
        FakeKernel kernel;
        kernel.fail(row.call, 1, row.error);
        const auto helper = linux_::make_helper(kernel);
        REQUIRE_FALSE(helper.has_value());
        CHECK(helper.error().code == row.code);
        CHECK(helper.error().system_error == row.error);
        CHECK(helper.error().call == row.call);
        CHECK(kernel.count("open_tree") == 0);
        CHECK(kernel.open_fds() == 0);
    }
}

}  // namespace insula::test
