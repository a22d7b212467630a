"""What the benches share: two callables measured in turns, one row for each ratio, one line that names the versions.

A figure means little on a busy machine; the ratio of two that were taken in turns in one run means more.
"""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import time
from collections.abc import Callable
from types import ModuleType

import numpy as np

import iolink


def race(
    ours: Callable[[], object], peer: Callable[[], object], calls: int = 1, rounds: int = 15
) -> tuple[float, float]:
    """Median nanoseconds a call of each, measured in turns after one call of each that is not counted."""
    ours()
    peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for body, kept in zip((ours, peer), times, strict=True):
            start = time.perf_counter_ns()
            for _ in range(calls):
                body()
            kept.append((time.perf_counter_ns() - start) / calls)
    return statistics.median(times[0]), statistics.median(times[1])


UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def unit_for(nanoseconds: float) -> str:
    """The largest unit in which the time is at least one."""
    return next((unit for unit, size in reversed(UNITS.items()) if nanoseconds >= size), "ns")


def row(what: str, ours: float, peer: float, peer_name: str, target: str) -> None:
    """Prints both times, given in nanoseconds, and their ratio."""
    unit = unit_for(max(ours, peer))
    one, other = ours / UNITS[unit], peer / UNITS[unit]
    print(
        f"{what:<48} {one:>8.2f} {unit:<2} {other:>8.2f} {unit:<2} ratio {ours / peer:>6.2f}  vs {peer_name}  ({target})",
        flush=True,
    )


def optional(name: str) -> ModuleType | None:
    """A peer, or `None` with a line that says it was left out."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: its rows are left out")
        return None


def header(*peers: ModuleType | None) -> None:
    """The machine, the versions, and how busy it was."""
    versions = "".join(f", {peer.__name__} {getattr(peer, '__version__', '?')}" for peer in peers if peer is not None)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, iolink {iolink.__version__}{versions}, load {os.getloadavg()[0]:.1f}"
    )
