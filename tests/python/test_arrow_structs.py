"""Arrow C structs that contradict themselves are errors at every door: no panic, no crash, no wrong value."""

from __future__ import annotations

import ctypes
import decimal
import functools
import re
import subprocess
import sys
import traceback

import pytest

import iolink
from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")

get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class CSchema(ctypes.Structure):
    pass


class CArray(ctypes.Structure):
    pass


CSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p), ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("children", ctypes.POINTER(ctypes.POINTER(CSchema))),
    ("dictionary", ctypes.POINTER(CSchema)), ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p),
]  # fmt: skip
CArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64), ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(CArray))), ("dictionary", ctypes.POINTER(CArray)),
    ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p),
]  # fmt: skip

KEPT: list[object] = []


@ctypes.CFUNCTYPE(None, ctypes.POINTER(CSchema))
def leave_schema(schema):
    schema.contents.release = None


@ctypes.CFUNCTYPE(None, ctypes.POINTER(CArray))
def leave_array(array):
    array.contents.release = None


class Lying:
    """A table of one column as its producer exports it, after `lie` changed the structs of the column."""

    def __init__(self, values, lie):
        record = pa.record_batch({"x": values}) if isinstance(values, pa.Array) else values
        self.capsules = record.__arrow_c_array__()
        pointer = get_pointer(self.capsules[0], b"arrow_schema"), get_pointer(self.capsules[1], b"arrow_array")
        self.table = CSchema.from_address(pointer[0]), CArray.from_address(pointer[1])
        schema, array = self.column
        # The producer would release by what is changed here; so nothing is released.
        for of in (self.table[0], schema):
            of.release = ctypes.cast(leave_schema, ctypes.c_void_p)
        for of in (self.table[1], array):
            of.release = ctypes.cast(leave_array, ctypes.c_void_p)
        KEPT.append(self)
        lie(setattr, schema, array)

    @property
    def column(self):
        return self.table[0].children[0].contents, self.table[1].children[0].contents

    def __arrow_c_array__(self, requested_schema=None):
        return self.capsules


class LyingColumn(Lying):
    """The column alone."""

    def __arrow_c_array__(self, requested_schema=None):
        schema, array = self.column
        return (
            new_capsule(ctypes.addressof(schema), b"arrow_schema", None),
            new_capsule(ctypes.addressof(array), b"arrow_array", None),
        )


class LyingStream(Lying):
    """The table as a stream."""

    def __arrow_c_stream__(self, requested_schema=None):
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        given = []

        def schema(_stream, out):
            ctypes.memmove(out, ctypes.addressof(self.table[0]), ctypes.sizeof(CSchema))
            self.table[0].release = None
            return 0

        def following(_stream, out):
            ctypes.memset(out, 0, ctypes.sizeof(CArray))
            if not given:
                ctypes.memmove(out, ctypes.addressof(self.table[1]), ctypes.sizeof(CArray))
                self.table[1].release = None
                given.append(True)
            return 0

        def release(stream):
            ctypes.c_void_p.from_address(stream + 3 * ctypes.sizeof(ctypes.c_void_p)).value = None

        functions = kind(schema), kind(following), None, ctypes.CFUNCTYPE(None, ctypes.c_void_p)(release), None
        pointers = [ctypes.cast(one, ctypes.c_void_p) if one else ctypes.c_void_p() for one in functions]
        stream = (ctypes.c_void_p * 5)(*pointers)
        KEPT.append((self, functions, stream))
        return new_capsule(ctypes.addressof(stream), b"arrow_array_stream", None)


def setting(name, value, child=None):
    """Changes a number of the array, or of a child of it."""

    def lie(change, _schema, array):
        of = array if child is None else array.children[child].contents
        change(of, name, value(getattr(of, name)) if callable(value) else value)

    return lie


def format_of(text):
    return lambda change, schema, _array: change(schema, "format", text)


def buffer_of(index, content, child=None):
    """Puts another buffer in the place of one: bytes, or None for NULL."""

    def lie(change, _schema, array):
        of = array if child is None else array.children[child].contents
        old = [of.buffers[number] for number in range(of.n_buffers)]
        memory = None if content is None else ctypes.create_string_buffer(content, len(content) + 4096)
        old[index] = None if memory is None else ctypes.addressof(memory)
        pointers = (ctypes.c_void_p * len(old))(*old)
        KEPT.append((memory, pointers))
        change(of, "buffers", pointers)

    return lie


