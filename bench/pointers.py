"""Views by their addresses: what judging a number costs, a good one and bad ones, beside a capsule of the same view."""

from __future__ import annotations

import ctypes
import random
import statistics
import time

import iolink
from harness import header, race, row
from iolink import DataTypeId, ImageView, ImageViewFactory


def refused(number: int) -> None:
    try:
        ImageView.create_from_pointer(number)
    except ValueError:
        return
    raise AssertionError(f"{number} was taken for an image")


def bad_numbers() -> dict[str, list[int]]:
    """Lists of numbers of one sort each, a thousand long."""
    rng = random.Random(7)
    gone = [ImageViewFactory.allocate((2, 2), "uint8").to_pointer() for _ in range(1000)]
    buffer = ctypes.create_string_buffer(8192)
    return {
        "random": [rng.getrandbits(rng.choice((16, 32, 47, 63, 64))) for _ in range(1000)],
        "misaligned": [LIVE + rng.randrange(1, 8) for _ in range(1000)],
        "freed": [address for address in gone if address != LIVE],
        "readable, no view": [ctypes.addressof(buffer) + 8 * (index % 1000) for index in range(1000)],
        "of another kind": [FRAME.to_pointer()] * 1000,
        "negative": [-rng.getrandbits(47) for _ in range(1000)],
    }


IMAGE = ImageViewFactory.allocate((4, 3), "uint16")
FRAME = iolink.DataFrameViewFactory.allocate([1, 2], ["a"], [DataTypeId.INT64])
LIVE = IMAGE.to_pointer()


def main() -> None:
    header()
    ours, peer = race(lambda: ImageView.create_from_pointer(LIVE), lambda: iolink.from_capsule(IMAGE), calls=2000)
    row("a live address", ours, peer, "from_capsule", "<= 20 us")
    for sort, numbers in bad_numbers().items():
        rounds = []
        for _ in range(9):
            start = time.perf_counter_ns()
            for number in numbers:
                refused(number)
            rounds.append((time.perf_counter_ns() - start) / len(numbers))
        middle = statistics.median(rounds)
        print(f"{'refused: ' + sort:<48} {middle / 1e3:>8.2f} us, worst round {max(rounds) / 1e3:.2f} us  (<= 20 us)")


if __name__ == "__main__":
    main()
