"""Streams: in memory, over files, over Python's file objects, and as what Python's ``io`` calls a raw stream."""

import array
import csv
import doctest
import errno
import gc
import gzip
import io
import os
import pathlib
import pickle
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import warnings
import weakref
import zipfile

import numpy as np
import pytest

import iolink
from iolink import RandomAccessFactory, StreamAccessFactory, StreamCapability

ALL = (
    StreamCapability.READ
    | StreamCapability.WRITE
    | StreamCapability.SEEK
    | StreamCapability.RESIZE
    | StreamCapability.MEMORY_ACCESS
)

REWRITABLE = {
    "memory": lambda path: StreamAccessFactory.allocate(),
    "file": lambda path: StreamAccessFactory.open_file(path, "w+b"),
    "temporary": lambda path: StreamAccessFactory.temporary_file(),
    "python object": lambda path: StreamAccessFactory.from_file_object(io.BytesIO()),
}


@pytest.fixture(params=REWRITABLE)
def rewritable(request, tmp_path):
    """A stream that can do everything but, perhaps, lend its memory."""
    stream = REWRITABLE[request.param](tmp_path / "stream.bin")
    yield stream
    stream.close()


@pytest.fixture
def held(tmp_path):
    """A path with ten known bytes."""
    path = tmp_path / "held.bin"
    path.write_bytes(b"0123456789")
    return path


# ---------------------------------------------------------------- the stream itself


def test_reads_writes_and_moves_like_one_cursor(rewritable):
    stream = rewritable
    assert stream.write(b"hello world") == 11
    assert stream.tell() == stream.size() == 11
    assert stream.seek(6) == 6
    assert stream.read(3) == b"wor"
    assert stream.seek(-2, 1) == 7
    assert stream.read() == b"orld"
    assert stream.read() == stream.read(5) == b""
    assert stream.seek(-11, 2) == 0
    target = bytearray(5)
    assert stream.readinto(target) == 5
    assert target == b"hello"


def test_resize_cuts_and_fills_with_zeros_and_leaves_the_cursor(rewritable):
    rewritable.write(b"abcdef")
    rewritable.resize(3)
    assert (rewritable.size(), rewritable.tell()) == (3, 6)
    rewritable.resize(5)
    rewritable.seek(0)
    assert rewritable.read() == b"abc\0\0"


def test_a_write_past_the_end_fills_the_gap_with_zeros(rewritable):
    rewritable.seek(4)
    assert rewritable.size() == 0
    rewritable.write(b"x")
    rewritable.seek(0)
    assert rewritable.read() == b"\0\0\0\0x"


def test_capabilities_say_what_can_be_done(tmp_path, held):
    assert StreamAccessFactory.allocate().capabilities() == ALL
    read_only = StreamAccessFactory.from_buffer(b"x").capabilities()
    assert read_only == StreamCapability.READ | StreamCapability.SEEK | StreamCapability.MEMORY_ACCESS
    with StreamAccessFactory.open_file_read(held) as stream:
        assert stream.capabilities() == StreamCapability.READ | StreamCapability.SEEK
    with StreamAccessFactory.open_file_write(tmp_path / "new") as stream:
        assert stream.support(StreamCapability.WRITE | StreamCapability.RESIZE)
        assert not stream.support(StreamCapability.READ)
    assert isinstance(read_only, StreamCapability)


def test_what_is_missing_is_named(held):
    stream = StreamAccessFactory.from_buffer(b"fixed")
    with pytest.raises(NotImplementedError, match="WRITE"):
        stream.write(b"x")
    with pytest.raises(NotImplementedError, match="RESIZE"):
        stream.resize(9)
    with StreamAccessFactory.open_file_read(held) as file:
        with pytest.raises(iolink.errors.CapabilityError, match="WRITE"):
            file.write(b"x")
        with pytest.raises(BufferError, match="MEMORY_ACCESS"):
            memoryview(file)


def test_source_and_repr_tell_where_it_came_from(held):
    assert StreamAccessFactory.allocate().source() is None
    with StreamAccessFactory.open_file_read(held) as stream:
        assert stream.source() == str(held)
        assert str(held) in repr(stream) and "10 bytes" in repr(stream)
    assert repr(stream) == "<iolink.StreamAccess closed>"


@pytest.mark.parametrize("kind", [str, os.fsencode, pathlib.Path])
def test_a_path_is_text_bytes_or_pathlike(kind, held):
    path = kind(str(held))
    with StreamAccessFactory.open_file(path) as stream:
        assert stream.read() == b"0123456789"
    with StreamAccessFactory.open_file(path).to_raw_io() as raw:
        assert raw.name == path
    assert RandomAccessFactory.open_file(path).size() == 10


def test_modes_are_those_of_open(tmp_path):
    path = tmp_path / "modes"
    with StreamAccessFactory.open_file(path, "xb") as stream:
        stream.write(b"one")
    with pytest.raises(FileExistsError):
        StreamAccessFactory.open_file(path, "x")
    with StreamAccessFactory.open_file(path, "ab") as stream:
        assert stream.tell() == 3
        stream.seek(0)
        stream.write(b"two")
    with StreamAccessFactory.open_file(path, "r+b") as stream:
        stream.write(b"O")
    assert path.read_bytes() == b"Onetwo"
    with StreamAccessFactory.open_file(path, "w+") as stream:
        assert stream.read() == b""
    for bad in ("rt", "", "rw", "q", "r++"):
        with pytest.raises(ValueError, match="mode"):
            StreamAccessFactory.open_file(path, bad)


# ---------------------------------------------------------------- memory that is shared


def test_a_buffer_is_shared_and_its_read_only_state_honoured():
    data = bytearray(b"abcdef")
    stream = StreamAccessFactory.from_buffer(data)
    stream.write(b"XY")
    assert data == b"XYcdef"
    with pytest.raises(BufferError):
        data.append(1)
    del stream
    gc.collect()
    data.append(1)
    words = array.array("H", [1, 2, 3])
    assert StreamAccessFactory.from_buffer(words).size() == 6
    with pytest.raises(TypeError, match="str"):
        StreamAccessFactory.from_buffer("text")


