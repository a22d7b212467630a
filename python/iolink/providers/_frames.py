"""Frames that a library decodes one by one and whole, as one array that is read by regions."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


class Frames:
    """``decode(number)`` gives a frame of ``shape``; one frame alone is an array without an axis of frames.

    The last frames stay decoded, so that tiles of one frame cost one decoding.
    """

    def __init__(self, count: int, shape: tuple[int, ...], dtype: Any, decode: Callable[[int], Any]) -> None:
        self.shape = (count, *shape) if count > 1 else shape
        self.dtype = np.dtype(dtype)
        self._alone = count == 1
        self._lock = threading.Lock()
        self._decoded = functools.lru_cache(maxsize=4)(decode)

    def frame(self, number: int) -> Any:
        """One whole frame. Libraries move a cursor from frame to frame, so one thread at a time decodes."""
        with self._lock:
            return self._decoded(number)

    def __getitem__(self, index: tuple[slice, ...]) -> Any:
        if self._alone:
            return self.frame(0)[index]
        numbers = range(self.shape[0])[index[0]]
        if len(numbers) == 1:
            return self.frame(numbers[0])[index[1:]][np.newaxis]
        parts = [self.frame(number)[index[1:]] for number in numbers]
        return np.stack(parts) if parts else np.empty((0, *self.frame(0)[index[1:]].shape), self.dtype)


def right_handed(along: Any) -> dict[str, Any]:
    """The direction of an image by those of its rows and columns, unless they are of another length or not at right angles."""
    directions = np.array([*along, np.cross(*along)])
    return {"direction": directions.tolist()} if np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-3) else {}
