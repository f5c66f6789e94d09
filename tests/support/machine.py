# SPDX-License-Identifier: Apache-2.0
"""What the tests may ask of this machine. A test that needs more is skipped with the reason."""
import os
import subprocess
import unittest


def _may_run_containers():
    if os.geteuid() == 0:
        return True
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "true"],
                          capture_output=True)
    return done.returncode == 0


runs_containers = unittest.skipUnless(
    _may_run_containers(), "this user may not make a user namespace")
needs_root = unittest.skipUnless(os.geteuid() == 0, "needs root")
needs_ordinary_user = unittest.skipIf(os.geteuid() == 0, "needs an ordinary user")
