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
import importlib.metadata, json, sys, time
sys.path[:] = [entry for entry in sys.path if "site-packages" not in entry] + {sites!r}
import iolink
start = time.perf_counter(); found = iolink.plugins(); listed = time.perf_counter() - start
loaded_before = "bench0" in open("/proc/self/maps").read()
start = time.perf_counter(); iolink.plugins(check={check}); checked = time.perf_counter() - start
start = time.perf_counter(); importlib.metadata.entry_points(group="iolink.plugins"); peer = time.perf_counter() - start
mine = [p for p in iolink.plugins() if p.id.startswith("org.example.bench")]
print(json.dumps([listed, checked, peer, loaded_before, [p.state for p in mine]]))
"""


def child(folder: Path, check: bool) -> list:
    sites = [entry for entry in sys.path if "site-packages" in entry]
    result = subprocess.run(
        [sys.executable, "-c", CHILD.format(sites=sites, check=check)],
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
        runs = [child(full, check=True) for _ in range(9)]
        bare = [child(empty, check=True) for _ in range(9)]
        assert all(run[4] == ["loaded"] * COUNT for run in runs), runs[0][4]
        assert not any(run[3] for run in runs), "listing opened a library"
        listed = statistics.median(run[0] for run in runs) - statistics.median(run[0] for run in bare)
        checked = statistics.median(run[1] for run in runs) - statistics.median(run[1] for run in bare)
        peer = statistics.median(run[2] for run in runs)
        row(f"discovery of {COUNT} plugins, none opened", listed * 1e9, peer * 1e9, "entry_points()", "target <= 2 ms")
        row("load + judge + admit, a plugin", checked / COUNT * 1e9, peer * 1e9, "entry_points()", "target <= 0.3 ms")
        start = time.perf_counter()
        subprocess.run([IOLINK, "check", home / "bench000", "--strict"], check=True, capture_output=True)
        print(f"iolink check of the template: {time.perf_counter() - start:.2f} s  (target < 10 s)")
        subprocess.run([IOLINK, "new-plugin", "lines"], cwd=home, check=True, capture_output=True)
        for name, path, target in [("Rust", "lines/src/lib.rs", 60), ("C", "bench000/bench000.c", 120)]:
            lines = len((home / path).read_text().splitlines())
            print(f"lines of a first working provider in {name}: {lines}  (target <= {target})")


if __name__ == "__main__":
    main()
