"""Files of several parts: one is chosen, and the file is closed with the last array of it.

Libraries keep their files in circles of references, which only the garbage collection would find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from iolink.providers import Source


class Closing:
    """Closes what was opened when it goes."""

    def __init__(self, *opened: Any) -> None:
        self._opened = opened

    def __del__(self) -> None:
        for one in self._opened:
            one.close()


def opened(library: Callable[[Any], Any], source: Source) -> tuple[Any, Closing]:
    """What a library opens, and who closes it."""
    file = source.path_or_file()
    files = [] if source.path else [file]
    try:
        made = library(file)
    except BaseException:
        Closing(*files)
        raise
    return made, Closing(made, *files)


def named_once(axes: str) -> str:
    """The letters of axes with ``?`` for each that stands a second time; C and S name the same axis."""
    known = axes.upper().replace("S", "C")
    return "".join(
        "?" if letter in known[:at] else own for at, (letter, own) in enumerate(zip(known, axes, strict=True))
    )


def one_of(parts: Sequence[Any], number: int, what: str) -> Any:
    """The part of that number, from 0."""
    if not 0 <= number < len(parts):
        raise ValueError(f"there is no {what} {number}: the file has {len(parts)}, counted from 0")
    return parts[number]


class Part:
    """An array of what is open while it lives."""

    def __init__(self, array: Any, closing: Closing) -> None:
        self.array, self.closing = array, closing
        self.shape, self.dtype, self.chunks = array.shape, array.dtype, array.chunks

    def __getitem__(self, index: tuple[slice, ...]) -> Any:
        return self.array[index]
