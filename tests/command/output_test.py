# SPDX-License-Identifier: Apache-2.0
"""Where output goes, what happens when it cannot be written, and colors."""
import os
import pty
import subprocess
import unittest

from command.common import INSULA, definition, insula, scratch_file
from support import suite

BAD = definition(devices="""
    <filesystem type='mount'><source dir='/srv'/><target dir='data'/></filesystem>""")
ESCAPE = "\x1b["


def on_terminal(*arguments, environment=None):
    """What the command prints to standard error when that is a terminal."""
    leader, follower = pty.openpty()
    base = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen([INSULA, *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=follower,
                               env={**base, "TERM": "xterm", **(environment or {})})
    os.close(follower)
    text = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        text += part
    os.close(leader)
    process.wait(10)
    return text.decode()


class WriteError(unittest.TestCase):
    def commands(self):
        path = scratch_file(self, definition())
        return (["plan", path], ["plan", "--json", path], ["format", path], ["host"],
                ["validate", "--json", path], ["--help"])

    def test_full_disk(self):
        for arguments in self.commands():
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([INSULA, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r'ENOSPC|"errno":28\b')

    def test_closed_pipe(self):
        for arguments in self.commands():
            with self.subTest(arguments):
                reader, writer = os.pipe()
                os.close(reader)
                done = subprocess.run([INSULA, *arguments], stdout=writer, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
                os.close(writer)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r'EPIPE|"errno":32\b')

    def test_closed_standard_error_changes_no_exit_code(self):
        done = subprocess.run(["sh", "-c", '"$0" validate "$1" 2>&-', INSULA,
                               scratch_file(self, BAD)], timeout=60)
        self.assertEqual(done.returncode, 1)


class Color(unittest.TestCase):
    def test_on_a_terminal_only(self):
        path = scratch_file(self, BAD)
        self.assertIn(ESCAPE, on_terminal("validate", path))
        self.assertNotIn(ESCAPE, insula("validate", path).stderr)

    def test_no_color(self):
        path = scratch_file(self, BAD)
        self.assertNotIn(ESCAPE, on_terminal("validate", path, environment={"NO_COLOR": "1"}))
        self.assertNotIn(ESCAPE, on_terminal("validate", path, environment={"TERM": "dumb"}))
        self.assertIn(ESCAPE, on_terminal("validate", path, environment={"NO_COLOR": ""}))

    def test_json_has_none(self):
        path = scratch_file(self, BAD)
        self.assertNotIn(ESCAPE, on_terminal("plan", "--json", path))

    def test_a_definition_cannot_command_the_terminal(self):
        hostile = definition(devices="""
    <filesystem type='mount'><source dir='/srv'/>
      <target dir='a&#27;[2J&#10;FORGED:1:1: error: x&#x202e;'/></filesystem>""")
        shown = on_terminal("validate", scratch_file(self, hostile), environment={"NO_COLOR": "1"})
        self.assertIn("error", shown)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\u202e", shown)
        self.assertFalse([line for line in shown.splitlines() if line.startswith("FORGED")])


suite.main()
