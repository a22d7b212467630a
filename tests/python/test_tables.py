"""Table files: CSV, TSV, JSON lines, Parquet and Arrow IPC, opened and written, with polars and pyarrow as oracles."""

from __future__ import annotations

import datetime
import decimal
import io
import os
import resource
import subprocess
import sys

import numpy as np
import pytest

import iolink
from iolink import DataFrameCapability, DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")
pq = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")

open_table, write = DataFrameViewFactory.open, DataFrameViewFactory.write

COLUMNS = {
    "i32": pa.array([1, None, 3], pa.int32()),
    "u8": pa.array([1, 2, 255], pa.uint8()),
    "u64": pa.array([2**64 - 1, None, 0], pa.uint64()),
    "f16": pa.array(np.array([1, 2, 3], "f2")),
    "f64": pa.array([1.5, None, -0.0]),
    "bool": pa.array([True, None, False]),
    "text": pa.array(["a", None, "\u00e9\U0001f600"]),
    "odd text": pa.array(["", 'x,"y"\n', " 1"]),
    "view": pa.array(["a", None, "c" * 40], pa.string_view()),
    "bytes": pa.array([b"a", None, b"\0"]),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "words": pa.array(["u", None, "v"]).dictionary_encode(),
    "list": pa.array([[1], None, []], pa.list_(pa.int8())),
    "texts": pa.array([["x"], None, ["y", None]]),
    "struct": pa.array([{"x": 1, "y": "a"}, None, {"x": 2, "y": None}]),
    "decimal": pa.array([decimal.Decimal("1.20"), None, decimal.Decimal("-3.00")], pa.decimal128(10, 2)),
    "zoned": pa.array([1, None, 3], pa.timestamp("ms", "Europe/Berlin")),
    "stamp": pa.array([1, None, -3], pa.timestamp("ns")),
    "span": pa.array([1, None, -3], pa.duration("us")),
    "clock": pa.array([1, None, 3], pa.time64("ns")),
    "day": pa.array([1, None, -3], pa.date32()),
    "nothing": pa.nulls(3),
}
TABLE = pa.table(COLUMNS)


def polars_of(frame):
    return pl.DataFrame(frame)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_every_type_goes_through_binary_files(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    write(DataFrameViewFactory.from_arrow(TABLE), path)
    back = open_table(path)
    assert polars_of(back).equals(pl.from_arrow(TABLE))
    assert back.columns == TABLE.column_names
    theirs = pq.read_table(path) if ending == "parquet" else feather.read_table(path)
    for name in TABLE.column_names:
        assert theirs[name].to_pylist() == TABLE[name].to_pylist(), name
        assert back[name].null_count == TABLE[name].null_count, name
    if ending == "arrow":
        assert back.to_arrow().equals(TABLE), "Arrow IPC keeps the types as they are"
    assert sorted(os.listdir(tmp_path)) == [path.name]


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "brotli", "none"])
def test_parquet_of_others_and_every_compression(tmp_path, compression):
    theirs, ours = tmp_path / "theirs.parquet", tmp_path / "ours.parquet"
    table = pa.table({"x": list(range(5000)), "s": [f"text {i % 100}" for i in range(5000)]})
    pq.write_table(table, theirs, compression=compression, row_group_size=700)
    frame = open_table(theirs)
    assert frame.read("x").tolist() == list(range(5000))
    assert frame["s"].to_list() == table["s"].to_pylist()
    write(frame, ours, compression=compression, row_group_size=900)
    assert pq.read_table(ours).cast(table.schema).equals(table)
    assert pq.ParquetFile(ours).metadata.num_row_groups == 6


def test_seconds_and_midnights_are_written_as_parquet_has_them(tmp_path):
    table = pa.table({"s": pa.array([1, None], pa.timestamp("s")), "d": pa.array([86_400_000, None], pa.date64())})
    write(DataFrameViewFactory.from_arrow(table), tmp_path / "a.parquet")
    back = pq.read_table(tmp_path / "a.parquet")
    assert back.schema.types == [pa.timestamp("ms"), pa.date32()]
    assert back["s"].to_pylist() == table["s"].to_pylist()
    late = pa.table({"s": pa.array([2**62], pa.timestamp("s"))})
    with pytest.raises(IndexError, match='column "s": row 0'):
        write(DataFrameViewFactory.from_arrow(late), tmp_path / "b.parquet")
    assert os.listdir(tmp_path) == ["a.parquet"]


