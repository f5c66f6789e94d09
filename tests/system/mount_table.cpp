// SPDX-License-Identifier: Apache-2.0
#include "system/mount_table.hpp"

#include <sstream>

#include <doctest/doctest.h>

namespace insula::test {

namespace {

/// Mount points have their white space and backslashes in octal.
[[nodiscard]] std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                     (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

[[nodiscard]] bool has_word(std::string_view text, std::string_view word) {
    std::size_t at = 0;
    const auto separates = [](char c) { return c == ' ' || c == ','; };
    while ((at = text.find(word, at)) != text.npos) {
        const std::size_t end = at + word.size();
        if ((at == 0 || separates(text[at - 1])) && (end == text.size() || separates(text[end])))
            return true;
        at = end;
    }
    return false;
}

}  // namespace

std::string normal_flags(std::string_view text) {
    std::string out;
    for (const std::string_view flag : {"ro", "nosuid", "nodev", "noexec"})
        if (has_word(text, flag)) out += std::string(flag) + ' ';
    return out;
}

std::vector<MountLine> mount_table(const Report& inside) {
    std::vector<MountLine> table;
    for (const std::string& text : inside.all("mount")) {
        std::istringstream in(text);
        std::string skipped;
        std::string target;
        std::string flags;
        MountLine line;
        in >> skipped >> skipped >> skipped >> skipped >> target >> flags;
        for (std::string word; in >> word && word != "-";) line.propagation += word + ' ';
        in >> line.type >> skipped >> line.options;
        line.target = decoded(target);
        line.flags = normal_flags(flags);
        table.push_back(line);
    }
    return table;
}

MountLine mount_at(const Report& inside, std::string_view target) {
    MountLine found;
    for (const MountLine& line : mount_table(inside))
        if (line.target == target) found = line;
    if (found.target.empty()) FAIL("no mount at " << std::string(target));
    return found;
}

}  // namespace insula::test
