"""iolink as a peer of a benchmark that takes `--peer MODULE:FUNC`: `FUNC(case)` gives the callables of one of its cases."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from iolink import (
    AxesInterpretationId,
    DataTypeId,
    ImageAxes,
    ImageView,
    ImageViewFactory,
    NumpyInterop,
    RegionXu64,
    StreamAccessFactory,
)
from iolink.pandas_interop import PandasInterop

VOLUME, PIXELS = AxesInterpretationId.VOLUME, AxesInterpretationId.MULTISPECTRAL_IMAGE
COLUMN, ROW, SLICE = ImageAxes.COLUMN, ImageAxes.ROW, ImageAxes.SLICE


def round_trip(array: np.ndarray) -> np.ndarray:
    """From an array to a view of its memory and back."""
    return NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array))


def read(view: ImageView, target: np.ndarray) -> None:
    """The whole image into the caller's array."""
    view.read_region(RegionXu64.create_full_region(view.shape()), target)


# The view of the case's volume, made once, as the peers make their images of it.
volumes: dict[int, ImageView] = {}


def box(volume: np.ndarray, slices: tuple[slice, ...], target: np.ndarray) -> None:
    view = volumes.get(id(volume))
    if view is None:
        view = volumes[id(volume)] = NumpyInterop.from_numpy_array(volume, VOLUME)
    z, y, x = slices
    view.read_region((x, y, z), target)


def permute(source: np.ndarray, target: np.ndarray) -> None:
    read(NumpyInterop.order_from_numpy_array(source, (COLUMN, ROW, SLICE)), target)


def permute_yx(source: np.ndarray, target: np.ndarray) -> None:
    read(NumpyInterop.order_from_numpy_array(source, (SLICE, COLUMN, ROW)), target)


def deinterleave(pixels: np.ndarray, planes: np.ndarray) -> None:
    read(NumpyInterop.from_numpy_array(pixels, PIXELS), np.moveaxis(planes, 0, 2))


def interleave(planes: np.ndarray, pixels: np.ndarray) -> None:
    read(NumpyInterop.from_numpy_array(np.moveaxis(planes, 0, 2), PIXELS), pixels)


def scale(stored: np.ndarray, quantity: np.ndarray, factor: float, offset: float) -> None:
    view = NumpyInterop.from_numpy_array(stored, AxesInterpretationId.IMAGE)
    reach = (0, 65536), (offset, offset + 65536 * factor)
    read(ImageViewFactory.adapt_dynamic_range(view, DataTypeId.FLOAT, *reach), quantity)


def byteswap(foreign: np.ndarray, native: np.ndarray) -> None:
    read(NumpyInterop.from_numpy_array(foreign, AxesInterpretationId.IMAGE), native)


def opened(path: str) -> io.RawIOBase:
    return StreamAccessFactory.open_file_read(path).to_raw_io()


def peers(case: str) -> dict[str, Callable[..., object] | tuple[Callable[..., object], ...]]:
    """What takes part in a case: `a` NumPy to a view and back, `b` a box into a buffer, `c` permutations, planes, types, `e` a raw
    file, `f` pandas to a frame and back."""
    jobs = (permute, permute_yx, deinterleave, interleave, scale, byteswap)
    cases: dict[str, dict[str, Callable[..., object] | tuple[Callable[..., object], ...]]] = {
        "a": {"iolink": round_trip},
        "b": {"iolink": box},
        "c": {job.__name__: job for job in jobs},
        "e": {"iolink": opened},
        "f": {"iolink": (PandasInterop.from_pandas, PandasInterop.to_pandas)},
    }
    return cases.get(case, {})
