"""What a provider written in Python is made with, and providers over the libraries that people have.

A provider is a class with ``open(source)``, ``save(view, target)`` or ``convert(view, request)``, declared under the entry
point group ``iolink.providers`` or registered by ``iolink.register_provider``. The modules beside this file are such
providers; each is imported when a file of its format is opened, and is there when its library is installed
(``pip install iolink-rs[tifffile]``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iolink import _iolink
from iolink._iolink import ConvertRequest, Source, Target
from iolink.providers._option import Option

if TYPE_CHECKING:
    from iolink import Channel, ImageInterpretation, ImageView, LodImageView, MetadataNode

__all__ = ["ConvertRequest", "Option", "Source", "Target", "as_image", "as_pyramid"]


def as_image(
    data: Any,
    axes: str | None = None,
    *,
    spacing: Sequence[float] | Mapping[str, float] | None = None,
    origin: Sequence[float] | Mapping[str, float] | None = None,
    unit: str | Sequence[str | None] | Mapping[str, str] | None = None,
    direction: Sequence[Sequence[float]] | None = None,
    value_scale: tuple[float, float, str] | None = None,
    meaning: ImageInterpretation | None = None,
    metadata: Mapping[str, Any] | MetadataNode | None = None,
    space: str | None = None,
    position: Sequence[float] | None = None,
    channels: Sequence[Channel | str] | None = None,
    coordinates: Mapping[str, Sequence[float]] | None = None,
) -> ImageView:
    """An image over an array, which is shared, or over anything with ``shape``, ``dtype`` and ``[...]``, which is read
    region by region.

    ``axes`` names the array's axes, a letter each: X, Y, Z, C (or S), T for COLUMN, ROW, SLICE, CHANNEL, SEQUENCE, each once;
    any other letter, or none, leaves all axes unnamed and in their order. ``spacing``, ``origin`` and ``unit`` have an entry
    for each axis, in the array's order, or for each letter that is known; a spacing of 0 is unknown. ``direction`` is the
    column, row and slice direction, as unit vectors. ``value_scale`` is (slope, intercept, unit) of the quantity. ``metadata``
    may be dicts in dicts. ``space`` is "LPS" if directions and positions are the patient's, ``position`` the place (x, y, z) of
    the first sample, of a slice too; it gives the origins of X, Y and Z. ``channels`` are the channels or their names.
    ``coordinates`` has the numbers of an uneven axis, such as times, by its letter.

    Raises ValueError for an axis that is named twice, a number that is not finite, and directions that are no unit vectors.

    >>> import numpy as np
    >>> from iolink.providers import as_image
    >>> as_image(np.zeros((5, 4, 6), np.uint8), "ZYX", spacing=(2.0, 0.5, 0.5), unit="mm").shape()
    VectorXu64(6, 4, 5)
    """
    view = _iolink._image(
        data,
        axes,
        spacing=_for_each_axis(spacing, axes, 1.0),
        origin=_for_each_axis(origin, axes, 0.0),
        unit=unit if unit is None else _short(_for_each_axis(unit, axes, "")),
        direction=direction,
        value_scale=value_scale,
        meaning=None if meaning is None else int(meaning),
        metadata=dict(metadata) if isinstance(metadata, Mapping) else metadata,
    )
    if space is None and position is None and not channels and not coordinates:
        return view
    properties = view.properties().copy()
    if space is not None:
        properties.calibration.space = space
    if position is not None:
        properties.calibration.position = position
    properties.channels = channels or []
    for letter, numbers in (coordinates or {}).items():
        if _NAMES.get(letter) in [axis and axis.name for axis in properties.image_info.axes]:
            properties.calibration.set_coordinates(_NAMES[letter], numbers)
    return _iolink.ImageViewFactory.from_image_view(view, properties)


_NAMES = {"X": "COLUMN", "Y": "ROW", "Z": "SLICE", "C": "CHANNEL", "S": "CHANNEL", "T": "SEQUENCE"}


def _for_each_axis(given: Any, axes: str | None, unknown: object) -> Any:
    """Values by the letters of axes as a list in the order of the axes."""
    return [given.get(letter, unknown) for letter in axes or ""] if isinstance(given, Mapping) else given


# What formats write out, as people write it.
_UNITS = {
    "angstrom": "Å", "nanometer": "nm", "micrometer": "µm", "micron": "µm", "microns": "µm", "um": "µm", "\\u00B5m": "µm",
    "millimeter": "mm", "centimeter": "cm", "meter": "m", "inch": "in", "sec": "s", "second": "s", "msec": "ms",
    "millisecond": "ms", "microsecond": "µs", "usec": "µs", "hertz": "Hz", "pixel": "", "unknown": "",
}  # fmt: skip


def _short(unit: str | Sequence[str | None]) -> str | list[str]:
    """A unit, or those of a list, in its short form."""
    if isinstance(unit, str):
        return _UNITS.get(unit, unit)
    return [_UNITS.get(one or "", one or "") for one in unit]


def as_pyramid(levels: Iterable[Any]) -> LodImageView:
    """One image at several resolutions, the finest first: arrays, or what ``as_image`` made.

    >>> import numpy as np
    >>> from iolink.providers import as_pyramid
    >>> as_pyramid([np.zeros((8, 8)), np.zeros((4, 4))]).level_range()
    Vector2i64(0, 1)
    """
    return _iolink._pyramid(levels)