def test_a_full_fixed_buffer_is_an_error_and_never_a_silent_loss():
    stream = StreamAccessFactory.from_buffer(bytearray(4))
    with pytest.raises(OSError) as refused:
        stream.write(b"too long")
    assert refused.value.errno == errno.ENOSPC
    raw = StreamAccessFactory.from_buffer(bytearray(4)).to_raw_io()
    assert raw.write(b"too long") == 4
    with pytest.raises(OSError):
        raw.write(b"x")
    writer = io.BufferedWriter(StreamAccessFactory.from_buffer(bytearray(4)).to_raw_io())
    writer.write(b"too long")
    with pytest.raises(OSError):
        writer.flush()
    with pytest.raises(OSError):
        writer.close()


def test_lent_memory_stays_where_it_is():
    stream = StreamAccessFactory.allocate()
    stream.write(b"abc")
    view = memoryview(stream)
    assert bytes(view) == b"abc" and not view.readonly
    view[0] = ord("X")
    stream.seek(0)
    assert stream.read() == b"Xbc"
    for change in (lambda: stream.write(b"more"), lambda: stream.resize(0), lambda: stream.resize(9)):
        with pytest.raises(BufferError):
            change()
    stream.seek(0)
    stream.write(b"in!")
    view.release()
    stream.write(b"more")
    assert stream.size() == 7
    assert memoryview(StreamAccessFactory.from_buffer(b"x")).readonly


def test_lent_memory_outlives_its_stream():
    stream = StreamAccessFactory.allocate()
    stream.write(b"kept")
    view = memoryview(stream)
    stream.close()
    del stream
    gc.collect()
    assert bytes(view) == b"kept"


def test_the_giver_of_memory_is_let_go_when_the_stream_is_closed():
    class Giver(bytearray):
        pass

    giver = Giver(b"abc")
    gone = weakref.ref(giver)
    stream = StreamAccessFactory.from_buffer(giver)
    del giver
    assert gone() is not None
    stream.close()
    gc.collect()
    assert gone() is None


SHARERS = {
    "stream": StreamAccessFactory.from_buffer,
    "stream over access": StreamAccessFactory.from_random_access,
    "access": RandomAccessFactory.from_buffer,
    "access over stream": RandomAccessFactory.from_stream,
}


@pytest.mark.parametrize("make", SHARERS.values(), ids=SHARERS)
@pytest.mark.parametrize("wrap", [lambda a: a, np.asarray, memoryview], ids=["memmap", "array", "memoryview"])
def test_a_mapped_file_stays_mapped_under_all_that_shares_an_array_of_it(held, make, wrap):
    mapped = np.memmap(held, "u1", "r+")
    inner, shared = mapped._mmap, make(wrap(mapped))
    del mapped
    with pytest.raises(BufferError):
        inner.close()
    assert bytes(memoryview(shared)) == b"0123456789"
    del shared
    gc.collect()
    inner.close()


@pytest.mark.parametrize("make", SHARERS.values(), ids=SHARERS)
def test_a_mask_is_refused_and_not_dropped(make):
    with pytest.raises(TypeError, match=r"mask.*filled\(value\)"):
        make(np.ma.masked_equal(np.arange(8, dtype="u1"), 3))


def test_a_stream_reads_into_its_own_memory():
    stream = StreamAccessFactory.allocate()
    stream.write(bytes(range(100)))
    stream.seek(10)
    with memoryview(stream) as view:
        assert stream.readinto(view[:50]) == 50
        assert bytes(view[:50]) == bytes(range(10, 60))


# ---------------------------------------------------------------- bad input


def test_sizes_and_positions_that_cannot_be_are_refused(rewritable):
    stream = rewritable
    stream.write(b"abc")
    for seek in ((-1,), (-4, 1), (-4, 2)):
        with pytest.raises((ValueError, OSError)):
            if stream.seek(*seek) == 0:  # io.BytesIO below stops at 0 instead
                raise ValueError
    for too_far in (2**63, -(2**63) - 1):
        with pytest.raises(OverflowError):
            stream.seek(too_far)
    with pytest.raises(ValueError):
        stream.seek(0, 7)
    with pytest.raises(TypeError):
        stream.seek(0.0)
    with pytest.raises(ValueError, match="negative"):
        stream.resize(-1)
    if stream.source() is not None or stream.support(StreamCapability.MEMORY_ACCESS):
        # Not for io.BytesIO, which CPython 3.11 leaves broken after a write so far out.
        with pytest.raises((ValueError, OSError, MemoryError)):
            stream.resize(2**63 - 1)
    assert stream.size() == 3


def test_a_seek_past_two_to_the_63_is_refused_however_it_is_reached(tmp_path):
    for stream in (StreamAccessFactory.allocate(), StreamAccessFactory.open_file(tmp_path / "f", "w+b")):
        with stream:
            assert stream.seek(2**63 - 1) == 2**63 - 1
            assert stream.read(10) == b""
            with pytest.raises((ValueError, OSError)):
                stream.seek(1, 1)
            with pytest.raises((ValueError, OSError, MemoryError)):
                stream.write(b"ab")
            assert stream.size() == 0


def test_hostile_allocations_are_refused_before_anything_is_allocated():
    for size in (2**62, 2**63 - 1):
        with pytest.raises(MemoryError):
            StreamAccessFactory.allocate(size)
        with pytest.raises(MemoryError):
            RandomAccessFactory.allocate(size)
    with pytest.raises(ValueError, match="negative"):
        StreamAccessFactory.allocate(-1)
    with pytest.raises(OverflowError):
        StreamAccessFactory.allocate(2**64)
    stream = StreamAccessFactory.from_buffer(b"abc")
    assert stream.read(2**62) == b"abc"
    sparse = StreamAccessFactory.allocate()
    sparse.seek(2**62)
    with pytest.raises(MemoryError):
        sparse.write(b"x")
    assert sparse.size() == 0