def both(*lies):
    def lie(*given):
        for one in lies:
            one(*given)

    return lie


def numbers(kind, *values):
    return b"".join(value.to_bytes(int(kind) // 8, "little", signed=True) for value in values)


def metadata_of(blob):
    def lie(change, schema, _array):
        memory = ctypes.create_string_buffer(blob, len(blob) + 64)
        KEPT.append(memory)
        change(schema, "metadata", ctypes.addressof(memory))

    return lie


def nested(depth):
    """A type within lists within lists, in a schema alone."""

    def lie(change, schema, _array):
        made = schema.children[0].contents
        for _ in range(depth):
            above = CSchema.from_buffer_copy(made)
            above.format, above.n_children = b"+l", 1
            pointers = (ctypes.POINTER(CSchema) * 1)(ctypes.pointer(made))
            above.children = pointers
            KEPT.append((above, pointers))
            made = above
        change(schema.children[0].contents, "name", b"item")
        pointers = (ctypes.POINTER(CSchema) * 1)(ctypes.pointer(made))
        KEPT.append(pointers)
        change(schema, "children", pointers)

    return lie


def wide(depth):
    """A struct of two fields, each of which is a struct of two fields ...: few structs, and more types than atoms."""

    def lie(change, schema, _array):
        made = schema.children[0].contents
        for _ in range(depth):
            above = CSchema.from_buffer_copy(made)
            above.format, above.n_children = b"+s", 2
            pointers = (ctypes.POINTER(CSchema) * 2)(ctypes.pointer(made), ctypes.pointer(made))
            above.children = pointers
            KEPT.append((above, pointers))
            made = above
        pointers = (ctypes.POINTER(CSchema) * 1)(ctypes.pointer(made))
        KEPT.append(pointers)
        change(schema, "children", pointers)

    return lie


def dictionary_chain(depth):
    """Values of a dictionary that are numbers in a dictionary ..."""

    def lie(change, schema, _array):
        made = schema.dictionary.contents
        for _ in range(depth):
            above = CSchema.from_buffer_copy(made)
            above.format, above.dictionary = b"i", ctypes.pointer(made)
            KEPT.append(above)
            made = above
        change(schema, "dictionary", ctypes.pointer(made))

    return lie


INTS = pa.array([1, 2, 3])
TEXTS = pa.array(["a", "bc", None])
VIEWS = pa.array(
    ["a text that is longer than a view", "b", "another text that is longer than a view"], pa.string_view()
)
LISTS = pa.array([[1], [2, 3], []])
FIXED = pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int64(), 2))
LIST_VIEWS = pa.array([[1], [2, 3], []], pa.list_view(pa.int64()))
RECORDS = pa.array([{"a": 1}, {"a": 2}, {"a": 3}])
MAPS = pa.array([{"k": 1}, {}, {"l": 2}], pa.map_(pa.string(), pa.int64()))
WORDS = pa.array(["u", "v", "u"]).dictionary_encode()
BLOCKS = pa.array([b"ab", b"cd", b"ef"], pa.binary(2))
RUNS = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], "int32"), pa.array([5, 7]))
DENSE = pa.UnionArray.from_dense(pa.array([0, 1, 0], "int8"), pa.array([0, 0, 1], "int32"), [INTS, TEXTS])
SPARSE = pa.UnionArray.from_sparse(pa.array([0, 1, 0], "int8"), [INTS, TEXTS])
PRICES = pa.array([decimal.Decimal("1.50")] * 3, pa.decimal128(9, 2))
NULLS = pa.nulls(3)

