"""Arrays in and out: what each way costs against NumPy's own, and what is left behind."""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import repeat
from types import ModuleType
from typing import Any

import numpy as np

import iolink
from harness import header, optional, race, row
from iolink import ImageViewFactory, NumpyInterop, _iolink

CALLS = 5_000


def layouts() -> dict[str, np.ndarray]:
    """Arrays of every layout, and a flat one: what a call costs does not depend on how many samples there are."""
    cube = np.arange(24 * 32 * 40, dtype="u2").reshape(24, 32, 40)
    fixed = cube.copy()
    fixed.flags.writeable = False
    return {
        "C order": cube,
        "F order": np.asfortranarray(cube),
        "strided [::2,::2,::2]": cube[::2, ::2, ::2],
        "negative stride [::-1]": cube[::-1],
        "permuted (2,0,1)": cube.transpose(2, 0, 1),
        "5-D": np.arange(4 * 3 * 8 * 16 * 16, dtype="u2").reshape(4, 3, 8, 16, 16),
        "read-only": fixed,
        "big-endian": cube.astype(">u2"),
        "bool": cube > 9,
        "float16": cube.astype("f2"),
        "complex64": cube.astype("c8"),
        "int64": cube.astype("i8"),
        "uint64": cube.astype("u8"),
        "RGB (32,40,3) u8": np.zeros((32, 40, 3), "u1"),
        "0-d": np.array(3, "u2"),
        "empty (0,4)": np.zeros((0, 4), "u2"),
        "broadcast": np.broadcast_to(cube[0], (5, 32, 40)),
        "1-d": cube.reshape(-1),
    }


def is_shared(back: np.ndarray, array: np.ndarray) -> bool:
    """Is it the same memory, or, where there is none, the same address?"""
    return np.shares_memory(back, array) if array.size else back.ctypes.data == array.ctypes.data


def round_trips() -> None:
    view_of, array_of = NumpyInterop.from_numpy_array, NumpyInterop.to_numpy_array
    for name, array in layouts().items():
        ours, peer = race(lambda a=array: array_of(view_of(a)), lambda a=array: np.asarray(memoryview(a)), CALLS)
        shared = "shared" if is_shared(array_of(view_of(array)), array) else "COPIED"
        row(f"from + to, {name}, {shared}", ours, peer, "np.asarray(memoryview(a))", "target <= 2")


def protocols() -> None:
    array = np.arange(24, dtype="u2").reshape(2, 3, 4)
    view = NumpyInterop.from_numpy_array(array, "VOLUME")
    held = memoryview(array)
    ours, peer = race(lambda: np.asarray(view), lambda: np.asarray(memoryview(array)), CALLS)
    row("np.asarray(view)", ours, peer, "np.asarray(memoryview(a))", "target <= 3")
    ours, peer = race(lambda: memoryview(view), lambda: memoryview(array), CALLS)
    row("memoryview(view)", ours, peer, "memoryview(a)", "-")
    ours, peer = race(lambda: iolink.from_dlpack(array), lambda: np.from_dlpack(array), CALLS)
    row("iolink.from_dlpack(a)", ours, peer, "np.from_dlpack(a)", "target <= 2")
    ours, peer = race(lambda: np.from_dlpack(view), lambda: np.from_dlpack(array), CALLS)
    row("np.from_dlpack(view)", ours, peer, "np.from_dlpack(a)", "target <= 2")
    ours, peer = race(lambda: view[1, ::2], lambda: array[1, ::2], CALLS)
    row("view[1, ::2]", ours, peer, "a[1, ::2]", "-")
    assert held.shape == (2, 3, 4)


def getters() -> None:
    """Against a method of this extension that hands out an object that is there already."""
    view = ImageViewFactory.allocate((6, 4), "UINT16")
    for name, getter in (("shape()", view.shape), ("dtype()", view.dtype), ("capabilities()", view.capabilities)):
        prebuilt = _iolink._Prebuilt(getter())
        ours, peer = race(getter, prebuilt.get, 20_000)
        row(f"view.{name}", ours, peer, "the same object, prebuilt", "target <= 1.5")


