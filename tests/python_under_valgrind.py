"""Round trips through every way in and out of Python, a few of each: what tests/valgrind.sh watches."""

from __future__ import annotations

import ctypes
import gc
import io
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import iolink
from iolink import ImageCapability, ImageViewFactory, NumpyInterop
from iolink.pandas_interop import PandasInterop

sys.path.insert(0, str(Path(__file__).parent / "python"))
from test_array_lifetime import round_trips


def checker(library):
    """A function that has valgrind look whether all bytes of an array were ever written."""
    check = ctypes.CDLL(library).samples_were_written
    check.argtypes, check.restype = [ctypes.c_void_p, ctypes.c_ulong], None
    return lambda array: check(array.ctypes.data, array.nbytes)


def images():
    """Adapters, one over the other, and what images become."""
    array = np.arange(60, dtype="u2").reshape(3, 4, 5)
    volume = NumpyInterop.from_numpy_array(array, "VOLUME")
    lazy = ImageViewFactory.restrict_capabilities(volume, ImageCapability.READ)
    flat = NumpyInterop.from_numpy_array(array[0], "IMAGE")
    swapped = NumpyInterop.from_numpy_array(array.astype(">i4")[:, ::-2], "VOLUME")
    packed = np.zeros((3, 4), [("x", "f4"), ("y", "f4")])
    return {
        "copy": lambda: np.asarray(ImageViewFactory.copy_in_memory(lazy)),
        "copy on disk": lambda: np.asarray(ImageViewFactory.copy_on_disk(volume)),
        "stack": lambda: np.array(ImageViewFactory.stack([flat, flat])),
        "scaled": lambda: np.array(volume.scaled()),
        "swapped": lambda: np.ascontiguousarray(np.asarray(swapped).astype("i4")),
        "swapped tensor": lambda: np.from_dlpack(swapped, copy=True),
        "region": lambda: lazy.read_region(((1, 1, 0), (2, 2, 2))),
        "write": lambda: volume.write_region(((0, 0, 0), (5, 4, 3)), array.copy()),
        "fancy": lambda: lazy[[0, 2], :, [1, 1]],
        "mask": lambda: lazy[array > 7],
        "fields": lambda: np.ascontiguousarray(NumpyInterop.from_numpy_array(packed, vector=True)),
        "pickle": lambda: np.asarray(pickle.loads(pickle.dumps(lazy, 5))),
        "uniform": lambda: np.array(ImageViewFactory.uniform((6, 4), "UINT16", 7)),
        "bytes": lambda: np.array(ImageViewFactory.from_random_access(b"\0\1" * 12, (4, 3), "UINT16", 0, "big")),
        "buffer": lambda: np.asarray(ImageViewFactory.from_buffer((4, 3), "UINT8", bytearray(12))),
        "shown": lambda: volume._repr_html_() and None,
    }


def streams():
    """File objects in and out."""
    return {
        "file object": lambda: iolink.StreamAccessFactory.from_file_object(io.BytesIO(b"abc" * 99)).read() and None,
        "raw": lambda: (
            iolink.StreamAccessFactory.from_random_access(iolink.RandomAccessFactory.from_buffer(b"shared" * 9))
            .to_raw_io()
            .read()
            and None
        ),
    }


def frames():
    """Frames of pandas in and out, with texts, missing values and times."""
    table = pd.DataFrame(
        {
            "number": np.arange(50.0),
            "count": pd.array([1, None] * 25, "Int16"),
            "word": ["a", "longer words than fit in place"] * 25,
            "when": pd.date_range("2024-01-01", periods=50),
            "kind": pd.Categorical(["x", "y"] * 25),
        }
    )
    view = PandasInterop.from_pandas(table)
    return {
        "from pandas": lambda: PandasInterop.from_pandas(table) and None,
        "to pandas": lambda: PandasInterop.to_pandas(view)["number"].to_numpy(),
        "both": lambda: PandasInterop.to_pandas(PandasInterop.from_pandas(table), copy=True)["number"].to_numpy(),
    }


def main(library, rounds):
    check = checker(library)
    held, bodies = round_trips()
    for body in [*bodies.values(), *images().values(), *streams().values(), *frames().values()]:
        for _ in range(rounds):
            made = body()
            if isinstance(made, np.ndarray) and made.flags.c_contiguous:
                check(made)
        del made
    del held, bodies, body
    gc.collect()
    print(f"{rounds} rounds of each way ended")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
