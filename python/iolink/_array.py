"""`view.array`: an image as the libraries around NumPy expect an array."""

from __future__ import annotations

import functools
import math
import os
import urllib.parse
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._iolink import ImageViewFactory, NumpyInterop
from .enums import ImageAxes, ImageCapability

if TYPE_CHECKING:
    from ._iolink import ImageView

__all__ = ["ImageArray"]

# NumPy's order: T, Z, Y, X, C.
_NUMPY_ORDER = (ImageAxes.SEQUENCE, ImageAxes.SLICE, ImageAxes.ROW, ImageAxes.COLUMN, ImageAxes.CHANNEL)
_SPATIAL = (ImageAxes.COLUMN, ImageAxes.ROW, ImageAxes.SLICE)


class ImageArray:
    """An image with the attributes of an array, all in NumPy's order. Indexing reads: it gives NumPy arrays, which share
    memory where the image has some, and are new and writable else. Nothing else here reads a sample, but
    `np.asarray(image.array)`.
    """

    __slots__ = ("_dtype", "_shape", "_token", "_view")

    def __init__(self, view: ImageView) -> None:
        shape, dtype = view._described()
        self._view, self._shape, self._dtype = view, shape, np.dtype(dtype)
        self._token = uuid.uuid4().hex

    @property
    def view(self) -> ImageView:
        """The image."""
        return self._view

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples along each axis; components of vectors are the last one."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample, or of a component."""
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        return math.prod(self._shape)

    @property
    def nbytes(self) -> int:
        return self.size * self._dtype.itemsize

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of an image without axes")
        return self._shape[0]

    @property
    def _axes(self) -> list[tuple[int | None, str]]:
        """The canonical place and the name of each axis; components have no place."""
        names = list(self._view.properties().image_info.axes)
        count = self._view.dimension_count()
        names += [None] * (count - len(names))
        places = list(range(count))
        if None not in names:
            places = [names.index(axis) for axis in _NUMPY_ORDER if axis in names]
        out: list[tuple[int | None, str]] = []
        for number, place in enumerate(places):
            name = names[place]
            out.append((place, f"dim_{number}" if name is None else name.name.lower()))
        if len(out) < len(self._shape):
            out.append((None, "component" if ImageAxes.CHANNEL in names else "channel"))
        return out

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes: `sequence`, `slice`, `row`, `column`, `channel`; `dim_0` and so on where they have none."""
        return tuple(name for _, name in self._axes)

    @property
    def coords(self) -> dict[str, tuple[str, NDArray[Any], dict[str, str]]]:
        """Where the samples are along each axis that is calibrated, as xarray takes it: dimension, positions, unit.

        An uneven axis has its own coordinates, and the CHANNEL axis the names of the channels if it has no calibration. Axes in
        space that do not lie along x, y and z have no coordinates of their own and are left out.
        """
        calibration = self._view.properties().calibration
        directions = calibration.directions
        along = (directions.column_direction(), directions.row_direction(), directions.slice_direction())
        names = self._view.properties().image_info.axes
        labels = [channel.name for channel in self._view.properties().channels]
        out: dict[str, tuple[str, NDArray[Any], dict[str, str]]] = {}
        for (place, name), size in zip(self._axes, self._shape, strict=True):
            if place is None or place >= len(names):
                continue
            spacing, origin, unit = calibration.spacing[place], calibration.origin[place], calibration.units[place]
            sign, axis = 1.0, names[place]
            uneven = None if axis is None else calibration.coordinates(axis)
            if uneven is not None:
                out[name] = (name, uneven, {"units": unit} if unit else {})
                continue
            if axis in _SPATIAL:
                sign = along[_SPATIAL.index(axis)][_SPATIAL.index(axis)]
            if abs(sign) == 1.0 and (spacing, origin, unit, sign) != (1.0, 0.0, "", 1.0):
                positions = origin + sign * spacing * np.arange(size)
                out[name] = (name, positions, {"units": unit} if unit else {})
            elif axis is ImageAxes.CHANNEL and any(labels):
                out[name] = (name, np.array(labels), {})
        return out

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Samples along each axis of the blocks in which the image is best read; `None` where any are as good."""
        return self._view._chunks()

    def __getitem__(self, key: Any) -> Any:
        part = self._view[key]
        if isinstance(part, np.ndarray):
            return part
        shared = part.support(ImageCapability.MEMORY_ACCESS)
        return NumpyInterop.to_numpy_array(part, None if shared else True)[()]

    def __setitem__(self, key: Any, values: Any) -> None:
        self._view[key] = values

    def __eq__(self, other: object) -> Any:
        return self._view == other

    def __ne__(self, other: object) -> Any:
        return self._view != other

    __hash__ = object.__hash__

    def __contains__(self, item: object) -> bool:
        return item in self._view

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self._view.__array__(dtype, copy)

    def __dask_tokenize__(self) -> Any:
        """What is the same for the same samples: where an opened image is and how the file was; the samples of one that has
        them in memory; and for one that would have to be read, this object alone.
        """
        view = self._view
        arguments = view._reopening()
        if arguments is None:
            in_memory = view.support(ImageCapability.MEMORY_ACCESS)
            return ("iolink", *(view.__reduce_ex__(5)[1] if in_memory else (self._token,)))
        parts = urllib.parse.urlsplit(arguments[0])
        path = urllib.parse.unquote(parts.path) if parts.scheme == "file" else ""
        state = os.stat(path) if os.path.exists(path) else None
        return ("iolink", *arguments, None if state is None else (state.st_mtime_ns, state.st_size))

    def __reduce__(self) -> Any:
        return (ImageArray, (self._view,))

    def to_xarray(self, name: str | None = None) -> Any:
        """The image as an `xarray.DataArray` that reads what is asked of it, when it is asked."""
        import xarray
        from xarray.core.indexing import LazilyIndexedArray

        samples = xarray.Variable(self.dims, LazilyIndexedArray(_lazy(self)))
        return xarray.DataArray(samples, coords=self.coords, name=name)

    def __repr__(self) -> str:
        return f"ImageArray({', '.join(map('{} {}'.format, self.dims, self._shape))}, {self._dtype})"


@functools.cache
def _lazy_class() -> Any:
    """The class of what xarray reads when it is asked; made when xarray is there."""
    from xarray.backends import BackendArray
    from xarray.core.indexing import IndexingSupport, explicit_indexing_adapter

    class Lazy(BackendArray):
        """An image that is read when it is asked."""

        def __init__(self, array: ImageArray) -> None:
            self.array, self.shape, self.dtype = array, array.shape, array.dtype

        def __getitem__(self, key: Any) -> Any:
            return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, self.array.__getitem__)

        def __deepcopy__(self, memo: Any) -> Lazy:
            # What is read of an image without memory is new each time.
            shared = self.array.view.support(ImageCapability.MEMORY_ACCESS)
            return Lazy(ImageViewFactory.copy_in_memory(self.array.view).array) if shared else self

        def __reduce__(self) -> Any:
            return (_lazy, (self.array,))

    return Lazy


def _lazy(array: ImageArray) -> Any:
    return _lazy_class()(array)
