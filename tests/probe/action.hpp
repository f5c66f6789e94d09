// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "output.hpp"

namespace probe {

/// The actions that the probe knows, and how many operands each takes:
///
///   report            everything about the process (output.hpp)
///   read PATH         "read:PATH=ok" or the errno
///   cat PATH          "cat:PATH=CONTENT"
///   write PATH        opens an existing file for writing; "write:PATH=…"
///   create PATH       makes a new file; "create:PATH=…"
///   mkdir PATH        "mkdir:PATH=…"
///   exists PATH       without following a link at the end
///   list PATH         "list:PATH=NAME" per entry
///   stat PATH         "stat:PATH=MODE UID GID SIZE", following links
///   remount PATH      tries to make the mount at PATH writable
///   chdir PATH
///   sethostname NAME
///   write-fd N        writes "N\n" to descriptor N; "write-fd:N=…"
///   read-fd N         "read-fd:N=CONTENT" up to end-of-file
///   processes         "processes=COUNT" in /proc, and "zombies=COUNT"
///   orphan COUNT      makes COUNT processes that end after their parent has
///   settle            waits until no zombie is left in /proc
///   linger COUNT      makes COUNT children that wait for ever
///   clock             "clock=NANOSECONDS" since the machine was started
///   say TEXT          "say=TEXT", and everything so far is written out
///   ignore N, catch N disposition of signal N; caught ones are said, as "caught=N"
///   await             waits for one caught signal
///   hang              waits for ever
///   crash             ends by a memory fault
///   exit N, signal N  ends the probe: with a code, or killed by a signal of its own
class Actions {
public:
    Actions(Output& out, int argc, char** argv) : out_(out), argc_(argc), argv_(argv) {}

    /// Does all of them; the exit code.
    int run();

private:
    [[nodiscard]] const char* operand();
    [[nodiscard]] int number();
    bool run_file_action(const char* action);
    bool run_process_action(const char* action);
    [[noreturn]] void give_up(const char* why, const char* what);

    Output& out_;
    int argc_;
    char** argv_;
    int next_ = 1;
};

}  // namespace probe
