"""The examples for host applications, built as their users build them, run, and checked by valgrind and ASan."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kit import ROOT, SANITIZE, Build, clean_environment, need, run, sanitized, valgrind

EXAMPLES = ROOT / "examples"


def by_cmake(example: str, prefix: Path, folder: Path) -> Path:
    run(
        *(need("cmake"), "-S", EXAMPLES / example, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}"),
        *(
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DPython_ROOT_DIR={sys.base_prefix}",
            f"-DPython_EXECUTABLE={sys.executable}",
        ),
    )
    run("cmake", "--build", folder)
    return folder


def claims_hold(said: str, count: int) -> None:
    assert said.count("[ok]") == count and "NOT SO" not in said, said


@pytest.fixture(scope="session")
def stats(build: Build) -> Path:
    return build(EXAMPLES / "c-host/stats.c")


def test_a_host_in_c_measures_a_real_volume(stats: Path, nifti: Path, brain: Path) -> None:
    import nibabel  # type: ignore[import-untyped]

    stored = np.asarray(nibabel.load(brain).dataobj.get_unscaled())
    said = run(stats, nifti, brain)
    shape = " x ".join(map(str, stored.shape))
    assert f"shape {shape}, spacing 2 mm 2 mm 2 mm" in said
    mean, deviation = stored.mean(), stored.std()
    assert f"samples {stored.size}, least {stored.min()}, most {stored.max()}, mean {mean:.4f}" in said
    assert f"deviation {deviation:.4f}" in said
    assert "(built in)" in said


def test_a_host_in_c_says_what_is_wrong(stats: Path, nifti: Path, tmp_path: Path) -> None:
    assert "(not found)" in run(stats, nifti, tmp_path / "none.nii", expect=1)
    assert "(refused)" in run(stats, __file__, tmp_path / "none.nii", expect=1)
    damaged = tmp_path / "damaged.nii"
    damaged.write_bytes(b"n+1")
    assert "(unsupported)" in run(stats, nifti, damaged, expect=1)


def test_a_provider_in_c_serves_a_host_in_c(stats: Path, tmp_path: Path) -> None:
    run("make", "-C", EXAMPLES / "c-plugin", f"OUT={tmp_path}", env=clean_environment())
    (tmp_path / "a.pgm").write_bytes(b"P5\n3 2\n255\n" + bytes([1, 2, 3, 4, 5, 9]))
    said = run(stats, tmp_path / "libpgm.so", tmp_path / "a.pgm")
    assert "samples 6, least 1, most 9, mean 4.0000" in said
    valgrind(stats, tmp_path / "libpgm.so", tmp_path / "a.pgm", tmp_path=tmp_path)


def test_the_host_in_c_is_clean(stats: Path, build: Build, nifti: Path, brain: Path, tmp_path: Path) -> None:
    valgrind(stats, nifti, brain, tmp_path=tmp_path)
    program = build(EXAMPLES / "c-host/stats.c", *SANITIZE)
    sanitized(program, nifti, brain)
    assert "(not found)" in run(program, nifti, tmp_path / "none.nii", expect=1)


def test_the_bridge_goes_both_ways(prefix: Path, build: Build, tmp_path: Path) -> None:
    program = by_cmake("bridge", prefix, tmp_path / "b") / "mock"
    claims_hold(run(program), 8)
    valgrind(program, tmp_path=tmp_path)
    claims_hold(sanitized(build(EXAMPLES / "bridge/mock.cpp", *SANITIZE)), 8)
    assert len((EXAMPLES / "bridge/bridge.hpp").read_text().splitlines()) <= 170


@pytest.fixture(scope="session")
def embedding(build: Build, python_flags: list[str]) -> Callable[..., Path]:
    return lambda *flags: build(EXAMPLES / "cpp-embedding/main.cpp", *python_flags, *flags)


def test_embedding_shares_memory_with_numpy_and_pandas(prefix: Path, python_flags: list[str], tmp_path: Path) -> None:
    program = by_cmake("cpp-embedding", prefix, tmp_path) / "embedding"
    claims_hold(run(program, sys.executable), 10)


def test_embedding_is_clean_under_asan(embedding: Callable[..., Path]) -> None:
    claims_hold(sanitized(embedding(*SANITIZE), sys.executable, leaks=False), 10)


def test_embedding_is_clean_under_valgrind(embedding: Callable[..., Path], tmp_path: Path) -> None:
    claims_hold(valgrind(embedding(), sys.executable, tmp_path=tmp_path), 10)


def test_a_host_in_rust_works_with_ndarray(nifti: Path, brain: Path, tmp_path: Path) -> None:
    cargo = os.environ.get("CARGO", "cargo")
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    manifest = EXAMPLES / "rust-host/Cargo.toml"
    command = [cargo, "build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target]
    run(*command, env=clean_environment())
    program = Path(target) / "release/iolink-example-host"
    said = run(program, nifti, brain)
    import nibabel  # type: ignore[import-untyped]

    values = nibabel.load(brain).get_fdata()
    means = values.mean(axis=tuple(range(values.ndim - 1)))
    assert f"mean {values.mean():.4f}; slice {means.argmax()} is the brightest, with {means.max():.4f}" in said
    assert f"projected to shape ({', '.join(map(str, values.shape[:-1]))})" in said
    valgrind(program, nifti, brain, tmp_path=tmp_path)
