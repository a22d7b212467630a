"""The tests of pandas again: with the oldest pandas that is supported, without pyarrow, and where pandas 2 copies on write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import iolink

ROOT = Path(__file__).resolve().parents[2]
OLD = ROOT / ".venv-pandas2" / "bin" / "python"
FILES = [
    f"tests/python/{name}.py" for name in ("test_pandas", "test_pandas_blocks", "test_pandas_index", "test_pandas_kept")
]
WITHOUT, COPIES = {"IOLINK_TESTS_WITHOUT": "pyarrow"}, {"PANDAS_COPY_ON_WRITE": "1"}
old = pytest.mark.skipif(not OLD.exists(), reason="`make .venv-pandas2/ready` makes the environment with pandas 2.2")

# By name: the Python, what it is told, and what it says of its pandas: version, copies on write, has pyarrow.
ENVIRONMENTS = {
    "pandas 2 without pyarrow": (OLD, WITHOUT, ["2", "False", "False"]),
    "pandas 2 with pyarrow": (OLD, {}, ["2", "False", "True"]),
    "pandas 2 that copies on write": (OLD, COPIES, ["2", "True", "True"]),
    "pandas 3 without pyarrow": (Path(sys.executable), WITHOUT, ["3", "True", "False"]),
}
SAYS = """
import sys
import conftest, pandas
try:
    import pyarrow
except ImportError:
    pyarrow = None
version = pandas.__version__[0]
print(version, version > "2" or pandas.get_option("mode.copy_on_write"), pyarrow is not None)
"""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=old if python == OLD else ()) for name, (python, *_) in ENVIRONMENTS.items()]
)
def test_the_tests_of_pandas_pass_with(name, tmp_path):
    python, told, says = ENVIRONMENTS[name]
    # The installed package, and nothing else of this environment.
    (tmp_path / "iolink").symlink_to(Path(iolink.__file__).parent)
    environment = {**os.environ, **told, "PYTHONPATH": str(tmp_path), "IOLINK_TESTS_EXAMPLES": "30"}
    seen = subprocess.run(
        [python, "-c", SAYS], cwd=ROOT / "tests" / "python", env=environment, capture_output=True, text=True, check=True
    )
    assert seen.stdout.split() == says
    tests = [*FILES, "-q", "-p", "no:cacheprovider", "-k", "not ten_thousand"]
    ran = subprocess.run([python, "-m", "pytest", *tests], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:]
