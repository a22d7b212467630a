"""Data frames: pandas and Arrow to frames and back by kind of column, and table files against polars itself.

5 million rows by default; ``bench/frames.py 500000`` takes fewer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from harness import header, optional, race, row
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

ROOT = Path(__file__).resolve().parent.parent
pd, pa = optional("pandas"), optional("pyarrow")
from_pandas, to_pandas = PandasInterop.from_pandas, PandasInterop.to_pandas


def columns(rows: int) -> dict[str, object]:
    """One DataFrame of one column for each kind."""
    rng = np.random.default_rng(9)
    words = np.array(["cell", "nucleus", "membrane", "a rather longer label \u00b5m", "x"], dtype=object)
    ints = rng.integers(0, 1 << 40, rows)
    kinds = {
        "int64": pd.Series(ints),
        "float64": pd.Series(rng.random(rows)),
        "bool": pd.Series(ints % 3 == 0),
        "datetime64[ns]": pd.Series(ints.astype("M8[ns]")),
        "string (Arrow)": pd.Series(words[ints % 5], dtype="str"),
        "categorical": pd.Series(pd.Categorical.from_codes(ints % 5, words)),
        "string (objects)": pd.Series(words[ints % 5], dtype=object),
    }
    return {kind: pd.DataFrame({"c": values}) for kind, values in kinds.items()}


TARGETS = {
    **dict.fromkeys(("int64", "float64", "bool", "datetime64[ns]", "string (Arrow)"), "shared, target <= 0.2 ms"),
    "categorical": "target <= 2x",
    "string (objects)": "target <= 1x",
}


def once(prepare, measure, rounds: int = 7) -> float:
    """Median nanoseconds of `measure` on what `prepare` makes anew each time."""
    times = []
    for _ in range(rounds):
        made = prepare()
        start = time.perf_counter_ns()
        measure(made)
        times.append(time.perf_counter_ns() - start)
    return sorted(times)[rounds // 2]


def alone(body) -> float:
    """Median nanoseconds of a call among others of its kind, which nobody sweeps out of the caches."""
    return race(body, lambda: None, calls=50)[0]


def shared_columns_together(frames: dict[str, object]) -> None:
    """The kinds that are shared in one frame, a column of it: what the call itself costs is paid once."""
    kinds = [kind for kind, target in TARGETS.items() if target.startswith("shared")]
    df = pd.DataFrame({kind: frames[kind]["c"] for kind in kinds})
    frame, table = from_pandas(df), pa.Table.from_pandas(df, preserve_index=False)
    into = race(lambda: from_pandas(df), lambda: pa.Table.from_pandas(df, preserve_index=False), rounds=5)
    out = race(lambda: to_pandas(frame), lambda: table.to_pandas(), rounds=5)
    for way, (ours, peer), name in (
        ("pandas -> frame", into, "pyarrow Table.from_pandas"),
        ("frame -> pandas", out, "pyarrow Table.to_pandas"),
    ):
        row(
            f"these {len(kinds)} in one frame, a column: {way}",
            ours / len(kinds),
            peer / len(kinds),
            name,
            TARGETS[kinds[0]],
        )


def pandas_columns(rows: int) -> None:
    frames = columns(rows)
    shared_columns_together(frames)
    for kind, df in frames.items():
        frame, table = from_pandas(df), pa.Table.from_pandas(df, preserve_index=False)
        ours, peer = race(
            lambda d=df: from_pandas(d), lambda d=df: pa.Table.from_pandas(d, preserve_index=False), rounds=5
        )
        row(f"{kind}: pandas -> frame", ours, peer, "pyarrow Table.from_pandas", TARGETS[kind])
        if TARGETS[kind].startswith("shared"):
            again = alone(lambda d=df: from_pandas(d))
            row(f"{kind}: pandas -> frame, ours again and again", again, peer, "the same", TARGETS[kind])
        if kind == "string (objects)":
            continue
        ours, peer = race(lambda f=frame: to_pandas(f), lambda t=table: t.to_pandas(), rounds=5)
        row(f"{kind}: frame -> pandas", ours, peer, "pyarrow Table.to_pandas", TARGETS[kind])
        first = once(lambda d=df: from_pandas(d), to_pandas)
        row(f"{kind}: frame -> pandas, the first time", first, peer, "the same", TARGETS[kind])
        if kind in ("bool", "datetime64[ns]"):
            ours = once(lambda d=df: from_pandas(d), lambda f: f.__arrow_c_stream__())
            peer = once(lambda d=df: d, lambda d: pa.Table.from_pandas(d, preserve_index=False))
            target = "target <= 1 ms" if kind == "bool" else "target <= 2 ms"
            row(f"{kind}: first Arrow export", ours, peer, "pyarrow Table.from_pandas", target)
    shared = DataFrameViewFactory.from_arrow(pa.table({"s": pa.array(["a", "b"] * (rows // 2))}))
    ours, peer = race(lambda: DataFrameViewFactory.from_arrow(shared), lambda: pa.table(shared), 100)
    row("Arrow strings: from_arrow", ours, peer, "pyarrow.table", "shared, target <= 0.2 ms")
    for offsets, target in (("long", "shared, once proven UTF-8"), ("short", "copied: pandas has long ones")):
        texts = pa.table({"s": pa.array(["a", "b"] * (rows // 2), pa.large_string() if offsets == "long" else None)})
        ours = once(lambda texts=texts: DataFrameViewFactory.from_arrow(texts), to_pandas)
        peer = once(lambda texts=texts: texts, lambda table: table.to_pandas())
        row(f"Arrow strings of {offsets} offsets: frame -> pandas", ours, peer, "pyarrow Table.to_pandas", target)


def files(rows: int) -> None:
    """The same reading by the plugin and by polars' crates, called directly in the same build."""
    program = ROOT / "target" / "release" / "examples" / "against_polars"
    if not program.exists():
        print(
            "table files: `cargo build --release -p iolink-plugin-tables --example against_polars` makes what measures them"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.flush()
        subprocess.run([program, folder, str(rows)], check=True)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    header(pd, pa)
    if pd is not None and pa is not None:
        pandas_columns(rows)
    files(rows)


if __name__ == "__main__":
    main()
