// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <utility>

#include "cli/reporter.hpp"
#include "insula/plan/json.hpp"

namespace insula::cli {
namespace {

void append_string(std::string& out, std::string_view text) {
    detail::escape::append_quoted(out, text, detail::escape::BrokenByte::replacement);
}

/// One JSON object, member after member.
class ObjectWriter {
public:
    void add(std::string_view name, std::string_view value) {
        key(name);
        append_string(out_, value);
    }
    void add(std::string_view name, std::int64_t value) {
        key(name);
        out_ += std::to_string(value);
    }
    void add_known(std::string_view name, std::string_view value) {
        if (!value.empty()) add(name, value);
    }
    [[nodiscard]] std::string finish() && { return std::move(out_) + '}'; }

private:
    void key(std::string_view name) {
        if (out_.size() > 1) out_ += ',';
        append_string(out_, name);
        out_ += ':';
    }

    std::string out_ = "{";
};

void add_place(ObjectWriter& object, std::string_view file, TextPosition at,
               std::string_view path) {
    object.add_known("file", file);
    if (at.known()) {
        object.add("line", at.line);
        object.add("column", at.column);
    }
    object.add_known("path", path);
}

}  // namespace

std::string to_json_line(const Error& error, std::string_view file) {
    ObjectWriter object;
    object.add("severity", "error");
    object.add("code", to_text(error.code));
    object.add("message", error.message);
    add_place(object, file, error.xml, error.path);
    if (error.op >= 0) object.add("op", error.op);
    object.add_known("call", error.call);
    if (error.system_error != 0) object.add("errno", error.system_error);
    object.add_known("kernel", error.kernel_text);
    object.add_known("hint", error.hint);
    return std::move(object).finish();
}

std::string to_json_line(const Finding& finding, std::string_view file) {
    ObjectWriter object;
    object.add("severity", to_text(finding.severity));
    object.add("code", to_text(finding.code));
    object.add("message", finding.message);
    add_place(object, file, finding.at, finding.path);
    object.add_known("hint", finding.hint);
    return std::move(object).finish();
}

}  // namespace insula::cli
