"""The programs in the documentation compile without a warning, and do what the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import iolink
from kit import ROOT, SANITIZE, WARNINGS, Build, run, sanitized


def programs(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "language"), [("hosting.md", "c"), ("hosting.md", "cpp"), ("embedding.md", "cpp")])
def test_the_program_of_a_page_compiles_and_runs(
    page: str, language: str, build: Build, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (text,) = programs(page, language)
    flags = request.getfixturevalue("python_flags") if "Python.h" in text else []
    source = tmp_path / f"program.{language}"
    source.write_text(text)
    if "int main" in text:
        sanitized(build(source, *flags, *SANITIZE))
    else:
        build(source, *flags, "-c")


def test_the_plugin_of_the_manual_opens_what_it_offers(tmp_path: Path) -> None:
    (text,) = programs("c-plugin.md", "c")
    (tmp_path / "ramp.c").write_text(text)
    library = tmp_path / "libramp.so"
    shared = ["-O2", "-fPIC", "-fvisibility=hidden", "-shared", f"-I{ROOT / 'sdk/include'}"]
    run("cc", "-std=c99", *WARNINGS, *shared, tmp_path / "ramp.c", "-o", library)
    assert iolink.load_plugin(library).id == "org.example.ramps"
    ramp = iolink.open("ramp://5x3")
    assert np.array_equal(np.asarray(ramp), np.arange(5)[:, None] + np.arange(3))  # no axis is named: their order stays
    with pytest.raises(ValueError, match="COLUMNSxROWS"):
        iolink.open("ramp://wide")
    with pytest.raises(IndexError):
        ramp.read((5, 0))
