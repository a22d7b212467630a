"""Who keeps whom alive, for how long, and on which thread it ends."""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

import iolink
from iolink import ImageCapability, ImageViewFactory, NumpyInterop, _iolink

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 10_000


def exports(view):
    """Every way in which an image shares its memory."""
    return {
        "array": lambda: np.asarray(view),
        "ordered": lambda: NumpyInterop.order_to_numpy_array(view, ["ROW", "COLUMN"]),
        "buffer": lambda: memoryview(view),
        "tensor": lambda: np.from_dlpack(view),
        "interface": lambda: np.asarray(
            type("Holder", (), {"__array_interface__": view.__array_interface__, "v": view})()
        ),
        "part": lambda: np.asarray(view[1:]),
        "capsule": lambda: np.asarray(iolink.from_capsule(view.__iolink_view__())),
        "address": lambda: np.asarray(iolink.ImageView.create_from_pointer(view.to_pointer())),
        "duck": lambda: view.array[:],
    }


WAYS = ["array", "ordered", "buffer", "tensor", "interface", "part", "capsule", "address", "duck"]


@pytest.mark.parametrize("way", WAYS)
def test_an_export_keeps_the_array_and_an_array_its_image(way):
    array = np.arange(12, dtype="u2").reshape(3, 4)
    gone = weakref.ref(array)
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    export = exports(view)[way]()
    del array, view
    gc.collect()
    assert gone() is not None
    assert np.asarray(export)[-1, -1] == 11
    del export
    gc.collect()
    assert gone() is None


def refused(view):
    with pytest.raises(IndexError):
        view[9]


def round_trips():
    array = np.arange(12, dtype="u2").reshape(3, 4)
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    lazy = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ)
    function = ImageViewFactory.from_function((4, 3), "UINT16", lambda region: np.zeros(tuple(region.size()), "u2"))
    held = (array, view, lazy, function)
    return held, {
        "from_numpy": lambda: NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array, "IMAGE")),
        "order_from_numpy": lambda: NumpyInterop.order_from_numpy_array(array, ["COLUMN", "ROW"]),
        "vectors": lambda: NumpyInterop.from_numpy_array(array, vector=True),
        "from_dlpack": lambda: iolink.from_dlpack(array),
        "from_dlpack copied": lambda: iolink.from_dlpack(array, copy=True),
        "tensor not taken": lambda: (view.__dlpack__(), view.__dlpack__(max_version=(1, 0))),
        "lazy": lambda: np.asarray(lazy),
        "lazy tensor": lambda: np.from_dlpack(lazy),
        "lazy part": lambda: np.asarray(lazy[1:, ::2]),
        "fancy": lambda: lazy[[0, 1], [1, 2]],
        "write": lambda: view.__setitem__((0, 0), 0),
        "function": lambda: np.asarray(function[1:]),
        "refused": lambda: refused(view),
        "pickle": lambda: view.__reduce_ex__(5),
        **exports(view),
    }


KINDS = sorted(round_trips()[1])


