# SPDX-License-Identifier: Apache-2.0
"""Calling the command `insula`, and small definitions to call it with."""
import os
import subprocess
import tempfile

INSULA = os.environ["INSULA"]


def insula(*arguments, text=None, **options):
    """Runs the command with `text` as its standard input."""
    options.setdefault("timeout", 60)
    return subprocess.run([INSULA, *arguments], input=text or "", capture_output=True, text=True,
                          **options)


def definition(script="exit 0", init="/bin/sh", extra="", devices="", init_args=None):
    """A container over the host's root whose init is a shell with `script`."""
    arguments = ["-c", script] if init_args is None else init_args
    words = "".join(f"<initarg>{escaped(word)}</initarg>" for word in arguments)
    return f"""<domain type='lxc'>
  <name>box</name>
  <memory unit='MiB'>64</memory>
  <os>
    <type>exe</type>
    <init>{init}</init>{words}
  </os>
  <features><privnet/></features>{extra}
  <devices>
    <filesystem type='template'><source name='host'/><target dir='/'/></filesystem>{devices}
  </devices>
</domain>
"""


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def scratch_file(test, text, name="box.xml"):
    """A file with `text` that goes away with the test."""
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    test.addCleanup(os.rmdir, directory)
    test.addCleanup(os.unlink, path)
    return path
