# SPDX-License-Identifier: Apache-2.0
"""The command line, definitions as input, and what is said about them."""
import json
import os
import re
import unittest

from command.common import definition, insula, scratch_file
from support import suite

FINDING = re.compile(r"^(.+):(\d+):(\d+): (warning|error): .+ \[[a-z-]+\]")
RELATIVE_TARGET = """
    <filesystem type='mount'><source dir='/srv'/><target dir='data'/></filesystem>"""
UNKNOWN_ELEMENT = "\n  <surprise/>"


class Usage(unittest.TestCase):
    def test_help_and_version_are_results(self):
        for arguments in (["--help"], ["run", "--help"], ["--version"]):
            done = insula(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("insula", done.stdout)

    def test_help_teaches_by_example(self):
        self.assertIn("insula run box.xml", insula("--help").stdout)

    def test_wrong_usage_is_2_and_prints_no_result(self):
        for arguments in ([], ["plan"], ["fly"], ["validate"], ["validate", "--wrong", "x"],
                          ["plan", "--format", "html", "x"], ["format", "--canonical", "x"],
                          ["format", "a", "b"], ["host", "x"], ["plan", "x", "--", "y"]):
            with self.subTest(arguments):
                done = insula(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("error", done.stderr)

    def test_wrong_usage_of_run_is_no_exit_code_of_a_container(self):
        for arguments in (["run"], ["run", "--wrong", "x"], ["run", "x", "stray"],
                          ["run", "--timeout", "soon", "x"], ["run", "--timeout", "-1", "x"]):
            with self.subTest(arguments):
                self.assertEqual(insula(*arguments).returncode, 125)


class Validate(unittest.TestCase):
    def test_clean_is_0_and_silent(self):
        done = insula("validate", scratch_file(self, definition()))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_errors_are_1_and_have_a_place(self):
        path = scratch_file(self, definition(devices=RELATIVE_TARGET))
        done = insula("validate", path)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        match = FINDING.match(done.stderr)
        self.assertIsNotNone(match, done.stderr)
        self.assertEqual((match[1], match[4]), (path, "error"))

    def test_warnings_are_0_and_errors_with_strict(self):
        text = definition(extra=UNKNOWN_ELEMENT)
        done = insula("validate", "-", text=text)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"^<stdin>:\d+:\d+: warning: .*\[unknown-element\]")
        done = insula("validate", "--strict", "-", text=text)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^<stdin>:\d+:\d+: error: .*\[unknown-element\]")

    def test_quiet_leaves_out_warnings_only(self):
        text = definition(extra=UNKNOWN_ELEMENT, devices=RELATIVE_TARGET)
        done = insula("validate", "--quiet", "-", text=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error", done.stderr)
        self.assertNotIn("warning", done.stderr)

    def test_each_file_is_judged(self):
        good = scratch_file(self, definition(), "good.xml")
        bad = scratch_file(self, definition(devices=RELATIVE_TARGET), "bad.xml")
        done = insula("validate", bad, good, "/nonexistent.xml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.xml:", done.stderr)
        self.assertIn("'/nonexistent.xml'", done.stderr)
        self.assertNotIn("good.xml:", done.stderr)

    def test_json_is_one_array_on_standard_output(self):
        text = definition(extra=UNKNOWN_ELEMENT, devices=RELATIVE_TARGET)
        done = insula("validate", "--json", "-", "/nonexistent.xml", text=text)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        found = json.loads(done.stdout)
        self.assertEqual({one["severity"] for one in found}, {"warning", "error"})
        self.assertTrue(all(one["line"] > 0 for one in found if one.get("file") == "<stdin>"))
        self.assertIn("missing", {one["code"] for one in found})
        self.assertEqual(json.loads(insula("validate", "--json", "-", text=definition()).stdout), [])

    def test_not_xml_is_an_error_with_a_place(self):
        done = insula("validate", "-", text="<domain>\n  <name>\n")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^<stdin>:\d+:\d+: error: .*\[malformed\]")


class Plan(unittest.TestCase):
    def test_only_the_plan_is_on_standard_output(self):
        done = insula("plan", "-", text=definition(extra=UNKNOWN_ELEMENT))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("/bin/sh", done.stdout)
        self.assertNotIn("warning", done.stdout)
        self.assertIn("[unknown-element]", done.stderr)

    def test_formats(self):
        path = scratch_file(self, definition())
        text, tree, as_json = (insula("plan", "--format", name, path).stdout
                               for name in ("text", "tree", "json"))
        self.assertEqual(insula("plan", path).stdout, text)
        self.assertEqual(insula("plan", "--json", path).stdout, as_json)
        self.assertEqual(json.loads(as_json)["name"], "box")
        self.assertNotEqual(text, tree)

    def test_all_errors_are_told(self):
        done = insula("plan", "-", text=definition(devices=RELATIVE_TARGET * 2))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertGreaterEqual(len(re.findall(r"^<stdin>:\d+:\d+: error: ", done.stderr, re.M)), 2)

    def test_what_this_release_cannot_do_is_refused_with_its_place(self):
        image = "\n    <filesystem type='file'><source file='/x.img'/><target dir='/x'/></filesystem>"
        done = insula("plan", "-", text=definition(devices=image))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"<stdin>:\d+:\d+: error: .*\[unsupported\]")

    def test_missing_file_and_directory(self):
        for path in ("/nonexistent.xml", "/tmp"):
            done = insula("plan", path)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"'{path}'", done.stderr)

    def test_json_errors_are_lines_of_json(self):
        done = insula("plan", "--json", "-", text="<domain>")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        error = json.loads(done.stderr)
        self.assertEqual((error["severity"], error["code"]), ("error", "malformed"))
        self.assertEqual(error["file"], "<stdin>")

    def test_an_endless_input_is_refused(self):
        with open("/dev/zero", "rb") as zero:
            done = insula("plan", "/dev/zero")
            self.assertFalse(zero.closed)
        self.assertEqual(done.returncode, 1)
        self.assertIn("[malformed]", done.stderr)


class Format(unittest.TestCase):
    def test_formatting_is_stable_and_keeps_what_is_unknown(self):
        first = insula("format", "-", text=definition(extra=UNKNOWN_ELEMENT))
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        self.assertIn("<surprise/>", first.stdout)
        self.assertEqual(insula("format", "-", text=first.stdout).stdout, first.stdout)

    def test_bad_input(self):
        done = insula("format", "-", text="not XML")
        self.assertEqual((done.returncode, done.stdout), (1, ""))


class Host(unittest.TestCase):
    def test_text(self):
        done = insula("host")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^kernel +" + re.escape(os.uname().release) + "$")

    def test_json(self):
        facts = json.loads(insula("host", "--json").stdout)
        self.assertIn(os.uname().release, facts.values())


suite.main()
