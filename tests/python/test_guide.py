"""docs/plugins.md works to the letter: the commands of each section run in order, in an empty folder, with a Python
environment of their own that sees this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "plugins.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    """The commands of each section that has some."""
    parts = re.split(r"^## (.+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {title: "\n".join(BLOCK.findall(text)) for title, text in named.items() if BLOCK.search(text)}


@pytest.fixture(scope="module")
def place():
    """A folder that nobody else may write to, with an environment in it: `/tmp` would be refused."""
    folder = ROOT / "build" / f"guide-{os.getpid()}"
    folder.mkdir(parents=True)
    for part in (folder, folder.parent):
        part.chmod(0o755)
    venv.create(folder / "env", with_pip=True)
    here = sysconfig.get_path("purelib")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
    (site / "tests-environment.pth").write_text(f"{here}\n")
    shutil.copy(Path(sys.executable).parent / "iolink", folder / "env" / "bin" / "iolink")
    yield folder
    shutil.rmtree(folder)


def test_every_command_is_in_a_section():
    assert GUIDE.read_text(encoding="utf-8").count("```sh") == sum(
        len(BLOCK.findall(text))
        for text in re.split(r"^## .+$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    )
    assert {"In Rust", "In C", "In Python"} <= set(sections())


@pytest.mark.parametrize("title", sections())
def test_the_commands_of_a_section_work(title: str, place: Path):
    folder = place / re.sub(r"\W+", "-", title.lower())
    folder.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{place / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "DESTDIR": str(folder / "system"),
        # The guide's reader compiles for speed; the test need not.
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    }
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("CARGO_TARGET_DIR", None)
    commands = f"set -euxo pipefail\numask 022\n{sections()[title]}"
    done = subprocess.run(
        ["bash", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