PLAIN = ["i32", "f64", "bool", "text", "odd text", "words"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson", "jsonl"])
def test_text_files_round_trip(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    table = TABLE.select(PLAIN)
    write(DataFrameViewFactory.from_arrow(table), path)
    back = open_table(path)
    for name in PLAIN:
        assert back[name].to_list() == table[name].to_pylist(), name
    if ending == "csv":
        theirs = pl.read_csv(path)
    elif ending == "tsv":
        theirs = pl.read_csv(path, separator="\t")
    else:
        theirs = pl.read_ndjson(path)
    for name in PLAIN:
        assert theirs[name].to_list() == table[name].to_pylist(), name


def test_times_and_decimals_in_text_files(tmp_path):
    names = ["decimal", "zoned", "stamp", "span", "clock", "day", "nothing"]
    write(DataFrameViewFactory.from_arrow(TABLE.select(names)), tmp_path / "a.csv")
    first, _, third = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert (
        first
        == "1.20,1970-01-01T00:00:00.001Z,1970-01-01T00:00:00.000000001,PT0.000001S,00:00:00.000000001,1970-01-02,"
    )
    assert third.startswith("-3.00,") and "-PT0.000003S" in third
    write(DataFrameViewFactory.from_arrow(TABLE.select(["list", "struct"])), tmp_path / "a.ndjson")
    lines = (tmp_path / "a.ndjson").read_text().splitlines()
    assert lines == [
        '{"list":[1],"struct":{"x":1,"y":"a"}}',
        '{"list":null,"struct":null}',
        '{"list":[],"struct":{"x":2,"y":null}}',
    ]
    back = open_table(tmp_path / "a.ndjson")
    assert back["struct"].to_list() == TABLE["struct"].to_pylist()


def test_options_of_text_files(tmp_path):
    path = tmp_path / "a.csv"
    write(DataFrameViewFactory.from_columns({"a": [1, 2], "b": ["x", ";"]}), path, separator=";", has_header=False)
    assert path.read_text() == '1;x\n2;";"\n'
    back = open_table(path, separator=";", has_header=False, columns=["column_2"])
    assert back["column_2"].to_list() == ["x", ";"]
    with pytest.raises(ValueError, match="must be quoted"):
        write(DataFrameViewFactory.from_columns({"b": [","]}), path, quote="")


def make(tmp_path, kind, rows=10_000):
    table = pa.table({"x": range(rows), "y": np.arange(rows) * 0.5, "s": [f"t{i}" for i in range(rows)]})
    path = tmp_path / f"table.{kind}"
    frame = DataFrameViewFactory.from_arrow(pa.concat_tables([table.slice(0, 4000), table.slice(4000)]))
    write(frame, path, **({"row_group_size": 1500} if kind == "parquet" else {}))
    return path


NAMES = {
    "a text": lambda: "s,x",
    "a list": lambda: ["s", "x"],
    "a tuple": lambda: ("s", "x"),
    "a generator": lambda: (name for name in ("s", "x")),
    "keys": lambda: {"s": 0, "x": 1}.keys(),
    "an array": lambda: np.array(["s", "x"]),
    "objects": lambda: np.array(["s", "x"], object),
    "labels": lambda: pytest.importorskip("pandas").Index(["s", "x"]),
    "a series": lambda: pytest.importorskip("pandas").Series(["s", "x"]),
    "a column": lambda: DataFrameViewFactory.from_columns({"name": ["s", "x"]})["name"],
}


@pytest.mark.parametrize("names", NAMES)
def test_options_take_texts_in_any_order_of_them(tmp_path, names):
    path = tmp_path / "a.csv"
    path.write_text("x,y,s\n1,2,s\nx,,7\n")
    assert open_table(path, columns=NAMES[names]()).columns == ["s", "x"]
    assert open_table(path, null_values=NAMES[names]())["s"].to_list() == [None, 7]
    assert open_table(path, text_columns=NAMES[names]())["s"].to_list() == ["s", "7"]
    assert open_table(path, null_values=[2, 7])["y"].null_count == 2


@pytest.mark.parametrize("option", ["columns", "null_values", "text_columns"])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"s,x", "expected a text, a number, or a list of texts, not bytes"),
        ([b"s"], "not bytes"),
        ([None], "not NoneType"),
        ([["s", "x"]], "not list"),
        (np.array([["s", "x"]]), "not ndarray"),
        ({"s", "x"}, "expected values in an order, such as a list, not a dict or set"),
        ({"s": 1}, "expected values in an order"),
    ],
)
def test_options_that_are_no_texts_are_refused(tmp_path, option, given, words):
    path = make(tmp_path, "csv", 3)
    with pytest.raises(TypeError, match=f"{option}: .*{words}"):
        open_table(path, **{option: given})


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "arrow"])
def test_columns_and_rows_are_chosen(tmp_path, kind):
    path = make(tmp_path, kind)
    some = open_table(path, columns=["s", "x"], first_row=2990, row_count=2020)
    assert some.shape() == (2, 2020)
    assert some.columns == ["s", "x"]
    assert some.read("x").tolist() == list(range(2990, 5010))
    assert some["s"].to_list() == [f"t{i}" for i in range(2990, 5010)]
    assert some[5:8]["x"].to_list() == [2995, 2996, 2997]
    assert some.at("s", 2019) == "t5009"
    assert open_table(path, first_row=10_000).shape() == (3, 0)
    assert polars_of(open_table(path)).equals(
        pl.read_parquet(path) if kind == "parquet" else polars_of(open_table(path))
    )
    for options, error in [
        ({"columns": ["z"]}, FileNotFoundError),
        ({"columns": ["x", "x"]}, ValueError),
        ({"columns": []}, ValueError),
        ({"first_row": 10_001}, IndexError),
        ({"first_row": -1}, ValueError),
        ({"depth": 3}, ValueError),
    ]:
        with pytest.raises(error, match=next(iter(options))):
            open_table(path, **options)
    with pytest.raises(IndexError, match="rows"):
        some.read("x", 2000, 21)


