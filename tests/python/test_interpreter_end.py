"""Daemon threads that are in the middle of a call when the interpreter ends: the process ends well, as with NumPy or zlib."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import children
from iolink import _iolink

ROOT = Path(__file__).resolve().parents[2]

SETTING = """
import io, os, sys, threading, time
import numpy as np
import iolink
from iolink import (
    DataFrameViewFactory as Frames, ImageViewFactory, LodImageViewFactory, NumpyInterop, RandomAccessFactory, StreamAccessFactory,
)

running = threading.Event()


class Spinning(io.BytesIO):
    '''A file object that is busy in Python while it reads.'''
    def read(self, n=-1):
        sum(range(2000))
        return super().read(n)


class Blocking(io.RawIOBase):
    '''A file object that never gives anything.'''
    def readable(self):
        return True
    def seekable(self):
        return True
    def seek(self, to, whence=0):
        return 1 << 20 if whence == 2 else 0
    def tell(self):
        return 0
    def read(self, n=-1):
        running.set()
        time.sleep(600)


def function(region):
    return np.full(tuple(region.size()), sum(range(500)) % 7, "u1")


class Array:
    shape, dtype = (2000, 2000), np.dtype("u1")
    def __getitem__(self, key):
        return np.zeros((2000, 2000), "u1")[key]


@iolink.register_provider
class Lazy:
    formats, id = "lazy", "x.lazy"
    def open(self, source):
        from iolink.providers import as_image
        return as_image(Array(), "YX")


def table(ending):
    import tempfile
    path = os.path.join(tempfile.mkdtemp(), "x." + ending)
    Frames.write(Frames.from_columns({"a": list(range(5000))}), path)
    with open(path, "rb") as file:
        data = file.read()
    return data


kept = []
view = ImageViewFactory.from_function((600, 600), "UINT8", function, chunks=(100, 100))
"""

CALLS = {
    "from_function": "view.read_region(((0, 0), (500, 500)))",
    "from_function, kept": "kept.append(view.read_region(((0, 0), (100, 100))))",
    "asarray": "np.asarray(view)",
    "copy": "ImageViewFactory.copy_in_memory(view)",
    "samples": "view.read((3, 3))",
    "converted": "np.asarray(ImageViewFactory.adapt_data_type(view, 'FLOAT'))",
    "pyramid": "np.asarray(LodImageViewFactory.from_image_view(view).resolution(1))",
    "progress": "ImageViewFactory.copy_in_memory(view, progress=lambda done, total: True)",
    "provider": "np.asarray(iolink.open(io.BytesIO(b'x'), format='lazy')[:50, :50])",
    "stream": "(stream.seek(0), stream.read())",
    "raw io": "(raw.seek(0), raw.read())",
    "random access": "access.read_at(0, 5000)",
    "image of a file object": "np.asarray(ImageViewFactory.from_random_access(access, (100, 100), 'UINT8'))",
    "csv": "iolink.open(Spinning(csv), format='csv').at('a', 3)",
    "parquet": "iolink.open(Spinning(parquet), format='parquet').at('a', 3)",
    "arrow": "iolink.open(Spinning(arrow), format='arrow').at('a', 3)",
    "jsonl": "iolink.open(Spinning(jsonl), format='jsonl').at('a', 3)",
    "memory": "(np.asarray(ImageViewFactory.allocate((64, 64), 'UINT8')), NumpyInterop.from_numpy_array(np.zeros((9, 9))))",
    "frames": "Frames.from_columns({'a': np.arange(10)}).to_pandas()",
    "mistakes": "iolink.open('/no/such/file')",
    "blocked": "iolink.open(Blocking(), format='csv')",
    "blocked stream": "StreamAccessFactory.from_file_object(Blocking()).to_raw_io().read(5)",
    "blocked random access": "blocked.read(5)",
}

BODY = """
csv = parquet = arrow = jsonl = None
if CALL.startswith("iolink.open(Spinning"):
    csv, parquet, arrow, jsonl = map(table, ("csv", "parquet", "arrow", "jsonl"))
