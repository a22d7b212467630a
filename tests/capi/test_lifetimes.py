"""Views given up in every order, too often, on threads of all kinds, and between two copies of the library."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

from kit import HERE, SANITIZE, Build, run, sanitized, valgrind

PROGRAMS = HERE / "programs"


def test_a_view_released_twice_is_named_in_debug_builds(build: Build) -> None:
    said = run(build(PROGRAMS / "double_release.c"), expect=-signal.SIGABRT)
    source = (PROGRAMS / "double_release.c").read_text().splitlines()
    line = next(number for number, text in enumerate(source, 1) if "the line that is named" in text)
    assert f"double_release.c:{line}: the view at" in said and "released more often than retained" in said


def test_a_view_released_twice_is_ignored_where_it_can_be_told_in_release_builds(build: Build) -> None:
    assert run(build(PROGRAMS / "double_release.c", debug=False)) == "went on\n"


def test_two_copies_exchange_views_and_share_no_registry(
    prefix: Path, build: Build, tmp_path: Path, nifti: Path
) -> None:
    library = (prefix / "lib/libiolinkrs.so").resolve()
    copy = shutil.copy(library, tmp_path / "libanother.so")
    program = build(PROGRAMS / "two_copies.c")
    said = run(program, library, copy, nifti)
    assert said.count("[ok]") == 5 and "NOT SO" not in said, said
    valgrind(program, library, copy, nifti, tmp_path=tmp_path)


def test_views_and_the_interpreter_end_in_every_order(build: Build, python_flags: list[str], tmp_path: Path) -> None:
    source = PROGRAMS / "lifetimes.cpp"
    said = run(build(source, *python_flags), sys.executable)
    assert "NOT SO" not in said and said.count("[ok]") > 20, said
    assert "NOT SO" not in sanitized(build(source, *python_flags, *SANITIZE), sys.executable, leaks=False)


def test_an_object_of_the_program_survives_the_trip_through_python(build: Build, python_flags: list[str]) -> None:
    source = PROGRAMS / "own_object.cpp"
    said = run(build(source, *python_flags), sys.executable)
    assert "NOT SO" not in said and said.count("[ok]") == 10, said
    assert "NOT SO" not in sanitized(build(source, *python_flags, *SANITIZE), sys.executable, leaks=False)
