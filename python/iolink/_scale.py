"""How stored samples turn into quantities."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ValueScale"]


class ValueScale(NamedTuple):
    """The quantity is `stored * slope + intercept`, in `unit`.

    >>> ValueScale(0.25, -1024.0, "HU").slope
    0.25
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