class Counting(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.count += count
        return count

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_only_what_is_asked_for_is_read(tmp_path, kind):
    path = make(tmp_path, kind, 200_000)
    source = Counting(path.read_bytes())
    size = len(source.getvalue())
    frame = open_table(source, format=kind)
    assert frame.capabilities() == DataFrameCapability.READ
    assert frame.shape() == (3, 200_000)
    assert source.count < size / 10
    assert frame.at("y", 100_000) == 50_000.0
    before = source.count
    assert before < size / 2
    assert frame.at("y", 100_001) == 50_000.5
    if kind == "parquet":
        assert source.count == before, "what was read lately is kept"


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_file_that_was_closed_is_told(tmp_path, kind):
    path = make(tmp_path, kind)
    for source in (io.BytesIO(path.read_bytes()), path.open("rb"), path.open("rb", buffering=0)):
        frame = open_table(source, format=kind)
        assert frame.at("x", 3) == 3
        source.close()
        for ask in (
            lambda frame: frame.read("s"),
            lambda frame: frame["s"].to_list(),
            lambda frame: frame.to_arrow(),
            lambda frame: frame.to_pandas(),
            lambda frame: write(frame, tmp_path / "copy.csv"),
        ):
            with pytest.raises(iolink.ClosedError, match="the file object was closed; it must stay open") as caught:
                ask(frame)
            assert isinstance(caught.value, ValueError)
        assert tuple(frame.shape()) == (3, 10_000) and frame.columns == ["x", "y", "s"]
    assert os.listdir(tmp_path) == [path.name]


class Failing(io.BytesIO):
    """Gives no bytes any more once it is told to."""

    fails = False

    def readinto(self, buffer):
        if self.fails:
            raise OSError(5, "the disk is gone")
        return super().readinto(buffer)

    def read(self, size=-1):
        if self.fails:
            raise OSError(5, "the disk is gone")
        return super().read(size)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_file_that_cannot_be_read_any_more_is_no_damaged_one(tmp_path, kind):
    source = Failing(make(tmp_path, kind).read_bytes())
    frame = open_table(source, format=kind)
    source.fails = True
    with pytest.raises(OSError, match="the disk is gone"):
        frame.read("s")


def test_a_lazy_frame_is_changed_in_a_copy(tmp_path):
    frame = open_table(make(tmp_path, "parquet"))
    with pytest.raises(iolink.CapabilityError, match=r"WRITE.*copy it into memory"):
        frame.set_at("x", 0, 1)
    seen = []
    copy = DataFrameViewFactory.copy_in_memory(frame, progress=lambda done, total: seen.append((done, total)))
    copy.set_at("x", 0, -1)
    assert (copy.at("x", 0), frame.at("x", 0)) == (-1, 0)
    assert seen[-1][0] == seen[-1][1] and seen == sorted(seen)


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "arrow"])
def test_progress_is_told_and_may_stop(tmp_path, kind):
    path = make(tmp_path, kind)
    seen = []
    write(open_table(path), tmp_path / f"copy.{kind}", progress=lambda done, total: seen.append((done, total)))
    assert seen and all(done <= total for done, total in seen)
    with pytest.raises(iolink.CancelledError):
        write(open_table(path), tmp_path / "stopped.csv", progress=lambda done, total: False)
    with pytest.raises(ZeroDivisionError):
        write(open_table(path), tmp_path / "raised.csv", progress=lambda done, total: 1 / 0)
    if kind in ("csv", "ndjson"):
        with pytest.raises(iolink.CancelledError):
            open_table(path, progress=lambda done, total: False)
    assert sorted(os.listdir(tmp_path)) == [f"copy.{kind}", path.name]


