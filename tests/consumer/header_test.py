# SPDX-License-Identifier: Apache-2.0
"""The public headers as a consumer's compiler sees them: alone, in two translation units, in several
languages, without exceptions, and with nothing linked."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import suite

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wswitch-enum", "-Werror"]
HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in INCLUDE.glob("insula/**/*.hpp"))
# style.md: these cost build time, or couple a consumer to a platform or a library
FORBIDDEN = re.compile(
    r'#\s*include\s*<(iostream|filesystem|regex|functional|thread|mutex|format|source_location'
    r'|sys/.*|linux/.*|pugixml.*|seccomp.*|cap-ng.*|nlohmann/.*|doctest/.*)>')
ONLY_HANDLES = re.compile(r"#\s*include\s*<(memory|chrono)>")
STANDARD_HEADERS = ["algorithm", "any", "bitset", "filesystem", "functional", "iomanip", "iostream",
                    "iterator", "locale", "map", "numeric", "ranges", "regex", "span", "sstream",
                    "stdexcept", "thread"]
# Those that tests/run.sh names; by hand, all that are supported and here.
COMPILERS = (os.environ.get("INSULA_CONSUMER_COMPILERS", "").split() or
             list(filter(shutil.which, ["g++", "clang++-19", "clang++-14"])))
HANDLES = {"insula/run/machine.hpp", "insula/run/runtime.hpp"}


def compile_text(name, text, *options):
    """The compiler's messages; "" when it is content."""
    argv = [name, *WARNINGS, f"-I{INCLUDE}", *options, "-x", "c++", "-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True)
    return done.stderr if done.returncode != 0 else ""


class Header(unittest.TestCase):
    def each_alone(self, name, standard):
        def alone(header):
            return compile_text(name, f'#include "{header}"\n', f"-std={standard}",
                                "-fsyntax-only")

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            failures = [text for text in pool.map(alone, HEADERS) if text]
        self.assertEqual(failures, [])

    def all_together(self, name, *options):
        self.assertEqual(compile_text(name, '#include "insula/insula.hpp"\n', "-fsyntax-only",
                                      *options), "")

    def test_each_alone(self):
        for name in COMPILERS:
            with self.subTest(name):
                self.each_alone(name, "c++20")

    def test_cxx23(self):
        # clang 14 cannot read the C++23 parts of this libstdc++
        for name in set(COMPILERS) - {"clang++-14"}:
            with self.subTest(name):
                self.all_together(name, "-std=c++23")

    def test_without_exceptions(self):
        for name in COMPILERS:
            with self.subTest(name):
                self.all_together(name, "-std=c++20", "-fno-exceptions", "-fno-rtti")

    def test_after_every_standard_header(self):
        # what a name of ours finds must not depend on what was included before
        text = "".join(f"#include <{name}>\n" for name in STANDARD_HEADERS)
        for name in COMPILERS:
            with self.subTest(name):
                self.assertEqual(compile_text(name, text + '#include "insula/insula.hpp"\n',
                                              "-std=c++20", "-fsyntax-only"), "")

    def test_optimized_without_assertions(self):
        # some warnings, and some mistakes of theirs, come with inlining only
        text = (ROOT / "tests/consumer/pure.cpp").read_text()
        for level in ("-O2", "-O3"):
            self.assertEqual(compile_text("g++", text, "-std=c++20", "-DNDEBUG", level, "-c",
                                          "-o", os.devnull), "")

    def test_includes_only_what_the_style_allows(self):
        for header in HEADERS + sorted(str(path.relative_to(INCLUDE))
                                       for path in INCLUDE.glob("insula/**/*.ipp")):
            with self.subTest(header):
                text = (INCLUDE / header).read_text()
                self.assertIsNone(FORBIDDEN.search(text))
                if header not in HANDLES:
                    self.assertIsNone(ONLY_HANDLES.search(text))


class Linking(unittest.TestCase):
    def build_and_run(self, name, sources, *options):
        with tempfile.TemporaryDirectory() as scratch:
            program = os.path.join(scratch, "program")
            self.call(name, *WARNINGS, f"-I{INCLUDE}", *options, *map(str, sources), "-o",
                      program)
            return self.call(program)

    def call(self, *argv):
        done = subprocess.run(argv, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_two_translation_units(self):
        here = pathlib.Path(__file__).parent
        for name in COMPILERS:
            for mode in (["-O0"], ["-O2", "-DNDEBUG"]):
                with self.subTest(compiler=name, mode=mode):
                    self.build_and_run(name, [here / "unit_one.cpp", here / "unit_two.cpp"],
                                       "-std=c++20", *mode)

    def test_pure_headers_need_no_library(self):
        source = pathlib.Path(__file__).parent / "pure.cpp"
        for name in COMPILERS:
            for standard in ("c++20", "c++23") if name != "clang++-14" else ("c++20",):
                with self.subTest(compiler=name, standard=standard):
                    output = self.build_and_run(name, [source], f"-std={standard}")
                    self.assertIn("/srv/data", output)

    def test_pure_headers_without_exceptions(self):
        source = pathlib.Path(__file__).parent / "pure.cpp"
        self.assertIn("/srv/data", self.build_and_run("g++", [source], "-std=c++20",
                                                      "-fno-exceptions", "-fno-rtti"))


suite.main()