def test_paths_that_cannot_be_opened(tmp_path):
    open_read = StreamAccessFactory.open_file_read
    with pytest.raises(FileNotFoundError) as missing:
        open_read(tmp_path / "missing")
    assert missing.value.filename == tmp_path / "missing" and missing.value.errno == errno.ENOENT
    with pytest.raises(IsADirectoryError):
        open_read(tmp_path)
    with pytest.raises(IsADirectoryError):
        StreamAccessFactory.open_file_write(tmp_path)
    with pytest.raises(ValueError, match="null"):
        open_read("a\0b")
    with pytest.raises(NotADirectoryError):
        (tmp_path / "file").write_bytes(b"")
        open_read(tmp_path / "file" / "below")
    for wrong in (None, 3, 1.5, ["x"]):
        with pytest.raises(TypeError):
            open_read(wrong)
    for opened in (RandomAccessFactory.open_file,):
        with pytest.raises(FileNotFoundError):
            opened(tmp_path / "missing")
        with pytest.raises(IsADirectoryError):
            opened(tmp_path)


def test_permission_denied_is_a_permission_error(held):
    held.chmod(0)
    # Root may open everything: the child becomes somebody else after it has imported what it needs.
    script = f"""
        import os, iolink
        from iolink import RandomAccessFactory, StreamAccessFactory
        iolink.StreamAccessFactory.allocate().to_raw_io()
        folder = os.open({str(held.parent)!r}, os.O_RDONLY)
        os.fchdir(folder)
        if os.geteuid() == 0:
            os.setuid(65534)
        for opened in (
            StreamAccessFactory.open_file_read,
            StreamAccessFactory.open_file_write,
            RandomAccessFactory.open_file,
            lambda name: iolink.DataStorageFactory.from_path(name).open_stream(),
        ):
            try:
                opened("held.bin")
            except PermissionError as refused:
                print(refused.errno, refused.filename)
    """
    assert child(script).stdout == f"{errno.EACCES} held.bin\n" * 4


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_an_error_of_the_write(tmp_path):
    with StreamAccessFactory.open_file("/dev/full", "r+b") as stream:
        with pytest.raises(OSError) as full:
            stream.write(b"lost?")
        assert full.value.errno == errno.ENOSPC
    writer = io.BufferedWriter(StreamAccessFactory.open_file("/dev/full", "wb").to_raw_io())
    writer.write(b"lost?")
    with pytest.raises(OSError):
        writer.close()


def test_the_systems_limit_on_a_files_size_is_an_error_of_the_write(tmp_path):
    script = f"""
        import errno, resource, signal, iolink
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        stream = iolink.StreamAccessFactory.open_file_write({str(tmp_path / "limited")!r})
        try:
            stream.write(bytes(2000))
        except OSError as refused:
            assert refused.errno == errno.EFBIG, refused
            assert "1000 of 2000" in str(refused), refused
            assert stream.size() == 1000
            stream.close()
            print("refused")
    """
    assert child(script).stdout == "refused\n"


def test_a_file_that_was_cut_meanwhile_is_an_error_of_every_read(held):
    access = RandomAccessFactory.open_file(held)
    over = StreamAccessFactory.from_random_access(access)
    with StreamAccessFactory.open_file_read(held) as stream, StreamAccessFactory.open_file(held, "r+b") as other:
        raw = other.to_raw_io(closefd=False)
        for one in (stream, raw, over):
            one.seek(2)
        os.truncate(held, 5)
        assert stream.read(3) == raw.read(3) == over.read(3) == b"234"
        for read in (
            stream.read,
            lambda: stream.read(1),
            lambda: stream.readinto(bytearray(4)),
            raw.read,
            raw.readall,
            lambda: raw.read(1),
            lambda: raw.readinto(bytearray(4)),
            lambda: io.BufferedReader(raw).read(1),
        ):
            with pytest.raises(OSError, match="had 10 bytes") as refused:
                read()
            assert refused.value.errno == errno.EIO
        assert stream.size() == 5 and stream.tell() == 5
        assert stream.seek(0) == 0 and stream.read(5) == b"01234"
        # What was made shorter through the stream itself ends where it ends.
        other.resize(4)
        other.seek(0)
        assert other.read() == b"0123"
    assert access.size() == 10
    assert access.read_at(0, 4) == b"0123"
    for read in (lambda: access.read_at(3, 4), lambda: access.readinto_at(0, bytearray(10)), over.read):
        with pytest.raises(iolink.errors.CorruptDataError, match="10 bytes"):
            read()


def test_a_file_that_grows_meanwhile_is_read_as_far_as_it_goes(held):
    with StreamAccessFactory.open_file_read(held) as stream, open(held, "ab", buffering=0) as writer:
        assert stream.read() == b"0123456789" and stream.read() == b""
        writer.write(b"more")
        assert stream.read() == b"more"


def test_everything_after_close_is_a_value_error(rewritable):
    stream = rewritable
    raw = stream.to_raw_io()
    stream.close()
    stream.close()
    assert stream.closed and raw.closed
    for call in (
        stream.read,
        lambda: stream.readinto(bytearray(1)),
        lambda: stream.write(b"x"),
        lambda: stream.seek(0),
        stream.tell,
        stream.size,
        lambda: stream.resize(0),
        stream.flush,
        stream.__enter__,
        raw.read,
        raw.readall,
        lambda: raw.readinto(bytearray(1)),
        lambda: raw.write(b"x"),
        lambda: raw.seek(0),
        raw.tell,
        raw.truncate,
        raw.flush,
        raw.fileno,
        raw.isatty,
        raw.readable,
        raw.writable,
        raw.seekable,
        raw.__enter__,
        lambda: next(raw),
    ):
        with pytest.raises(ValueError, match="closed"):
            call()
    raw.close()


def test_use_after_close_from_another_thread():
    for make in (StreamAccessFactory.allocate, StreamAccessFactory.temporary_file):
        stream = make()
        stream.write(bytes(100_000))
        stop, wrong = threading.Event(), []

        def use():
            target = bytearray(70_000)
            while not stop.is_set():
                try:
                    stream.seek(0)
                    stream.readinto(target)
                except ValueError:
                    return
                except BaseException as other:  # noqa: BLE001 - whatever it is, the test tells it
                    wrong.append(other)
                    return

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        stream.close()
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_read_that_waits_survives_the_close_of_its_stream():
    out, into = os.pipe()
    stream = StreamAccessFactory.from_file_descriptor(out)
    got = []

    def wait():
        try:
            got.append(stream.read(4))
        except ValueError:
            got.append(None)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    stream.close()
    os.write(into, b"late")
    thread.join()
    os.close(into)
    assert got in ([b"late"], [None])
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)


