"""Damaged tables: CSV, JSON lines, Parquet, and Arrow IPC as a file and as a stream."""

from __future__ import annotations

import datetime
import decimal
import functools
import io
import json
import pathlib
import random

import pyarrow as pa
import pyarrow.parquet as pq

import iolink
from mutations import kind, mutate

ROWS = 60
# What a reader of a frame may say of data that it cannot take.
ODD = (ValueError, TypeError, OSError, KeyError, NotImplementedError, OverflowError, MemoryError)


def read_all(path: pathlib.Path, state: random.Random, **options: str) -> None:
    """Opens a table and reads all of it, in several ways."""
    frame = iolink.open(path, **options)
    columns, rows = frame.shape()
    repr(frame), frame.columns
    for column in range(min(columns, 20)):
        frame.column_arrow_type(column)
        for row in {0, rows - 1} if rows else ():
            try:
                frame.at(column, row)
            except ODD:
                pass
    if rows < 10_000_000:
        # polars itself panics where it prints a time that no calendar has.
        for convert, show in ((frame.to_arrow, repr), (frame.to_pandas, repr), (frame.to_polars, len)):
            try:
                show(convert())
            except ODD:
                pass


def read_csv(path: pathlib.Path, state: random.Random) -> None:
    """Reads with random options now and then."""
    choices = {
        "separator": [",", ";", "tab", "|"],
        "quote": ['"', "'", ""],
        "has_header": ["true", "false"],
        "null_values": ["NA", "1", ",", ""],
        "text_columns": ["c0", "c1"],
        "columns": ["c0", "c1,c0"],
        "first_row": ["0", "2", str(2**64 - 1)],
        "row_count": ["0", "5", str(2**64 - 1)],
    }
    chosen = [name for name in choices if state.random() < 0.08]
    read_all(path, state, **{name: state.choice(choices[name]) for name in chosen})


FIELDS = "0 1 -1 007 1.5 -2e3 1e400 9223372036854775807 9223372036854775808 nan inf true False a NA 2020-01-01".split()
FIELDS += ["", '""', '"a,b"', '"two\nlines"', '"say ""a"""', "\u00e9", "\0", "\ufeff", " 3", "x" * 200, "1,5", "0x1f"]


@kind("csv", "csv", read_csv)
def csv(state: random.Random) -> bytes:
    separator, end = state.choice(",,,;\t|"), state.choice(["\n", "\n", "\r\n", "\r"])
    pools = [
        state.choice([FIELDS, ["1", "2", ""], ["1.5", "-2"], ["a", "bc"], ["true", "false"]])
        for _ in range(state.randint(1, 5))
    ]
    lines = [separator.join(f"c{at}" for at in range(len(pools)))]
    for _ in range(state.choice([0, 1, 5, 30, 1100])):
        lines.append(separator.join(state.choice(pool) for pool in pools))
    data = end.join(lines).encode()
    return mutate(state, data) if state.random() < 0.7 else data


def value(state: random.Random, depth: int = 0):
    """A random value of JSON."""
    chance = state.random()
    if chance < 0.6 or depth > 5:
        return state.choice(
            [None, True, 0, -1, 1.5, 2**53 + 1, 2**63 - 1, 2**64 - 1, 1e300, "", "a", "\u00e9\0", "\\[{"]
        )
    if chance < 0.8:
        return [value(state, depth + 1) for _ in range(state.randrange(4))]
    return {state.choice(["a", "b", "c", "", "\u00e9"]): value(state, depth + 1) for _ in range(state.randrange(4))}


@kind("json lines", "jsonl", read_all)
def json_lines(state: random.Random) -> bytes:
    usual = {name: value(state) for name in "abcde"[: state.randint(1, 5)]}
    objects = []
    alike = state.random() < 0.5
    for number in range(state.choice([1, 2, 10, 60, 400])):
        chance = state.random()
        if chance < 0.03:
            objects.append({f"new{number}": value(state)})
        else:
            objects.append(usual if alike or chance < 0.8 else {name: value(state) for name in usual})
    lines = [json.dumps(one, ensure_ascii=state.random() < 0.5) for one in objects]
    if state.random() < 0.05:
        count = state.choice([10, 63, 64, 65, 66, 3000, 100_000])
        opening, closing = state.choice(["[]", ['{"a":', "}"]])
        lines.insert(state.randrange(len(lines)), f'{{"a":{opening * count}1{closing * count}}}')
    data = state.choice(["\n", "\n", "\r\n", "\n\n", " "]).join(lines).encode()
    return mutate(state, data) if state.random() < 0.7 else data


