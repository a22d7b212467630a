"""Providers written in Python: what a tile costs over the library itself, and what they cost before they are used."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pydicom
import tifffile
import zarr
from PIL import Image

import iolink
from harness import header, race, row
from iolink import providers

TILE = 64


def tile_of(name: str, view: iolink.ImageView, read: Callable[[], np.ndarray]) -> None:
    """One tile through iolink into an array of ours, against the library's own reading of the same tile."""
    shape = tuple(view.shape())
    region = ((TILE, TILE, *[1] * (len(shape) - 2)), (TILE, TILE, *[1] * (len(shape) - 2)))
    into = np.empty((*[1] * (len(shape) - 2), TILE, TILE), np.asarray(read()).dtype.newbyteorder("="))
    np.testing.assert_array_equal(view.read_region(region, into).squeeze(), np.squeeze(read()))
    ours, peer = race(lambda: view.read_region(region, into), read, 5, rounds=101)
    over = (ours - peer) / 1e3
    row(f"tile {TILE}x{TILE}, {name}", ours, peer, name.split()[0], f"{over:+.1f} us over it, target <= 20 us")


class Object:
    """The least that is read by regions."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        return self.array[index]


def discovery() -> None:
    """The first listing in a process, with and without 100 distributions that bring a provider each."""
    code = (
        "import time, iolink; start = time.perf_counter_ns(); found = iolink.plugins(); "
        "print(time.perf_counter_ns() - start, sum(p.kind == 'python' for p in found))"
    )

    def listing(folder: str) -> tuple[int, int]:
        command, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": folder}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        nanoseconds, count = done.stdout.split()
        return int(nanoseconds), int(count)

    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        for number in range(100):
            package, info = Path(full, f"p{number}"), Path(full, f"p{number}-1.0.dist-info")
            package.mkdir()
            info.mkdir()
            Path(package, "__init__.py").write_text("raise SystemExit('imported')")
            signs = f"[[one.formats]]\nformat = 'P{number}'\nextensions = 'p{number}'\nmagic = '0:5052{number:02d}'\n"
            Path(package, "iolink-providers.toml").write_text(f"[one]\nid = 'org.example.p{number}'\n{signs}")
            Path(info, "entry_points.txt").write_text(f"[iolink.providers]\none = p{number}:One\n")
        times = [(listing(full), listing(empty)) for _ in range(9)]
    assert all(full[1] == empty[1] + 100 for full, empty in times)
    full, empty = (statistics.median(pair[which][0] for pair in times) for which in (0, 1))
    row("listing 100 more providers in Python", full - empty, empty, "listing without them", "target <= 2 ms")


def chunk_of(name: str, store: Path, cut: tuple[slice, ...]) -> None:
    array, view = zarr.open_array(store, mode="r"), iolink.open(store)
    if tuple(view.shape()) == array.shape:  # axes without names keep their order
        view = iolink.ImageViewFactory.reinterpret_axes(view, ["SLICE", "ROW", "COLUMN"])
    tile_of(name, view, lambda: array[cut])


def main() -> None:
    header(tifffile, zarr, nibabel, pydicom, h5py)
    discovery()
    generator = np.random.default_rng(0)
    volume = generator.integers(0, 4096, (16, 512, 512)).astype("i2")
    cut = np.s_[1:2, TILE : 2 * TILE, TILE : 2 * TILE]
    least = Object(volume)
    tile_of("an object with [...]", providers.as_image(least, "ZYX"), lambda: least[cut].copy())
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        tifffile.imwrite(at / "plain.tif", volume, photometric="minisblack")
        mapped = tifffile.memmap(at / "plain.tif", mode="r")
        tile_of("tifffile memmap", iolink.open(at / "plain.tif"), lambda: mapped[cut].copy())
        tifffile.imwrite(at / "tiled.tif", volume, tile=(TILE, TILE), compression="zlib", photometric="minisblack")
        tiled = zarr.open_array(tifffile.TiffFile(at / "tiled.tif").series[0].aszarr(), mode="r")
        tile_of("tifffile tiles, deflated", iolink.open(at / "tiled.tif"), lambda: tiled[cut])
        for version in (2, 3):
            names = {"dimension_names": ["z", "y", "x"]} if version == 3 else {}
            store = at / f"v{version}.zarr"
            array = zarr.create_array(
                store, shape=volume.shape, dtype=volume.dtype, chunks=(1, TILE, TILE), zarr_format=version, **names
            )
            array[:] = volume
            chunk_of(f"zarr chunk, version {version}", store, cut)
        nibabel.save(nibabel.Nifti1Image(volume.T, np.eye(4)), at / "x.nii")
        proxy = nibabel.load(at / "x.nii").dataobj
        tile_of("nibabel plain", iolink.open(at / "x.nii"), lambda: np.asarray(proxy[cut[::-1]]).T)
        with h5py.File(at / "x.h5", "w") as file:
            dimensions = file.create_dataset("x", data=volume, chunks=(1, TILE, TILE)).dims
            for dimension, label in zip(dimensions, "zyx", strict=True):
                dimension.label = label
        data = h5py.File(at / "x.h5", "r")["x"]
        tile_of("h5py chunk", iolink.open(at / "x.h5"), lambda: data[cut])
        Image.fromarray(volume[0].astype("u1")).save(at / "x.png")
        picture = np.asarray(Image.open(at / "x.png"))
        tile_of("Pillow decoded frame", iolink.open(at / "x.png"), lambda: picture[cut[1:]].copy())
        dicom = pydicom.examples.get_path("ct")
        pixels = pydicom.dcmread(dicom).pixel_array
        tile_of("pydicom decoded frame", iolink.open(dicom), lambda: pixels[TILE:, TILE:].copy())


if __name__ == "__main__":
    main()
