"""Damaged NIfTI files, and raw samples under shapes, types and places that do not fit them. See ``mutations.py``."""

from __future__ import annotations

import gzip
import pathlib
import random
import struct

import numpy as np

from mutations import EDGES, kind, mutate

PLUGIN = pathlib.Path(__file__).parents[2] / "examples/nifti-plugin/target/release/libiolink_nifti.so"
# Code of a NIfTI type and its bytes.
TYPES = {2: 1, 4: 2, 8: 4, 16: 4, 32: 8, 64: 8, 128: 3, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8, 2304: 4}


def look(image, state: random.Random) -> None:
    """Reads what an image has, wholly where it is small, and pieces of it."""
    import iolink

    repr(image), image.properties(), list(image.metadata().walk())
    shape = list(image.shape())
    if image.data_type().byte_count() * int(np.prod([float(size) for size in shape])) < 1 << 24:
        np.asarray(iolink.NumpyInterop.to_numpy_array(image)).sum()
        np.asarray(image).sum()
    origin = [state.randrange(max(1, min(size, 1 << 62))) for size in shape]
    region = iolink.RegionXu64(
        origin, [min(2, size - at) if size > at else 0 for size, at in zip(shape, origin, strict=True)]
    )
    image.read_region(region)
    image._repr_html_()


def opened(path: pathlib.Path, state: random.Random) -> None:
    """Opens a NIfTI file by the plugin of the examples."""
    import iolink

    if not any(plugin.id == "org.iolink.nifti" for plugin in iolink.plugins()):
        iolink.load_plugin(PLUGIN)
    look(iolink.open(path), state)


def nifti(state: random.Random) -> bytes:
    two, order = state.random() < 0.3, state.choice("<<>")
    sizes = [state.randint(1, 5) for _ in range(state.randint(1, 5))]
    code = state.choice([*TYPES, state.randrange(3000)])
    dim = [len(sizes), *sizes, *[1] * (7 - len(sizes))]
    if state.random() < 0.3:
        dim[state.randrange(8)] = state.choice(EDGES) * state.choice([1, 1, -1])
    steps = [state.choice([1.0, 0.5, 0.0, -1.0, float("nan"), float("inf"), 1e38]) for _ in range(8)]
    if two:
        header = bytearray(544)
        struct.pack_into(order + "i8shh", header, 0, 540, b"n+2\0\r\n\x1a\n", code, 8 * TYPES.get(code, 1))
        struct.pack_into(order + "8q", header, 16, *[max(-(2**63), min(size, 2**63 - 1)) for size in dim])
        struct.pack_into(order + "8d", header, 104, *steps)
        struct.pack_into(order + "q", header, 168, state.choice([544] * 8 + [0, -1, 2**40, 2**63 - 1]))
    else:
        header = bytearray(352)
        struct.pack_into(order + "i", header, 0, 348)
        struct.pack_into(order + "8h", header, 40, *[max(-(2**15), min(size, 2**15 - 1)) for size in dim])
        struct.pack_into(order + "hh", header, 70, code, 8 * TYPES.get(code, 1))
        struct.pack_into(order + "8f", header, 76, *steps)
        struct.pack_into(order + "f", header, 108, state.choice([352.0] * 8 + [0.0, -1.0, 352.5, 1e30, float("nan")]))
        header[344:348] = b"n+1\0"
    data = bytes(header) + state.randbytes(int(np.prod(sizes)) * TYPES.get(code, 1))
    if state.random() < 0.6:
        data = mutate(state, data, end=state.choice([len(header), None]))
    if state.random() < 0.3:
        data = gzip.compress(data, 1)
        if state.random() < 0.5:
            data = mutate(state, data)
    return data


if PLUGIN.exists():
    kind("nifti", "nii", opened)(nifti)


def seen(path: pathlib.Path, state: random.Random) -> None:
    """Shows the bytes of a file as an image of a shape, type and place that may be anything."""
    import iolink

    def number(small: int) -> int:
        return state.choice(EDGES) * state.choice([1, 1, 1, -1]) if state.random() < 0.15 else state.randint(0, small)

    source = state.choice(
        [
            lambda: iolink.RandomAccessFactory.open_file(path, mapped=state.random() < 0.5),
            lambda: iolink.StreamAccessFactory.open_file_read(path),
            lambda: path.open("rb"),
            path.read_bytes,
        ]
    )()
    names = "UINT8 INT16 UINT32 FLOAT DOUBLE FLOAT16 INT64 VEC3_UINT8 UTF8_STRING BINARY LABEL16 COMPLEX_FLOAT"
    shape = [number(6) for _ in range(state.choice([0, 1, 2, 2, 2, 3, 3, 4, 8, 9]))]
    image = iolink.ImageViewFactory.from_random_access(
        source, shape, state.choice(names.split()), number(64), state.choice(["native", "little", "big", "=", "<", ">"])
    )
    look(image, state)
    for adapter in (
        lambda: iolink.ImageViewFactory.flip(image, state.randrange(len(shape))),
        lambda: iolink.ImageViewFactory.sub_sample(image, [number(3) for _ in shape]),
        lambda: iolink.ImageViewFactory.extract_region(
            image, iolink.RegionXu64([number(4) for _ in shape], [number(4) for _ in shape])
        ),
    ):
        if state.random() < 0.3:
            look(adapter(), state)


@kind("raw", "raw", seen)
def raw(state: random.Random) -> bytes:
    return state.randbytes(state.choice([0, 1, 7, 64, 512, 4096]))
