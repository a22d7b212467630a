"""Reads that several threads share out: the same samples, one account of progress, and an end on request."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from iolink import AxesInterpretationId, DataTypeId, ImageViewFactory, NumpyInterop, RegionXu64

SHAPE = (72, 512, 512)
VOLUME = np.arange(np.prod(SHAPE), dtype="u4").astype("u2").reshape(SHAPE)
BOX = RegionXu64((3, 5, 2), (500, 500, 68))
INSIDE = VOLUME[2:70, 5:505, 3:503]

LAYOUTS = {
    "rows": lambda a: a,
    "columns": np.asfortranarray,
    "turned": lambda a: np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1),
    "backwards": lambda a: a[::-1, :, ::-1].copy()[::-1, :, ::-1],
    "big-endian": lambda a: a.astype(">u2"),
    "every second": lambda a: np.repeat(a, 2, axis=2)[:, :, ::2],
}


def targets():
    yield np.zeros(INSIDE.shape, "u2")
    yield np.zeros(INSIDE.shape, "u2", order="F")
    yield np.zeros((*INSIDE.shape[:2], INSIDE.shape[2] + 9), "u2")[:, :, 4:-5]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_long_read_has_every_sample_in_its_place(layout):
    view = NumpyInterop.from_numpy_array(LAYOUTS[layout](VOLUME), AxesInterpretationId.VOLUME)
    for target in targets():
        view.read_region(BOX, target)
        assert np.array_equal(target, INSIDE)


def test_a_long_conversion_has_every_value():
    view = NumpyInterop.from_numpy_array(VOLUME, AxesInterpretationId.VOLUME)
    scaled = ImageViewFactory.adapt_dynamic_range(view, DataTypeId.FLOAT, (0, 65536), (1, 32769))
    assert np.array_equal(scaled.read_region(BOX), INSIDE.astype("f4") * np.float32(0.5) + 1)


def test_progress_is_told_by_the_thread_that_reads():
    view, calls, threads = NumpyInterop.from_numpy_array(VOLUME, AxesInterpretationId.VOLUME), [], set()

    def progress(done, total):
        calls.append((done, total))
        threads.add(threading.get_ident())

    view.read_region(BOX, np.zeros(INSIDE.shape, "u2"), progress=progress)
    assert threads == {threading.get_ident()}
    assert calls == sorted(set(calls)) and calls[-1] == (INSIDE.nbytes, INSIDE.nbytes)


def test_what_progress_raises_comes_out_and_the_view_reads_on():
    view = NumpyInterop.from_numpy_array(VOLUME, AxesInterpretationId.VOLUME)

    def progress(done, total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        view.read_region(BOX, np.zeros(INSIDE.shape, "u2"), progress=progress)
    assert np.array_equal(view.read_region(BOX), INSIDE)


def test_a_thread_that_has_one_core_reads_alone():
    view, cores = NumpyInterop.from_numpy_array(VOLUME, AxesInterpretationId.VOLUME), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert np.array_equal(view.read_region(BOX), INSIDE)
    finally:
        os.sched_setaffinity(0, cores)


def test_long_reads_go_on_beside_each_other():
    view, failed = NumpyInterop.from_numpy_array(VOLUME, AxesInterpretationId.VOLUME), []

    def read():
        for _ in range(3):
            if not np.array_equal(view.read_region(BOX), INSIDE):
                failed.append(threading.get_ident())

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert not failed