def test_pandas_dtypes_survive_binary_files(tmp_path):
    df = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], "Int16"),
            "c": pd.Categorical(["u", None, "v"], categories=["v", "u", "w"], ordered=True),
            "t": pd.to_datetime(["2020-01-01", None, "2021-06-01"]).tz_localize("Europe/Berlin"),
            "s": np.array(["2020-01-01", "NaT", "1600-01-01"], "M8[s]"),
            "o": pd.Series([datetime.date(2020, 1, 1), None, datetime.date(1, 1, 1)], dtype=object),
        },
        index=pd.Index(["x", "y", "z"], name="k"),
    )
    for ending in ("parquet", "feather"):
        path = tmp_path / f"a.{ending}"
        write(PandasInterop.from_pandas(df), path)
        pd.testing.assert_frame_equal(open_table(path).to_pandas(), df, check_exact=True)


TIMES = pd.to_datetime(["2020-01-01", None, "2021-01-01", "2020-01-01"])
TEXT_CATEGORIES = {
    "texts": pd.Categorical(["b", None, "a", "b"]),
    "none missing": pd.Categorical(["b", "a", "a", "b"]),
    "in another order": pd.Categorical(["high", "low", None, "high"], categories=["low", "mid", "high"]),
    "ordered": pd.Categorical(["high", "low", None, "high"], categories=["low", "mid", "high"], ordered=True),
    "all missing": pd.Categorical([None] * 4, categories=["x", "w"], ordered=True),
    "100 of 8 bits": pd.Categorical(["99", "98", None, "0"], categories=[str(at) for at in range(100)], ordered=True),
    "300 of 16 bits": pd.Categorical(["299", "298", None, "0"], categories=[str(at) for at in range(300)]),
    "odd": pd.Categorical(["", "\u00e9", " ", "a\0b"], categories=["\u00e9", "", "a\0b", " "]),
}
OTHER_CATEGORIES = {
    "ints": pd.Categorical([3, None, 1, 3], categories=[3, 1, 7], ordered=True),
    "floats": pd.Categorical([1.5, None, -2.0, 1.5]),
    "times": pd.Categorical(TIMES, categories=[TIMES[2], TIMES[0], pd.Timestamp("1999-01-01")], ordered=True),
    "zoned times": pd.Categorical(TIMES.tz_localize("Europe/Berlin")),
    "spans": pd.Categorical(TIMES - TIMES[0]),
    "none": pd.Categorical([None] * 4),
}


