"""Views written into files from C and C++."""

from __future__ import annotations

from pathlib import Path

from kit import HERE, SANITIZE, Build, run, sanitized


def test_a_frame_is_written_and_read_back(build: Build, prefix: Path, tmp_path: Path) -> None:
    source, plugins = HERE / "programs/saved.cpp", prefix / "lib/iolink/plugins"
    said = run(build(source), tmp_path, plugins)
    assert said.count("[ok]") == 8 and "NOT SO" not in said, said
    assert "NOT SO" not in sanitized(build(source, *SANITIZE), tmp_path, plugins)