def tell(what: str, view: iolink.ImageView, asked: list[object]) -> None:
    """What an image that nobody read tells of itself, and in how long; `asked` counts the reads."""
    start = time.perf_counter_ns()
    view.shape(), view.dtype(), view.array.chunks, view.properties().calibration.spacing
    took = (time.perf_counter_ns() - start) / 1e6
    print(
        f"shape, dtype, chunks and spacing of {what:<24} {took:.3f} ms, {len(asked)} regions read (target <= 1 ms, 0)"
    )


def opened() -> None:
    """The same of an image that a function has, and of files that providers written in Python opened."""
    asked: list[object] = []
    properties = iolink.ImageProperties.from_data_type("UINT16")
    properties.image_info.set_axes_interpretation("VOLUME")

    def image() -> iolink.ImageView:
        shape, chunks = (4096, 4096, 4096), (256, 256, 16)
        return ImageViewFactory.from_function(shape, "UINT16", asked.append, chunks=chunks, properties=properties)

    assert image().array.chunks == (16, 256, 256)  # what is imported once is imported here
    tell("a new image", image(), asked)
    with tempfile.TemporaryDirectory() as folder:
        for name, ending, reader in (("h5py", "h5", "h5py.Dataset"), ("tifffile", "tif", "zarr.Array")):
            library, owner = optional(name), optional(reader.split(".")[0])
            if library and owner:
                path = f"{folder}/volume.{ending}"
                write(library, path)
                asked = counted(getattr(owner, reader.split(".")[1]))
                tell(f"a file of {name}", iolink.open(path), asked)


def write(library: ModuleType, path: str) -> None:
    """A volume of 64 MiB in chunks."""
    volume = np.zeros((64, 1024, 512), "u2")
    if library.__name__ == "tifffile":
        library.imwrite(path, volume, tile=(256, 256), photometric="minisblack")
        return
    with library.File(path, "w") as file:
        file.create_dataset("volume", data=volume, chunks=(1, 256, 256))


def counted(owner: Any) -> list[object]:
    """A list into which each read of samples by an object of this class is put from now on."""
    asked: list[object] = []
    read = owner.__getitem__

    def counting(self: object, key: object, *more: object, **options: object) -> object:
        asked.append(key)
        return read(self, key, *more, **options)

    owner.__getitem__ = counting
    return asked


def leaks() -> None:
    """Bytes and references after 10,000 round trips of each kind."""
    array = np.arange(24, dtype="u2").reshape(2, 3, 4)
    view = NumpyInterop.from_numpy_array(array, "VOLUME")
    kinds: dict[str, Callable[[], object]] = {
        "from + to": lambda: NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array)),
        "np.asarray(view)": lambda: np.asarray(view),
        "np.from_dlpack(view)": lambda: np.from_dlpack(view),
        "iolink.from_dlpack(a)": lambda: iolink.from_dlpack(array),
        "view[1:]": lambda: np.asarray(view[1:]),
        "copies": lambda: iolink.from_dlpack(array, copy=True),
    }
    for name, body in kinds.items():
        body()
        blocks = sys.getallocatedblocks()  # The bench's own numbers take blocks too.
        gc.collect()
        before, references, blocks = _iolink._live(), sys.getrefcount(array), sys.getallocatedblocks()
        for _ in repeat(None, 10_000):
            body()
        gc.collect()
        # Before anything of the bench's own is made.
        grown = max(0, sys.getallocatedblocks() - blocks)
        after = _iolink._live()
        left = sum(after.values()) - sum(before.values())
        off = sys.getrefcount(array) - references
        print(
            f"10,000 x {name:<22} {left} objects or bytes left, {off} references off, {grown} Python blocks (target 0)"
        )


def main() -> None:
    header()
    round_trips()
    protocols()
    getters()
    opened()
    leaks()


if __name__ == "__main__":
    main()
