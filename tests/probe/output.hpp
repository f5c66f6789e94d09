// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace probe {

/// What is to be said, as lines "KEY=VALUE". A key may come up several times. In values a line feed
/// is "\n" and a backslash "\\".
class Output {
public:
    void say(std::string_view key, std::string_view value);
    void say(std::string_view key, long value) { say(key, std::to_string(value)); }
    /// "ok", or the name of the errno of a call that gave `result`.
    void say_result(std::string_view key, long result);

    /// Writes everything to standard output.
    void flush();

private:
    std::string text_{};
};

/// The whole of a file, as far as it can be read.
[[nodiscard]] std::string read_file(const char* path);

/// Says everything about this process that a container can get wrong.
void report(Output& out, int argc, char** argv);

}  // namespace probe