@pytest.mark.parametrize("name", [*TEXT_CATEGORIES, *OTHER_CATEGORIES])
def test_categories_of_pandas_come_back_from_binary_files(tmp_path, name):
    df = pd.DataFrame({"c": {**TEXT_CATEGORIES, **OTHER_CATEGORIES}[name], "x": range(4)})
    for ending in ("arrow", "parquet")[: 2 if name in TEXT_CATEGORIES else 1]:
        write(PandasInterop.from_pandas(df), tmp_path / f"a.{ending}")
        back = open_table(tmp_path / f"a.{ending}").to_pandas()
        pd.testing.assert_frame_equal(back, df, check_exact=True)
        if name == "ordered":
            assert (back["c"] < "high").tolist() == [False, True, False, False]
    if name in TEXT_CATEGORIES:
        write(PandasInterop.from_pandas(df), tmp_path / "a.parquet", row_group_size=1)
        pd.testing.assert_frame_equal(open_table(tmp_path / "a.parquet").to_pandas(), df, check_exact=True)


def test_categories_that_pyarrow_wrote_keep_their_order(tmp_path):
    df = pd.DataFrame({"c": TEXT_CATEGORIES["ordered"]})
    for compression in ("snappy", "zstd", "none"):
        df.to_parquet(tmp_path / "a.parquet", engine="pyarrow", compression=compression)
        column = open_table(tmp_path / "a.parquet").to_arrow()["c"].combine_chunks()
        assert column.type.ordered and column.to_pylist() == ["high", "low", None, "high"]
        assert column.dictionary.to_pylist() == ["low", "mid", "high"]
    # More different texts than a dictionary page takes: the others lie behind it, as plain texts.
    texts = [f"text {at % 5000}" for at in range(9000, 0, -1)]
    table = pa.table({"c": pa.array(texts).dictionary_encode()})
    pq.write_table(table, tmp_path / "b.parquet", dictionary_pagesize_limit=2000, write_batch_size=500)
    assert open_table(tmp_path / "b.parquet")["c"].to_list() == texts


def test_ordered_words_inside_another_type_claim_no_order_in_parquet(tmp_path):
    words = pa.DictionaryArray.from_arrays([2, 0], pa.array(["low", "mid", "high"]), ordered=True)
    table = pa.table({"s": pa.StructArray.from_arrays([words], ["w"]), "l": pa.ListArray.from_arrays([0, 1, 2], words)})
    for write_it in (
        lambda: write(DataFrameViewFactory.from_arrow(table), tmp_path / "a.parquet"),
        lambda: pq.write_table(table, tmp_path / "a.parquet"),
    ):
        write_it()
        back = open_table(tmp_path / "a.parquet").to_arrow()
        assert back["s"].to_pylist() == [{"w": "high"}, {"w": "low"}]
        assert back["l"].to_pylist() == [["high"], ["low"]]
        assert not back["s"].type.field("w").type.ordered and not back["l"].type.value_type.ordered


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_ten_thousand_columns_come_back(tmp_path, ending):
    values = {f"c{at}": [at, None, -at] if at % 2 else [f"t{at}", None, ""] for at in range(10_000)}
    table = pa.table(values)
    write(DataFrameViewFactory.from_arrow(table), tmp_path / f"a.{ending}")
    frame = open_table(tmp_path / f"a.{ending}")
    assert tuple(frame.shape()) == (10_000, 3) and frame.columns == table.column_names
    assert frame.to_arrow().to_pydict() == values
    assert all(frame[name].to_list() == values[name] for name in frame.columns[::500])


def test_units_and_metadata_travel_with_binary_files(tmp_path):
    frame = DataFrameViewFactory.from_columns({"height": [1.5]})
    frame.set_unit("height", "m")
    for ending in ("parquet", "arrow"):
        write(frame, tmp_path / f"a.{ending}")
        assert open_table(tmp_path / f"a.{ending}").unit("height") == "m"


