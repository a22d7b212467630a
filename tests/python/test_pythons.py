"""One wheel for every CPython from 3.11 on: those that are on this machine install it and use it."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ["3.11", "3.12", "3.13"]

SMOKE = """
import gc, pickle, sys
import numpy as np
import iolink
from iolink import DataTypeId, ImageViewFactory, NumpyInterop, _iolink

assert "%d.%d" % sys.version_info[:2] == sys.argv[1], sys.version
array = np.arange(24, dtype=">u2").reshape(2, 3, 4)
view = NumpyInterop.from_numpy_array(array, "VOLUME")
assert view.shape() == (4, 3, 2)
for back in (np.asarray(view), np.asarray(memoryview(view)), NumpyInterop.to_numpy_array(view)):
    assert np.shares_memory(back, array) and back.dtype == array.dtype
assert np.array_equal(np.asarray(view[1, ::-1]), array[1, ::-1])
image = ImageViewFactory.allocate((6, 4), DataTypeId.VEC3_UINT16)
assert np.shares_memory(np.from_dlpack(image), np.asarray(image))
assert iolink.from_dlpack(array.astype("u2")).shape() == (2, 3, 4)
assert np.array_equal(np.asarray(pickle.loads(pickle.dumps(view, 5))), array)
lazy = ImageViewFactory.from_function((3, 2), "UINT8", lambda region: np.ones(tuple(region.size()), "u1"))
assert np.asarray(lazy).sum() == 6
try:
    np.asarray(view)[99]
    view[99]
except IndexError:
    pass
frame = iolink.DataFrameViewFactory.allocate([2, 3], ["who", "years"], [DataTypeId.UTF8_STRING, DataTypeId.INT64])
frame.set_at("years", 1, 42)
assert frame.at("years", 1) == 42
stream = iolink.StreamAccessFactory.allocate().to_raw_io()
assert stream.write(b"abc") == 3
assert [info.id for info in iolink.plugins() if info.kind == "built-in"]
for _ in range(1000):
    NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array))
del view, back, image, lazy, frame
gc.collect()
assert _iolink._live()["exports"] == 0, _iolink._live()
print("good")
"""


def runs(interpreter: str, version: str) -> bool:
    """Is it a CPython of this version? Shims of version managers can be there without one behind them."""
    code = "import platform, venv; print(platform.python_implementation(), platform.python_version())"
    try:
        told = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and told.stdout.startswith(f"CPython {version}.")


def found(version: str) -> str | None:
    """An interpreter of this version: the running one, one on the path, or one of a version manager."""
    home = Path.home()
    places = [
        Path(os.environ.get("PYENV_ROOT", home / ".pyenv"), "versions", f"{version}*", "bin"),
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"), f"cpython-{version}*", "bin"),
        Path(os.environ.get("ASDF_DATA_DIR", home / ".asdf"), "installs", "python", f"{version}*", "bin"),
        Path(os.environ.get("MISE_DATA_DIR", home / ".local/share/mise"), "installs", "python", f"{version}*", "bin"),
        Path("/opt/python", f"cp{version.replace('.', '')}-cp{version.replace('.', '')}", "bin"),
        Path("/opt/hostedtoolcache/Python", f"{version}*", "x64", "bin"),
        Path("/usr/local/bin"),
    ]
    candidates = [sys.executable, shutil.which(f"python{version}")]
    candidates += [name for place in places for name in sorted(glob.glob(str(place / f"python{version}")))]
    return next((name for name in candidates if name and runs(name, version)), None)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, by the same commands that installed the package under test: cargo finds everything built."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(command, check=True, timeout=600)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_says_that_it_is_for_every_version(wheel):
    assert "-cp311-abi3-" in wheel.name


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_runs_on(version, wheel, tmp_path):
    interpreter = found(version)
    if interpreter is None:
        pytest.skip(f"CPython {version} is not on this machine")
    subprocess.run([interpreter, "-m", "venv", tmp_path / "env"], check=True, timeout=120)
    python = tmp_path / "env" / "bin" / "python"
    command = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", wheel]
    subprocess.run(command, check=True, timeout=300)
    told = subprocess.run(
        [python, "-I", "-c", SMOKE, version], capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path
    )
    assert (told.returncode, told.stdout) == (0, "good\n"), told.stderr