class Malloc(ctypes.Structure):
    """What `mallinfo2` tells; `uordblks` are the bytes in use and `hblkhd` those of large blocks."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def bytes_of_malloc():
    """The function that tells how much the C library has given out; `None` of one that does not tell."""
    told = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if told is not None:
        told.restype = Malloc
    return told


# Blocks of Python and bytes of malloc, in memory that is there already: what is counted does not count itself.
Taken = ctypes.c_longlong * 2


def take(malloc, taken):
    """Counts what this process has taken, once Python has given up what it keeps of things that are gone: cycles, free lists,
    and names of attributes, of which the cache of its types keeps up to 4096.
    """
    gc.collect()
    sys._clear_type_cache()
    taken[0] = sys.getallocatedblocks()
    if malloc is not None:
        told = malloc()
        taken[1] = told.uordblks + told.hblkhd


def left_by_round_trips(kind):
    """Blocks of Python, bytes of malloc, references to what is held, and things alive that ten thousand rounds leave."""
    held, bodies = round_trips()
    body, malloc = bodies[kind], bytes_of_malloc()
    before, after = Taken(), Taken()
    for _ in itertools.repeat(None, ROUNDS // 5):
        body()
    take(malloc, before)
    references, alive = [sys.getrefcount(thing) for thing in held], _iolink._live()
    take(malloc, before)
    for _ in itertools.repeat(None, ROUNDS):
        body()
    take(malloc, after)
    counted = [sys.getrefcount(thing) for thing in held]
    return {
        "blocks": after[0] - before[0],
        "bytes": after[1] - before[1],
        "references": [now - once for now, once in zip(counted, references)],
        "alive": {what: count - alive[what] for what, count in _iolink._live().items()},
    }


@pytest.fixture(scope="module")
def left_behind():
    """What is left by each kind, in a process where nothing else runs, and without the blocks that glibc keeps for a thread."""
    code = "import json, test_array_lifetime as t; print(json.dumps({k: t.left_by_round_trips(k) for k in t.KINDS}))"
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
    }
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_round_trips_leave_no_byte_and_no_reference(kind, left_behind):
    left, nothing = left_behind[kind], {"images": 0, "exports": 0, "owners": 0, "bytes": 0}
    # Malloc may make the same block 16 bytes larger than it was. A leak, even of every two hundredth round, leaves 32 each.
    assert left.pop("bytes") < ROUNDS // 200 * 32
    assert left == {"blocks": 0, "references": [0] * 4, "alive": nothing}


def test_round_trips_leave_nothing_behind_that_python_counts():
    array = np.arange(12).reshape(3, 4)
    body = round_trips()[1]["from_numpy"]
    tracemalloc.start()
    try:
        for _ in range(100):
            body()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            body()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 4096
    finally:
        tracemalloc.stop()
    assert array.sum() == 66


class Asked:
    """Has nothing, and remembers the names of what it was asked for."""

    def __init__(self):
        self.names = []

    def __getattr__(self, name):
        self.names.append(name)
        raise AttributeError(name)


@pytest.mark.parametrize(
    "ask",
    [
        iolink.from_capsule,
        iolink.StreamAccessFactory.from_file_object,
        lambda asked: ImageViewFactory.allocate((4, 3), "UINT8")[asked],
        lambda asked: ImageViewFactory.create_on_disk(asked, (4, 3), "UINT8"),
    ],
    ids=["capsule", "file object", "index", "folder"],
)
def test_names_of_attributes_are_those_that_python_has(ask):
    """One made anew for each question would find nothing in the cache of Python's types, and stay in it for long."""
    asked = Asked()
    with pytest.raises((TypeError, IndexError)):
        ask(asked)
    assert asked.names
    assert [name for name in asked.names if sys.intern(str(name)) is not name] == []


# --- threads

SOURCE = r"""
#include "iolink_abi.h"
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *give_back(void *raw)
{
  iolink_view *view = raw;
  pthread_mutex_lock(&lock);
  view->vtable->release(view);
  pthread_mutex_unlock(&lock);
  return 0;
}
/* Lets go of a view on a thread that Python knows nothing of, which holds a lock that the caller waits for. */
int release_elsewhere(iolink_view *view)
{
  pthread_t thread;
  if (pthread_create(&thread, 0, give_back, view)) return 1;
  return pthread_join(thread, 0);
}
"""


def capsule_pointer(capsule):
    """The view of a capsule, which is taken over: the capsule is renamed and lets go of nothing."""
    get, rename = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_SetName
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = get(capsule, b"iolink_view_v1")
    rename(capsule, b"taken")
    return pointer


@pytest.fixture(scope="module")
def foreign_thread(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "foreign.c").write_text(SOURCE)
    include = f"-I{ROOT / 'sdk' / 'include'}"
    command = ["cc", "-shared", "-fPIC", "-pthread", include, "-o", folder / "foreign.so", folder / "foreign.c"]
    subprocess.run(command, check=True)
    return folder / "foreign.so"


