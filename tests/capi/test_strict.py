"""Wrong values are errors in C and C++: types, properties, options, and addresses of what is no view."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import HERE, SANITIZE, Build, run, sanitized

SOURCE = HERE / "programs/strict.cpp"


@pytest.fixture
def plugin(build_plugin: Build) -> Path:
    """A plugin whose views break the rules."""
    return build_plugin(HERE / "programs/wrong.c")


@pytest.mark.parametrize("debug", [True, False])
def test_what_is_wrong_is_an_error_that_says_so(build: Build, plugin: Path, debug: bool) -> None:
    said = run(build(SOURCE, debug=debug), plugin)
    assert said.count("[ok]") == 30 and "NOT SO" not in said, said


def test_nothing_is_lost_or_read_beside(build: Build, plugin: Path) -> None:
    assert "NOT SO" not in sanitized(build(SOURCE, *SANITIZE), plugin)
