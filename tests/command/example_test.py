# SPDX-License-Identifier: Apache-2.0
"""Each example does what its first lines say."""
import os
import pathlib
import subprocess
import unittest

from support import machine, suite

PROGRAMS = pathlib.Path(os.environ["INSULA_EXAMPLES"])
HELLO = pathlib.Path(__file__).resolve().parents[2] / "examples/domains/hello.xml"


def call(name, *arguments):
    return subprocess.run([PROGRAMS / name, *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


class Example(unittest.TestCase):
    def check(self, done, code, *texts):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in texts:
            self.assertIn(text, done.stdout)

    def test_print_plan(self):
        self.check(call("print_plan", HELLO), 0, "/bin/sh", "hello")

    def test_print_plan_says_what_is_wrong(self):
        done = call("print_plan", "/dev/null")
        self.check(done, 1)
        self.assertIn("/dev/null", done.stderr)

    @machine.runs_containers
    def test_run_shell(self):
        self.check(call("run_shell", "-c", "echo I am $$; exit 9"), 9, "I am 1\n")

    @machine.runs_containers
    def test_read_only_root(self):
        self.check(call("read_only_root"), 0, "/etc cannot be written\n", "/tmp can\n")

    @machine.runs_containers
    def test_rootless(self):
        self.check(call("rootless"), 0, "uid 0 inside is")

    @machine.runs_containers
    def test_manager(self):
        done = call("manager")
        self.check(done, 0, "quick: ended with 0\n", "steady: ended with 0\n")
        self.assertEqual(done.stdout.count("broken: started\n"), 2)
        self.assertEqual(done.stdout.count("broken: ended with 3\n"), 2)


suite.main()
