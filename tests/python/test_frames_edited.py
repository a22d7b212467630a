"""Frames that are edited: by several threads, by iterators that edit them too, with values of every kind and of none."""

from __future__ import annotations

import gc
import sys
import threading

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop


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
            assert mine.at(name, 0) == -value

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
        "a frame": DataFrameViewFactory.from_columns({"n": np.ones(1, "int8")})["n"],
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
