"""The road: what a round trip, an import, a discovery and a getter cost, each against a named peer in the same run.

Prints medians and ratios; a figure means little on a busy machine, a ratio more.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from harness import header, race, row
from iolink import NumpyInterop

ROOT = Path(__file__).resolve().parent.parent

PLUGIN = """
#include "iolink_abi.h"
IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \\"org.example.bench%(number)d\\"\\nversion = \\"1.0\\"\\n"
                "[[provider]]\\nid = \\"org.example.bench%(number)d\\"\\ntitle = \\"A bench\\"\\n");
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
    IOLINK_PLUGIN_MAGIC, sizeof(iolink_plugin), IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR, IOLINK_PANIC_NONE,
    "org.example.bench%(number)d", "1.0", 0, 0, 0,
};
"""


def round_trips():
    layouts = {
        "C": np.arange(24, dtype="u2").reshape(2, 3, 4),
        "F": np.asfortranarray(np.arange(24, dtype="u2").reshape(2, 3, 4)),
        "strided": np.arange(192, dtype="u2").reshape(4, 6, 8)[::2, ::2, ::2],
        "big-endian": np.arange(24, dtype=">u2").reshape(2, 3, 4),
    }
    view_of, array_of = NumpyInterop.from_numpy_array, NumpyInterop.to_numpy_array
    for name, array in layouts.items():
        ours, peer = race(lambda a=array: array_of(view_of(a)), lambda a=array: np.asarray(memoryview(a)), 20_000)
        row(f"round trip from + to, {name}", ours, peer, "np.asarray(memoryview(a))", "target <= 2")


def in_child(code, environment=None):
    """The number that a fresh Python prints."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    if result.returncode:
        raise RuntimeError(result.stderr)
    return float(result.stdout)


def start_up():
    """`import iolink` and `iolink.plugins()` with 20 plugins present, beyond importing NumPy."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("start-up: no C compiler, so there are no 20 plugins to find: not measured")
        return
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        os.chmod(folder, 0o755)
        for number in range(20):
            source = Path(folder, "plugin.c")
            source.write_text(PLUGIN % {"number": number})
            library = Path(folder, f"libbench{number}.so")
            include = f"-I{ROOT / 'sdk' / 'include'}"
            subprocess.run([compiler, "-shared", "-fPIC", "-O1", include, "-o", library, source], check=True)
            library.chmod(0o755)
        environment = {**os.environ, "IOLINK_PLUGIN_PATH": folder}
        code = (
            "import time, numpy; start = time.perf_counter(); import iolink; found = iolink.plugins(); "
            "end = time.perf_counter(); "
            "assert sum(p.state == 'available' for p in found) >= 20, found; print((end - start) * 1e3)"
        )
        ours = statistics.median(in_child(code, environment) for _ in range(9))
        peer = statistics.median(
            in_child("import time; s = time.perf_counter(); import numpy; print((time.perf_counter() - s) * 1e3)")
            for _ in range(9)
        )
        row("import iolink + plugins(), 20 plugins", ours * 1e6, peer * 1e6, "import numpy", "target <= 15 ms")


def mapped():
    """Which plugins' libraries are in memory after listing them, and after a table file was opened."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as table:
        table.write("a,b\n1,2\n")
        table.flush()
        code = (
            "import iolink; count = lambda: sum('libiolink_' in line and ' r-xp ' in line or 'polars' in line "
            "for line in open('/proc/self/maps')); iolink.plugins(); before = count(); "
            f"iolink.open({table.name!r}); print(before * 1000 + count())"
        )
        before, after = divmod(int(in_child(code)), 1000)
    print(f"plugin libraries mapped after plugins(): {before} (target 0); after a table file was opened: {after}")


def main():
    header()
    round_trips()
    start_up()
    mapped()
    border = ROOT / "target" / "release" / "bench_border"
    if border.exists():
        sys.stdout.flush()
        subprocess.run([border], check=True)
    else:
        print("calls through a plugin: `cargo build --release` makes the program that measures them")


if __name__ == "__main__":
    main()
