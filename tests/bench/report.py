#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the benchmarks found as Markdown tables; with --check, judges it against the bars."""
import json
import platform
import sys

EMBEDDED_BAR = 1.35
LARGE_CALLER_BAR = 1.1
CRUN_BAR = 5.0
PLAN_BAR_US = 100.0


def read(path):
    """The results as {case: {contender: result}}, in the order in which they were written."""
    cases = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            result = json.loads(line)
            cases.setdefault(result["case"], {})[result["name"]] = result
    return cases


def print_tables(cases):
    print(f"Linux {platform.release()}, {platform.machine()}\n")
    for case, results in cases.items():
        first = next(iter(results))
        print(f"| {case} | min us | median us | / {first} |\n| --- | ---: | ---: | ---: |")
        for name, result in results.items():
            print(f"| {name} | {result['min_us']:.0f} | {result['median_us']:.0f} "
                  f"| {result['ratio']:.2f} |")
        print()


def bars(cases):
    """What is to be judged: (words, value, bar, whether less is better)."""
    for name in "ABC":
        results = cases.get(f"embedded {name}")
        if results:
            yield (f"embedded {name}, to the floor", results["insula"]["ratio"], EMBEDDED_BAR, True)
    results = cases.get("embedded A", {})
    if "crun" in results:
        faster = results["crun"]["ratio"] / results["insula"]["ratio"]
        yield "embedded A, faster than crun", faster, CRUN_BAR, False
    results = cases.get("embedded A, 1024 MiB")
    if results:
        yield ("caller of 1 GiB, to a small one", results["insula"]["ratio"], LARGE_CALLER_BAR,
               True)
    results = cases.get("plan, ten elements")
    if results:
        yield ("parse, validate, plan in us", results["parse, validate, plan"]["median_us"],
               PLAN_BAR_US, True)


def judge(cases):
    """Prints each bar; how many are missed."""
    missed = 0
    print("| bar | value | must be | |\n| --- | ---: | ---: | --- |")
    for words, value, bar, less in bars(cases):
        met = value <= bar if less else value >= bar
        missed += not met
        print(f"| {words} | {value:.2f} | {'<=' if less else '>='} {bar:g} "
              f"| {'met' if met else '**missed**'} |")
    return missed


def main(arguments):
    check = "--check" in arguments
    paths = [argument for argument in arguments if argument != "--check"]
    if len(paths) != 1:
        print("usage: report.py [--check] RESULTS", file=sys.stderr)
        return 2
    cases = read(paths[0])
    print_tables(cases)
    missed = judge(cases)
    return 1 if check and missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
