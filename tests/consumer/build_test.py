# SPDX-License-Identifier: Apache-2.0
"""The project built by others: as a meson subproject, and through pkg-config after an install."""
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

from support import suite

ROOT = pathlib.Path(__file__).resolve().parents[2]
EMBEDDER = pathlib.Path(__file__).parent / "embedder.cpp"
LIBRARIES_ONLY = ["-Dtests=disabled", "-Dexamples=disabled", "-Dcli=disabled"]

CONSUMER_BUILD = """
project('consumer', 'cpp', default_options: ['cpp_std=c++20'])
executable('embedder', 'embedder.cpp',
    dependencies: [dependency('insula', fallback: 'insula'),
                   dependency('insula-xml', fallback: 'insula')])
"""


def call(*argv, **options):
    """Runs a command that has to succeed; its output."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{shlex.join(map(str, argv))}: exit code {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done.stdout


def ninja(build, *targets):
    jobs = os.environ.get("INSULA_JOBS")
    call("ninja", "-C", build, *(["-j", jobs] if jobs else []), *targets)


class Subproject(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch, True)
        (self.scratch / "subprojects").mkdir()
        (self.scratch / "subprojects" / "insula").symlink_to(ROOT)
        (self.scratch / "meson.build").write_text(CONSUMER_BUILD)
        shutil.copy(EMBEDDER, self.scratch)

    def build(self, *options):
        call("meson", "setup", self.scratch / "build", self.scratch, "--buildtype=debug", *options)
        ninja(self.scratch / "build")
        call(self.scratch / "build" / "embedder")

    def test_static(self):
        self.build("-Dinsula:default_library=static")
        self.assertFalse((self.scratch / "build/subprojects/insula/tests").exists())

    def test_shared(self):
        self.build("-Dinsula:default_library=shared")


class Installed(unittest.TestCase):
    def install(self, kind):
        scratch = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, scratch, True)
        prefix = scratch / "prefix"
        call("meson", "setup", scratch / "build", ROOT, f"--prefix={prefix}", "--libdir=lib",
             f"-Ddefault_library={kind}", "--buildtype=release", *LIBRARIES_ONLY)
        ninja(scratch / "build", "install")
        return prefix

    def build_and_run(self, prefix, *pkg_config_options):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig"),
                       "LD_LIBRARY_PATH": str(prefix / "lib")}
        flags = call("pkg-config", *pkg_config_options, "--cflags", "--libs", "insula", "insula-xml",
                     env=environment).split()
        program = prefix / "embedder"
        call("g++", "-std=c++20", EMBEDDER, *flags, "-o", program)
        call(program, env=environment)
        return call("ldd", program, env=environment)

    def test_static(self):
        prefix = self.install("static")
        self.assertNotIn("libinsula", self.build_and_run(prefix, "--static"))
        self.versions_agree(prefix)

    def test_shared(self):
        prefix = self.install("shared")
        self.assertIn("libinsula-xml", self.build_and_run(prefix))

    def versions_agree(self, prefix):
        header = (prefix / "include/insula/core/version.hpp").read_text()
        environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
        for name in ("insula", "insula-xml"):
            version = call("pkg-config", "--modversion", name, env=environment).strip()
            self.assertIn(f'version = "{version}"', header)


suite.main()
