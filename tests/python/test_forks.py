"""Forked children: what the parent used reads on, or is refused in words at once. Nothing waits for threads that are not there."""

from __future__ import annotations

import pytest

import children

FORMATS = ["csv", "tsv", "jsonl", "parquet", "arrow", "stream.arrow"]

SETTING = """
import io, multiprocessing, os, subprocess, sys, tempfile, threading, time, warnings
from pathlib import Path
import numpy as np
import pandas, pyarrow  # a fork during another thread's import leaves the module locked
import iolink
from iolink import DataFrameViewFactory as Frames, ImageViewFactory, RandomAccessFactory, StreamAccessFactory

warnings.simplefilter("ignore")
FOLDER, ENDING = Path(sys.argv[1]), sys.argv[2]
ROWS = 30_000
OURS = Frames.from_columns({"a": list(range(ROWS)), "b": [str(number) for number in range(ROWS)]})


def path_of(name):
    return FOLDER / f"{name}.{ENDING}"


def make(name):
    if ENDING != "stream.arrow":
        Frames.write(OURS, path_of(name))
        return
    import pyarrow as pa
    with pa.ipc.new_stream(path_of(name), pa.table(OURS).schema) as out:
        out.write_table(pa.table(OURS))


def check(name="x"):
    frame = iolink.open(path_of(name))
    assert len(frame) == ROWS and frame.at("a", ROWS - 1) == ROWS - 1 and frame.at("b", 7) in ("7", 7), frame
    copy = Frames.copy_in_memory(frame)  # nothing of pyarrow, whose own locks a fork leaves behind
    assert len(copy) == ROWS and copy.at("a", ROWS // 2) == ROWS // 2


def write(name="y"):
    if ENDING != "stream.arrow":
        Frames.write(OURS, path_of(name))
        check(name)


def forked(body, deadline=60):
    '''How a fork that runs `body` ends: 0 where it returns, 1 where it raises, -9 where it had to be killed.'''
    child = os.fork()
    if child == 0:
        try:
            body()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -9


def refused(body):
    '''As `body`, which may be refused, at once and in words.'''
    begun = time.monotonic()
    try:
        body()
    except iolink.errors.ClosedError as refusal:
        assert "spawn" in str(refusal) and time.monotonic() - begun < 10, refusal
"""


def script(body: str) -> str:
    return SETTING + body


@pytest.mark.parametrize("ending", FORMATS)
def test_a_forked_child_reads_and_writes_tables_as_its_parent_did(tmp_path, ending):
    body = """
make("x")
check()
write("before")
both = lambda: (check(), write())
assert forked(both) == 0
frame = iolink.open(path_of("x"))
assert forked(lambda: frame.to_pandas()) == 0
assert forked(lambda: frame.at("a", 5)) == 0
check()
write()

def twice():
    check()
    assert forked(both) == 0
    check()
    others = [threading.Thread(target=check) for _ in range(3)]
    [other.start() for other in others]
    [other.join() for other in others]

assert forked(twice, 100) == 0
print("good")
"""
    assert children.output(script(body), str(tmp_path), ending) == "good"


@pytest.mark.parametrize("ending", FORMATS)
def test_a_child_of_a_parent_that_used_no_table_reads(tmp_path, ending):
    body = """
make("x") if ENDING == "stream.arrow" else forked(lambda: make("x"))
assert forked(check) == 0 and forked(lambda: (check(), write())) == 0
check()
print("good")
"""
    assert children.output(script(body), str(tmp_path), ending) == "good"


@pytest.mark.parametrize("ending", FORMATS)
def test_pools_and_preexec_and_forks_of_a_thread_read(tmp_path, ending):
    body = """
make("x")
check()
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map_async(lambda_free, range(6)).get(timeout=60)
done = []
thread = threading.Thread(target=lambda: done.append(forked(check)))
thread.start()
thread.join()
assert done == [0], done
subprocess.run([sys.executable, "-c", ""], preexec_fn=check, timeout=60, check=True)
print("good")
"""
    body = "\ndef lambda_free(_):\n    check()\n" + body
    assert children.output(script(body), str(tmp_path), ending) == "good"