# The values, the lie, and what the error says.
REFUSED = {
    "integers without buffers": (INTS, setting("n_buffers", 0), "0 buffers instead of 2"),
    "integers with one buffer": (INTS, setting("n_buffers", 1), "1 buffers instead of 2"),
    "integers with a NULL buffer": (INTS, buffer_of(1, None), "buffer 1 is NULL"),
    "a negative number of buffers": (INTS, setting("n_buffers", -1), "-1 buffers"),
    "a NULL list of buffers": (INTS, setting("buffers", None), "buffers"),
    "strings with two buffers": (TEXTS, setting("n_buffers", 2), "2 buffers instead of 3"),
    "strings with NULL offsets": (TEXTS, buffer_of(1, None), "buffer 1 is NULL"),
    "strings with NULL data": (TEXTS, buffer_of(2, None), "buffer 2 is NULL"),
    "strings with a last offset below 0": (TEXTS, buffer_of(1, numbers(32, 0, 1, 3, -1)), "last offset is -1"),
    "views without buffers": (VIEWS, setting("n_buffers", 0), "0 buffers instead of at least 3"),
    "views with one buffer": (VIEWS, setting("n_buffers", 1), "1 buffers"),
    "views with two buffers": (VIEWS, setting("n_buffers", 2), "2 buffers"),
    "views with NULL lengths": (VIEWS, buffer_of(-1, None), "buffer 3 is NULL"),
    "views with a negative length": (VIEWS, buffer_of(-1, numbers(64, -64)), "length of -64"),
    "views with a NULL buffer": (VIEWS, buffer_of(2, None), "buffer 2 is NULL"),
    "NULL views": (VIEWS, buffer_of(1, None), "buffer 1 is NULL"),
    "a negative length": (INTS, setting("length", -3), "-3 rows"),
    "a negative offset": (INTS, setting("offset", -1), "from -1 on"),
    "rows that overflow": (INTS, both(setting("length", 2**62), setting("offset", 2**62)), "rows from"),
    "more rows than can be": (INTS, setting("length", 2**62), "rows from"),
    "bits that overflow": (PRICES, setting("length", 2**57), "more than can be addressed"),
    "a column shorter than its table": (INTS, setting("length", 2), "2 rows instead of 3"),
    "nulls without a bitmap": (INTS, setting("null_count", 2), "2 nulls and no bitmap"),
    "list offsets past the child": (LISTS, setting("length", 2, child=0), "2 rows instead of 3"),
    "a negative list offset": (LISTS, buffer_of(1, numbers(32, 0, 1, 3, -3)), "last offset is -3"),
    "a list without a child": (LISTS, setting("n_children", 0), "0 children instead of 1"),
    "a list with NULL children": (LISTS, setting("children", None), "1 children"),
    "a fixed list longer than its child": (FIXED, setting("length", 5, child=0), "5 rows instead of 6"),
    "a fixed list of a huge size": (FIXED, format_of(b"+w:2147483647"), "instead of 6442450941"),
    "a fixed list of a negative size": (FIXED, format_of(b"+w:-1"), "no size of 0"),
    "a fixed list without a size": (FIXED, format_of(b"+w:"), "no size of 0"),
    "list views without sizes": (LIST_VIEWS, buffer_of(2, None), "buffer 2 is NULL"),
    "list views with two buffers": (LIST_VIEWS, setting("n_buffers", 2), "2 buffers instead of 3"),
    "a record longer than its field": (RECORDS, setting("length", 1, child=0), "1 rows instead of 3"),
    "a record whose field was released": (RECORDS, setting("release", None, child=0), "released too early"),
    "a map shorter than its offsets": (MAPS, setting("length", 1, child=0), "rows instead of 2"),
    "a map of integers": (LISTS, format_of(b"+m"), "entries of a map"),
    "keys that are floats": (WORDS, format_of(b"f"), "keys of a dictionary are integers"),
    "keys that are strings": (WORDS, format_of(b"u"), "keys of a dictionary are integers"),
    "a dictionary that is not there": (WORDS, setting("dictionary", None), "dictionary"),
    "a dictionary that is too much": (
        WORDS,
        lambda change, schema, _array: change(schema, "dictionary", None),
        "dictionary",
    ),
    "blocks of a negative size": (BLOCKS, format_of(b"w:-5"), "no size of 0"),
    "blocks whose bytes overflow": (
        BLOCKS,
        both(format_of(b"w:16777216"), setting("length", 2**37)),
        "more than can be addressed",
    ),
    "blocks without a size": (BLOCKS, format_of(b"w:"), "no size of 0"),
    "runs that end early": (RUNS, setting("length", 1, child=0), "end at 2, before row 3"),
    "runs without values": (RUNS, setting("length", 1, child=1), "2 runs have 1 values"),
    "runs with negative ends": (RUNS, buffer_of(1, numbers(32, 2, -3), child=0), "end at -3"),
    "no runs": (RUNS, setting("length", 0, child=0), "end at 0, before row 3"),
    "runs with buffers": (RUNS, setting("n_buffers", 1), "1 buffers instead of 0"),
    "a sparse union with a short field": (SPARSE, setting("length", 1, child=0), "1 rows instead of 3"),
    "a sparse union without ids": (SPARSE, buffer_of(0, None), "buffer 0 is NULL"),
    "a dense union without offsets": (DENSE, buffer_of(1, None), "buffer 1 is NULL"),
    "a dense union with one buffer": (DENSE, setting("n_buffers", 1), "1 buffers instead of 2"),
    "a union without ids": (DENSE, format_of(b"+ud:"), "another number of types"),
    "a union with negative ids": (DENSE, format_of(b"+ud:0,-1"), "not distinct numbers"),
    "a union with an id twice": (DENSE, format_of(b"+ud:1,1"), "not distinct numbers"),
    "a union with many ids": (DENSE, format_of(b"+ud:" + b",".join(b"%d" % one for one in range(300))), "not distinct numbers"),
    "a decimal without digits": (PRICES, format_of(b"d:"), "not a decimal"),
    "a decimal of no digit": (PRICES, format_of(b"d:0,0"), "not a decimal"),
    "a decimal of too many digits": (PRICES, format_of(b"d:39,2"), "not a decimal"),
    "a decimal of an odd width": (PRICES, format_of(b"d:9,2,17"), "not a decimal"),
    "a decimal of a huge scale": (PRICES, format_of(b"d:9,1000"), "not a decimal"),
    "a format that is not known": (INTS, format_of(b"?"), "not supported|not a format"),
    "an empty format": (INTS, format_of(b""), "not supported|not a format"),
    "a format that is not UTF-8": (INTS, format_of(b"\xff"), "not UTF-8"),
    "no format": (INTS, format_of(None), "no format"),
    "integers with children": (LISTS, format_of(b"l"), "0 children, not 1"),
    "runs of one child": (LISTS, format_of(b"+r"), "2 children, not 1"),
    "metadata with a negative count": (INTS, metadata_of(numbers(32, -1)), "length or count of -1"),
    "metadata with a negative length": (INTS, metadata_of(numbers(32, 1, -1)), "length or count of -1"),
    "metadata of a huge length": (INTS, metadata_of(numbers(32, 1, 2**31 - 1)), "longer than"),
    "metadata that are not UTF-8": (INTS, metadata_of(numbers(32, 1, 1) + b"\xff" + numbers(32, 0)), "not UTF-8"),
    "types within types": (LISTS, nested(64), "within each other"),
    "types within types, deeper": (LISTS, nested(100_000), "within each other"),
    "dictionaries of dictionaries": (WORDS, dictionary_chain(100_000), "within each other"),
    "more types than atoms": (RECORDS, wide(60), "within each other|in all"),
}  # fmt: skip