@pytest.mark.parametrize("library", [ctypes.PyDLL, ctypes.CDLL], ids=["holding the GIL", "without the GIL"])
def test_a_release_on_a_foreign_thread_waits_for_nobody(foreign_thread, library):
    """The main thread holds the GIL and waits for the thread that lets go: one that waited for the GIL would never end."""
    release = library(foreign_thread).release_elsewhere
    release.argtypes = [ctypes.c_void_p]
    for _ in range(50):
        array = np.arange(100)
        gone = weakref.ref(array)
        view = NumpyInterop.from_numpy_array(array)
        pointer = capsule_pointer(view.__iolink_view__())
        del array, view
        assert gone() is not None
        assert release(pointer) == 0
        for _ in range(1000):  # the interpreter looks after it when the main thread next gets it
            if gone() is None:
                break
            time.sleep(0.001)
        assert gone() is None


def test_images_may_go_on_any_thread():
    array = np.zeros((64, 64), "u2")
    before = sys.getrefcount(array)
    barrier = threading.Barrier(8)

    def work():
        barrier.wait()
        for _ in range(300):
            view = NumpyInterop.from_numpy_array(array, "IMAGE")
            kept = [np.asarray(view), memoryview(view), np.from_dlpack(view), view[1:], view[::2].array[:]]
            del view
            kept.reverse()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    gc.collect()
    assert sys.getrefcount(array) == before


# --- the end of the interpreter

THINGS = {
    "array": "np.arange(12).reshape(3, 4)",
    "view": "NumpyInterop.from_numpy_array(np.arange(12).reshape(3, 4), 'IMAGE')",
    "back": "np.asarray(NumpyInterop.from_numpy_array(np.arange(12).reshape(3, 4)))",
    "buffer": "memoryview(ImageViewFactory.allocate((4, 4), 'UINT8'))",
    "tensor": "ImageViewFactory.allocate((4, 4), 'UINT8').__dlpack__(max_version=(1, 0))",
    "taken": "np.from_dlpack(ImageViewFactory.allocate((4, 4), 'UINT8'))",
    "function": "ImageViewFactory.from_function((4, 4), 'UINT8', lambda r: np.zeros(tuple(r.size()), 'u1'))",
    "lazy": "ImageViewFactory.stack([ImageViewFactory.allocate((4, 4), 'UINT8')] * 3)[1:]",
    "capsule": "ImageViewFactory.allocate((4, 4), 'UINT8').__iolink_view__()",
}

SHUTDOWN = """
import atexit, gc, sys, threading
import numpy as np
import iolink
from iolink import ImageViewFactory, NumpyInterop

class Cycle:
    pass

kept = [{things}]
cycle = Cycle()
cycle.itself, cycle.kept = cycle, list(kept)
{way}
print("ended")
"""

ENDINGS = {
    "by itself": "",
    "modules first": "sys.modules.pop('iolink'); sys.modules.pop('iolink._iolink'); sys.modules.pop('numpy'); del iolink, np",
    "kept by a module that goes last": "sys.kept = kept; import builtins; builtins.kept = kept",
    "without collection": "gc.disable(); gc.freeze()",
    "a thread that never ends": "threading.Thread(target=threading.Event().wait, daemon=True, args=()).start()",
    "a thread that reads": (
        "v = kept[-1] if hasattr(kept[-1], 'array') else NumpyInterop.from_numpy_array(np.zeros((9, 9)))\n"
        "def work():\n    while True: np.asarray(v)\n"
        "threading.Thread(target=work, daemon=True).start()"
    ),
    "at exit": "atexit.register(lambda: [np.asarray(thing) for thing in kept if hasattr(thing, 'array')])",
    "cleared at exit": "atexit.register(kept.clear); atexit.register(gc.collect)",
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_the_interpreter_ends_in_any_order(ending, order):
    names = list(THINGS) if order == "forward" else list(THINGS)[::-1]
    code = SHUTDOWN.format(things=", ".join(THINGS[name] for name in names), way=ENDINGS[ending])
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (result.returncode, result.stdout) == (0, "ended\n"), result.stderr
    assert "Traceback" not in result.stderr


def test_every_pair_can_go_in_either_order():
    for first, second in itertools.permutations(THINGS, 2):
        namespace = {"np": np, "NumpyInterop": NumpyInterop, "ImageViewFactory": ImageViewFactory}
        one = eval(THINGS[first], namespace)
        other = eval(THINGS[second], namespace)
        del one
        gc.collect(0)
        del other