def table() -> pa.Table:
    """A table of every type, with missing values."""
    every = lambda made: [None if at % 7 == 0 else made(at) for at in range(ROWS)]  # noqa: E731
    moment = datetime.datetime(2024, 2, 29, 12)
    return pa.table(
        {
            "i8": pa.array(every(lambda at: at), pa.int8()),
            "u64": pa.array(every(lambda at: 2**64 - 1 - at), pa.uint64()),
            "f64": pa.array(every(lambda at: at / 3)),
            "f16": pa.array(every(float), pa.float16()),
            "bool": pa.array(every(lambda at: at % 2 == 0)),
            "text": pa.array(every(lambda at: f"text {at}")),
            "large": pa.array(every(lambda at: "x" * at), pa.large_string()),
            "bytes": pa.array(every(lambda at: bytes([at]) * 3)),
            "fixed": pa.array(every(lambda at: b"abcd"), pa.binary(4)),
            "words": pa.array(every(lambda at: "abc"[at % 3])).dictionary_encode(),
            "stamp": pa.array(every(lambda at: moment), pa.timestamp("us", "UTC")),
            "day": pa.array(every(lambda at: moment.date())),
            "clock": pa.array(every(lambda at: moment.time()), pa.time64("us")),
            "decimal": pa.array(every(lambda at: decimal.Decimal(at) / 4), pa.decimal128(12, 2)),
            "list": pa.array(every(lambda at: list(range(at % 4)))),
            "texts": pa.array(every(lambda at: [f"t{at}", None]), pa.large_list(pa.string())),
            "pair": pa.array(every(lambda at: [at, -at]), pa.list_(pa.int16(), 2)),
            "struct": pa.array(every(lambda at: {"x": at, "y": {"z": str(at)}})),
            "map": pa.array(every(lambda at: [("k", at)]), pa.map_(pa.string(), pa.int32())),
            "nothing": pa.nulls(ROWS),
            "view": pa.array(every(lambda at: "a long text that is in no view" * (at % 2)), pa.string_view()),
        }
    )


def parts() -> list[pa.Table]:
    """The whole table, and small ones of which more of the bytes are structure."""
    whole = table()
    return [
        whole,
        whole.select(["i8", "text", "words"]),
        whole.select(["list", "struct", "map"]),
        whole.select(["f64"]),
    ]


@functools.cache
def parquet_files() -> list[bytes]:
    made = []
    codecs = ["none", "snappy", "zstd", "gzip", "lz4", "brotli"]
    ways = [{}, {"data_page_version": "2.0", "use_dictionary": False}, {"row_group_size": 20}]
    ways += [{"data_page_size": 64}, {"use_deprecated_int96_timestamps": True, "store_schema": False}]
    encodings = {"i8": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT"}
    encodings |= {"bytes": "DELTA_LENGTH_BYTE_ARRAY"}
    for part in parts():
        part = part.drop_columns([name for name in ("view", "nothing") if name in part.column_names])
        for codec in codecs:
            for way in ways:
                out = io.BytesIO()
                pq.write_table(part, out, compression=codec, **way)
                made.append(out.getvalue())
        own = {name: encoding for name, encoding in encodings.items() if name in part.column_names}
        if own:
            out = io.BytesIO()
            pq.write_table(part, out, use_dictionary=False, column_encoding=own)
            made.append(out.getvalue())
    return made


@kind("parquet", "parquet", read_all)
def parquet(state: random.Random) -> bytes:
    data = state.choice(parquet_files())
    footer = int.from_bytes(data[-8:-4], "little")
    first = len(data) - 8 - footer
    chance = state.random()
    if chance < 0.5:  # the footer, in its place
        return data[:first] + mutate(state, data[first:-8], keep_size=True) + data[-8:]
    if chance < 0.9:  # the pages
        return mutate(state, data[:first], 4, keep_size=True) + data[first:]
    return mutate(state, data)


@functools.cache
def ipc_files(stream: bool) -> list[bytes]:
    made = []
    for part in parts():
        for codec in (None, "lz4", "zstd"):
            for rows in (ROWS, 20):
                out = io.BytesIO()
                new = pa.ipc.new_stream if stream else pa.ipc.new_file
                with new(out, part.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
                    writer.write_table(part, max_chunksize=rows)
                made.append(out.getvalue())
    return made


@kind("arrow file", "arrow", read_all)
def arrow_file(state: random.Random) -> bytes:
    data = state.choice(ipc_files(False))
    footer = int.from_bytes(data[-10:-6], "little")
    first = len(data) - 10 - footer
    chance = state.random()
    if chance < 0.3:
        return mutate(state, data, first)
    if chance < 0.6:  # the first messages
        return mutate(state, data, 8, min(2000, first), keep_size=True)
    return mutate(state, data, keep_size=state.random() < 0.7)


@kind("arrow stream", "arrows", read_all)
def arrow_stream(state: random.Random) -> bytes:
    data = state.choice(ipc_files(True))
    return mutate(state, data, 0, state.choice([300, 2000, None]), keep_size=state.random() < 0.6)