# The values, a lie that is believed as far as it does no harm, and what the column is or says.
HARMLESS = {
    "too many nulls": (TEXTS, setting("null_count", 1000), ["a", "bc", None]),
    "too few nulls": (pa.array([1, None, None]), setting("null_count", 1), [1, None, None]),
    "a negative number of nulls": (TEXTS, setting("null_count", -77), ["a", "bc", None]),
    "nulls that are not counted": (TEXTS, setting("null_count", -1), ["a", "bc", None]),
    "the null type with buffers": (NULLS, setting("null_count", 5), [None, None, None]),
    "a key past the dictionary": (WORDS, buffer_of(1, numbers(32, 0, 1, 77)), "damaged"),
    "a negative key": (WORDS, buffer_of(1, numbers(32, 0, -1, 1)), "damaged"),
    "offsets that fall": (TEXTS, buffer_of(1, numbers(32, 0, 3, 1, 3)), "damaged"),
    "strings that are not UTF-8": (TEXTS, buffer_of(2, b"\xff\xfe\xfd"), "damaged"),
    "a view into no buffer": (VIEWS, buffer_of(1, numbers(32, 20, 97, 7, 0) * 3), "damaged"),
    "a view past its buffer": (VIEWS, buffer_of(1, numbers(32, 20, 97, 0, 2**30) * 3), "damaged"),
    "a view of a negative length": (VIEWS, buffer_of(1, numbers(32, -20, 97, 0, 0) * 3), "damaged"),
    "list offsets that fall": (LISTS, buffer_of(1, numbers(32, 0, 3, 1, 3)), "damaged"),
    "a list view past its child": (LIST_VIEWS, buffer_of(2, numbers(32, 1, 1, 1000)), "damaged"),
    "a list view before its child": (LIST_VIEWS, buffer_of(1, numbers(32, 0, -5, 0)), "damaged"),
    "a type id of no field": (DENSE, buffer_of(0, b"\0\1\7"), "damaged"),
    "a negative type id": (SPARSE, buffer_of(0, b"\0\1\xff"), "damaged"),
    "an offset of a union past its field": (DENSE, buffer_of(1, numbers(32, 0, 0, 1000)), "damaged"),
    "a negative offset of a union": (DENSE, buffer_of(1, numbers(32, 0, 0, -1)), "damaged"),
    "runs that fall": (RUNS, buffer_of(1, numbers(32, 3, 3), child=0), "damaged"),
}  # fmt: skip