def test_frames_without_rows_or_columns(tmp_path):
    none = DataFrameViewFactory.allocate([2, 0], ["a", "s"], ["int64", "UTF8_STRING"])
    for ending in ("csv", "parquet", "arrow"):
        write(none, tmp_path / f"none.{ending}")
        assert open_table(tmp_path / f"none.{ending}").shape() == (2, 0)
    bare = DataFrameViewFactory.from_columns({})
    for ending in ("parquet", "arrow"):
        write(bare, tmp_path / f"bare.{ending}")
        assert open_table(tmp_path / f"bare.{ending}").shape() == (0, 0)
    rows = DataFrameViewFactory.allocate([0, 3], [], [])
    for ending in ("csv", "parquet"):
        with pytest.raises(ValueError, match="3 rows without columns"):
            write(rows, tmp_path / f"rows.{ending}")
    wide = DataFrameViewFactory.from_columns({f"c{i}": [i] for i in range(10_000)})
    write(wide, tmp_path / "wide.parquet")
    assert open_table(tmp_path / "wide.parquet").at("c9999", 0) == 9999


def test_a_stream_of_arrow_is_read_too(tmp_path):
    table = TABLE.select(["i32", "text", "words"])
    with pa.ipc.new_stream(tmp_path / "a.arrows", table.schema) as writer:
        writer.write_table(table)
        writer.write_table(table.slice(1))
    frame = open_table(tmp_path / "a.arrows")
    assert frame["text"].to_list() == [*table["text"].to_pylist(), *table["text"].to_pylist()[1:]]


# Bad input.


def test_a_parquet_file_that_was_cut_is_refused(tmp_path):
    whole = make(tmp_path, "parquet").read_bytes()
    path = tmp_path / "cut.parquet"
    for length in [0, 3, 11, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(iolink.CorruptDataError, match=r"cut\.parquet"):
            open_table(path)
    path.write_bytes(whole[:-8] + (2**31).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(iolink.CorruptDataError, match=f"footer of {2**31} bytes"):
        open_table(path)
    # The pages are damaged, and the footer is whole.
    path.write_bytes(whole[:4] + bytes(2000) + whole[2004:])
    frame = open_table(path)
    with pytest.raises(iolink.Error):
        frame.read("x")


def varint(number):
    number, out = number << 1, b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def test_a_claim_of_very_many_rows_is_refused(tmp_path):
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"x": pa.nulls(1_000_003, pa.int64())}), path, row_group_size=2**40, write_statistics=False)
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little")
    body, text = whole[: -8 - footer], whole[-8 - footer : -8]
    assert text.count(varint(1_000_003)) >= 3
    claimed = text.replace(varint(1_000_003), varint(10**12))
    path.write_bytes(body + claimed + len(claimed).to_bytes(4, "little") + b"PAR1")
    frame = open_table(path)
    assert len(frame) == 10**12
    with pytest.raises((iolink.LimitError, iolink.CorruptDataError)):
        frame.read("x", 0, 3)


def test_an_arrow_file_that_was_cut_is_refused(tmp_path):
    whole = make(tmp_path, "arrow").read_bytes()
    path = tmp_path / "cut.arrow"
    for length in [7, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(iolink.CorruptDataError, match=r"cut\.arrow"):
            open_table(path)
    feather.write_feather(pa.table({"x": [1]}), tmp_path / "old.feather", version=1)
    with pytest.raises(ValueError, match="version 1 of Feather"):
        open_table(tmp_path / "old.feather")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ('{"a":1}\n{"a":"x"}\n', 'line 2: "a": texts among numbers'),
        ('{"a":1}\n\n{"a":true}\n', 'line 3: "a": booleans among numbers'),
        ('{"a":{"b":1}}\n{"a":{"b":[]}}\n', 'line 2: "a": "b": lists among numbers'),
        ('{"a":[1,"x"]}\n', 'line 1: "a": texts among numbers'),
        ('{"a":1}\n[1]\n', "line 2: the line holds lists, not an object"),
        ('{"a":1}\n{"a":2\n', "line 2: the line is no JSON"),
        ('{"a":1}\n{"a":2},{"a":3}\n', "line 2: the line is no JSON"),
        ('{"a":1}\n{"a":9007199254740993}\n{"a":0.5}\n', "line 3.*9007199254740993 beside fractions"),
        ('{"a":-1}\n{"a":18446744073709551615}\n', "line 2.*18446744073709551615"),
        ('{"a":1}\n{"a":1e400}\n', "line 2: at byte 6 a number .* beyond every float64"),
        ('{"a":[-1e309]}\n', "line 1: at byte 7 a number .* beyond every float64"),
        ('{"a\\u0000":1}\n', "line 1.*NUL"),
        ('{"a":"\\ud800"}\n', "line 1"),
    ],
)
def test_json_lines_at_fault_are_named(tmp_path, text, words):
    path = tmp_path / "a.ndjson"
    path.write_text(text)
    with pytest.raises(iolink.CorruptDataError, match=words):
        open_table(path)


