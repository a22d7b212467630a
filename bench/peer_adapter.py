"""iolink as a peer of a benchmark that takes `--peer MODULE:FUNC`: `FUNC(case)` gives the callables of one of its cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from iolink import NumpyInterop


def round_trip(array: np.ndarray) -> np.ndarray:
    """From an array to a view of its memory and back."""
    return NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array))


def peers(case: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What takes part in case `a`: NumPy to a view and back."""
    return {"iolink": round_trip} if case == "a" else {}
