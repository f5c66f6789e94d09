# SPDX-License-Identifier: Apache-2.0
"""`insula run`: exit codes, arguments, what init inherits, and that the host is as before."""
import json
import os
import pathlib
import subprocess
import unittest

from command.common import INSULA, definition, insula, scratch_file
from support import machine, suite


def run(text, *arguments, **options):
    return insula("run", "--quiet", "-", *arguments, text=text, **options)


@machine.runs_containers
class ExitCode(unittest.TestCase):
    def check(self, done, code):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    def test_that_of_init(self):
        for code in (0, 1, 42, 255):
            self.check(run(definition(f"exit {code}")), code)

    def test_128_and_the_signal(self):
        # process 1 can end by a signal of its own only with a core dump or from outside, so a
        # child that is not process 1 does it
        self.check(run(definition("sh -c 'kill -KILL $$'")), 137)

    def test_127_init_not_found(self):
        done = run(definition(init="/no/such/init"))
        self.check(done, 127)
        self.assertIn("/no/such/init", done.stderr)
        self.assertRegex(done.stderr, r"^<stdin>:\d+:\d+: error: ")

    def test_126_init_not_executable(self):
        for init in ("/etc/passwd", "/etc"):
            with self.subTest(init):
                self.check(run(definition(init=init)), 126)

    def test_125_bad_definition(self):
        self.check(run("<domain>"), 125)
        self.check(insula("run", "/nonexistent.xml"), 125)

    def test_125_missing_source(self):
        devices = "<filesystem type='mount'><source dir='/no/source'/><target dir='/x'/></filesystem>"
        done = run(definition(devices=devices))
        self.check(done, 125)
        self.assertIn("/no/source", done.stderr)
        self.assertIn("ENOENT", done.stderr)

    def test_errors_as_json(self):
        done = insula("run", "--json", "--quiet", "-", text=definition(init="/no/such/init"))
        self.check(done, 127)
        error = json.loads(done.stderr)
        self.assertEqual((error["code"], error["call"]), ("missing", "execve"))


@machine.runs_containers
class Arguments(unittest.TestCase):
    PRINT = ["-c", 'printf "[%s]" "$@"', "sh"]

    def test_replace_those_of_the_definition(self):
        done = run(definition(), "--", *self.PRINT, "a b", "--quiet", "--", "")
        self.assertEqual(done.stdout, "[a b][--quiet][--][]", done.stderr)

    def test_none_after_the_marker_means_none(self):
        # a shell without arguments reads standard input, which is at its end
        path = scratch_file(self, definition("exit 9"))
        self.assertEqual(insula("run", "--quiet", path, "--").returncode, 0)
        self.assertEqual(insula("run", "--quiet", path).returncode, 9)


@machine.runs_containers
class Inherited(unittest.TestCase):
    def test_streams(self):
        path = scratch_file(self, definition("read line; echo out $line; echo err >&2"))
        done = insula("run", "--quiet", path, text="typed\n")
        self.assertEqual((done.stdout, done.stderr), ("out typed\n", "err\n"))

    def test_no_signal_is_blocked_or_ignored(self):
        done = run(definition("grep -E '^Sig(Blk|Ign)' /proc/self/status"))
        masks = dict(line.split(":\t") for line in done.stdout.splitlines())
        self.assertEqual(set(masks.values()), {"0" * 16}, done.stderr)

    def test_no_descriptor_but_the_three(self):
        reader, writer = os.pipe()
        done = subprocess.run([INSULA, "run", "--quiet", "-"], capture_output=True, text=True,
                              input=definition("ls /proc/$$/fd"), pass_fds=(reader, writer))
        os.close(reader), os.close(writer)
        self.assertEqual(done.stdout.split(), ["0", "1", "2"], done.stderr)


@machine.runs_containers
class Said(unittest.TestCase):
    def test_the_missing_seccomp_profile(self):
        self.assertIn("seccomp", insula("run", "-", text=definition()).stderr)
        self.assertEqual(run(definition()).stderr, "")

    def test_trace(self):
        done = insula("run", "--quiet", "--trace", "-", text=definition())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"(?m)^ +[\d.]+ us  .*/bin/sh")
        self.assertRegex(done.stderr, r"(?m)^ +[\d.]+ us  in all$")

    def test_the_host_is_as_before(self):
        mounts = pathlib.Path("/proc/self/mountinfo")
        before = mounts.read_text()
        for text in (definition("echo x > /written-inside"), definition(init="/no/such/init"),
                     definition("mount -t tmpfs none /mnt; exit 0")):
            run(text)
        self.assertFalse(os.path.exists("/written-inside"))
        self.assertEqual(mounts.read_text(), before)


suite.main()