# ---------------------------------------------------------------- pipes, terminals, signals


def test_a_pipe_gives_what_it_has_and_cannot_seek():
    out, into = os.pipe()
    reader = StreamAccessFactory.from_file_descriptor(out, "rb")
    writer = StreamAccessFactory.from_file_descriptor(into, "wb")
    with reader, writer:
        assert reader.capabilities() == StreamCapability.READ
        writer.write(b"abc")
        assert reader.read(100) == b"abc"
        with pytest.raises(NotImplementedError, match="size"):
            reader.size()
        with pytest.raises(OSError):
            reader.seek(0)
        raw = reader.to_raw_io()
        assert not raw.seekable() and raw.readable() and not raw.writable()
        with pytest.raises(io.UnsupportedOperation):
            raw.seek(0)
        writer.write(b"the rest")
        writer.close()
        assert reader.read() == b"the rest"


def test_a_named_pipe_is_opened_by_its_path(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(b"through the pipe"))
    thread.start()
    with StreamAccessFactory.open_file_read(path) as stream:
        assert stream.read() == b"through the pipe"
    thread.join()


def test_a_pipe_with_nothing_in_it_gives_none():
    out, into = os.pipe()
    os.set_blocking(out, False)
    os.set_blocking(into, False)
    with (
        StreamAccessFactory.from_file_descriptor(out, "rb") as reader,
        StreamAccessFactory.from_file_descriptor(into, "wb") as writer,
    ):
        raw = reader.to_raw_io()
        assert raw.read() is raw.read(1) is raw.readall() is raw.readinto(bytearray(1)) is None
        with pytest.raises(BlockingIOError):
            reader.read(1)
        sink = writer.to_raw_io()
        while sink.write(bytes(65536)) is not None:
            pass
        assert len(raw.readall()) >= 65536


def test_a_closed_pipe_is_a_broken_pipe():
    out, into = os.pipe()
    os.close(out)
    with StreamAccessFactory.from_file_descriptor(into, "wb") as writer:
        with pytest.raises(BrokenPipeError):
            writer.write(b"x")


def test_descriptors_are_closed_only_where_they_were_handed_over(held):
    fd = os.open(held, os.O_RDONLY)
    with StreamAccessFactory.from_file_descriptor(fd, "rb", closefd=False) as stream:
        assert stream.read(3) == b"012"
    assert os.read(fd, 3) == b"345"
    StreamAccessFactory.from_file_descriptor(fd).close()
    with pytest.raises(OSError):
        os.fstat(fd)
    with pytest.raises(OSError) as bad:
        StreamAccessFactory.from_file_descriptor(fd)
    assert bad.value.errno == errno.EBADF


def test_a_terminal_is_known():
    master, slave = os.openpty()
    try:
        with StreamAccessFactory.from_file_descriptor(slave, "r+b").to_raw_io() as raw:
            assert raw.isatty() and not raw.seekable()
    finally:
        os.close(master)


def test_a_terminal_is_read_and_written():
    master, slave = os.openpty()
    os.set_blocking(master, True)
    try:
        with StreamAccessFactory.from_file_descriptor(slave, "r+b") as stream:
            stream.write(b"asked")
            assert os.read(master, 5) == b"asked"
            os.write(master, b"line\n")
            assert stream.read(100) == b"line\n"
            with pytest.raises(NotImplementedError, match="size"):
                stream.size()
    finally:
        os.close(master)


