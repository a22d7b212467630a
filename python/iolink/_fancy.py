"""Keys with arrays in them, and writing where there is no memory: NumPy's rules, and no more samples than lie
between those that they need.

A key is split in two: the box that holds all that it names, which is a lazy view, and the same key counted from the box's
first sample, which NumPy applies to what was read of the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _iolink

if TYPE_CHECKING:
    from ._iolink import ImageView


@dataclass
class _At:
    """Indices along one axis; those of a mask fit an axis of exactly `size`."""

    indices: NDArray[Any]
    size: int | None = None


_Part = slice | EllipsisType | None | _At


def _parts(key: Any) -> list[_Part]:
    """The parts of a key, one for each axis that it names: masks as the indices of what is true."""
    out: list[_Part] = []
    for item in key if isinstance(key, tuple) else (key,):
        if item is None or item is ... or isinstance(item, slice):
            out.append(item)
            continue
        array = np.asarray(item)
        if array.size == 0 and isinstance(item, list):
            array = array.astype(np.intp)
        if array.dtype == bool and array.ndim:
            out.extend(_At(found, size) for found, size in zip(np.nonzero(array), array.shape, strict=True))
        elif array.dtype.kind in "iu":
            out.append(_At(array.astype(np.intp)))
        else:
            raise IndexError(
                f"{item!r} is no index: integers, slices, ..., None, and arrays and lists of integers or truth values are"
            )
    return out


def _inside(part: _At, axis: int, size: int) -> NDArray[Any]:
    """Indices counted from 0 up, all of them on the axis."""
    if part.size not in (None, size):
        raise IndexError(f"a mask of {part.size} does not fit axis {axis}, which has {size}")
    indices = part.indices + np.where(part.indices < 0, size, 0)
    outside = part.indices[(indices < 0) | (indices >= size)]
    if outside.size:
        raise IndexError(f"{outside.flat[0]} is no index of axis {axis}, which has {size}")
    return indices


def _is_lone_truth(part: Any) -> bool:
    return isinstance(part, (bool, np.bool_)) or (isinstance(part, np.ndarray) and part.dtype == bool and not part.ndim)


def _split(view: ImageView, key: Any) -> tuple[ImageView, Any]:
    """The box that holds what the key names, and the key in it. With a lone truth value, which NumPy counts as an axis of
    1 or 0, the box is the image.
    """
    if any(map(_is_lone_truth, key if isinstance(key, tuple) else (key,))):
        return view, key
    shape, parts = view.array.shape, _parts(key)
    named = sum(part is not None and part is not ... for part in parts)
    if named > len(shape) or sum(part is ... for part in parts) > 1:
        raise IndexError(f"the key names {named} axes, the image has {len(shape)}, and ... can stand once")
    box: list[Any] = []
    inside: list[Any] = []
    for part in parts:
        axis = len(box)
        if part is None:
            inside.append(None)
        elif part is ...:
            skipped = [slice(None)] * (len(shape) - named)
            box.extend(skipped)
            inside.extend(skipped)
        elif isinstance(part, slice):
            box.append(part)
            inside.append(slice(None))
        elif isinstance(part, _At):
            indices = _inside(part, axis, shape[axis])
            first = int(indices.min()) if indices.size else 0
            box.append(slice(first, int(indices.max()) + 1 if indices.size else 0))
            inside.append(indices - first if indices.ndim else int(indices) - first)
    return view[tuple(box)], tuple(inside)


def read(view: ImageView, key: Any) -> NDArray[Any]:
    """What a key with arrays names, in a new array."""
    box, inside = _split(view, key)
    return np.array(np.asarray(box)[inside])


def write(view: ImageView, key: Any, values: Any) -> None:
    """Writes what a key without arrays names, where the image has no memory to be written through."""
    part = view[key]
    block = np.empty(part.array.shape, part.array.dtype)
    block[...] = values
    if block.size:
        part.write_region(_iolink._full_region(part), block)


def write_some(view: ImageView, key: Any, values: Any) -> None:
    """Writes what a key with arrays names: the box around it is read, changed and written back."""
    box, inside = _split(view, key)
    block = np.array(np.asarray(box))
    block[inside] = values
    write(box, ..., block)
