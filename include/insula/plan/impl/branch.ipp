// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "insula/plan/impl/escape.ipp"

namespace insula::inline v0::detail::plan_tree {

/// One line of a tree: "label  item item item  remark", and what hangs below it.
struct Branch {
    std::string label{};
    std::vector<std::string> items{};  ///< wrapped between two of them where the line is full
    std::string remark{};
    std::vector<Branch> children{};
};

/// Columns that `text` takes on a terminal, at one per character.
[[nodiscard]] inline std::size_t width_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

[[nodiscard]] inline std::size_t width_of(const std::vector<std::string>& items) noexcept {
    std::size_t width = items.empty() ? 0 : items.size() - 1;
    for (const std::string& item : items) width += width_of(item);
    return width;
}

/// `text` without anything that a terminal would obey.
[[nodiscard]] inline std::string harmless(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const escape::Character c = escape::character_at(text, i);
        if (c.valid && !escape::is_treacherous(c.code)) {
            out += text.substr(i, c.bytes);
        } else {
            out += c.valid ? "\\u" : "\\x";
            escape::append_hexadecimal(out, c.code, c.valid ? 4 : 2);
        }
        i += c.bytes;
    }
    return out;
}

[[nodiscard]] inline std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t end = std::min(text.find(' ', i), text.size());
        if (end != i) words.emplace_back(text.substr(i, end - i));
        i = end + 1;
    }
    return words;
}

/// Draws branches with box characters, in columns.
class BranchWriter {
public:
    explicit BranchWriter(std::string& out) : out_(out) {}

    /// Each top-level branch has columns of its own below it.
    void write(const std::vector<Branch>& branches) {
        Columns columns{};
        for (const Branch& branch : branches)
            columns.items = std::max(columns.items, label_end(branch, 1));
        for (const Branch& branch : branches) {
            const bool last = &branch == &branches.back();
            write_line(branch, "", last, columns);
            Columns below{};
            for (const Branch& child : branch.children) measure(child, 2, below);
            for (const Branch& child : branch.children)
                write_below(child, last ? "   " : "│  ", &child == &branch.children.back(), below);
        }
    }

private:
    static constexpr std::size_t page = 100;
    static constexpr std::size_t widest_label = 46;
    static constexpr std::size_t widest_items = 50;

    struct Columns {
        std::size_t items = 0;
        std::size_t remark = 0;
    };

    [[nodiscard]] static std::size_t label_end(const Branch& branch, std::size_t depth) {
        return std::min(depth * 3 + width_of(branch.label) + 2, widest_label);
    }

    static void measure(const Branch& branch, std::size_t depth, Columns& columns) {
        columns.items = std::max(columns.items, label_end(branch, depth));
        if (!branch.remark.empty())
            columns.remark =
                std::max(columns.remark, std::min(width_of(branch.items) + 2, widest_items));
        for (const Branch& child : branch.children) measure(child, depth + 1, columns);
    }

    void write_below(const Branch& branch, const std::string& prefix, bool last,
                     const Columns& columns) {
        write_line(branch, prefix, last, columns);
        for (const Branch& child : branch.children)
            write_below(child, prefix + (last ? "   " : "│  "), &child == &branch.children.back(),
                        columns);
    }

    void write_line(const Branch& branch, const std::string& prefix, bool last,
                    const Columns& columns) {
        std::string line = prefix + (last ? "└─ " : "├─ ") + branch.label;
        std::string next = prefix + (last ? "   " : "│  ") + (branch.children.empty() ? "" : "│");
        pad(line, columns.items);
        pad(next, columns.items);
        std::size_t column = width_of(line);
        const std::size_t start = column;
        for (const std::string& item : branch.items) {
            const std::size_t width = width_of(item);
            if (column != start && branch.remark.empty() && column + 1 + width > page) {
                finish(line);
                line = next;
                column = width_of(line);
            } else if (column != start) {
                line += ' ';
                ++column;
            }
            line += item;
            column += width;
        }
        if (!branch.remark.empty()) {
            pad(line, columns.items + columns.remark);
            line += branch.remark;
        }
        finish(line);
    }

    /// At least two columns stay free between one thing and the next.
    static void pad(std::string& line, std::size_t column) {
        const std::size_t width = width_of(line);
        line.append(column > width + 1 ? column - width : 2, ' ');
    }

    void finish(std::string& line) {
        while (!line.empty() && line.back() == ' ') line.pop_back();
        out_ += line;
        out_ += '\n';
    }

    std::string& out_;
};

}  // namespace insula::inline v0::detail::plan_tree