stream = StreamAccessFactory.from_file_object(Spinning(bytes(9000)))
raw = StreamAccessFactory.from_file_object(Spinning(bytes(9000))).to_raw_io()
access = RandomAccessFactory.from_stream(Spinning(bytes(100_000)))
blocked = StreamAccessFactory.from_random_access(RandomAccessFactory.from_stream(Blocking())).to_raw_io()
call = eval("lambda: " + CALL)


def work():
    while True:
        try:
            call()
        except Exception:
            pass
        running.set()
        kept[:-100] = []


for _ in range(THREADS):
    threading.Thread(target=work, daemon=True).start()
assert running.wait(60)
time.sleep(0.15)
"""


def ends(name: str, threads: int, times: int) -> None:
    script = f"CALL, THREADS = {CALLS[name]!r}, {threads}\n{SETTING}{BODY}"
    for _ in range(times):
        done = children.run(script)
        assert done.returncode == 0, (done.returncode, done.stderr[-3000:])


@pytest.mark.parametrize("name", CALLS)
def test_the_interpreter_ends_while_a_daemon_thread_is_in_a_call(name):
    ends(name, 1, 3)
    ends(name, 3, 2)


# Functions of Python's that neither run code of anybody's nor wait for the GIL.
HARMLESS = set(
    """
    PyBuffer_FillInfo PyBuffer_IsContiguous PyByteArray_AsString PyByteArray_FromStringAndSize PyByteArray_Size
    PyBytes_AsString PyBytes_FromStringAndSize PyBytes_Size PyCallable_Check PyCapsule_GetPointer
    PyCapsule_IsValid PyCapsule_New PyCapsule_SetName PyDict_Next PyDict_Size PyErr_Fetch PyErr_Occurred
    PyEval_SaveThread PyException_GetCause PyException_GetTraceback PyFloat_FromDouble
    PyGILState_GetThisThreadState PyList_GetItem PyList_Size PyLong_AsUnsignedLongLong PyLong_FromLong
    PyLong_FromSize_t PyLong_FromSsize_t PyLong_FromUnsignedLongLong PyModuleDef_Init PyModule_GetNameObject
    PyObject_CheckBuffer PyObject_GC_UnTrack PySequence_Check PySlice_AdjustIndices PySlice_New PyTuple_GetItem
    PyTuple_Size PyType_GetFlags PyType_GetName PyType_GetQualName PyType_GetSlot PyType_IsSubtype
    PyUnicode_AsUTF8AndSize PyUnicode_DecodeFSDefaultAndSize PyUnicode_EncodeFSDefault PyUnicode_FromStringAndSize
    PyUnicode_InternInPlace PyWeakref_GetObject Py_AddPendingCall Py_IsInitialized Py_NewRef _Py_IncRef
    """.split()
)


def test_every_function_that_runs_python_is_wrapped():
    """The extension calls nothing of Python's that could end its thread but through a wrapper that stops it instead."""
    listed = subprocess.run(
        ["nm", "-D", "--undefined-only", "-f", "posix", _iolink.__file__], capture_output=True, text=True, check=True
    )
    names = {line.split()[0] for line in listed.stdout.splitlines() if line.startswith(("Py", "_Py"))}
    functions = {
        name
        for name in names
        if not name.startswith("PyExc_") and not name.endswith(("Type", "Struct", "EllipsisObject"))
    }
    wrapped = set()
    for line in (ROOT / "python/src/end_of_interpreter.cpp").read_text().splitlines():
        kind, _, rest = line.partition("(")
        if kind in ("WRAP", "WRAP_VOID", "WRAP_ARGUMENTS"):
            wrapped.add(rest.split(", ")[1 if kind == "WRAP" else 0])
    unknown = functions - wrapped - HARMLESS
    assert not unknown, (
        f"wrap these in end_of_interpreter.cpp, or list those that run no Python here: {sorted(unknown)}"
    )
