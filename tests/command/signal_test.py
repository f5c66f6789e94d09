# SPDX-License-Identifier: Apache-2.0
"""Signals and time limits while `insula run` waits for its container."""
import signal
import subprocess
import time
import unittest

from command.common import INSULA, definition, insula, scratch_file
from support import machine, suite

READY = "echo ready; "
FOREVER = "while :; do sleep 0.05; done"


@machine.runs_containers
class Signal(unittest.TestCase):
    def start(self, script, *options, **more):
        """A running container whose init has printed `ready`."""
        path = scratch_file(self, definition(script, **more))
        process = subprocess.Popen([INSULA, "run", *options, path], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def end(self, process, code, within=8.0):
        self.assertEqual(process.wait(within), code, process.stderr.read())

    def test_each_is_passed_on(self):
        for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH"):
            with self.subTest(name):
                process = self.start(f"trap 'exit 33' {name}; {READY}{FOREVER}")
                process.send_signal(getattr(signal, f"SIG{name}"))
                self.end(process, 33)

    def test_without_a_handler_the_container_is_killed(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                # tail says so itself: until the exec, the shell has a handler of its own for SIGINT
                process = self.start("echo ready > /tmp/text; exec tail -f /tmp/text")
                process.send_signal(number)
                self.end(process, 137)

    def test_a_second_sigterm_kills(self):
        process = self.start(f"trap '' TERM; {READY}{FOREVER}", "--grace", "60")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)  # two at once would be one: signals do not queue
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.end(process, 137)

    def test_a_second_sigint_kills_away_from_a_terminal(self):
        process = self.start(f"trap '' INT; {READY}{FOREVER}")
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.end(process, 137)

    def test_the_grace_period_ends(self):
        process = self.start(f"trap '' TERM; {READY}{FOREVER}", "--grace", "0.3")
        process.send_signal(signal.SIGTERM)
        self.end(process, 137)

    def test_other_signals_do_not_kill(self):
        process = self.start(f"trap 'exit 5' TERM; {READY}{FOREVER}")
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGWINCH)
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.end(process, 5)


@machine.runs_containers
class Timeout(unittest.TestCase):
    def run_limited(self, script, *options):
        return insula("run", "--timeout", "0.3", *options, "-", text=definition(script)).returncode

    def test_ends_the_container(self):
        self.assertEqual(self.run_limited("exec sleep 60"), 124)

    def test_gives_init_the_grace_period(self):
        self.assertEqual(self.run_limited(f"trap 'exit 3' TERM; {FOREVER}"), 124)
        self.assertEqual(self.run_limited(f"trap '' TERM; {FOREVER}", "--grace", "0.2"), 124)

    def test_is_not_reached(self):
        done = insula("run", "--timeout", "60", "-", text=definition("exit 6"))
        self.assertEqual(done.returncode, 6)


suite.main()