def doors(name):
    """Ways in, each with an object of its own."""
    values, lie, _expected = {**REFUSED, **HARMLESS}[name]
    yield "array", lambda: DataFrameViewFactory.from_arrow(Lying(values, lie))
    yield "stream", lambda: DataFrameViewFactory.from_arrow(LyingStream(values, lie))
    if name == "a column shorter than its table":
        return
    yield "column", lambda: DataFrameViewFactory.from_columns({"x": LyingColumn(values, lie)})
    if name in REFUSED:
        whole = DataFrameViewFactory.from_columns({"n": [1, 2, 3]})
        yield "added", lambda: whole.add_column("x", "INT64", LyingColumn(values, lie))
        yield "written", lambda: whole.write("n", 0, LyingColumn(values, lie))


def read_all(frame):
    """Every way out. The values, or an error of the library."""
    shown = [frame["x"].to_list(), frame.to_arrow()["x"].to_pylist(), [frame.at("x", row) for row in range(len(frame))]]
    copy = DataFrameViewFactory.copy_in_memory(frame)
    copy.add_rows(0, 1)
    shown.append(copy[1:]["x"].to_list())
    assert all(repr(one) == repr(shown[0]) for one in shown), shown
    return shown[0]


def fault_of(door, way, expected):
    """What is wrong with the answer to a lie; "" for nothing."""
    try:
        frame = way()
        said = read_all(frame)
    except iolink.Error as error:
        said = error
    except (TypeError, ValueError, MemoryError) as error:
        said = error
    except BaseException as error:  # PanicException is no Exception
        return f"{door}: {type(error).__name__}: {error}"
    if isinstance(expected, list):
        return "" if said == expected else f"{door}: {said!r}"
    if not isinstance(said, iolink.Error) or isinstance(said, iolink.errors.InternalError):
        return f"{door}: {type(said).__name__} {said!r}"
    return "" if re.search(expected, str(said)) else f"{door}: {type(said).__name__}: {said}"


def tell(names):
    """In the child: a line before and one after each lie, so that the parent knows where it ended."""
    for name in names:
        print("begin", name, flush=True)
        expected = {**REFUSED, **HARMLESS}[name][2]
        try:
            faults = [fault_of(door, way, expected) for door, way in doors(name)]
        except Exception:
            faults = [traceback.format_exc()]
        print("end", " | ".join(filter(None, faults)).replace("\n", " / "), flush=True)


@functools.cache
def told():
    """What each lie did, in as many children as die of them."""
    left, known = list({**REFUSED, **HARMLESS}), {}
    while left:
        run = subprocess.run(
            [sys.executable, __file__, *left], capture_output=True, text=True, errors="replace", timeout=600
        )
        lines = run.stdout.splitlines()
        for begin, end in zip(lines[::2], lines[1::2], strict=False):
            known[begin.removeprefix("begin ")] = end.removeprefix("end").strip()
        if len(lines) % 2:
            known[lines[-1].removeprefix("begin ")] = f"died with {run.returncode}: {run.stderr[-500:]}"
        elif run.returncode and len(known) < len(REFUSED) + len(HARMLESS):
            raise AssertionError(f"the child ended with {run.returncode}: {run.stderr[-2000:]}")
        left = [name for name in left if name not in known]
    return known


@pytest.mark.parametrize("name", [*REFUSED, *HARMLESS])
def test_a_lie_is_an_error_at_every_door(name):
    assert told()[name] == ""


if __name__ == "__main__":
    tell(sys.argv[1:])
