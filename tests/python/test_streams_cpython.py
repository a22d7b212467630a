"""CPython's own tests of memory and file I/O, from the installed interpreter, run on our streams.

Each class below is one of ``test.test_memoryio``, ``test.test_fileio`` and ``test.test_io`` with our streams in place of
``io.BytesIO`` and ``io.FileIO``. A test that does not apply is named with the reason; ``pytest -rs`` prints them.
"""

import io
import os
import unittest

import pytest

from iolink import StreamAccessFactory
from iolink._raw_io import RawStream

test_memoryio = pytest.importorskip("test.test_memoryio", reason="this Python came without its tests")
test_fileio = pytest.importorskip("test.test_fileio")
test_io = pytest.importorskip("test.test_io")


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def without(**reasons):
    """Leave tests out, each with its reason."""

    def change(tests):
        for name, reason in reasons.items():
            assert callable(getattr(tests, name)), f"there is no test {name} to be left out"
            setattr(tests, name, unittest.skip(reason)(lambda self: None))
        return tests

    return change


# ---------------------------------------------------------------- our streams in the clothes of io's classes


class RawMemory(RawStream):
    """``io.BytesIO`` by a stream in memory of ours, unbuffered."""

    def __init__(self, initial_bytes=None):
        self.stream = StreamAccessFactory.allocate()
        if initial_bytes is not None:
            self.stream.write(initial_bytes)
            self.stream.seek(0)
        super().__init__(self.stream)

    def getbuffer(self):
        self.readable()
        return memoryview(self.stream)

    def getvalue(self):
        with self.getbuffer() as view:
            return bytes(view)


class BufferedMemory(io.BufferedRandom):
    """``io.BytesIO`` by Python's buffering over a stream in memory of ours."""

    def __init__(self, initial_bytes=None):
        super().__init__(RawMemory(initial_bytes))

    def getvalue(self):
        self.flush()
        return self.raw.getvalue()


class FileIO(RawStream):
    """``io.FileIO`` by a stream over a file of ours."""

    def __init__(self, file, mode="r", closefd=True, opener=None):
        if not isinstance(mode, str):
            raise TypeError("mode: expected str")
        if opener is not None:
            opened = opener(file, 0)
            if opened < 0:
                raise ValueError(f"opener returned {opened}")
            stream = StreamAccessFactory.from_file_descriptor(opened, mode)
        elif isinstance(file, int):
            if file < 0:
                raise ValueError("negative file descriptor")
            stream = StreamAccessFactory.from_file_descriptor(file, mode, closefd)
        elif not closefd:
            raise ValueError("Cannot use closefd=False with file name")
        else:
            stream = StreamAccessFactory.open_file(file, mode)
        super().__init__(stream, closefd)
        if opener is not None:
            self.name = file


def open_ours(
    file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None
):  # fmt: skip
    """``io.open`` over :class:`FileIO`."""
    letters, text = set(mode), "b" not in mode
    if len(letters) != len(mode) or letters - set("axrwb+t") or ("t" in letters and not text):
        raise ValueError(f"invalid mode: {mode!r}")
    raw = FileIO(file, mode.replace("t", ""), closefd, opener)
    try:
        if buffering == 0:
            if text:
                raise ValueError("can't have unbuffered text I/O")
            return raw
        size = io.DEFAULT_BUFFER_SIZE if buffering < 2 else buffering
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        buffered = kind(raw, size)
        if not text:
            return buffered
        wrapped = io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)
        wrapped.mode = mode
        return wrapped
    except BaseException:
        raw.close()
        raise


def namespace(**ours):
    """What ``test.test_io`` puts into its classes, with our classes instead of some of io's."""
    mocks = (
        "MockRawIO",
        "MisbehavedRawIO",
        "MockFileIO",
        "CloseFailureIO",
        "MockNonBlockWriterIO",
        "MockUnseekableIO",
        "MockRawIOWithoutRead",
        "SlowFlushRawIO",
    )
    names = {name: getattr(io, name) for name in io.__all__}
    names.update((name, getattr(test_io, "C" + name)) for name in mocks)
    names.update(ours, is_C=True)

    def change(tests):
        for name, value in names.items():
            setattr(tests, name, staticmethod(value) if name in ("open", "open_code") else value)
        return tests

    return change


ONE_PER_VIEW = "close() of ours does not refuse while memory is lent: the memory outlives the stream"
CLAMP = "io.BytesIO stops at 0 when a relative seek goes before the first byte; ours refuses, as files do"


# ---------------------------------------------------------------- test.test_memoryio


