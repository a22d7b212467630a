"""What is known of a channel of an image."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Channel"]


class Channel(NamedTuple):
    """One channel of an image: name, colour for display as red, green, blue and alpha, the stored values shown as black and at
    full brightness, and the wavelengths of excitation and emission in nm. `None` and "" are unknown.

    >>> Channel("DAPI", (0, 0, 255, 255), emission_nm=461.0).name
    'DAPI'
    """

    name: str = ""
    color: tuple[int, int, int, int] | None = None
    display_range: tuple[float, float] | None = None
    excitation_nm: float | None = None
    emission_nm: float | None = None
