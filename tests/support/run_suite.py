#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of some suites of a build directory, one after the other, and adds up.

usage: run_suite.py --results FILE --label LABEL [--build DIR --suite NAME…] [--command NAME ARG…]
                    [--uid UID] [--timeout SECONDS] [--match REGEX]

Tests are those that meson knows (`test(…, suite: NAME)`), or the one command. A test prints
  SKIP: CASE: REASON                          for each case that it could not judge
  TESTS: N passed, N failed, N skipped        as its last line
A test without the last line counts as one case: passed with exit code 0, skipped with 77 (its last
line is the reason), else failed. A test that prints it and still ends badly, as a sanitizer makes
it, counts one failure more; so does one that leaves a mount behind in the mount namespace it ran in.

Each test adds one line of JSON to FILE. The exit code is 0 unless this runner itself fails.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

TOTALS = re.compile(r"^TESTS: (\d+) passed, (\d+) failed, (\d+) skipped$")
SKIP = re.compile(r"^SKIP: (.*?): (.*)$")


def known_tests(build, suites, match):
    """name, argv, environment, timeout and directory of each test of `suites`."""
    text = subprocess.run(["meson", "introspect", "--tests", build], check=True,
                          capture_output=True, text=True).stdout
    for test in json.loads(text):
        if not {name.split(":")[-1] for name in test["suite"]} & set(suites):
            continue
        if re.search(match, test["name"]):
            yield (test["name"], test["cmd"], test.get("env") or {}, test.get("timeout") or 0,
                   test.get("workdir"))


def mounts():
    """The mounts of this namespace, without their ids."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    return sorted(line.split(" ", 2)[2] for line in lines)


def as_user(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
            "--inh-caps=-all"] if uid else []


def run(argv, environment, timeout, directory):
    """Exit code and output; a test that hangs is killed with everything it started."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env=environment, cwd=directory,
                                   start_new_session=True)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = -signal.SIGALRM
        output.seek(0)
        text = output.read().decode(errors="replace")
    if code == -signal.SIGALRM:
        text += f"\nkilled: it ran for more than {timeout:g} s\n"
    return code, text


def judge(name, code, text):
    """The counts and the skips that a test's output stands for."""
    lines = text.splitlines()
    skips = [match.groups() for match in map(SKIP.match, lines) if match]
    totals = [match for match in map(TOTALS.match, lines) if match]
    if totals:
        passed, failed, skipped = map(int, totals[-1].groups())
        if code != 0 and failed == 0:
            failed = 1
        return passed, failed, skipped, skips
    if code == 77:
        return 0, 0, 1, [(name, lines[-1] if lines else "no reason given")]
    return (1, 0, 0, []) if code == 0 else (0, 1, 0, [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--build")
    parser.add_argument("--suite", nargs="*", default=[])
    parser.add_argument("--uid", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--match", default="")
    parser.add_argument("--command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()

    if arguments.command:
        tests = [(arguments.command[0], arguments.command[1:], {}, 0, None)]
    else:
        tests = list(known_tests(arguments.build, arguments.suite, arguments.match))
    for name, argv, extra, own_timeout, directory in tests:
        environment = {**os.environ, **extra}
        with tempfile.TemporaryDirectory(prefix="insula-test-") as scratch:
            environment |= {"TMPDIR": scratch, "HOME": scratch}
            if arguments.uid:
                os.chown(scratch, arguments.uid, arguments.uid)
            before, began = mounts(), time.monotonic()
            limit = max(arguments.timeout, own_timeout)
            code, text = run(as_user(arguments.uid) + argv, environment, limit, directory)
            seconds = time.monotonic() - began
        passed, failed, skipped, skips = judge(name, code, text)
        left = [line for line in mounts() if line not in before]
        if left:
            failed += 1
            text += "\nleft mounted:\n  " + "\n  ".join(left) + "\n"
        title = f"{name} ({arguments.label})"
        print(f"{'FAIL' if failed else 'ok':4} {title}: {passed} passed, {failed} failed, "
              f"{skipped} skipped, {seconds:.1f} s", flush=True)
        if failed:
            print(f"---- {title}: exit code {code}\n{text}----", flush=True)
        with open(arguments.results, "a", encoding="utf-8") as results:
            record = {"test": title, "passed": passed, "failed": failed, "skipped": skipped,
                      "skips": [f"{title}: {case}: {reason}" for case, reason in skips]}
            results.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    sys.exit(main())
