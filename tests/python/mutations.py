"""Opens damaged files, thousands of a kind, in child processes: none may end its process, hang, or take a lot of memory.

A module ``mutated_*.py`` beside this one registers its kinds of files by :func:`kind`. File NUMBER of a kind is always the
same. ``test_mutations.py`` opens a few hundred of each kind, or as many as the variable IOLINK_MUTATIONS says. By hand:

    python tests/python/mutations.py KIND [COUNT [FIRST]]

opens COUNT files from FIRST on and prints how many ended in which way. ``--keep KIND NUMBER PATH`` writes one file.
"""

from __future__ import annotations

import collections
import dataclasses
import importlib
import json
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

DEADLINE = 60.0  # seconds that one file may take
MEMORY = 1 << 30  # bytes by which one file may let the process grow
ADDRESSES = 8 << 30  # bytes of address space that a child may use beside those it has at first
PART = 500  # files that a child opens


@dataclasses.dataclass
class Kind:
    """How files of a kind are made and used."""

    ending: str
    make: Callable[[random.Random], bytes]
    use: Callable[[pathlib.Path, random.Random], None]


KINDS: dict[str, Kind] = {}


def kind(name: str, ending: str, use: Callable[[pathlib.Path, random.Random], None]):
    """Registers the decorated function, which makes the file of a random state."""

    def register(make):
        KINDS[name] = Kind(ending, make, use)
        return make

    return register


def load() -> dict[str, Kind]:
    """Returns the kinds of all modules."""
    if __name__ == "__main__":
        sys.modules["mutations"] = sys.modules["__main__"]
    for path in sorted(pathlib.Path(__file__).parent.glob("mutated_*.py")):
        importlib.import_module(path.stem)
    return KINDS


def content(name: str, number: int) -> bytes:
    """Returns file NUMBER of a kind."""
    return KINDS[name].make(random.Random(f"{name} {number}"))


EDGES = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 63, 64, 127, 128, 255, 256, 4095, 65535, 65536]
EDGES += [2**bits + more for bits in (15, 31, 32, 40, 48, 62, 63) for more in (-1, 0)]


def mutate(state: random.Random, data: bytes, first: int = 0, end: int | None = None, keep_size: bool = False) -> bytes:
    """Changes a few of the bytes from FIRST to END; the size too, unless it is kept."""
    data = bytearray(data)
    size = len(data)
    for _ in range(state.choice([1, 1, 1, 2, 3, 8])):
        limit = len(data) if end is None else min(end, len(data))
        if limit <= first:
            break
        at = state.randrange(first, limit)
        way = state.choice("bit byte number number cut insert copy drop".split())
        if way == "bit":
            data[at] ^= 1 << state.randrange(8)
        elif way == "byte":
            data[at] = state.choice([0, 1, 0x7F, 0x80, 0xFF, state.randrange(256)])
        elif way == "number":
            width = state.choice([1, 2, 4, 8])
            number = state.choice(EDGES) * state.choice([1, 1, -1]) % 256**width
            at = max(first, at - at % width) if state.random() < 0.7 else at
            data[at : at + width] = number.to_bytes(width, state.choice(["little", "little", "big"]))
        elif way == "copy":
            source, count = state.randrange(len(data)), state.choice([1, 4, 8, 16, 64])
            data[at : at + count] = data[source : source + count]
        elif way == "insert":
            data[at:at] = state.randbytes(state.choice([1, 2, 4, 8, 32]))
        elif way == "drop":
            del data[at : at + state.choice([1, 2, 4, 8, 64])]
        elif state.random() < 0.5:
            del data[at:]
    if keep_size:
        data = data[:size] + bytes(size - len(data[:size]))
    return bytes(data)


def memory() -> int:
    """Returns the most bytes that the process has had so far; not `ru_maxrss`, which a child takes over from its parent."""
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) << 10


def address_space() -> int:
    """Returns the bytes of addresses that the process uses."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def outcome(use: Callable[[], None]) -> str:
    """Runs ``use`` and names how it ended."""
    try:
        use()
    except Exception as error:
        return type(error).__name__
    except BaseException as error:
        return f"BAD {type(error).__name__}"
    return "opened"


def child(name: str, first: int, end: int, state_file: str) -> None:
    """Opens the files FIRST to END; writes the number of each into the state file before, and the counts to the output."""
    import iolink  # noqa: F401

    using = load()[name]
    note = os.open(state_file, os.O_WRONLY | os.O_CREAT)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"damaged.{using.ending}"
        for number in range(first, end):
            os.pwrite(note, struct.pack("<q", number), 0)
            path.write_bytes(content(name, number))
            state = random.Random(f"{name} {number} use")
            if number == first:
                # What the libraries reserve when they are first used does not count.
                outcome(lambda state=state: using.use(path, state))
                state = random.Random(f"{name} {number} use")
                limit = address_space() + ADDRESSES
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            before, start = memory(), time.monotonic()
            ended = outcome(lambda state=state: using.use(path, state))
            if time.monotonic() - start > DEADLINE:
                ended = "BAD slow"
            if memory() - before > MEMORY:
                ended = "BAD large"
            if ended == "InternalError":
                ended = "BAD InternalError"
            counts[ended] += 1
            if ended.startswith("BAD"):
                print(json.dumps([number, ended]), flush=True)
    print(json.dumps(counts), flush=True)


def run(name: str, count: int, first: int = 0) -> tuple[collections.Counter[str], list[str]]:
    """Opens COUNT files of a kind; returns how many ended in which way, and what is bad."""
    counts: collections.Counter[str] = collections.Counter()
    bad = []
    end = first + count
    with tempfile.TemporaryDirectory() as folder:
        while first < end:
            last = min(end, first + PART)
            state = pathlib.Path(folder) / f"state-{first}"
            output, errors = (pathlib.Path(folder) / f"{what}-{first}" for what in ("output", "errors"))
            command = [sys.executable, __file__, "--child", name, str(first), str(last), str(state)]
            with output.open("wb") as out, errors.open("wb") as err:
                process = subprocess.Popen(command, stdout=out, stderr=err)
                at, since = None, time.monotonic()
                while process.poll() is None:
                    time.sleep(0.05)
                    now = state.read_bytes() if state.exists() else None
                    if now != at:
                        at, since = now, time.monotonic()
                    if time.monotonic() - since > 2 * DEADLINE:
                        process.kill()
            lines = [json.loads(line) for line in output.read_text().splitlines()]
            bad += [f"{name} {line[0]}: {line[1]}" for line in lines if isinstance(line, list)]
            counts.update(next((line for line in lines if isinstance(line, dict)), {}))
            words = errors.read_text(errors="replace")
            if "panicked" in words:
                counts["panics on the terminal"] += words.count("panicked")
            if process.returncode:
                at = state.read_bytes() if state.exists() else b""
                died = struct.unpack("<q", at)[0] if at else first
                bad.append(f"{name} {died}: the process ended with {process.returncode}: {words.strip()[-300:]}")
                counts["BAD ended"] += 1
                last = died + 1
            first = last
    return counts, bad


def main(arguments: list[str]) -> int:
    if arguments[0] == "--child":
        child(arguments[1], int(arguments[2]), int(arguments[3]), arguments[4])
        return 0
    load()
    if arguments[0] == "--keep":
        pathlib.Path(arguments[3]).write_bytes(content(arguments[1], int(arguments[2])))
        return 0
    counts, bad = run(arguments[0], int((arguments[1:] or ["10000"])[0]), int((arguments[2:] or ["0"])[0]))
    for line in bad:
        print(line)
    print(f"{arguments[0]}: {dict(counts.most_common())}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