def test_json_lines_are_typed_by_all_values(tmp_path):
    path = tmp_path / "a.ndjson"
    lines = [f'{{"n":{i},"late":null}}' for i in range(5000)]
    lines[4000] = '{"n":0.5,"late":"x","new":[{"k":true}]}'
    path.write_text("\r\n".join(lines))
    frame = open_table(path)
    assert [frame.column_arrow_type(name) for name in ("n", "late")] == ["double", "string_view"]
    assert frame.at("new", 4000) == [{"k": True}]
    assert frame.at("new", 0) is None
    path.write_text('{"a":18446744073709551615}\n{"a":0}')
    assert open_table(path)["a"].to_list() == [2**64 - 1, 0]


def test_csv_at_fault_names_the_line(tmp_path):
    path = tmp_path / "a.csv"
    for text, words in [("a,b\n1,2\n3\n", "line 3: 1 field"), ('a,b\n1,"x\n2,y\n', "line 2: a quoted field")]:
        path.write_text(text)
        with pytest.raises(iolink.CorruptDataError, match=words):
            open_table(path)


def test_a_long_csv_is_read_in_runs_as_if_it_were_one(tmp_path):
    rows, path = 200_000, tmp_path / "long.csv"
    texts = [f'"line\n{row}, ""quoted"""' if row % 1000 == 0 else f"plain \u00b5 text {row}" for row in range(rows)]
    lines = [f"{row},{row / 4},{text},{'true' if row % 3 else ''}" for row, text in enumerate(texts)]
    path.write_text("id,value,text,flag\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert path.stat().st_size > 3 * (2 << 20)
    frame = open_table(path)
    assert tuple(frame.shape()) == (4, rows)
    table = pa.table(frame)
    assert table["id"].num_chunks > 1
    assert table["id"].to_pylist() == list(range(rows))
    assert table["value"].to_pylist() == [row / 4 for row in range(rows)]
    wanted = [f'line\n{row}, "quoted"' if row % 1000 == 0 else texts[row] for row in range(rows)]
    assert table["text"].to_pylist() == wanted
    assert table["flag"].null_count == (rows + 2) // 3
    assert frame["text"].to_list() == wanted
    assert frame[150_000:150_002]["text"].to_list() == wanted[150_000:150_002]
    assert frame.to_pandas()["text"].tolist() == wanted

    # A fault far behind has its line; quoted newlines are lines, too.
    at = 199_500
    newlines = sum(text.startswith('"') for text in texts[:at])
    for bad, words in (("1,2,3", "3 fields"), ('1,2,"x,', "never ends"), ('1,2,x"y,', "quote")):
        broken = [*lines[:at], bad, *lines[at:]]
        path.write_text("id,value,text,flag\n" + "\n".join(broken) + "\n", encoding="utf-8")
        with pytest.raises(iolink.CorruptDataError, match=f"line {at + 2 + newlines}: .*{words}"):
            open_table(path)


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    old = tmp_path / "old.ndjson"
    old.write_text("old")
    values = [0.5] * 10_000 + [float("nan")]
    with pytest.raises(ValueError, match=r'column "x", row 10000: JSON has no NaN'):
        write(DataFrameViewFactory.from_columns({"x": values}), old)
    assert old.read_text() == "old"
    for name, words in [("bytes", "bytes"), ("list", "lists"), ("struct", "structs")]:
        with pytest.raises(ValueError, match=f'column "{name}": .*no words for {words}'):
            write(DataFrameViewFactory.from_arrow(TABLE.select([name])), tmp_path / "a.csv")
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(np.array([0, 2], "i4")), pa.py_buffer(b"\xc3\x28")])
    for ending in ("csv", "ndjson", "parquet", "arrow"):
        with pytest.raises(ValueError, match='column "s"'):
            write(DataFrameViewFactory.from_arrow(pa.table({"s": bad})), tmp_path / f"a.{ending}")
    frame = DataFrameViewFactory.from_columns({"x": [1]})
    for options in ({"compression": "zip"}, {"row_group_size": 0}, {"level": 3}):
        with pytest.raises(ValueError, match=next(iter(options))):
            write(frame, tmp_path / "a.parquet", **options)
    with pytest.raises(ValueError, match=r"nothing installed writes.*Parquet \(\.parquet \.pq\)"):
        write(frame, tmp_path / "a.xlsx")
    with pytest.raises(ValueError, match="is not a file"):
        write(frame, tmp_path, format="CSV")
    with pytest.raises(ValueError, match="not a local file"):
        write(frame, "s3://bucket/a.csv")
    with pytest.raises(FileNotFoundError):
        write(frame, tmp_path / "none" / "a.csv")
    assert os.listdir(tmp_path) == ["old.ndjson"]