@without(
    test_detach="a raw stream has no detach, and io.RawIOBase none either",
    test_init="calling __init__ again to empty the stream is a feature of io.BytesIO alone",
    test_pickling="a raw stream cannot be pickled, as io.FileIO",
    test_read1="a raw stream has no read1, and io.RawIOBase none either",
    test_relative_seek=CLAMP,
    test_getbuffer=ONE_PER_VIEW,
)
class TestRawMemory(test_memoryio.MemoryTestMixin, test_memoryio.MemorySeekTestMixin, unittest.TestCase):
    UnsupportedOperation = io.UnsupportedOperation
    ioclass = RawMemory
    EOF = b""
    buftype = staticmethod(test_memoryio.PyBytesIOTest.buftype)
    for _name in (
        "test_getbuffer",
        "test_getbuffer_empty",
        "test_read1",
        "test_readinto",
        "test_relative_seek",
        "test_unicode",
        "test_bytes_array",
        "test_issue5449",
    ):
        locals()[_name] = getattr(test_memoryio.PyBytesIOTest, _name)


@without(
    test_detach="io.BufferedRandom can detach, io.BytesIO cannot",
    test_init="calling __init__ again to empty the stream is a feature of io.BytesIO alone",
    test_pickling="a buffered stream cannot be pickled",
    test_relative_seek=CLAMP,
)
class TestBufferedMemory(test_memoryio.MemoryTestMixin, test_memoryio.MemorySeekTestMixin, unittest.TestCase):
    UnsupportedOperation = io.UnsupportedOperation
    ioclass = BufferedMemory
    EOF = b""
    buftype = staticmethod(test_memoryio.PyBytesIOTest.buftype)
    for _name in (
        "test_read1",
        "test_readinto",
        "test_relative_seek",
        "test_unicode",
        "test_bytes_array",
        "test_issue5449",
    ):
        locals()[_name] = getattr(test_memoryio.PyBytesIOTest, _name)


# ---------------------------------------------------------------- test.test_fileio


@without(testBlksize="_blksize is private to io.FileIO and io.open")
class TestAutoFile(test_fileio.AutoFileTests, unittest.TestCase):
    FileIO = FileIO
    modulename = "iolink"


@without(
    testInvalidFd_overflow="a number too large for a descriptor is an OverflowError of our factory, not a TypeError",
    testUnclosedFDOnException="the descriptor belongs to the StreamAccess before a raw stream around it can fail",
)
class TestOtherFile(test_fileio.OtherFileTests, unittest.TestCase):
    FileIO = FileIO
    modulename = "iolink"
    testInvalidFd_overflow = test_fileio.COtherFileTests.testInvalidFd_overflow
    test_open_code = test_fileio.COtherFileTests.test_open_code


# ---------------------------------------------------------------- test.test_io


@namespace(open=open_ours, FileIO=FileIO)
class TestIOWithOurFiles(test_io.CIOTest):
    pass


@namespace(open=open_ours, FileIO=FileIO, BytesIO=BufferedMemory)
class TestIOWithOurMemory(test_io.CIOTest):
    pass


@namespace(open=open_ours, FileIO=FileIO, BytesIO=RawMemory)
class TestBufferedReader(test_io.CBufferedReaderTest):
    tp = io.BufferedReader


@namespace(open=open_ours, FileIO=FileIO, BytesIO=RawMemory)
class TestBufferedWriter(test_io.CBufferedWriterTest):
    tp = io.BufferedWriter


@namespace(open=open_ours, FileIO=FileIO, BytesIO=RawMemory)
class TestBufferedPair(test_io.CBufferedRWPairTest):
    tp = io.BufferedRWPair


@namespace(open=open_ours, FileIO=FileIO, BytesIO=RawMemory)
class TestBufferedRandom(test_io.CBufferedRandomTest):
    tp = io.BufferedRandom


@without(
    test_repr="sets the name of an io.BytesIO; that of an io.BufferedRandom is read-only",
    test_recursive_repr="as test_repr",
)
@namespace(open=open_ours, FileIO=FileIO, BytesIO=BufferedMemory)
class TestText(test_io.CTextIOWrapperTest):
    pass


@namespace(open=open_ours, FileIO=FileIO, BytesIO=BufferedMemory)
class TestMisc(test_io.CMiscIOTest):
    pass


@namespace(open=open_ours, FileIO=FileIO, BytesIO=BufferedMemory)
class TestSignals(test_io.CSignalsTest):
    pass


def test_the_number_of_tests_that_run():
    """So that a change in the interpreter's tests that empties a class is seen."""
    suites = [value for value in globals().values() if isinstance(value, type) and issubclass(value, unittest.TestCase)]
    count = sum(unittest.defaultTestLoader.loadTestsFromTestCase(suite).countTestCases() for suite in suites)
    assert count > 350, count
    assert os.name == "posix"
