"""Frames that are edited: by several threads, by iterators that edit them too, with values of every kind and of none."""

from __future__ import annotations

import datetime
import decimal
import gc
import subprocess
import sys
import threading

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

pa = pytest.importorskip("pyarrow")


def numbers(rows=3):
    return DataFrameViewFactory.from_columns({"n": np.arange(rows), "t": [str(row) for row in range(rows)]})


@pytest.fixture
def hurried():
    """Threads that take turns very often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(*works):
    """Runs each work on a thread of its own, all of them at the same time."""
    start, failed = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait()
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def test_columns_that_threads_add_and_remove_keep_their_values(hurried):
    frame = numbers(4)
    same = iolink.DataFrameView.create_from_pointer(frame.to_pointer())

    def work(thread, mine):
        for number in range(50):
            name, value = f"{thread} {number}", 1000 * thread + number
            mine.add_column(name, "int64", [value] * 4)
            mine.add_column("gone " + name, "int16", [-1] * 4)
            mine.set_unit(name, name)
            mine.remove_column("gone " + name)
            mine.set_at(name, 0, -value)
            assert (mine.at(name, 0), mine.column_arrow_type(name)) == (-value, "int64")

    at_once(*(lambda thread=thread: work(thread, (frame, same)[thread % 2]) for thread in range(4)))
    assert frame.shape() == (2 + 4 * 50, 4)
    assert frame.read("n").tolist() == [0, 1, 2, 3]
    for thread in range(4):
        for number in range(50):
            value = 1000 * thread + number
            assert frame.read(f"{thread} {number}").tolist() == [-value] + [value] * 3
            assert frame.unit(f"{thread} {number}") == f"{thread} {number}"


def test_rows_that_threads_add_and_remove_move_the_others_whole(hurried):
    rows = 500
    frame = numbers(rows)
    same = iolink.DataFrameView.create_from_pointer(frame.to_pointer())

    def grow(mine):
        for _ in range(50):
            mine.add_rows(7, 3)
            mine.remove_rows(7, 3)

    def shrink(mine):
        for _ in range(50):
            mine.remove_rows(0, 1)
            mine.add_rows(400, 2)

    def look():
        for _ in range(50):
            table = frame[:]
            lies = [(number, text) for number, text in zip(table["n"], table["t"], strict=True) if text]
            assert all(text == str(number) for number, text in lies)

    at_once(lambda: grow(frame), lambda: grow(same), lambda: shrink(frame), lambda: shrink(same), look)
    assert len(frame) == rows + 100
    left = [(number, text) for number, text in zip(frame["n"], frame["t"], strict=True) if text]
    assert all(text == str(number) for number, text in left)
    assert left == sorted(left) and len(left) >= rows - 400


def test_what_pandas_calls_the_rows_stays_right_when_threads_take_them(hurried):
    pd = pytest.importorskip("pandas")
    frame = PandasInterop.from_pandas(pd.DataFrame({"n": np.arange(400)}))
    at_once(*[lambda: [frame.remove_rows(0, 1) for _ in range(50)] for _ in range(4)])
    back = frame.to_pandas()
    assert back.index.tolist() == back["n"].tolist() == list(range(200, 400))


def test_what_is_read_is_a_state_that_the_frame_was_in(hurried):
    frame = numbers(4)

    def grow():
        for _ in range(100):
            frame.add_rows(0, 4)
            frame.add_column("x", "int8", [1] * 8)
            frame.remove_column("x")
            frame.remove_rows(0, 4)

    def look(take):
        for _ in range(100):
            assert take() in ([0, 1, 2, 3], [0] * 4 + [0, 1, 2, 3])

    column = frame["n"]
    looks = [
        lambda: column.to_list(),
        lambda: frame.read("n").tolist(),
        lambda: frame[:]["n"].to_list(),
        lambda: frame[["t", "n"]]["n"].to_list(),
        lambda: frame.to_arrow()["n"].to_pylist(),
        lambda: DataFrameViewFactory.copy_in_memory(frame).read("n").tolist(),
    ]
    at_once(grow, *(lambda take=take: look(take) for take in looks), lambda: [str(frame) for _ in range(100)])


def test_a_column_is_found_by_its_name_wherever_it_is():
    frame = numbers()
    column = frame["t"]
    frame.remove_column("n")
    assert (column.to_list(), column[1], len(column), column.arrow_type) == (["0", "1", "2"], "1", 3, "large_string")
    frame.remove_column("t")
    frame.add_column("other", "int8")
    for ask in (column.to_list, lambda: column[0], lambda: column.unit, lambda: repr(column)):
        with pytest.raises(IndexError, match='there is no column "t"'):
            ask()
    frame.add_column("t", "bool")
    assert column.to_list() == [False] * 3


def test_an_iterator_may_edit_the_frame_that_takes_its_values():
    frame = numbers()

    def values():
        yield 1
        frame.add_rows(0, 1)
        frame.remove_column("t")
        frame.add_column("x", "int64", [5] * 4)
        yield from (2, 3, 4)

    frame.add_column("y", "int8", values())
    assert frame.columns == ["n", "x", "y"]
    assert frame.read("n").tolist() == [0, 0, 1, 2]
    assert frame.read("y").tolist() == [1, 2, 3, 4]

    def moving():
        frame.remove_column("n")
        yield 9

    frame.write("y", 0, moving())
    assert (frame.columns, frame.read("x").tolist(), frame.read("y").tolist()) == (["x", "y"], [5] * 4, [9, 2, 3, 4])

    def removing():
        frame.remove_column("y")
        yield 9

    with pytest.raises(KeyError, match="there is no column"):
        frame.write("y", 0, removing())
    assert frame.read("x").tolist() == [5] * 4


class Owner(bytearray):
    """Memory whose end edits a frame."""

    frame = None

    def __del__(self):
        frame, self.frame = self.frame, None
        frame.set_at("n", 0, frame.at("n", 0) + 1)
        frame.add_column("late", "int8")


@pytest.mark.parametrize(
    "edit",
    [
        lambda frame: frame.remove_column("x"),
        lambda frame: frame.set_at("x", 0, 9),
        lambda frame: frame.reshape([1, 2], ["n"], ["int64"]),
        lambda frame: frame.remove_rows(1, 1) or frame.set_at("x", 0, 9) or frame.add_rows(1, 1),
    ],
)
def test_an_owner_of_what_is_replaced_may_edit_the_frame_when_it_goes(edit):
    owner = Owner(b"ab")
    frame = DataFrameViewFactory.from_columns({"n": [5, 6], "x": owner})
    owner.frame = frame
    del owner
    first = frame.at("n", 0)
    edit(frame)
    gc.collect()
    assert "late" in frame.columns
    assert frame.at("n", 0) == first + 1


LETTING_GO = """
import sys, threading
import numpy as np
import pyarrow as pa
from iolink import DataFrameViewFactory

