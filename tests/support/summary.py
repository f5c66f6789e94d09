#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the results of run_suite.py: each skip with its reason, what failed, and the last line
"N passed, N failed, N skipped". Exits 1 when something failed, or when nothing ran.

usage: summary.py RESULTS
"""
import json
import pathlib
import sys


def main():
    lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        for skip in record["skips"]:
            print(f"SKIP: {skip}")
    for record in records:
        if record["failed"]:
            print(f"FAIL: {record['test']}")
    passed, failed, skipped = (
        sum(record[key] for record in records) for key in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
