"""Ctrl-C ends every long call at the first press, with KeyboardInterrupt."""

from __future__ import annotations

import pytest

import children

SETTING = """
import io, os, sys, tempfile, threading, time
import numpy as np
import iolink
from iolink import DataFrameViewFactory as Frames, ImageViewFactory, RandomAccessFactory, StreamAccessFactory

FOLDER = sys.argv[1]


def endless():
    '''A pipe that gives bytes for ever.'''
    reader, writer = os.pipe()
    if os.fork() == 0:
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.alarm(60)
        os.close(reader)
        os.close(1)
        os.close(2)
        try:
            while True:
                os.write(writer, b"y" * 65536)
        except OSError:
            os._exit(0)
    os.close(writer)
    return reader


def full():
    return os.pipe()[1]


class Slow(io.BytesIO):
    '''A file object that takes its time in Python.'''
    def read(self, n=-1):
        time.sleep(0.01)
        return super().read(min(n, 100) if n > 0 else n)


def table(ending, rows=20_000):
    path = os.path.join(FOLDER, "x." + ending)
    Frames.write(Frames.from_columns({"a": list(range(rows)), "b": ["text"] * rows}), path)
    return path


def over(ending):
    with open(table(ending), "rb") as file:
        return Slow(file.read())
"""

CALLS = {
    "read of an endless pipe": ("s = StreamAccessFactory.from_file_descriptor(endless())", "s.read()"),
    "readall of an endless pipe": (
        "s = StreamAccessFactory.from_file_descriptor(endless()).to_raw_io()",
        "s.readall()",
    ),
    "buffered read of an endless pipe": (
        "s = io.BufferedReader(StreamAccessFactory.from_file_descriptor(endless()).to_raw_io())",
        "s.read()",
    ),
    "read of an empty pipe": ("s = StreamAccessFactory.from_file_descriptor(os.pipe()[0])", "s.read(10)"),
    "readinto of an empty pipe": (
        "s = StreamAccessFactory.from_file_descriptor(os.pipe()[0])",
        "s.readinto(bytearray(10))",
    ),
    "write to a full pipe": ("s = StreamAccessFactory.from_file_descriptor(full(), 'wb')", "s.write(b'x' * (4 << 20))"),
    "raw write to a full pipe": (
        "s = StreamAccessFactory.from_file_descriptor(full(), 'wb').to_raw_io()\nb = io.BufferedWriter(s)",
        "b.write(b'x' * (4 << 20)); b.flush()",
    ),
    "read of a device": ("s = StreamAccessFactory.open_file('/dev/zero')", "s.read(1 << 36)"),
    "read of everything of a device": ("s = StreamAccessFactory.open_file('/dev/zero')", "s.read()"),
    "opening a named pipe": ("os.mkfifo(FOLDER + '/p')", "StreamAccessFactory.open_file(FOLDER + '/p')"),
    "read of a file object": ("s = StreamAccessFactory.from_file_object(Slow(bytes(1 << 20)))", "s.read()"),
    "random access to a file object": (
        "a = RandomAccessFactory.from_stream(Slow(bytes(1 << 20)))",
        "a.read_at(0, 1 << 20)",
    ),
    "an image of a file object": (
        "v = ImageViewFactory.from_random_access(RandomAccessFactory.from_stream(Slow(bytes(1 << 20))), (1024, 1024), 'UINT8')",
        "ImageViewFactory.copy_in_memory(v)",
    ),
    "csv of a file object": ("f = over('csv')", "iolink.open(f, format='csv').to_pandas()"),
    "jsonl of a file object": ("f = over('jsonl')", "iolink.open(f, format='jsonl').to_pandas()"),
    "parquet of a file object": ("f = over('parquet')", "iolink.open(f, format='parquet').to_arrow()"),
    "arrow of a file object": ("f = over('arrow')", "iolink.open(f, format='arrow').to_pandas()"),
}

BODY = """
print("begun", flush=True)
begun = time.monotonic()
try:
    while time.monotonic() < begun + 1:
        exec(CALL)
    print("it came back by itself")
except KeyboardInterrupt:
    print("interrupted")
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("name", CALLS)
def test_a_long_call_ends_at_the_first_press(name, tmp_path):
    make, call = CALLS[name]
    script = f"{SETTING}\n{make}\nCALL = {call!r}\n{BODY}"
    assert children.interrupted(script, str(tmp_path)) == "interrupted"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
def test_reading_and_writing_a_table_of_a_path_ends_with_keyboard_interrupt(ending, tmp_path):
    script = f"{SETTING}\np = table({ending!r}, 300_000)\nframe = iolink.open(p)\n"
    for call in (
        "iolink.open(p).to_pandas()",
        "Frames.write(frame, p + '.copy', format=ENDING)",
        "iolink.open(p).to_arrow()",
    ):
        body = f"ENDING = {ending!r}\nCALL = {call!r}\n{BODY}".replace("begun + 1", "begun + 20")
        assert children.interrupted(script + body, str(tmp_path)) == "interrupted"


def test_what_a_write_left_in_the_pipe_is_there_and_the_stream_goes_on():
    script = """
    import os, signal, sys, threading, time
    from iolink import StreamAccessFactory
    reader, writer = os.pipe()
    stream = StreamAccessFactory.from_file_descriptor(writer, "wb")
    print("begun", flush=True)
    try:
        stream.write(b"x" * (4 << 20))
    except KeyboardInterrupt:
        got = os.read(reader, 1 << 20)
        assert got and set(got) == {ord("x")}
        assert stream.write(b"end") == 3 and os.read(reader, 10).endswith(b"end")
        print("interrupted")
    """
    assert children.interrupted(script) == "interrupted"


def test_a_handler_that_raises_nothing_ends_nothing(tmp_path):
    script = f"""{SETTING}
import signal
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
reader, writer = os.pipe()
stream = StreamAccessFactory.from_file_descriptor(writer, "wb")
def drain():
    time.sleep(1.5)
    while os.read(reader, 1 << 16):
        pass
threading.Thread(target=drain).start()
print("begun", flush=True)
assert stream.write(b"x" * (4 << 20)) == 4 << 20 and heard
stream.close()
print("whole")
"""
    assert children.interrupted(script, str(tmp_path)) == "whole"


def test_the_import_of_numpy_may_be_interrupted(tmp_path):
    script = """
    import io, signal, sys, iolink
    class Stops:
        def find_spec(self, name, path=None, target=None):
            if name == "numpy":
                raise KeyboardInterrupt
    sys.meta_path.insert(0, Stops())
    assert "numpy" not in sys.modules
    assert iolink.StreamAccessFactory.from_buffer(b"abc").read() == b"abc"
    assert iolink.StreamAccessFactory.from_file_object(io.BytesIO(b"abc")).read() == b"abc"
    assert iolink.open(io.BytesIO(b"a\\n1\\n"), format="csv").at("a", 0) == 1
    print("good")
    """
    assert children.output(script) == "good"
