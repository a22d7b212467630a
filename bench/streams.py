"""Streams: reads, seeks, Python objects behind a stream, and tiles of a raw volume, each against Python's own or NumPy's.

Files lie in the page cache. A volume is mapped afresh in each round, as a program that opens one finds it.
"""

from __future__ import annotations

import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from harness import header, race, row
from iolink import ImageProperties, ImageViewFactory, NumpyInterop, RandomAccessFactory, RegionXu64, StreamAccessFactory

SIZE = 8 << 20  # small enough for a cache: what is measured is the call, not how busy the memory is
CHUNKS = {4096: "4 KiB, target <= 1.2", 65536: "64 KiB, target <= 1.05", 1 << 20: "1 MiB, target <= 1.05"}


def fair(ours: Callable[[], object], peer: Callable[[], object], rounds: int = 15) -> tuple[float, float]:
    """Both orders: whoever comes second finds other pages in the processor's caches than the first."""
    one, other = race(ours, peer, rounds=rounds)
    other_again, one_again = race(peer, ours, rounds=rounds)
    return (one + one_again) / 2, (other + other_again) / 2


def through(file: io.RawIOBase | io.BytesIO, chunk: int, limit: int) -> Callable[[], None]:
    """Reads `limit` bytes from the start."""
    target = bytearray(chunk)
    readinto, seek, steps = file.readinto, file.seek, limit // chunk

    def run() -> None:
        seek(0)
        for _ in range(steps):
            readinto(target)

    return run


def sequential(path: Path, data: bytes) -> None:
    with StreamAccessFactory.open_file_read(path).to_raw_io() as ours, open(path, "rb", buffering=0) as peer:
        for chunk, words in CHUNKS.items():
            limit = SIZE
            one, other = fair(through(ours, chunk, limit), through(peer, chunk, limit))
            row(f"file, readinto by {chunk >> 10} KiB", one * chunk / limit, other * chunk / limit, "io.FileIO", words)
    memory, peer_memory = StreamAccessFactory.from_buffer(data).to_raw_io(), io.BytesIO(data)
    for chunk, words in CHUNKS.items():
        limit = SIZE
        one, other = fair(through(memory, chunk, limit), through(peer_memory, chunk, limit))
        row(f"memory, readinto by {chunk >> 10} KiB", one * chunk / limit, other * chunk / limit, "io.BytesIO", words)


def scattered(path: Path) -> None:
    offsets = [random.Random(5).randrange(SIZE - 4096) for _ in range(4000)]

    def run(file: io.RawIOBase) -> Callable[[], None]:
        target = bytearray(4096)
        readinto, seek = file.readinto, file.seek

        def body() -> None:
            for offset in offsets:
                seek(offset)
                readinto(target)

        return body

    with StreamAccessFactory.open_file_read(path).to_raw_io() as ours, open(path, "rb", buffering=0) as peer:
        one, other = fair(run(ours), run(peer))
        row("file, seek anywhere + read 4 KiB", one / len(offsets), other / len(offsets), "io.FileIO", "target <= 1.2")


def python_objects() -> None:
    """What a stream over a Python object adds to the object's own `read`."""
    peer = io.BytesIO(bytes(4096))
    ours = StreamAccessFactory.from_file_object(peer)
    raw = ours.to_raw_io()
    target = bytearray(64)

    def own() -> None:
        peer.seek(0)
        peer.read(64)

    def through_ours() -> None:
        raw.seek(0)
        raw.readinto(target)

    one, other = race(through_ours, own, calls=20_000, rounds=9)
    calls = 2
    print(f"{'from_file_object, beyond the object, a call':<48} {(one - other) / calls:>8.0f} ns   (target <= 1000 ns)")


def properties_of_a_volume() -> ImageProperties:
    properties = ImageProperties.from_data_type("uint16")
    properties.image_info.set_axes_interpretation("VOLUME")
    return properties