@pytest.mark.parametrize("ending", FORMATS)
def test_a_fork_in_the_middle_of_other_threads_reads_ends_at_once(tmp_path, ending):
    body = """
make("x")
stop = threading.Event()

def busy(name):
    while not stop.is_set():
        check()
        write(name)

threads = [threading.Thread(target=busy, args=(f"busy{number}",)) for number in range(3)]
[thread.start() for thread in threads]
frame = iolink.open(path_of("x"))
try:
    for _ in range(25):
        assert forked(lambda: (refused(check), refused(write), refused(lambda: Frames.copy_in_memory(frame)))) == 0
finally:
    stop.set()
    [thread.join() for thread in threads]
check()
print("good")
"""
    assert children.output(script(body), str(tmp_path), ending) == "good"


def test_what_another_thread_held_at_the_fork_is_refused_and_the_rest_reads(tmp_path):
    body = """
class Slow(io.BytesIO):
    entered, hold = threading.Event(), False
    def read(self, n=-1):
        if Slow.hold and threading.current_thread() is not threading.main_thread():
            Slow.entered.set()
            time.sleep(60)
        return super().read(n)

access = RandomAccessFactory.from_stream(Slow(bytes(100_000)))
stream = StreamAccessFactory.from_random_access(RandomAccessFactory.from_stream(Slow(bytes(100_000))))
image = ImageViewFactory.from_random_access(access, (100, 1000), "UINT8")
plain = ImageViewFactory.allocate((100, 100), "UINT8")
Slow.hold = True
for use in (lambda: access.read_at(0, 10), lambda: stream.read(10)):
    Slow.entered.clear()
    threading.Thread(target=use, daemon=True).start()
    assert Slow.entered.wait(30)

def uses():
    refused(lambda: access.read_at(0, 10))
    refused(lambda: stream.read(10))
    refused(lambda: np.asarray(image))
    assert np.asarray(plain).sum() == 0 and ImageViewFactory.copy_in_memory(plain).shape() == plain.shape()
    assert StreamAccessFactory.from_buffer(b"abc").read() == b"abc"

assert forked(uses) == 0
sys.stdout.write("good")
sys.stdout.flush()
os._exit(0)
"""
    assert children.output(script(body), str(tmp_path), "csv") == "good"


def test_a_child_leaves_the_parents_files_alone(tmp_path):
    body = """
image = ImageViewFactory.copy_on_disk(FOLDER, ImageViewFactory.allocate((64, 64), "UINT8"))
files = sorted(FOLDER.iterdir())
assert files
child = os.fork()
if child == 0:
    del image
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert sorted(FOLDER.iterdir()) == files
assert np.asarray(image).sum() == 0
del image
import gc
gc.collect()
assert not list(FOLDER.iterdir())
print("good")
"""
    assert children.output(script(body), str(tmp_path), "csv") == "good"


@pytest.mark.parametrize("late", [1, 2])
def test_a_fork_in_a_callback_of_a_read_does_not_hang(tmp_path, late):
    body = (
        f"LATE = {late}"
        + """
make("x")
check()
data = path_of("x").read_bytes()

class Forks(io.BytesIO):
    child, reads = None, 0
    def read(self, n=-1):
        Forks.reads += 1
        if Forks.reads == LATE:
            Forks.child = os.fork()
        return super().read(n)

begun = time.monotonic()
try:
    frame = iolink.open(Forks(data), format=ENDING)
except iolink.errors.ClosedError as refusal:
    assert Forks.child == 0 and "spawn" in str(refusal), (Forks.child, refusal)
    os._exit(0 if time.monotonic() - begun < 10 else 1)
assert len(frame) == ROWS
if Forks.child == 0:
    os._exit(0)
assert Forks.child and os.waitstatus_to_exitcode(os.waitpid(Forks.child, 0)[1]) == 0
print("good")
"""
    )
    assert children.output(script(body), str(tmp_path), "csv") == "good"


def test_long_copies_by_several_threads_work_in_a_child(tmp_path):
    body = """
samples = np.arange(40 << 20, dtype="u1").reshape(4, 10 << 10, 1 << 10)
view = iolink.NumpyInterop.from_numpy_array(samples, "VOLUME")
def copies():
    assert np.array_equal(np.asarray(ImageViewFactory.copy_in_memory(view)), samples)
    assert np.array_equal(view.read_region(((0, 0, 0), view.shape())), samples)
copies()
assert forked(copies) == 0
print("good")
"""
    assert children.output(script(body), str(tmp_path), "csv") == "good"
