"""The tests of pandas again, with the oldest pandas that is supported and without pyarrow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import iolink

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-pandas2" / "bin" / "python"


@pytest.mark.skipif(not PYTHON.exists(), reason="`make .venv-pandas2/ready` makes the environment with pandas 2.2")
def test_pandas_2_without_pyarrow(tmp_path):
    # The installed package, and nothing else of this environment.
    (tmp_path / "iolink").symlink_to(Path(iolink.__file__).parent)
    program = "import pandas, importlib.util as u; print(pandas.__version__[:3], u.find_spec('pyarrow'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    seen = subprocess.run([PYTHON, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert seen.stdout.split() == ["2.2", "None"]
    files = ["tests/python/test_pandas.py", "tests/python/test_pandas_blocks.py"]
    tests = [*files, "-q", "-p", "no:cacheprovider", "-k", "not ten_thousand"]
    ran = subprocess.run([PYTHON, "-m", "pytest", *tests], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:]
