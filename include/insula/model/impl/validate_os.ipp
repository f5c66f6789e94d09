// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "insula/model/domain.hpp"

namespace insula::inline v0::detail {

/// Whether `text` begins as a hexadecimal number does.
[[nodiscard]] constexpr bool looks_hexadecimal(std::string_view text) noexcept {
    if (text.size() < 2 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return false;
    return std::all_of(text.begin() + 2, text.end(), is_hexadecimal);
}

/// `<inituser>` and `<initgroup>`: a name, a number, or '+' and a number.
inline void check_identity(FindingList& list, std::string_view what, const std::string& text,
                           const Spot& spot) {
    if (text.empty()) return;
    const bool forced = text.front() == '+';
    const std::string_view rest = std::string_view(text).substr(forced ? 1 : 0);
    const bool digits = !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit);
    const std::string begin = std::string(what) + " ";
    if (digits) {
        const auto id = decimal(rest);
        if (!id || *id == UINT32_MAX)
            list.error(FindingCode::bad_value, begin + "is past 4294967294: " + quote(text), spot);
    } else if (forced) {
        list.error(FindingCode::bad_value, begin + "has '+' and no number: " + quote(text), spot);
    } else if (text.front() == '-') {
        list.error(FindingCode::bad_value, begin + "is negative: " + quote(text), spot);
    } else if (looks_hexadecimal(text)) {
        list.error(FindingCode::bad_value, begin + "is not a decimal number: " + quote(text), spot);
    } else if (text.find_first_of(":/, \t") != std::string::npos ||
               std::any_of(text.begin(), text.end(), is_control)) {
        list.error(FindingCode::bad_value, begin + "can be no name: " + quote(text), spot,
                   "a name, a number, or '+' and a number");
    }
}

inline void validate_init_arguments(FindingList& list, const Os& os) {
    for (std::size_t i = 0; i != os.init_args.size(); ++i) {
        const std::string& argument = os.init_args[i];
        const bool has_nul = argument.find('\0') != std::string::npos;
        if (!argument.empty() && !has_nul) continue;
        const Spot spot{.path = "/domain/os/initarg[" + std::to_string(i + 1) + "]", .at = os.at};
        if (has_nul)
            list.error(FindingCode::bad_value, "an <initarg> contains a NUL byte", spot);
        else
            list.warning(FindingCode::missing, "an <initarg> is empty: libvirt refuses it", spot,
                         "here the argument is the empty string");
    }
}

inline void validate_init_environment(FindingList& list, const Os& os) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i != os.init_env.size(); ++i) {
        const InitVariable& variable = os.init_env[i];
        const Spot spot{.path = "/domain/os/initenv[" + std::to_string(i + 1) + "]",
                        .at = variable.at};
        if (variable.name.empty())
            list.error(FindingCode::missing, "<initenv> needs a name", spot.inner("@name"));
        else if (variable.name.find('=') != std::string::npos ||
                 std::any_of(variable.name.begin(), variable.name.end(), is_control))
            list.error(FindingCode::bad_value,
                       "<initenv> has a name that no variable can have: " + quote(variable.name),
                       spot.inner("@name"), "the value is the text of the element");
        else if (!names.insert(variable.name).second)
            list.warning(FindingCode::conflict,
                         "variable " + quote(variable.name) + " is given twice",
                         spot.inner("@name"), "the last one holds");
        if (variable.value.find('\0') != std::string::npos)
            list.error(FindingCode::bad_value, "an <initenv> contains a NUL byte", spot);
        else if (variable.value.empty())
            list.warning(FindingCode::missing,
                         "variable " + quote(variable.name) + " has no value: libvirt refuses it",
                         spot, "here it is the empty string");
    }
}

inline void validate_os(FindingList& list, const Domain& domain) {
    const Os& os = domain.os;
    if (os.init.empty())
        list.error(FindingCode::missing, "a container needs an <init>", "/domain/os/init", os.at,
                   "as <init>/bin/sh</init>");
    else
        check_guest_path(list, "<init>", os.init, {.path = "/domain/os/init", .at = os.init_at});
    validate_init_arguments(list, os);
    validate_init_environment(list, os);
    if (!os.init_dir.empty())
        check_guest_path(list, "<initdir>", os.init_dir,
                         {.path = "/domain/os/initdir", .at = os.init_dir_at});
    check_identity(list, "<inituser>", os.init_user,
                   {.path = "/domain/os/inituser", .at = os.init_user_at});
    check_identity(list, "<initgroup>", os.init_group,
                   {.path = "/domain/os/initgroup", .at = os.init_group_at});
    if (os.cmdline.find('\0') != std::string::npos)
        list.error(FindingCode::bad_value, "<cmdline> contains a NUL byte", "/domain/os/cmdline",
                   os.at);
}

}  // namespace insula::inline v0::detail
