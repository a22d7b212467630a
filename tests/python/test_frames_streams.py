"""Streams of Arrow whose producer fails, or gives up too early, between two batches."""

from __future__ import annotations

import ctypes

import pytest

import iolink
from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")


class Array(ctypes.Structure):
    pass


Array._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.c_void_p),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class Stream(ctypes.Structure):
    pass


GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.c_void_p)
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))
RELEASE = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
Stream._fields_ = [
    ("get_schema", GET),
    ("get_next", GET),
    ("get_last_error", LAST_ERROR),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
EIO = 5


class Producer:
    """A producer of two batches, which says by itself what comes after the first one."""

    def __init__(self, second, words=b"the disk is on fire"):
        self.second, self.words = second, ctypes.create_string_buffer(words)
        self.asked = self.released = 0
        self.callbacks = GET(self.schema), GET(self.next), LAST_ERROR(lambda stream: ctypes.addressof(self.words))
        self.end = RELEASE(self.release)
        self.stream = Stream(*self.callbacks, ctypes.cast(self.end, ctypes.c_void_p), None)

    def schema(self, stream, out):
        pa.schema({"n": pa.int64(), "t": pa.string()})._export_to_c(out)
        return 0

    def next(self, stream, out):
        self.asked += 1
        if self.asked == 1:
            self.batch(out)
            return 0
        return self.second(self, stream, out)

    def batch(self, out):
        pa.record_batch({"n": pa.array(range(1000)), "t": pa.array(["text"] * 1000)})._export_to_c(out)

    def release(self, stream):
        self.released += 1
        stream.contents.release = None

    def __arrow_c_stream__(self, requested_schema=None):
        made = ctypes.pythonapi.PyCapsule_New
        made.restype, made.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return made(ctypes.addressof(self.stream), b"arrow_array_stream", None)


def failing(producer, stream, out):
    return EIO


def failing_after_release(producer, stream, out):
    producer.release(stream)
    return EIO


def of_released_column(producer, stream, out):
    producer.batch(out)
    array = ctypes.cast(out, ctypes.POINTER(Array)).contents
    column = array.children[1]
    RELEASE_ARRAY(column.contents.release)(column)
    assert column.contents.release is None
    return 0


def of_another_shape(producer, stream, out):
    pa.record_batch({"n": pa.array(range(3))})._export_to_c(out)
    return 0


def released_with_a_batch(producer, stream, out):
    producer.batch(out)
    producer.release(stream)
    return 0


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (failing, "the disk is on fire"),
        (failing_after_release, "failed|before the end|released"),
        (of_released_column, "released too early"),
        (of_another_shape, "1 children instead of 2"),
        (released_with_a_batch, "before the end"),
    ],
)
@pytest.mark.parametrize("way", ["from_arrow", "write", "add_column", "from_columns"])
def test_a_stream_that_breaks_off_after_its_first_batch_is_an_error(second, words, way):
    before, producer = pa.total_allocated_bytes(), Producer(second)
    frame = DataFrameViewFactory.from_columns({"n": [0] * 2000})
    ways = {
        "from_arrow": lambda: DataFrameViewFactory.from_arrow(producer),
        "write": lambda: frame.write("n", 0, producer),
        "add_column": lambda: frame.add_column("x", "int64", producer),
        "from_columns": lambda: DataFrameViewFactory.from_columns({"x": producer}),
    }
    with pytest.raises(iolink.Error, match=words):
        ways[way]()
    assert (producer.asked, producer.released) == (2, 1)
    assert not producer.stream.release
    assert pa.total_allocated_bytes() == before
    assert frame.columns == ["n"] and not frame.read("n").any()
    with pytest.raises(ValueError, match="released"):
        ways[way]()


def test_a_second_batch_that_is_released_is_the_end():
    def nothing(producer, stream, out):
        ctypes.cast(out, ctypes.POINTER(Array)).contents.release = None
        return 0

    producer = Producer(nothing)
    assert DataFrameViewFactory.from_arrow(producer).shape() == (2, 1000)
    assert (producer.asked, producer.released) == (2, 1)
