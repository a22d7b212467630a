"""Wrong values are errors in C and C++: types, properties, options, and addresses of what is no view."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import HERE, SANITIZE, WARNINGS, Build, run, sanitized

SOURCE = HERE / "programs/strict.cpp"


@pytest.fixture
def plugin(prefix: Path, tmp_path: Path) -> Path:
    """A plugin whose views break the rules."""
    library = tmp_path / "libwrong.so"
    flags = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", *WARNINGS, "-O1", "-g", "-shared", "-fPIC", "-fvisibility=hidden"]
    run("cc", *flags, f"-I{prefix / 'include/iolinkrs'}", HERE / "programs/wrong.c", "-o", library)
    return library


@pytest.mark.parametrize("debug", [True, False])
def test_what_is_wrong_is_an_error_that_says_so(build: Build, plugin: Path, debug: bool) -> None:
    said = run(build(SOURCE, debug=debug), plugin)
    assert said.count("[ok]") == 30 and "NOT SO" not in said, said


def test_nothing_is_lost_or_read_beside(build: Build, plugin: Path) -> None:
    assert "NOT SO" not in sanitized(build(SOURCE, *SANITIZE), plugin)
