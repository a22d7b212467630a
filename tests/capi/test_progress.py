"""Long copies that a program in C listens to and stops."""

from __future__ import annotations

import os

import pytest

from kit import HERE, SANITIZE, Build, run, sanitized

SOURCE = HERE / "programs/progress.c"


@pytest.fixture(autouse=True)
def one_core():
    """One core has one thread: with more, another may have copied the rest before the first is told to stop half way."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


def test_a_program_hears_how_far_a_copy_is_and_stops_it(build: Build) -> None:
    said = run(build(SOURCE))
    assert said.count("[ok]") == 8 * 7 + 1 and "NOT SO" not in said, said


def test_a_copy_that_was_stopped_leaves_nothing_behind(build: Build) -> None:
    assert "NOT SO" not in sanitized(build(SOURCE, *SANITIZE))
