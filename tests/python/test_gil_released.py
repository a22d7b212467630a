"""Which calls let other threads of Python run while they read, and which are too short for it."""

import os
import subprocess
import sys
import textwrap

# With so long a switch interval another thread runs only when the one that runs lets go of the GIL by itself.
SETTING = """
    import sys, threading
    import numpy as np
    from iolink import ImageCapability, ImageViewFactory, NumpyInterop

    gate, started, seen = threading.Lock(), threading.Event(), []
    gate.acquire()

    def other():
        started.set()
        while True:
            gate.acquire()
            seen.append(1)

    threading.Thread(target=other, daemon=True).start()
    started.wait()
    sys.setswitchinterval(1000)

    def lets_go(call, most):
        '''Did the other thread take its one step during any of so many calls?'''
        before = len(seen)
        if gate.locked():
            gate.release()
        for _ in range(most):
            call()
            if len(seen) > before:
                return True
        return False

    samples = np.arange(64 * 64, dtype="u2").reshape(64, 64)
    memory = NumpyInterop.from_numpy_array(samples, "IMAGE")
    typed = ImageViewFactory.adapt_dynamic_range(memory, "FLOAT", (0, 65535), (0, 1))
    unshared = ImageViewFactory.restrict_capabilities(memory, ImageCapability.READ | ImageCapability.WRITE)
    raw = ImageViewFactory.restrict_capabilities(
        ImageViewFactory.from_random_access(samples.tobytes(), (64, 64), "UINT16"), ImageCapability.READ
    )
    whole, target = ((0, 0), (64, 64)), np.empty((64, 64), "u2")
    few, small = ((0, 0), (8, 8)), np.empty((8, 8), "u2")
"""


def child(script):
    """What a script prints in an interpreter of its own that finds what this one finds."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SETTING) + textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_other_threads_run_while_an_image_is_read():
    script = """
        calls = {
            "asarray of another type": lambda: np.asarray(typed),
            "asarray of the quantity": lambda: np.asarray(memory.scaled()),
            "asarray of a flipped image": lambda: np.asarray(ImageViewFactory.flip(unshared, 0)),
            "asarray of bytes": lambda: np.asarray(raw),
            "a writable copy": lambda: NumpyInterop.to_numpy_array(typed, True),
            "tensor": lambda: np.from_dlpack(typed, copy=True),
            "duck array": lambda: typed.array[:],
            "lists in a key": lambda: typed[[0, 5], :],
            "a sample": lambda: typed.read((3, 3)),
            "a region": lambda: typed.read_region(few),
            "a region of many samples in memory": lambda: memory.read_region(whole, target),
            "writing": lambda: unshared.write_region(few, small),
            "writing many samples to memory": lambda: memory.write_region(whole, samples.copy()),
            "copy in memory": lambda: ImageViewFactory.copy_in_memory(memory),
        }
        print([name for name, call in calls.items() if not lets_go(call, 100000)])
    """
    assert child(script) == "[]\n"


def test_what_reads_nothing_or_little_of_memory_keeps_the_gil():
    script = """
        calls = {
            "asarray": lambda: np.asarray(memory),
            "buffer": lambda: memoryview(memory),
            "tensor": lambda: np.from_dlpack(memory),
            "a key": lambda: memory[1:, ::-1],
            "a sample": lambda: memory.read((3, 3)),
            "a region of few samples": lambda: memory.read_region(few, small),
            "making an adapter": lambda: ImageViewFactory.adapt_data_type(memory, "FLOAT"),
        }
        print([name for name, call in calls.items() if lets_go(call, 300)])
    """
    assert child(script) == "[]\n"