sys.setswitchinterval(1e-6)
edits = {
    "joined": lambda frame: frame._numbers(0),
    "written": lambda frame: frame.write("n", 0, np.ones(100_000, int)),
    "removed": lambda frame: frame.remove_column("n"),
    "reshaped": lambda frame: frame.reshape([1, 0], ["other"], ["int8"]),
}
for edit in edits.values():
    for _ in range(100):
        # The end of this memory waits for the GIL.
        pieces = [pa.Array.from_buffers(pa.int64(), 50_000, [None, pa.py_buffer(bytearray(400_000))]) for _ in "ab"]
        frame, done = DataFrameViewFactory.from_arrow(pa.table({"n": pa.chunked_array(pieces)})), []
        del pieces

        def look():
            while not done:
                frame._identities()

        looker = threading.Thread(target=look)
        looker.start()
        edit(frame)
        done.append(True)
        looker.join()
print("done")
"""


def test_memory_whose_end_waits_for_python_is_let_go_while_others_look_at_the_frame():
    command = [sys.executable, "-c", LETTING_GO]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout == "done\n"


def kinds():
    return {
        "a list": [1],
        "a tuple": (1,),
        "an iterator": iter([1]),
        "a generator": (value for value in [1]),
        "a range": range(1, 2),
        "an array": np.ones(1, "int8"),
        "another array": np.ones(1, "int64"),
        "bytes": b"1",
        "a frame": DataFrameViewFactory.from_columns({"n": [1]})["n"],
    }


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("rows", [0, 3])
def test_a_column_has_a_value_for_each_row_or_is_not_added(kind, rows):
    frame = DataFrameViewFactory.allocate([1, rows], ["n"], ["int8"])
    with pytest.raises(ValueError, match=f'column "x" has 1 values where the frame has {rows} rows'):
        frame.add_column("x", "int8", kinds()[kind])
    assert frame.columns == ["n"]
    fitting = DataFrameViewFactory.allocate([1, 1], ["n"], ["int8"])
    fitting.add_column("x", "int8", kinds()[kind])
    assert fitting.read("x").tolist() == [ord("1") if kind == "bytes" else 1]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ("abc", "not one str"),
        ("", "not one str"),
        ({"a": 1, "b": 2, "c": 3}, "not one dict"),
        ({1, 2, 3}, "a set has no order"),
        (frozenset("abc"), "a frozenset has no order"),
        (5, "not int"),
        (object(), "not object"),
    ],
)
def test_what_is_no_values_in_an_order_is_no_column(values, what):
    frame = numbers()
    for name in frame.columns:
        with pytest.raises(TypeError, match=f"column '{name}': .*{what}"):
            frame.write(name, 0, values)
    for dtype in ("int64", "UTF8_STRING"):
        with pytest.raises(TypeError, match=f"column 'x': .*{what}"):
            frame.add_column("x", dtype, values)
    with pytest.raises(TypeError, match=f"column 'x': .*{what}"):
        DataFrameViewFactory.from_columns({"x": values})
    assert frame.read("t") == ["0", "1", "2"] and frame.columns == ["n", "t"]


@pytest.mark.parametrize("values", [np.ones((3, 1)), np.ones((3, 2), "int64"), np.array(3)], ids=str)
def test_an_array_of_another_shape_is_no_column(values):
    frame = numbers()
    for put in (
        lambda: frame.write("n", 0, values),
        lambda: frame.add_column("x", "int64", values),
        lambda: DataFrameViewFactory.from_columns({"x": values}),
    ):
        with pytest.raises(ValueError, match=f"column '[nx]': expected one dimension, not {values.ndim}"):
            put()
    assert (frame.columns, frame.read("n").tolist()) == (["n", "t"], [0, 1, 2])


DAY = datetime.date(2020, 2, 29)
NOON = datetime.datetime(2020, 2, 29, 12)


def of_every_type():
    stamps = [0, None, 1_582_934_400]
    amounts = [decimal.Decimal("-1.50"), None, decimal.Decimal("12345.67")]
    return {
        **{kind: pa.array([1, None, 3], kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")},
        **{kind: pa.array([1.5, None, float("nan")], kind) for kind in ("f4", "f8")},
        "f2": pa.array(np.array([1.5, 0, np.nan], "f2"), pa.float16(), mask=np.array([False, True, False])),
        "bool": pa.array([True, None, False]),
        **{kind: pa.array(["a", None, ""], kind) for kind in ("string", "large_string", "string_view")},
        **{kind: pa.array([b"a", None, b""], kind) for kind in ("binary", "large_binary", "binary_view")},
        "fixed": pa.array([b"abc", None, b"\0\0\0"], pa.binary(3)),
        "date32": pa.array([DAY, None, datetime.date(1, 1, 1)], pa.date32()),
        "far date32": pa.array([10**8, None, -(10**8)], pa.int32()).cast(pa.date32()),
        "date64": pa.array([DAY, None, datetime.date(9999, 12, 31)], pa.date64()),
        **{f"time32[{unit}]": pa.array([0, None, 86_399], pa.time32(unit)) for unit in ("s", "ms")},
        **{f"time64[{unit}]": pa.array([0, None, 86_399_999_001], pa.time64(unit)) for unit in ("us", "ns")},
        **{f"timestamp[{unit}]": pa.array(stamps, pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
        **{
            f"timestamp[{unit}, {zone}]": pa.array(stamps, pa.timestamp(unit, zone))
            for unit in ("s", "ms", "us", "ns")
            for zone in ("UTC", "Europe/Berlin", "+05:30", "Mars/Phobos")
        },
        **{f"duration[{unit}]": pa.array([-5, None, 2**40], pa.duration(unit)) for unit in ("s", "ms", "us", "ns")},
        "decimal32": pa.array(amounts, pa.decimal32(9, 2)),
        "decimal64": pa.array(amounts, pa.decimal64(18, 2)),
        "decimal128": pa.array(amounts, pa.decimal128(38, 3)),
        "decimal256": pa.array(amounts, pa.decimal256(76, 40)),
        "rough": pa.array([decimal.Decimal("1.2E+5"), None, decimal.Decimal("-3E+2")], pa.decimal128(9, -2)),
        "null": pa.nulls(3),
        "dictionary": pa.array(["a", None, "b"]).dictionary_encode(),
        "dictionary of dates": pa.array([DAY, None, DAY]).dictionary_encode(),
    }


CARRIED = {
    "list": lambda: pa.array([[1], None, []]),
    "struct": lambda: pa.array([{"x": 1}, None, {"x": 2}]),
    "map": lambda: pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    "interval": lambda: pa.array([pa.MonthDayNano([1, -2, 3]), None, pa.MonthDayNano([0, 0, 5])]),
}


@pytest.mark.parametrize("name", of_every_type())
def test_what_is_read_can_be_written(name):
    column = of_every_type()[name]
    frame = DataFrameViewFactory.from_arrow(pa.table({"c": column}))
    read, one = frame.read("c"), frame.at("c", 2)
    frame.write("c", 0, read)
    assert frame.to_arrow()["c"].type == column.type
    assert str(frame.to_arrow()["c"].combine_chunks()) == str(column)
    frame.write("c", 0, frame["c"])
    frame.write("c", 0, frame["c"].to_list())
    frame.set_at("c", 2, one)
    frame.set_at("c", 1, None)
    frame.write("c", 0, frame["c"].to_numpy())
    frame.to_arrow().validate(full=True)
    assert str(frame.to_arrow()["c"].combine_chunks()) == str(column)


@pytest.mark.parametrize("name", CARRIED)
def test_values_that_are_only_carried_are_written_through_arrow_alone(name):
    column = CARRIED[name]()
    frame = DataFrameViewFactory.from_arrow(pa.table({"c": column}))
    with pytest.raises(ValueError, match=r'column "c": values of type .* are only carried; hand new ones over through'):
        frame.write("c", 0, frame.read("c"))
    with pytest.raises(TypeError, match=r'column "c" has values of type .*, not int64; convert them first'):
        frame.write("c", 0, pa.array([1, 2, 3]))
    frame.write("c", 0, column[1:])
    assert frame.to_arrow()["c"].combine_chunks().equals(pa.concat_arrays([column[1:], column[2:]]))


def test_dates_and_times_of_day_take_what_numpy_has_of_them_and_nothing_else():
    table = pa.table({"d": pa.array([DAY]), "m": pa.array([DAY], pa.date64()), "t": pa.array([1], pa.time64("us"))})
    frame = DataFrameViewFactory.from_arrow(table)
    for name in ("d", "m"):
        frame.set_at(name, 0, np.datetime64("1969-07-20"))
        assert frame.at(name, 0) == datetime.date(1969, 7, 20)
        with pytest.raises(ValueError, match="row 0: a point in time that is not midnight is no date"):
            frame.set_at(name, 0, NOON)
        with pytest.raises(TypeError, match="row 0: a point in time with a zone is not a value of type date"):
            frame.set_at(name, 0, NOON.replace(hour=0, tzinfo=datetime.UTC))
    frame.set_at("t", 0, np.timedelta64(3, "s"))
    assert frame.at("t", 0) == datetime.time(0, 0, 3)
    for wrong in (datetime.timedelta(1), datetime.timedelta(-1), np.timedelta64(1, "ns")):
        with pytest.raises(ValueError, match="row 0: "):
            frame.set_at("t", 0, wrong)
    assert frame.at("t", 0) == datetime.time(0, 0, 3)


@pytest.mark.parametrize("dtype", ["string", "large_string", "string_view"])
def test_texts_of_arrow_are_taken_however_they_lie(dtype):
    pl = pytest.importorskip("polars")
    long = "\u00e9" * 50
    frame = DataFrameViewFactory.allocate([1, 3], ["t"], ["UTF8_STRING"])
    frame.write("t", 0, pa.array([long, None], dtype))
    frame.add_column("u", "UTF8_STRING", pa.chunked_array([["a"], ["", None]], dtype))
    assert (frame.read("t"), frame.read("u")) == ([long, None, ""], ["a", "", None])
    frame.write("t", 1, pl.Series([long, None]))
    frame.write("u", 0, pl.Series(["x", "y"], dtype=pl.Categorical))
    assert (frame.read("t"), frame.read("u")) == ([long, long, None], ["x", "y", None])
    other = DataFrameViewFactory.from_arrow(pa.table({"t": pa.array(["", ""], dtype)}))
    other.write("t", 0, frame[1:]["t"])
    assert (other.read("t"), other.column_arrow_type("t")) == ([long, None], dtype)
    with pytest.raises(TypeError, match='column "t": row 0: bytes is not a value of type'):
        frame.write("t", 0, pa.array([b"a"]))


def test_numbers_of_arrow_are_taken_where_they_fit():
    frame = DataFrameViewFactory.allocate([3, 2], ["i", "u", "f"], ["int8", "uint64", "float64"])
    for column in ("i", "u", "f"):
        for dtype in ("int8", "uint16", "int64"):
            frame.write(column, 0, pa.array([7, None], dtype))
            assert frame[column].to_list() == [7, None]
    for column, values, words in [
        ("i", pa.array([1, 128]), 'column "i": row 1: 128 does not fit into type int8'),
        ("u", pa.array([0, -1], pa.int8()), 'column "u": row 1: -1 does not fit into type uint64'),
        ("f", pa.array([0, 2**53 + 1]), 'column "f": row 1: 9007199254740993 is not exact as a double'),
    ]:
        with pytest.raises(ValueError, match=words):
            frame.write(column, 0, values)
    for column, values in [("i", pa.array([1.0])), ("u", pa.array([True])), ("f", pa.array(["1"]))]:
        with pytest.raises(TypeError, match=f'column "{column}": row 0: .* is not a value of type'):
            frame.write(column, 0, values)
    assert [frame[column].to_list() for column in frame.columns] == [[7, None]] * 3


def test_times_of_arrow_are_taken_in_another_unit_where_nothing_is_lost():
    frame = DataFrameViewFactory.allocate([2, 1], ["t", "d"], ["M8[ms]", "m8[s]"])
    frame.write("t", 0, pa.array([5_000_000], pa.timestamp("ns")))
    frame.write("d", 0, pa.array([5_000], pa.duration("ms")))
    assert (frame.at("t", 0), frame.at("d", 0)) == (np.datetime64(5, "ms"), np.timedelta64(5, "s"))
    with pytest.raises(ValueError, match='column "t": row 0: 1 ns is no whole number of ms'):
        frame.write("t", 0, pa.array([1], pa.timestamp("ns")))
    with pytest.raises(TypeError, match="with a zone"):
        frame.write("t", 0, pa.array([1], pa.timestamp("ms", "UTC")))
    frame.add_column("z", "int8")
    zoned = DataFrameViewFactory.from_arrow(pa.table({"z": pa.array([1], pa.timestamp("ms", "UTC"))}))
    zoned.write("z", 0, pa.array([3], pa.timestamp("s", "Europe/Berlin")))
    assert zoned.at("z", 0) == np.datetime64(3, "s")
    with pytest.raises(TypeError, match="convert them first"):
        zoned.write("z", 0, pa.array([1], pa.timestamp("ms")))


BEYOND = [
    ("int64", 2**53 + 1, "float64", "more than 53 bits"),
    ("int64", -(2**53) - 1, "float64", "more than 53 bits"),
    ("uint64", 2**64 - 1, "float64", "more than 53 bits"),
    ("int64", 2**53 + 1, "complex128", "more than 53 bits"),
    ("int32", 2**24 + 1, "float32", "more than 24 bits"),
    ("int16", 2**11 + 1, "float16", "more than 11 bits"),
    ("int64", 300, "int8", "-128 to 127 are"),
    ("int8", -1, "uint64", "0 to 18446744073709551615 are"),
]


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("dtype", "value", "wanted", "words"), BEYOND)
def test_an_integer_is_not_changed_by_the_dtype_that_is_asked_for(dtype, value, wanted, words, missing):
    values = np.ma.array(np.array([5, 1, value], dtype), mask=[missing, False, False])
    frame = DataFrameViewFactory.from_columns({"n": values, "w": np.array([5, 1, 2], dtype)})
    with pytest.raises(ValueError, match=rf"column 'n', row 2: {value} is no value of {wanted}: .*{words}"):
        np.asarray(frame["n"], dtype=wanted)
    hidden = DataFrameViewFactory.from_columns({"n": np.ma.array(values.data, mask=[False, False, True])})
    if np.dtype(wanted).kind in "fc":
        assert np.isnan(np.asarray(hidden["n"], dtype=wanted)[2]), "a value that is missing is not looked at"
    assert np.asarray(frame["w"], dtype=wanted).tolist() == [5, 1, 2]
    assert np.asarray(frame["n"][1:], dtype=dtype).tolist() == [1, value]


def test_a_value_missing_where_arrow_says_that_none_is_makes_the_column_one_that_may_miss_some():
    kinds = {"n": pa.int64(), "s": pa.string(), "b": pa.bool_(), "t": pa.timestamp("us"), "d": pa.date32()}
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])
    values = {"n": [1, 2], "s": ["a", "b"], "b": [True, False], "t": [1, 2], "d": [1, 2]}
    frame = DataFrameViewFactory.from_arrow(pa.table(values, schema=schema))
    assert frame.schema.equals(schema)
    for name in kinds:
        frame.set_at(name, 1, None)
        assert frame.schema.field(name).nullable
        assert frame[name].null_count == 1
    table = frame.to_arrow()
    table.validate(full=True)
    assert all(table[name].null_count == 1 for name in kinds)
    frame.add_rows(1, 1)
    frame.to_arrow().validate(full=True)


NO_TEXT = "a\ud800b"


def test_a_name_that_is_no_text_is_refused_by_name_and_unknown():
    frame = numbers()
    makers = [
        lambda: DataFrameViewFactory.allocate([1, 1], [NO_TEXT], ["int8"]),
        lambda: DataFrameViewFactory.from_columns({NO_TEXT: [1]}),
        lambda: DataFrameViewFactory.from_columns({NO_TEXT: np.ones(1)}),
        lambda: frame.add_column(NO_TEXT, "int8"),
        lambda: frame.reshape([1, 1], [NO_TEXT], ["int8"]),
    ]
    for make in makers:
        with pytest.raises(ValueError, match=r"the column name 'a\\ud800b' holds a lone surrogate"):
            make()
    assert NO_TEXT not in frame
    askers = [
        lambda: frame[NO_TEXT],
        lambda: frame[[NO_TEXT]],
        lambda: frame.at(NO_TEXT, 0),
        lambda: frame.read(NO_TEXT),
        lambda: frame.write(NO_TEXT, 0, [1]),
        lambda: frame.remove_column(NO_TEXT),
        lambda: frame.column_index(NO_TEXT),
    ]
    for ask in askers:
        with pytest.raises(KeyError, match=r"there is no column 'a.*ud800b'; there are: n, t"):
            ask()
    assert frame.columns == ["n", "t"]


@pytest.mark.parametrize("names", [("a",), iter(["a"]), np.array(["a"]), {"a": 0}.keys()], ids=repr)
def test_names_come_in_any_order_of_texts(names):
    assert DataFrameViewFactory.allocate([1, 1], names, ["int8"]).columns == ["a"]


@pytest.mark.parametrize("names", ["a", [1], [b"a"], None, 1])
def test_names_that_are_no_texts_are_refused(names):
    with pytest.raises(TypeError, match="names: expected a list of texts"):
        DataFrameViewFactory.allocate([1, 1], names, ["int8"])


def test_a_frame_with_a_zone_that_nobody_knows_is_shown_and_read():
    frame = DataFrameViewFactory.from_arrow(pa.table({"t": pa.array([1, None], pa.timestamp("us", "Mars/Phobos"))}))
    assert "1970-01-01 00:00:00.000001Z" in str(frame)
    assert "Mars/Phobos" in repr(frame) and "Mars/Phobos" in frame._repr_html_()
    assert frame.at("t", 0) == np.datetime64(1, "us")
    assert frame.read("t").tolist() == np.array([1, "NaT"], "M8[us]").tolist()
    assert frame["t"].to_list() == [np.datetime64(1, "us"), None]


@pytest.mark.parametrize("labelled", [False, True])
def test_labels_of_pandas_go_with_their_rows(labelled):
    pd = pytest.importorskip("pandas")
    labels = [f"row {row}" for row in range(8)]
    df = pd.DataFrame({"n": np.arange(8), "t": list("abcdefgh")}, index=labels if labelled else None)

    def changed(offset, gone):
        frame = PandasInterop.from_pandas(df)
        frame.remove_rows(offset, gone)
        return frame.to_pandas()

    for offset, gone in [(0, 3), (5, 3), (2, 3), (0, 8), (4, 0), (8, 0)]:
        kept = df.drop(df.index[offset : offset + gone])
        back = changed(offset, gone)
        if not labelled and 0 < offset < offset + gone < 8:
            kept = kept.reset_index(drop=True)  # a range of numbers has no gap
        pd.testing.assert_frame_equal(back, kept)
    for offset in (0, 3, 8):
        frame = PandasInterop.from_pandas(df)
        frame.add_rows(offset, 2)
        back = frame.to_pandas()
        expected = [*labels[:offset], "", "", *labels[offset:]] if labelled else list(range(10))
        assert back.index.tolist() == expected
        assert back["n"].tolist() == [*range(offset), 0, 0, *range(offset, 8)]
        assert back["t"].tolist() == [*"abcdefgh"[:offset], "", "", *"abcdefgh"[offset:]]
