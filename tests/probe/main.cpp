// SPDX-License-Identifier: Apache-2.0

// The probe: what the system tests run as a container's init. Its arguments are actions, done in
// order; what they find goes to standard output as lines "KEY=VALUE" (output.hpp). Ends with 0, or
// as an action says.

#include "action.hpp"
#include "output.hpp"

int main(int argc, char** argv) {
    probe::Output out;
    probe::Actions actions(out, argc, argv);
    const int code = actions.run();
    out.flush();
    return code;
}
