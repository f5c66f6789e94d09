# SPDX-License-Identifier: Apache-2.0
"""The main of every test that is a Python script: unittest, reporting as tests/run.sh reads it.

A script ends with `suite.main()`. One line "SKIP: TEST: REASON" is printed per skipped test, and
"TESTS: N passed, N failed, N skipped" at the end.
"""
import sys
import unittest


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=1, buffer=False)
    result = program.result
    for test, reason in result.skipped:
        print(f"SKIP: {test.id().removeprefix('__main__.')}: {reason}")
    # a subtest belongs to its test, which is one case however many of them fail
    broken = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed = len(broken)
    failed += len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)
    print(f"TESTS: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed else 0)
