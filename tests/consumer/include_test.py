# SPDX-License-Identifier: Apache-2.0
"""Dependencies run one way (docs/explanation/architecture.md): who may include whose headers."""
import pathlib
import re
import unittest

from support import suite

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = re.compile(r'#\s*include\s*"([a-z_]+)/([^"]+)"')
THIRD_PARTY = re.compile(r"#\s*include\s*<(pugixml|CLI|cap-ng|seccomp|nlohmann|doctest)")

# directory: the first components of what it may include beside its own
ALLOWED = {
    "include": {"insula"},
    "lib/xml": {"insula", "xml"},
    "lib/init": {"init"},
    "lib/linux": {"insula", "init", "linux"},
    "lib/run": {"insula", "init", "linux", "run"},
    "lib/cli": {"insula", "cli"},
}
LIBRARY_OF = {"pugixml": "lib/xml", "CLI": "lib/cli"}


def sources(directory):
    return [path for pattern in ("*.hpp", "*.cpp", "*.ipp") for path in (ROOT / directory).rglob(pattern)]


class Includes(unittest.TestCase):
    def test_each_part_includes_only_what_it_may_know(self):
        for directory, allowed in ALLOWED.items():
            self.assertTrue(sources(directory), directory)
            for path in sources(directory):
                with self.subTest(path.relative_to(ROOT)):
                    self.assertEqual({top for top, _ in OURS.findall(path.read_text())} - allowed, set())

    def test_every_part_is_listed(self):
        parts = {f"lib/{path.name}" for path in (ROOT / "lib").iterdir() if path.is_dir()}
        self.assertEqual(parts, set(ALLOWED) - {"include"})

    def test_third_party_headers_have_one_place(self):
        for directory in ALLOWED:
            for path in sources(directory):
                for library in THIRD_PARTY.findall(path.read_text()):
                    with self.subTest(path.relative_to(ROOT)):
                        self.assertEqual(LIBRARY_OF.get(library), directory)

    def test_the_caller_knows_of_the_helper_only_the_program(self):
        # what runs inside is built freestanding; its steps are not for the caller
        shared = {"program.hpp", "syscall.hpp", "uapi.hpp"}
        for directory in ("lib/linux", "lib/run"):
            for path in sources(directory):
                with self.subTest(path.relative_to(ROOT)):
                    used = {name for top, name in OURS.findall(path.read_text()) if top == "init"}
                    self.assertEqual(used - shared, set())


if __name__ == "__main__":
    suite.main()
