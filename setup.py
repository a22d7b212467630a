"""cargo builds every library of the wheel, into the workspace's own target/; setuptools only places the files.

Two commands, because cargo unifies features over all packages of one command: polars built together with anything else
is another polars, and takes another quarter of an hour. The Makefile uses the same two.
"""

import functools
import json
import os
import shutil
import subprocess
import tomllib
from distutils.command.build_scripts import build_scripts  # setuptools' own, whose build backend put it in place
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
COMMANDS = [["build", "--release", "--locked"], ["build", "--release", "--locked", "-p", "iolink-plugin-tables-so"]]
# The other providers are linked into the extension; their libraries in plugins/*/so are for hosts and for the tests.
PLUGINS = ["tables"]


def cargo(arguments):
    """Runs one cargo command; yields (folder of the package, file) for each library and program that is fresh now."""
    command = [os.environ.get("CARGO", "cargo"), *arguments, "--message-format=json-render-diagnostics"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            message = json.loads(line) if line.startswith("{") else {}
            folder = Path(message.get("manifest_path", "/")).parent
            if message.get("reason") != "compiler-artifact" or ROOT not in folder.parents:
                continue
            if message["executable"] and not message["profile"]["test"]:
                yield folder.relative_to(ROOT) / message["target"]["name"], Path(message["executable"])
            if "cdylib" in message["target"]["kind"]:
                library = next(name for name in message["filenames"] if name.endswith((".so", ".dylib", ".dll")))
                yield folder.relative_to(ROOT), Path(library)
    if process.returncode:
        raise SystemExit(f"failed with {process.returncode}: {' '.join(command)}")


def place(source, target):
    """Replaces the file as a whole, never in place: a process may have the old one mapped."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + "~")
    shutil.copyfile(source, part)
    part.chmod(0o755)
    os.replace(part, target)


@functools.cache
def everything():
    """What the commands make, by package; programs by package and name."""
    return {where: file for arguments in COMMANDS for where, file in cargo(arguments)}


class libraries(build_ext):
    """The binding as iolink/_iolink.abi3.so, and the plugins that it loads as iolink/plugins/libiolink_NAME.so."""

    def run(self):
        built = everything()
        binding = Path(self.get_ext_fullpath("iolink._iolink"))  # in build/lib..., or in python/iolink with --inplace
        place(built[Path("python")], binding)
        plugins = binding.parent / "plugins"
        shutil.rmtree(plugins, ignore_errors=True)  # build/ outlives a run: no plugin of yesterday in the wheel
        for name in PLUGINS:
            library = built[Path("plugins", name, "so")]
            place(library, plugins / f"libiolink_{name}{library.suffix}")


class programs(build_scripts):
    """The command line as a script: pip puts it beside Python. setuptools itself takes scripts for Python's source."""

    def run(self):
        place(everything()[Path("host", "cli", "iolink")], Path(self.build_dir, "iolink"))


setup(
    version=VERSION,
    scripts=["iolink"],
    ext_modules=[Extension("iolink._iolink", sources=[], py_limited_api=True)],
    cmdclass={"build_ext": libraries, "build_scripts": programs},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
