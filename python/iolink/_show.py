"""How notebooks show an image: a picture of its middle, and what is known of it."""

from __future__ import annotations

import base64
import html as markup
import itertools
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .enums import ImageCapability

if TYPE_CHECKING:
    from ._iolink import ImageView

# Samples of the picture along its longer side, at most.
_SIDE = 192


# Samples along an axis that are read at once at most, however large a chunk is.
_MOST = 4096

# Every so many samples of a row it is cheaper to ask for one than for all between.
_FAR = 16


def _chunks(view: ImageView) -> list[int] | None:
    """Samples along each axis that an image gives as easily as one of them; `None` where it gives each by itself. A file
    without chunks is decoded from its begin for each question, so that a whole plane is asked for at once.
    """
    chunks = view.array.chunks or (None if view.provider is None else [_MOST] * view.array.ndim)
    return None if chunks is None else [min(size, _MOST) for size in chunks]


def _is_scattered(view: ImageView, key: list[Any]) -> bool:
    """Is a picture better read part by part than as NumPy shows it, of an image that has to read?"""
    steps = [part.step for part in key if isinstance(part, slice) and part.step]
    if view.support(ImageCapability.MEMORY_ACCESS) or not steps:
        return False
    return steps[-1] >= _FAR or _chunks(view) is not None


def _by_parts(view: ImageView, key: list[Any]) -> NDArray[Any]:
    """The same as `np.asarray(view.array[key])`: along the axes that have a step the samples of a chunk are read at once, so
    that each chunk is decoded once; one by one where there are no chunks.
    """
    array = view.array
    axes = [axis for axis, part in enumerate(key) if isinstance(part, slice) and part.step]
    chunks = _chunks(view) or [1] * array.ndim
    runs: list[list[tuple[int, range]]] = []
    for axis in axes:
        places = range(0, array.shape[axis], key[axis].step)
        edges = [
            at for at in range(len(places)) if at == 0 or places[at] // chunks[axis] != places[at - 1] // chunks[axis]
        ]
        runs.append([(first, places[first:end]) for first, end in itertools.pairwise([*edges, len(places)])])
    out: NDArray[Any] | None = None
    for run in itertools.product(*runs):
        for axis, (_, places) in zip(axes, run, strict=True):
            key[axis] = slice(places[0], places[-1] + 1)
        box = array[tuple(key)]
        read = np.asarray(box[tuple(slice(None, None, places.step) for _, places in run)])
        if out is None:
            whole = [len(range(0, array.shape[axis], step.step)) for axis, (_, step) in zip(axes, run, strict=True)]
            out = np.empty((*whole, *read.shape[len(axes) :]), read.dtype)
        out[tuple(slice(first, first + len(places)) for first, places in run)] = read
    assert out is not None, "an image without samples has no picture"
    return out


def _picture(view: ImageView) -> NDArray[np.uint8] | None:
    """The middle of the image in grey (rows, columns) or colour (rows, columns, 3), of `_SIDE` samples a side at most."""
    array = view.array
    if array.size == 0 or array.ndim == 0 or not view.support(ImageCapability.READ):
        return None
    channels = array.ndim > 2 and array.dims[-1] in ("channel", "component")
    colour = channels and array.shape[-1] in (3, 4)
    plane = (array.ndim - 3, array.ndim - 2) if channels else (array.ndim - 2, array.ndim - 1)
    key: list[Any] = [size // 2 for size in array.shape]
    for axis in plane:
        if axis >= 0:
            key[axis] = slice(None, None, -(-array.shape[axis] // _SIDE))
    if channels:
        key[-1] = slice(0, 3) if colour else 0
    samples = _by_parts(view, key) if _is_scattered(view, key) else np.asarray(array[tuple(key)])
    samples = np.abs(samples) if samples.dtype.kind == "c" else samples
    samples = samples.reshape((1,) * (2 - samples.ndim) + samples.shape).astype(np.float64)
    if colour and array.dtype == np.uint8:
        return samples.astype(np.uint8)
    finite = samples[np.isfinite(samples)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    # Halves, because the whole range may be more than a float holds.
    reach = high / 2 - low / 2
    scaled = np.nan_to_num((samples / 2 - low / 2) / reach if reach > 0 else np.zeros_like(samples), nan=0.0)
    return np.clip(scaled * 255, 0, 255).astype(np.uint8)


def _encoded(picture: NDArray[np.uint8]) -> bytes:
    """The picture as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = picture.shape[:2]
    colour = 2 if picture.ndim == 3 else 0
    lines = b"".join(b"\0" + line.tobytes() for line in picture)
    header = struct.pack(">IIBBBBB", columns, rows, 8, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def png(view: ImageView) -> bytes | None:
    """The picture, or `None` of an image that is closed or has no samples to be read."""
    picture = None if view.closed else _picture(view)
    return None if picture is None else _encoded(picture)


def _facts(view: ImageView) -> dict[str, str]:
    """What is known of the image, by name."""
    properties = view.properties()
    names = [axis.name if axis is not None else "unnamed" for axis in properties.image_info.axes]
    names += ["unnamed"] * (view.dimension_count() - len(names))
    calibration = properties.calibration
    parts = zip(names, calibration.spacing, calibration.origin, calibration.units, strict=False)
    slope, intercept, unit = properties.value_scale
    facts = {
        "shape": f"{view.shape()} (COLUMN first)",
        "NumPy shape": str(view.array.shape),
        "type": f"{view.dtype()}",
        "axes": ", ".join(names),
        "calibration": "; ".join(f"{name} {spacing:g} {unit} from {origin:g}" for name, spacing, origin, unit in parts),
        "values": "" if (slope, intercept, unit) == (1.0, 0.0, "") else f"stored × {slope:g} + {intercept:g} {unit}",
        "capabilities": " | ".join(flag.name or "" for flag in view.capabilities()),
        "provider": view.provider or "",
        "URI": view.uri or "",
    }
    return {name: text for name, text in facts.items() if text}


def html(view: ImageView) -> str:
    """A table of what is known, beside the picture."""
    if view.closed:
        return "<p>ImageView(closed)</p>"
    rows = "".join(
        f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{markup.escape(text)}</td></tr>"
        for name, text in _facts(view).items()
    )
    image = ""
    try:
        picture = png(view)
    except (
        Exception
    ) as failed:  # whatever the reader of the samples raises: what is known of the image is shown all the same
        picture, image = None, f"<p>no picture: {markup.escape(str(failed))}</p>"
    if picture is not None:
        text = base64.b64encode(picture).decode("ascii")
        image = f"<img alt='the middle of the image' src='data:image/png;base64,{text}'>"
    return f"<div style='display:flex;gap:1em;align-items:flex-start'>{image}<table>{rows}</table></div>"