def raw_volume(folder: Path) -> None:
    """Random tiles of a raw volume, opened afresh in each round."""
    shape, tile = (64, 1024, 1024), 256
    path = folder / "volume.raw"
    np.random.default_rng(7).integers(0, 4096, shape, dtype="u2").tofile(path)
    picker = random.Random(11)
    places = [(picker.randrange(64), picker.randrange(768), picker.randrange(768)) for _ in range(64)]
    plane = shape[1] * shape[2]

    volume = properties_of_a_volume()

    def ours() -> None:
        access = RandomAccessFactory.open_file(path)
        view = ImageViewFactory.from_random_access(access, shape[::-1], "uint16", properties=volume)
        target = np.empty((1, tile, tile), "u2")
        for z, y, x in places:
            view.read_region(RegionXu64((x, y, z), (tile, tile, 1)), target)

    def fromfile() -> None:
        for z, y, x in places:
            whole = np.fromfile(path, "<u2", plane, offset=z * plane * 2).reshape(shape[1:])
            np.ascontiguousarray(whole[y : y + tile, x : x + tile])

    def memmap() -> None:
        mapped = np.memmap(path, "<u2", "r", shape=shape)
        for z, y, x in places:
            np.array(mapped[z, y : y + tile, x : x + tile])

    def shared() -> None:
        access = RandomAccessFactory.open_file(path, mapped=True)
        view = ImageViewFactory.from_random_access(access, shape[::-1], "uint16", properties=volume)
        mapped = NumpyInterop.to_numpy_array(view, copy=False)
        for z, y, x in places:
            np.array(mapped[z, y : y + tile, x : x + tile])

    for what, body, name, peer, target in (
        ("raw volume, 256x256 tile read by position", ours, "np.fromfile", fromfile, "target <= 0.5"),
        ("raw volume, 256x256 tile read by position", ours, "np.memmap", memmap, "target <= 0.1"),
        ("raw volume, 256x256 tile of the mapped file", shared, "np.memmap", memmap, "the same pages"),
    ):
        one, other = fair(body, peer, rounds=7)
        row(what, one / len(places), other / len(places), name, target)


def cold_volume(folder: Path) -> None:
    """Tiles of a volume that nobody has read since the machine started: each from the disk, into an open view or mapping."""
    shape, tile = (64, 1024, 1024), 256
    path = folder / "cold.raw"
    np.random.default_rng(7).integers(0, 4096, shape, dtype="u2").tofile(path)
    picker = random.Random(13)
    with open(path, "rb") as file:
        os.fsync(file.fileno())

        def timed(tile_at: Callable[[], Callable[[], np.ndarray]]) -> float:
            read = tile_at()
            time.sleep(0.02)  # the disk still brings what the mapping before was never asked for
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            before = time.perf_counter()
            read()
            return time.perf_counter() - before

        volume, ours, mapped = properties_of_a_volume(), [], []
        for _ in range(31):
            z, y, x = picker.randrange(64), picker.randrange(768), picker.randrange(768)

            def through_view(z: int = z, y: int = y, x: int = x) -> Callable[[], np.ndarray]:
                access = RandomAccessFactory.open_file(path)
                view = ImageViewFactory.from_random_access(access, shape[::-1], "uint16", properties=volume)
                target = np.empty((1, tile, tile), "u2")
                return lambda: view.read_region(RegionXu64((x, y, z), (tile, tile, 1)), target)

            def through_mapping(z: int = z, y: int = y, x: int = x) -> Callable[[], np.ndarray]:
                memory = np.memmap(path, "<u2", "r", shape=shape)
                return lambda: np.array(memory[z, y : y + tile, x : x + tile])

            ours.append(timed(through_view))
            mapped.append(timed(through_mapping))
        one, other = statistics.median(ours) * 1e9, statistics.median(mapped) * 1e9
        row("raw volume on a cold disk, 256x256 tile", one, other, "np.memmap", "target <= 0.1")


def main() -> None:
    header()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "stream.bin"
        data = os.urandom(1 << 20) * (SIZE >> 20)
        path.write_bytes(data)
        sequential(path, data)
        scattered(path)
        python_objects()
        raw_volume(folder)
        cold_volume(folder)


if __name__ == "__main__":
    main()
