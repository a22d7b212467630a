"""Stores, created images, calls and every kind of view, from C and C++."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import HERE, ROOT, SANITIZE, Build, run, sanitized

PROGRAMS = HERE / "programs"


def claims_hold(said: str, least: int) -> None:
    assert said.count("[ok]") >= least and "NOT SO" not in said, said


def folder_of(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_stores_of_folders_and_in_memory(build: Build, tmp_path: Path) -> None:
    claims_hold(run(build(PROGRAMS / "stores.cpp"), folder_of(tmp_path, "plain")), 80)
    claims_hold(sanitized(build(PROGRAMS / "stores.cpp", *SANITIZE), folder_of(tmp_path, "sanitized")), 80)


def test_images_are_created_and_saved_in_files(build: Build, build_plugin: Build, tmp_path: Path) -> None:
    plugin = build_plugin(PROGRAMS / "plain.c")
    claims_hold(run(build(PROGRAMS / "created.cpp"), folder_of(tmp_path, "plain"), plugin), 20)
    program = build(PROGRAMS / "created.cpp", *SANITIZE)
    claims_hold(sanitized(program, folder_of(tmp_path, "sanitized"), plugin), 20)


@pytest.mark.parametrize("flags", [[], SANITIZE])
def test_calls_are_heard_stopped_and_limited(build: Build, flags: list[str]) -> None:
    program = build(PROGRAMS / "calls.cpp", *flags)
    claims_hold(sanitized(program) if flags else run(program), 40)


def test_a_view_of_each_kind(build: Build, build_plugin: Build) -> None:
    plugin = build_plugin(*sorted((ROOT / "tests/border/kinds").glob("*.c")))
    claims_hold(run(build(PROGRAMS / "kinds.cpp"), plugin), 50)
    claims_hold(sanitized(build(PROGRAMS / "kinds.cpp", *SANITIZE), plugin), 50)


def test_a_program_in_c_uses_stores(build: Build, tmp_path: Path) -> None:
    claims_hold(run(build(PROGRAMS / "stores.c"), folder_of(tmp_path, "plain")), 15)
    claims_hold(sanitized(build(PROGRAMS / "stores.c", *SANITIZE), folder_of(tmp_path, "sanitized")), 15)