def child(script, **options):
    """Run a script in an interpreter of its own that finds what this one finds."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        **options,
    )


def test_a_signal_handler_runs_while_a_read_waits_and_the_read_goes_on():
    script = """
        import os, signal, threading, time, iolink
        out, into = os.pipe()
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        def poke():
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGUSR1)
            while not seen:
                time.sleep(0.01)
            os.write(into, b"late")
        threading.Thread(target=poke).start()
        with iolink.StreamAccessFactory.from_file_descriptor(out) as stream:
            print(stream.read(4), seen)
    """
    assert child(script).stdout == "b'late' [1]\n"


def test_ctrl_c_ends_a_read_that_waits():
    script = """
        import os, signal, threading, time, iolink
        out, into = os.pipe()
        def poke():
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=poke).start()
        stream = iolink.StreamAccessFactory.from_file_descriptor(out)
        for read in (stream.read, lambda: stream.to_raw_io().readinto(bytearray(4))):
            try:
                read()
            except KeyboardInterrupt:
                print("interrupted")
                break
        stream.close()
    """
    assert child(script).stdout == "interrupted\n"


def test_other_threads_run_while_a_read_waits():
    out, into = os.pipe()
    with StreamAccessFactory.from_file_descriptor(out) as stream:
        got = []
        thread = threading.Thread(target=lambda: got.append(stream.read(4)))
        thread.start()
        time.sleep(0.05)
        os.write(into, b"here")
        thread.join()
        os.close(into)
    assert got == [b"here"]


def test_small_reads_in_memory_keep_other_threads_waiting_and_files_never_do(tmp_path):
    # With so long a switch interval a thread runs only when the one that runs waits, or lets go of the lock by itself.
    path = tmp_path / "large"
    path.write_bytes(bytes(2 << 20))
    script = f"""
        import sys, threading, iolink
        memory, file = bytes(2 << 20), {str(path)!r}
        gate, started, seen = threading.Semaphore(0), threading.Event(), []
        def other():
            started.set()
            while True:
                gate.acquire()
                seen.append(1)
        threading.Thread(target=other, daemon=True).start()
        started.wait()
        sys.setswitchinterval(1000)
        def lets_go(read, size, steps):
            target, before = bytearray(size), len(seen)
            gate.release()
            for _ in range(steps):
                read(target)
                if len(seen) > before:
                    return True
            return False
        stream = iolink.StreamAccessFactory.from_buffer(memory)
        random = iolink.RandomAccessFactory.from_buffer(memory)
        def rewound(stream):
            def read(target):
                stream.seek(0)
                stream.readinto(target)
            return read
        raw, on_disk = stream.to_raw_io(), iolink.StreamAccessFactory.open_file_read(file)
        at = lambda access: lambda target: access.readinto_at(0, target)
        small = [lets_go(read, 65535, 300) for read in (rewound(raw), at(random))]
        while len(seen) < 2:  # the two that waited
            raw.seek(0), raw.readinto(bytearray(1 << 20))
        large = [lets_go(read, 1 << 20, 100000) for read in (rewound(raw), at(random))]
        files = [
            lets_go(rewound(on_disk.to_raw_io(closefd=False)), 16, 1000000),
            lets_go(at(iolink.RandomAccessFactory.open_file(file)), 16, 1000000),
        ]
        print(small, large, files)
    """
    assert child(script).stdout == "[False, False] [True, True] [True, True]\n"


# ---------------------------------------------------------------- as a raw stream of io


def test_it_is_a_raw_stream_of_io(rewritable):
    raw = rewritable.to_raw_io()
    assert isinstance(raw, io.RawIOBase)
    assert raw.readable() and raw.writable() and raw.seekable() and not raw.isatty()
    assert raw.write(b"one\ntwo\n\nlast") == 13
    assert raw.seek(0) == 0
    assert raw.readline() == b"one\n"
    assert list(raw) == [b"two\n", b"\n", b"last"]
    raw.seek(0)
    assert raw.readall() == b"one\ntwo\n\nlast"
    assert raw.readall() == raw.read() == raw.read(-1) == raw.read(None) == b""
    assert raw.truncate(3) == 3 and raw.tell() == 13
    raw.seek(1)
    assert raw.truncate() == 1
    raw.writelines([b"x", bytearray(b"y"), memoryview(b"z")])
    assert rewritable.tell() == 4


def test_readinto_takes_any_writable_buffer():
    import numpy as np

    raw = StreamAccessFactory.from_buffer(bytes(range(24))).to_raw_io()
    grid = np.zeros((2, 3, 2), "u2")
    assert raw.readinto(grid) == 24
    assert grid.tobytes() == bytes(range(24))
    assert raw.readinto(grid) == 0
    raw.seek(20)
    assert raw.readinto(grid) == 4
    raw.seek(0)
    assert raw.readinto(bytearray()) == raw.readinto(np.zeros((0, 5))) == 0
    assert raw.readinto(memoryview(bytearray(9)).cast("B", (3, 3))) == 9
    for wrong in (b"read-only", "text", None, [1], np.zeros((4, 4))[:, ::2], np.zeros((4, 4)).T[::2]):
        with pytest.raises(TypeError):
            raw.readinto(wrong)


def test_write_takes_any_contiguous_buffer():
    import numpy as np

    raw = StreamAccessFactory.allocate().to_raw_io()
    assert raw.write(np.arange(6, dtype="u2").reshape(2, 3)) == 12
    assert raw.write(b"") == 0
    assert raw.write(array.array("d", [1.5])) == 8
    for wrong in ("text", None, 5, np.zeros((4, 4))[:, ::2]):
        with pytest.raises(TypeError):
            raw.write(wrong)


def test_raw_streams_obey_the_rules_for_positions_and_sizes(tmp_path):
    memory = StreamAccessFactory.allocate().to_raw_io()
    file = StreamAccessFactory.open_file(tmp_path / "f", "w+b").to_raw_io()
    with memory, file:
        for raw in (memory, file):
            for bad in (-1, 3, 99):
                with pytest.raises(ValueError):
                    raw.seek(0, bad)
            with pytest.raises(TypeError):
                raw.seek(0.0)
            with pytest.raises(TypeError):
                raw.seek("0")
            with pytest.raises(OverflowError):
                raw.seek(2**63)
            with pytest.raises(TypeError):
                raw.truncate(1.5)
        with pytest.raises(ValueError):
            memory.seek(-1)
        with pytest.raises(ValueError):
            memory.truncate(-1)
        for call in (lambda: file.seek(-1), lambda: file.seek(-1, 1), lambda: file.truncate(-1)):
            with pytest.raises(OSError) as refused:
                call()
            assert refused.value.errno == errno.EINVAL


def test_what_a_raw_stream_cannot_do_is_unsupported(held):
    reading = StreamAccessFactory.open_file_read(held).to_raw_io()
    writing = StreamAccessFactory.open_file_write(held).to_raw_io()
    fixed = StreamAccessFactory.from_buffer(bytearray(4)).to_raw_io()
    with reading, writing:
        for call in (
            lambda: reading.write(b"x"),
            reading.truncate,
            writing.read,
            writing.readall,
            lambda: writing.readinto(bytearray(1)),
            lambda: fixed.truncate(2),
            fixed.fileno,
        ):
            with pytest.raises(io.UnsupportedOperation):
                call()
        assert not reading.writable() and not writing.readable()


def test_a_file_has_name_mode_closefd_and_descriptor(held):
    path = str(held)
    with StreamAccessFactory.open_file(path, "r+b").to_raw_io() as raw, open(path, "r+b", buffering=0) as peer:
        assert (raw.name, raw.mode, raw.closefd) == (peer.name, peer.mode, peer.closefd)
        raw.seek(4)
        fd = raw.fileno()
        assert os.read(fd, 2) == b"45"
        assert raw.tell() == 6
        assert raw.read(1) == b"6"
        assert path in repr(raw) and "rb+" in repr(raw)
    memory = StreamAccessFactory.allocate().to_raw_io()
    assert not hasattr(memory, "name") and not hasattr(memory, "mode")


def test_a_shared_descriptor_is_not_given_out(held):
    stream = StreamAccessFactory.open_file_read(held)
    access = RandomAccessFactory.from_stream(stream)
    with stream:
        with pytest.raises(io.UnsupportedOperation):
            stream.to_raw_io().fileno()
        assert access.read_at(3, 3) == b"345" and stream.tell() == 0
    assert access.read_at(8, 9) == b"89"


def test_closing_a_raw_stream_closes_the_stream_unless_told_otherwise():
    stream = StreamAccessFactory.allocate()
    with stream.to_raw_io(closefd=False) as raw:
        raw.write(b"kept")
    assert raw.closed and not stream.closed and stream.size() == 4
    with stream.to_raw_io():
        pass
    assert stream.closed


def test_a_raw_stream_that_is_only_dropped_closes_nothing():
    stream = StreamAccessFactory.allocate()
    pickle.dump({"a": 1}, stream.to_raw_io())
    gc.collect()
    stream.seek(0)
    assert pickle.load(stream.to_raw_io()) == {"a": 1}


def open_descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted by /proc")
def test_a_file_that_nobody_closes_is_closed_with_a_warning(held):
    before = open_descriptors()
    for make in (
        lambda: StreamAccessFactory.open_file_read(held),
        lambda: StreamAccessFactory.open_file_read(held).to_raw_io(),
        lambda: io.BufferedReader(StreamAccessFactory.open_file_read(held).to_raw_io()),
    ):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            thing = make()
            del thing
            gc.collect()
        assert [one.category for one in seen] == [ResourceWarning]
        assert "unclosed file" in str(seen[0].message) and "held.bin" in str(seen[0].message)
        assert open_descriptors() == before
    with pytest.warns(ResourceWarning, match="held.bin"):
        StreamAccessFactory.open_file_read(held)
        gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with StreamAccessFactory.open_file_read(held):
            pass
        StreamAccessFactory.open_file_read(held).to_raw_io().close()
        gc.collect()


def test_raw_streams_cannot_be_pickled():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(StreamAccessFactory.allocate().to_raw_io(), protocol)


def test_a_subclass_keeps_its_own_methods():
    from iolink._raw_io import RawStream

    class Counting(RawStream):
        calls = 0

        def readinto(self, buffer):
            self.calls += 1
            return super().readinto(buffer)

    raw = Counting(StreamAccessFactory.from_buffer(b"abcdef"))
    assert io.BufferedReader(raw).read(3) == b"abc"
    assert raw.calls == 1


# ---------------------------------------------------------------- what others do with it


def test_zipfile_round_trip(rewritable):
    raw = rewritable.to_raw_io()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "alpha" * 1000)
        archive.writestr("b/c.bin", os.urandom(100_000))
    with zipfile.ZipFile(raw) as archive:
        assert archive.testzip() is None
        assert archive.read("a.txt") == b"alpha" * 1000
    with zipfile.ZipFile(raw, "a") as archive:
        archive.writestr("later", b"!")
    assert zipfile.ZipFile(raw).namelist() == ["a.txt", "b/c.bin", "later"]


@pytest.mark.parametrize("mode", ["", ":gz", ":xz", "|", "|gz"])
def test_tarfile_round_trip(rewritable, mode, tmp_path):
    (tmp_path / "member").write_bytes(b"m" * 5000)
    raw = rewritable.to_raw_io()
    with tarfile.open(fileobj=raw, mode="w" + (mode or ":")) as archive:
        archive.add(tmp_path / "member", "member")
    raw.seek(0)
    with tarfile.open(fileobj=raw, mode="r" + (mode or ":")) as archive:
        assert archive.extractfile(next(iter(archive))).read() == b"m" * 5000


def test_gzip_round_trip(rewritable):
    raw = rewritable.to_raw_io()
    with gzip.GzipFile(fileobj=raw, mode="wb") as packed:
        packed.write(b"squeeze " * 10_000)
    raw.seek(0)
    with gzip.GzipFile(fileobj=raw, mode="rb") as packed:
        assert packed.read() == b"squeeze " * 10_000
    raw.seek(0)
    inner = StreamAccessFactory.from_file_object(gzip.GzipFile(fileobj=raw, mode="rb"))
    assert inner.read() == b"squeeze " * 10_000


def test_pickle_csv_and_text_round_trips(rewritable):
    raw = rewritable.to_raw_io()
    pickle.dump([1, {"two": (3, 4.5)}], raw)
    raw.seek(0)
    assert pickle.load(raw) == [1, {"two": (3, 4.5)}]
    raw.seek(0)
    raw.truncate()
    text = io.TextIOWrapper(io.BufferedRandom(raw), "utf-8", newline="")
    csv.writer(text).writerows([["ä", 1], ["ö", 2]])
    text.seek(0)
    assert list(csv.reader(text)) == [["ä", "1"], ["ö", "2"]]


def test_pandas_reads_and_writes(rewritable):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": range(5000), "b": [f"row {row}" for row in range(5000)]})
    raw = rewritable.to_raw_io(closefd=False)
    frame.to_csv(raw, index=False)
    raw.seek(0)
    pd.testing.assert_frame_equal(pd.read_csv(raw), frame)


def test_numpy_saves_and_loads(rewritable):
    np = pytest.importorskip("numpy")
    values = np.random.default_rng(1).normal(size=(50, 40))
    raw = rewritable.to_raw_io()
    np.save(raw, values)
    raw.seek(0)
    assert (np.load(io.BufferedReader(raw)) == values).all()


def test_pillow_round_trip(rewritable):
    image = pytest.importorskip("PIL.Image")
    picture = image.frombytes("RGB", (30, 20), os.urandom(1800))
    raw = rewritable.to_raw_io()
    picture.save(raw, "PNG")
    raw.seek(0)
    assert image.open(raw).tobytes() == picture.tobytes()


def test_tifffile_round_trip(rewritable):
    tifffile = pytest.importorskip("tifffile")
    np = pytest.importorskip("numpy")
    values = np.arange(600, dtype="u2").reshape(20, 30)
    raw = rewritable.to_raw_io()
    tifffile.imwrite(raw, values)
    raw.seek(0)
    assert (tifffile.imread(raw) == values).all()


def test_a_subprocess_gets_the_descriptor(held):
    with StreamAccessFactory.open_file_read(held) as stream:
        stream.seek(5)
        got = subprocess.run(["cat"], stdin=stream.to_raw_io(), capture_output=True, check=True)
    assert got.stdout == b"56789"


# ---------------------------------------------------------------- a Python object as a stream


def test_python_objects_give_what_they_can(tmp_path):
    class OnlyReads:
        def read(self, n):
            return b"x" * n

    class OnlyWrites:
        def __init__(self):
            self.got = b""

        def write(self, data):
            self.got += data

    class OnlyReadsInto:
        def readinto(self, buffer):
            buffer[:2] = b"hi"
            return 2

    assert StreamAccessFactory.from_file_object(OnlyReads()).read(4) == b"xxxx"
    sink = OnlyWrites()
    stream = StreamAccessFactory.from_file_object(sink)
    assert stream.write(bytearray(b"abc")) == 3 and sink.got == b"abc"
    assert stream.capabilities() == StreamCapability.WRITE
    assert StreamAccessFactory.from_file_object(OnlyReadsInto()).read(9) == b"hi"
    with open(tmp_path / "real", "w+b") as real:
        stream = StreamAccessFactory.from_file_object(real)
        assert stream.source() == str(tmp_path / "real")
        stream.write(b"buffered")
        stream.close()
        assert not real.closed
        assert (tmp_path / "real").read_bytes() == b"buffered"


def test_what_the_object_could_not_keep_is_told_when_the_stream_is_closed():
    class Full(io.BytesIO):
        def flush(self):
            raise OSError(errno.ENOSPC, "no room")

    stream = StreamAccessFactory.from_file_object(Full())
    stream.write(b"lost?")
    with pytest.raises(OSError, match="no room"):
        stream.close()
    raw = StreamAccessFactory.from_file_object(Full()).to_raw_io()
    raw.write(b"lost?")
    with pytest.raises(OSError, match="no room"):
        raw.close()
    assert raw.closed


def test_text_mode_is_refused_with_the_reason(tmp_path):
    (tmp_path / "t").write_text("text")
    with open(tmp_path / "t") as text:
        with pytest.raises(TypeError, match="text mode"):
            StreamAccessFactory.from_file_object(text)
        assert StreamAccessFactory.from_file_object(text.buffer).read() == b"text"
    with pytest.raises(TypeError, match="text mode"):
        StreamAccessFactory.from_file_object(io.StringIO("x"))
    with pytest.raises(TypeError, match="neither"):
        StreamAccessFactory.from_file_object(object())


def test_what_the_object_raises_comes_out_unchanged():
    class Special(Exception):
        pass

    raised = Special("mine")

    class Fails:
        def fail(self, *_):
            raise raised

        read = write = seek = tell = truncate = flush = fail

        def readable(self):
            return True

    stream = StreamAccessFactory.from_file_object(Fails())
    raw = stream.to_raw_io()
    for call in (
        stream.read,
        lambda: stream.read(3),
        lambda: stream.readinto(bytearray(2)),
        lambda: stream.write(b"x"),
        lambda: stream.seek(3),
        stream.tell,
        stream.size,
        lambda: stream.resize(3),
        stream.flush,
        raw.readall,
        lambda: raw.readinto(bytearray(2)),
        lambda: raw.write(b"x"),
        lambda: io.BufferedReader(stream.to_raw_io(closefd=False)).read(2),
    ):
        with pytest.raises(Special) as caught:
            call()
        assert caught.value is raised


@pytest.mark.parametrize(
    ("lie", "error", "words"),
    [
        (b"x" * 11, OSError, "gave 11 bytes"),
        ("text", TypeError, "str, not bytes"),
        (None, BlockingIOError, "None"),
        (5, TypeError, "int, not bytes"),
        ([1, 2], TypeError, "list, not bytes"),
    ],
)
def test_an_object_whose_read_lies_is_caught(lie, error, words):
    class Liar:
        def read(self, n):
            return lie

    with pytest.raises(error, match=words):
        StreamAccessFactory.from_file_object(Liar()).read(10)


@pytest.mark.parametrize("lie", [11, -1, 2**70, "3", 1.5])
def test_an_object_whose_counts_lie_is_caught(lie):
    class Liar:
        def readinto(self, buffer):
            return lie

        def write(self, data):
            return lie

    stream = StreamAccessFactory.from_file_object(Liar())
    with pytest.raises((OSError, TypeError)):
        stream.read(10)
    with pytest.raises((OSError, TypeError)):
        stream.write(b"0123456789")


def test_an_object_that_keeps_its_buffer_keeps_nothing_of_ours():
    kept = []

    class Keeper:
        def readinto(self, buffer):
            kept.append(memoryview(buffer))
            buffer[:3] = b"abc"
            return 3

    assert StreamAccessFactory.from_file_object(Keeper()).read(3) == b"abc"
    kept[0][:3] = b"XYZ"


def test_a_stream_through_a_stream_through_a_stream(rewritable):
    stream = rewritable
    for _ in range(3):
        stream = StreamAccessFactory.from_file_object(stream.to_raw_io())
    stream.write(b"deep")
    stream.seek(0)
    assert stream.read() == b"deep"
    rewritable.seek(0)
    assert rewritable.read() == b"deep"


# ---------------------------------------------------------------- random access


def test_random_access_reads_and_writes_anywhere(tmp_path):
    path = tmp_path / "r"
    path.write_bytes(bytes(10))
    shared = bytearray(10)
    for access in (
        RandomAccessFactory.allocate(10),
        RandomAccessFactory.from_buffer(shared),
        RandomAccessFactory.open_file(path, writable=True),
        RandomAccessFactory.from_stream(io.BytesIO(bytes(10))),
    ):
        assert access.size() == 10
        assert access.write_at(7, b"xyz") == 3
        assert access.read_at(5, 99) == b"\0\0xyz"
        assert access.read_at(10, 5) == access.read_at(2**62, 5) == access.read_at(0, 0) == b""
        target = bytearray(4)
        assert access.readinto_at(8, target) == 2 and target == b"yz\0\0"
        for at in (8, 10, 2**62):
            with pytest.raises(IndexError):
                access.write_at(at, b"abc")
        assert access.read_at(0, 10) == b"\0" * 7 + b"xyz"
        for call in (lambda: access.read_at(-1, 1), lambda: access.read_at(0, -1), lambda: access.write_at(-1, b"")):
            with pytest.raises(ValueError, match="negative"):
                call()
    assert shared[7:] == b"xyz" == path.read_bytes()[7:]


def test_read_only_random_access_is_not_written(held):
    for access in (RandomAccessFactory.open_file(held), RandomAccessFactory.from_buffer(b"0123456789")):
        assert not access.support(StreamCapability.WRITE)
        with pytest.raises(NotImplementedError, match="WRITE"):
            access.write_at(0, b"x")
    assert held.read_bytes() == b"0123456789"


def test_random_access_lends_its_memory():
    access = RandomAccessFactory.allocate(4)
    memoryview(access)[1:3] = b"ab"
    assert access.read_at(0, 4) == b"\0ab\0"
    assert StreamAccessFactory.from_random_access(access).support(StreamCapability.MEMORY_ACCESS)


def test_a_mapped_file_lends_its_pages_and_is_read_by_position(held):
    access = RandomAccessFactory.open_file(held, writable=True, mapped=True)
    assert access.support(StreamCapability.READ | StreamCapability.WRITE | StreamCapability.MEMORY_ACCESS)
    view = memoryview(access)
    view[0] = ord("X")
    assert held.read_bytes() == b"X123456789" and access.read_at(0, 2) == b"X1"
    access.write_at(9, b"!")
    assert view[9] == ord("!")
    stream = StreamAccessFactory.from_random_access(access)
    assert not stream.support(StreamCapability.MEMORY_ACCESS)
    os.truncate(held, 5)
    # Beyond the end there is no page left: nothing but an access to the memory itself may touch it.
    for read in (lambda: access.read_at(3, 7), lambda: access.readinto_at(0, bytearray(10)), stream.read):
        with pytest.raises(iolink.CorruptDataError, match="10 bytes"):
            read()
    with pytest.raises(BufferError, match="10 bytes"):
        memoryview(access)
    assert memoryview(RandomAccessFactory.open_file(held, mapped=True)).readonly
    held.write_bytes(b"")
    assert bytes(memoryview(RandomAccessFactory.open_file(held, mapped=True))) == b""
    with pytest.raises(NotImplementedError):
        RandomAccessFactory.open_file("/dev/null", mapped=True)


def test_several_streams_over_one_file_have_their_own_cursors(held):
    access = RandomAccessFactory.open_file(held)
    first, second = (StreamAccessFactory.from_random_access(access) for _ in range(2))
    assert (first.read(4), second.read(2), first.read(2)) == (b"0123", b"01", b"45")
    first.close()
    assert second.read() == b"23456789"
    with pytest.raises(io.UnsupportedOperation):
        second.to_raw_io().fileno()


def test_one_random_access_is_read_by_many_threads(tmp_path):
    data = os.urandom(500_000)
    path = tmp_path / "threads"
    path.write_bytes(data)
    for access in (
        RandomAccessFactory.open_file(path),
        RandomAccessFactory.from_buffer(data),
        RandomAccessFactory.from_stream(io.BytesIO(data)),
    ):
        wrong = []

        def read(seed, access=access, wrong=wrong):
            for step in range(200):
                at = (seed * 7919 + step * 104729) % 490_000
                size = 1 + (seed * 31 + step * 977) % 9_000
                if access.read_at(at, size) != data[at : at + size]:
                    wrong.append((at, size))

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_stream_over_random_access_over_a_python_object_does_not_lock_up():
    data = os.urandom(200_000)
    access = RandomAccessFactory.from_stream(io.BufferedReader(io.BytesIO(data)))
    stream = StreamAccessFactory.from_random_access(access)
    total, lock = [], threading.Lock()

    def take():
        while chunk := stream.read(777):
            with lock:
                total.append(len(chunk))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(total) == len(data)


# ---------------------------------------------------------------- files of no name, and leaks


def test_a_temporary_file_leaves_nothing_behind(tmp_path):
    with StreamAccessFactory.temporary_file(tmp_path) as stream:
        stream.write(b"x" * 100_000)
        assert list(tmp_path.iterdir()) == []
        stream.seek(0)
        assert stream.read() == b"x" * 100_000
    with pytest.raises(FileNotFoundError):
        StreamAccessFactory.temporary_file(tmp_path / "missing")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted by /proc")
def test_nothing_is_left_after_many_round_trips(held):
    data = bytearray(1000)
    before, references = open_descriptors(), sys.getrefcount(data)
    for _ in range(300):
        with StreamAccessFactory.open_file_read(held) as stream:
            with io.BufferedReader(stream.to_raw_io()) as reader:
                reader.read()
        StreamAccessFactory.from_buffer(data).to_raw_io().read()
        memoryview(StreamAccessFactory.from_buffer(data)).release()
        StreamAccessFactory.from_file_object(io.BytesIO(b"x")).read()
        with pytest.raises(TypeError):
            StreamAccessFactory.allocate().to_raw_io().write("text")
    assert open_descriptors() == before
    assert sys.getrefcount(data) == references
    data.append(1)


def test_files_without_a_size_are_read_to_their_end():
    path = "/proc/self/status"
    if not os.path.exists(path):
        pytest.skip("no /proc here")
    with StreamAccessFactory.open_file_read(path) as stream:
        assert b"VmSize" in stream.read()


# ---------------------------------------------------------------- what the docstrings say


def documented():
    from iolink import _raw_io

    for owner in (
        StreamAccessFactory,
        iolink.StreamAccess,
        RandomAccessFactory,
        iolink.RandomAccess,
        iolink.DataStorageFactory,
        iolink.DataStorage,
        _raw_io.RawStream,
    ):
        yield owner.__name__, owner.__doc__
        for name in vars(owner):
            text = getattr(getattr(owner, name), "__doc__", None)
            if isinstance(text, str):
                yield f"{owner.__name__}.{name}", text


def test_examples_in_docstrings_run():
    runner, parser = doctest.DocTestRunner(), doctest.DocTestParser()
    for name, text in documented():
        if ">>>" in text:
            runner.run(parser.get_doctest(text, {}, name, None, None))
    assert runner.summarize(verbose=False) == (0, runner.tries) and runner.tries > 30


def test_every_method_says_what_it_does():
    silent = [name for name, text in documented() if not text.strip()]
    assert not silent
    for owner in (StreamAccessFactory, iolink.StreamAccess, RandomAccessFactory, iolink.RandomAccess):
        for name in vars(owner):
            if not name.startswith("_"):
                assert getattr(owner, name).__doc__, f"{owner.__name__}.{name}"
