"""Long copies that a program in C listens to and stops."""

from __future__ import annotations

from kit import HERE, SANITIZE, Build, run, sanitized

SOURCE = HERE / "programs/progress.c"


def test_a_program_hears_how_far_a_copy_is_and_stops_it(build: Build) -> None:
    said = run(build(SOURCE))
    assert said.count("[ok]") == 8 * 7 + 1 and "NOT SO" not in said, said


def test_a_copy_that_was_stopped_leaves_nothing_behind(build: Build) -> None:
    assert "NOT SO" not in sanitized(build(SOURCE, *SANITIZE))
