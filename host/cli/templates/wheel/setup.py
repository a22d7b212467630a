"""Builds the library and places it in the package. The wheel is for this platform, and for any Python 3."""

import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
RUST = (HERE / "Cargo.toml").exists()
COMMAND = ["cargo", "build", "--release"] if RUST else ["make"]
LIBRARY = HERE / ("target/release" if RUST else "build") / "lib@name@.so"


class Native(Distribution):
    def has_ext_modules(self):
        return True


class build(build_py):
    def run(self):
        super().run()
        subprocess.run(COMMAND, cwd=HERE, check=True)
        shutil.copy(LIBRARY, Path(self.build_lib, "@name@_plugin", LIBRARY.name))


class wheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(distclass=Native, cmdclass={"build_py": build, "bdist_wheel": wheel})
