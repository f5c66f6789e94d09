// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "insula/model/validate.hpp"
#include "unit/model_support.hpp"

using namespace insula;
using test::has_error;

namespace {

std::vector<Finding> check(std::vector<IdRange> uids, std::vector<IdRange> gids,
                           std::string user = {}) {
    Domain domain{.name = "box", .memory = ScaledSize{.value = 64, .unit = "MiB"}};
    domain.os.init = "/bin/sh";
    domain.os.init_user = std::move(user);
    domain.id_map = IdMap{.uids = std::move(uids), .gids = std::move(gids)};
    return validate(domain);
}

const std::vector<IdRange> usual{{.start = 0, .target = 100000, .count = 65536}};

}  // namespace

TEST_CASE("id map: usual maps are fine") {
    CHECK(check(usual, usual, "1000").empty());
    CHECK(check({{.start = 0, .target = 4294967294U, .count = 1}}, usual).empty());
    CHECK(
        check({{.start = 0, .target = 1000, .count = 1}, {.start = 1, .target = 0, .count = 1000}},
              usual)
            .empty());
}

TEST_CASE("id map: both halves are needed") {
    CHECK(has_error(check({}, {}), FindingCode::missing, "/domain/idmap"));
    CHECK(has_error(check(usual, {}), FindingCode::conflict, "/domain/idmap"));
    CHECK(has_error(check({}, usual), FindingCode::conflict, "/domain/idmap"));
}

TEST_CASE("id map: ranges have a size and an end") {
    CHECK(has_error(check({usual[0], {.start = 70000, .target = 5}}, usual), FindingCode::bad_value,
                    "/domain/idmap/uid[2]/@count"));
    CHECK(has_error(check({{.start = 0, .target = 4294967294U, .count = 2}}, usual),
                    FindingCode::bad_value, "/domain/idmap/uid[1]/@count"));
    CHECK(has_error(check(usual, {{.start = 0, .target = 0, .count = UINT32_MAX},
                                  {.start = 4294967295U, .target = 4294967295U, .count = 1}}),
                    FindingCode::bad_value, "/domain/idmap/gid[2]/@count"));
}

TEST_CASE("id map: ranges overlap neither inside nor outside") {
    const IdRange inside{.start = 65535, .target = 500000, .count = 1, .at = {9, 5}};
    const auto in = check({usual[0], inside}, usual);
    REQUIRE(has_error(in, FindingCode::conflict, "/domain/idmap/uid[2]"));
    CHECK(in[0].at == TextPosition{9, 5});
    const IdRange outside{.start = 70000, .target = 99999, .count = 2};
    CHECK(has_error(check(usual, {usual[0], outside}), FindingCode::conflict,
                    "/domain/idmap/gid[2]"));
    const IdRange beside{.start = 65536, .target = 99999, .count = 1};
    CHECK(check({usual[0], beside}, usual).empty());
}

TEST_CASE("id map: the kernel takes 340 lines") {
    std::vector<IdRange> ranges;
    for (std::uint32_t i = 0; i != 340; ++i)
        ranges.push_back({.start = i * 2, .target = i * 2, .count = 1});
    CHECK(check(ranges, usual).empty());
    ranges.push_back({.start = 1, .target = 1, .count = 1});
    CHECK(has_error(check(ranges, usual), FindingCode::bad_value, "/domain/idmap/uid"));
}

TEST_CASE("id map: root and a numeric init user are mapped") {
    CHECK(has_error(check({{.start = 1, .target = 1000, .count = 10}}, usual), FindingCode::missing,
                    "/domain/idmap/uid"));
    CHECK(has_error(check(usual, usual, "65536"), FindingCode::conflict, "/domain/os/inituser"));
    CHECK(has_error(check(usual, usual, "+65536"), FindingCode::conflict, "/domain/os/inituser"));
    CHECK(check(usual, usual, "65535").empty());
    CHECK(check(usual, usual, "somebody").empty());
}
