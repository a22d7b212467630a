"""What `make install` writes: complete, movable, found by pkg-config and CMake, exporting its own names alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from kit import ROOT, WARNINGS, clean_environment, need, run

FUNCTION = re.compile(r"^(?:void|u?int\d+_t|const char \*) ?\*?(iolink_\w+)\(", re.MULTILINE)


def test_the_prefix_holds_library_headers_plugins_and_packages(prefix: Path) -> None:
    wanted = """lib/libiolinkrs.so lib/iolink/plugins/libiolink_tables.so lib/pkgconfig/iolinkrs.pc
        lib/cmake/iolinkrs/iolinkrsConfig.cmake lib/cmake/iolinkrs/iolinkrsConfigVersion.cmake
        include/iolinkrs/iolink_abi.h include/iolinkrs/iolink.h include/iolinkrs/iolink.hpp"""
    headers = [f"include/iolinkrs/{header}" for header in HEADERS]
    assert not [name for name in [*wanted.split(), *headers] if not (prefix / name).is_file()]


def test_a_prefix_is_asked_for() -> None:
    said = run("make", "-n", "install", "PREFIX=", cwd=ROOT, env=clean_environment(), expect=2)
    assert "make install PREFIX=/usr/local" in said


def test_the_library_exports_what_the_header_declares_and_nothing_else(prefix: Path) -> None:
    listed = run("nm", "-D", "--defined-only", "-f", "posix", prefix / "lib/libiolinkrs.so")
    exported = {line.split()[0] for line in listed.splitlines()}
    declared = set(FUNCTION.findall((prefix / "include/iolinkrs/iolink.h").read_text()))
    assert len(declared) > 50
    assert exported == declared


HEADERS = ["iolink_abi.h", *(header.name for header in sorted((ROOT / "host/capi/include").iterdir()))]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("language", ["c99", "c17", "c++17", "c++20"])
def test_every_header_compiles_alone_and_twice(prefix: Path, header: str, language: str, tmp_path: Path) -> None:
    if header.endswith("hpp") and not language.startswith("c++"):
        return
    plus = language.startswith("c++")
    source = tmp_path / ("a.cpp" if plus else "a.c")
    source.write_text(f'#include "{header}"\n#include "{header}"\nint used(void);\nint used(void) {{ return 0; }}\n')
    include = prefix / "include/iolinkrs"
    run("c++" if plus else "cc", f"-std={language}", *WARNINGS, "-fsyntax-only", f"-I{include}", source)


def test_a_moved_prefix_is_found_by_pkg_config(prefix: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(prefix, moved, symlinks=True)
    environment = clean_environment(PKG_CONFIG_PATH=str(moved / "lib/pkgconfig"), PKG_CONFIG=need("pkg-config"))
    run("make", "-C", ROOT / "examples/c-host", f"OUT={tmp_path}", env=environment)
    assert "usage" in run(tmp_path / "stats", expect=2)
    version = run("pkg-config", "--modversion", "iolinkrs", env=environment).strip()
    assert f'version = "{version}"' in (ROOT / "Cargo.toml").read_text()


@pytest.mark.parametrize(("wanted", "found"), [("0.1", True), ("0.2", False), ("1.0", False)])
def test_cmake_finds_the_version_it_asks_for(prefix: Path, tmp_path: Path, wanted: str, found: bool) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.18)\nproject(asks NONE)\nfind_package(iolinkrs {wanted} REQUIRED)\n"
    )
    said = run(need("cmake"), "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}", expect=None)
    assert ("Could not find a configuration" not in said) == found, said