def test_a_full_disk_leaves_nothing(tmp_path):
    code = (
        "import resource, signal, sys, iolink\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "frame = iolink.DataFrameViewFactory.from_columns({'x': list(range(100_000))})\n"
        "for ending in ('csv', 'ndjson', 'parquet', 'arrow'):\n"
        "    try:\n"
        "        iolink.DataFrameViewFactory.write(frame, sys.argv[1] + '/a.' + ending, **({'compression': 'none'} if ending == 'parquet' else {}))\n"
        "    except OSError as error:\n"
        "        print(ending)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    answer = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["csv", "ndjson", "parquet", "arrow"], answer
    assert os.listdir(tmp_path) == []


def test_sharing_with_pandas_never_maps_polars():
    code = (
        "import pandas as pd, iolink\n"
        "from iolink.pandas_interop import PandasInterop\n"
        "frame = PandasInterop.from_pandas(pd.DataFrame({'x': [1, 2], 's': ['a', 'b']}))\n"
        "PandasInterop.to_pandas(frame); PandasInterop.explain(frame); frame[:1].to_pandas()\n"
        "print('iolink_tables' in open('/proc/self/maps').read())\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_explain_tells_of_every_column(tmp_path):
    lazy = open_table(make(tmp_path, "parquet"))
    words = iolink.explain(lazy, "pandas")
    assert "org.iolink.dataframe" in words and "READ | ARROW" in words
    assert "'x': copied, the frame reads it from its source" in words
    near = DataFrameViewFactory.copy_in_memory(lazy)
    assert "'s':" in iolink.explain(near, "pandas")
    assert "'y':" in iolink.explain(near.to_pandas())
    assert near.to_pandas()["y"].sum() == lazy.to_pandas()["y"].sum()


def test_a_schema_needs_no_pyarrow():
    from iolink._frame_schema import FrameSchema

    frame = DataFrameViewFactory.from_arrow(TABLE)
    schema = FrameSchema(frame)
    assert pa.schema(schema).equals(TABLE.schema)
    assert next(iter(schema)) == ("i32", "int32") and len(schema) == len(TABLE.column_names)
    assert "text: string" in repr(schema)


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "arrow"])
def test_a_table_is_written_to_a_key_of_a_store_and_comes_back_equal(format):
    frame = DataFrameViewFactory.from_columns({"n": [1, 2, 3], "text": ["a", "b", ""]})
    key = iolink.DataStorageFactory.allocate().sibling(f"table.{format}")
    write(frame, key)
    back = open_table(key)
    assert back.read("n").tolist() == [1, 2, 3]
    assert list(back.read("text")) == ["a", "b", ""]
    before = key.open_stream().read()
    with pytest.raises(iolink.UnsupportedFormatError):
        write(frame, key, format="no such format")
    assert key.open_stream().read() == before


def test_a_table_is_written_to_a_stream_from_its_cursor_on():
    frame = DataFrameViewFactory.from_columns({"n": [1, 2]})
    stream = iolink.StreamAccessFactory.allocate()
    stream.write(b"before\n")
    write(frame, stream, format="csv")
    stream.write(b"after")
    stream.seek(0)
    assert stream.read() == b"before\nn\n1\n2\nafter"
    with pytest.raises(iolink.UnsupportedFormatError, match="CSV"):
        write(frame, stream)
    stream.close()
    with pytest.raises((iolink.ClosedError, ValueError)):
        write(frame, stream, format="csv")
