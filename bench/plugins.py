"""Plugins: what finding a hundred costs, what loading one costs, how long a check takes, how many lines a newcomer writes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import header, row

IOLINK = Path(sys.executable).parent / "iolink"
COUNT = 100

CHILD = """
import importlib.metadata, json, statistics, sys, time
sys.path[:] = [entry for entry in sys.path if "site-packages" not in entry] + {sites!r}
import iolink
now = lambda: (time.perf_counter(), time.process_time())
since = lambda start: [end - begin for begin, end in zip(start, now())]
start = now(); found = iolink.plugins(); listed = since(start)
loaded_before = "bench0" in open("/proc/self/maps").read()
loads = []
for plugin in found:
    if plugin.id.startswith("org.example.bench"):
        start = now(); iolink.load_plugin(plugin.path); loads.append(since(start))
loaded = [statistics.median(column) for column in zip(*loads)] or [0, 0]
start = now(); importlib.metadata.entry_points(group="iolink.plugins"); peer = since(start)
mine = [p for p in iolink.plugins() if p.id.startswith("org.example.bench")]
print(json.dumps([listed, loaded, peer, loaded_before, [p.state for p in mine]]))
"""


def child(folder: Path) -> list:
    sites = [entry for entry in sys.path if "site-packages" in entry]
    result = subprocess.run(
        [sys.executable, "-c", CHILD.format(sites=sites)],
        env={**os.environ, "IOLINK_PLUGIN_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


def plugins_of(project: Path, folder: Path) -> None:
    """The plugin a hundred times under other ids of the same length."""
    library = (project / "build" / "libbench000.so").read_bytes()
    for number in range(COUNT):
        copy = folder / f"libbench{number:03}.so"
        copy.write_bytes(library.replace(b"bench000", f"bench{number:03}".encode()))
        copy.chmod(0o755)


def main() -> None:
    header()
    with tempfile.TemporaryDirectory(dir=Path.home()) as top:
        home = Path(top)
        home.chmod(0o755)
        subprocess.run([IOLINK, "new-plugin", "bench000", "--c"], cwd=home, check=True, capture_output=True)
        subprocess.run(["make", "-C", home / "bench000"], check=True, capture_output=True)
        full, empty = home / "full", home / "empty"
        for folder in (full, empty):
            folder.mkdir(mode=0o755)
        plugins_of(home / "bench000", full)
        runs = [child(full) for _ in range(9)]
        bare = [child(empty) for _ in range(9)]
        assert all(run[4] == ["loaded"] * COUNT for run in runs), runs[0][4]
        assert not any(run[3] for run in runs), "listing opened a library"
        # The time of the clock, and the processor's own, which says more on a busy machine.
        for clock, name in enumerate(["", ", CPU"]):
            middle = [
                [statistics.median(run[column][clock] for run in taken) for column in range(3)]
                for taken in (runs, bare)
            ]
            peer = middle[0][2] * 1e9
            listed, loaded = middle[0][0] - middle[1][0], middle[0][1]
            row(
                f"discovery of {COUNT} plugins{name}",
                listed * 1e9,
                peer,
                "entry_points()",
                "target <= 2 ms, none opened",
            )
            row(
                f"load + judge + admit, a plugin{name}",
                loaded * 1e9,
                peer,
                "entry_points()",
                "target <= 0.3 ms",
            )
        start = time.perf_counter()
        subprocess.run([IOLINK, "check", home / "bench000", "--strict"], check=True, capture_output=True)
        print(f"iolink check of the template: {time.perf_counter() - start:.2f} s  (target < 10 s)")
        subprocess.run([IOLINK, "new-plugin", "lines"], cwd=home, check=True, capture_output=True)
        for name, path, target in [("Rust", "lines/src/lib.rs", 60), ("C", "bench000/bench000.c", 120)]:
            lines = len((home / path).read_text().splitlines())
            print(f"lines of a first working provider in {name}: {lines}  (target <= {target})")


if __name__ == "__main__":
    main()
