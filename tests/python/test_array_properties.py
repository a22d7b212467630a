"""Any dtype x layout x interpretation x order against NumPy as the oracle; the cases are counted, see the last test."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iolink
from image_axes import CANONICAL, INTERPRETATIONS, NUMPY_ORDER
from iolink import ImageCapability, ImageViewFactory, NumpyInterop

DTYPES = ["?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"]
DTYPES += [">u2", ">u4", ">i8", ">f2", ">f4", ">f8", ">c8"]
NAMED = {name: own for name, own in INTERPRETATIONS.items() if own}

CASES = {"round trips": 0, "keys": 0, "writes": 0, "protocols": 0}


def many(examples):
    return settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )


def laid_out(rng, dtype, sizes):
    """An array of any layout: steps of either sign, permuted, broadcast, between other fields, unaligned, read-only."""
    dtype = np.dtype(dtype)
    steps = [rng.choice([1, 1, 1, 2, -1, -2]) for _ in sizes]
    room = [size * abs(step) for size, step in zip(sizes, steps, strict=True)]
    count, offset = int(np.prod(room)), rng.choice([0, 0, 0, 1])
    record = np.dtype([("own", dtype), ("other", "u1", rng.choice([0, 0, 0, 0, 1]))])
    raw = np.zeros(count * record.itemsize + offset, np.uint8)
    array = raw[offset:].view(record)["own"]
    filled(array)
    array = array.reshape(room, order=rng.choice("CF"))
    array = array[(*(slice(None, None, step) for step in steps), ...)]
    array = array.transpose(rng.sample(range(len(sizes)), len(sizes)))
    if array.ndim and array.size and rng.random() < 0.1:
        axis = rng.randrange(array.ndim)
        array = np.broadcast_to(array.take([0], axis), array.shape)
    elif rng.random() < 0.1:
        array.flags.writeable = False
    return array


def filled(array):
    """Numbers into a flat array, other ones into each field."""
    numbers = np.arange(array.size)
    for place, name in enumerate(array.dtype.names or [...]):
        own = array[name]
        own[...] = ((numbers + 7 * place) % 251).astype(own.dtype)


def alike(code, count):
    """A structured type whose fields are all of one type."""
    return np.dtype([(f"part {place}", code) for place in range(count)])


def components(records):
    """The fields of such a type as one more axis, over the same memory."""
    names = records.dtype.names
    return records.view(np.dtype((records.dtype[names[0]], (len(names),))))


def records_of(array):
    """An array in C order with its last axis as fields, over the same memory."""
    return array.view(alike(array.dtype, array.shape[-1]))[..., 0]


def shapes(high):
    """Sizes of up to `high` axes, none of them so long that a case takes its time."""
    few = st.lists(st.integers(0, 5), max_size=min(high, 4))
    many = st.lists(st.integers(1, 3), min_size=min(high, 5), max_size=high)
    return few if high <= 4 else st.one_of(few, many)


SEEDS = st.integers(0, 2**32 - 1)


def same(one, other):
    """Equal in every respect that NumPy knows."""
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()


def untouched(back, array):
    """The array came back as it is, and shares its memory."""
    same(back, array)
    assert back.strides == array.strides
    assert back.flags.writeable == array.flags.writeable
    assert back.flags.aligned == array.flags.aligned
    if array.size:
        assert back.__array_interface__["data"] == array.__array_interface__["data"]


@many(1500)
@given(st.sampled_from(DTYPES), shapes(8), SEEDS)
def test_every_array_comes_back_as_it_is_by_every_interpretation_and_order(dtype, sizes, seed):
    rng = random.Random(seed)
    array = laid_out(rng, dtype, sizes)
    untouched(NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array)), array)
    CASES["round trips"] += 1
    for interpretation, own in NAMED.items():
        if array.ndim > len(own):
            with pytest.raises(ValueError, match="names"):
                NumpyInterop.from_numpy_array(array, interpretation)
            continue
        own = own[: array.ndim]
        view = NumpyInterop.from_numpy_array(array, interpretation)
        shown = [name for name in NUMPY_ORDER if name in own]
        assert list(view.shape()) == [array.shape[shown.index(name)] for name in own]
        untouched(NumpyInterop.to_numpy_array(view), array)
        untouched(np.asarray(view), array)
        order = rng.sample(own, len(own))
        ordered = NumpyInterop.order_to_numpy_array(view, order)
        untouched(ordered, array.transpose([shown.index(name) for name in order]))
        CASES["round trips"] += 1
    if 0 < array.ndim <= 5:
        listed = rng.sample(CANONICAL, array.ndim)
        view = NumpyInterop.order_from_numpy_array(array, listed)
        canonical = sorted(listed, key=CANONICAL.index)
        assert list(view.shape()) == [array.shape[listed.index(name)] for name in canonical]
        untouched(NumpyInterop.order_to_numpy_array(view, listed), array)
        shown = [listed.index(name) for name in NUMPY_ORDER if name in listed]
        untouched(NumpyInterop.to_numpy_array(view), array.transpose(shown))
        CASES["round trips"] += 1


@many(600)
@given(st.sampled_from(DTYPES), shapes(5), st.integers(2, 5), SEEDS)
def test_every_array_of_alike_fields_comes_back_as_components(dtype, sizes, count, seed):
    rng = random.Random(seed)
    records = laid_out(rng, alike(dtype, count), sizes)
    array = components(records)
    untouched(NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(records, vector=True)), array)
    for interpretation, own in NAMED.items():
        if records.ndim > len(own):
            with pytest.raises(ValueError, match="names"):
                NumpyInterop.from_numpy_array(records, interpretation, vector=True)
            continue
        own = own[: records.ndim]
        view = NumpyInterop.from_numpy_array(records, interpretation, vector=True)
        shown = [name for name in NUMPY_ORDER if name in own]
        assert list(view.shape()) == [records.shape[shown.index(name)] for name in own]
        assert view.dtype().element_count == count * (2 if array.dtype.kind == "c" else 1)
        untouched(NumpyInterop.to_numpy_array(view), array)
        untouched(np.asarray(view), array)
        if "CHANNEL" not in own:
            order = rng.sample([*own, "CHANNEL"], len(own) + 1)
            ordered = NumpyInterop.order_to_numpy_array(view, order)
            untouched(ordered, array.transpose([[*shown, "CHANNEL"].index(name) for name in order]))
        CASES["round trips"] += 1
    if records.ndim:
        listed = rng.sample(CANONICAL, records.ndim)
        view = NumpyInterop.order_from_numpy_array(records, listed, vector=True)
        assert list(view.shape()) == [records.shape[listed.index(name)] for name in CANONICAL if name in listed]
        shown = [listed.index(name) for name in NUMPY_ORDER if name in listed]
        untouched(NumpyInterop.to_numpy_array(view), array.transpose([*shown, records.ndim]))
        CASES["round trips"] += 1


def fitting(rng, axes):
    """An interpretation for so many axes, or none."""
    return rng.choice([None, *(name for name, own in NAMED.items() if len(own) >= axes)])


def seen(rng, dtype, sizes):
    """An array and a view of it, of any interpretation, of scalars or vectors."""
    if len(sizes) < 5 and rng.random() < 0.2:
        records = laid_out(rng, alike(dtype, rng.randint(2, 4)), sizes)
        return components(records), NumpyInterop.from_numpy_array(records, fitting(rng, records.ndim), vector=True)
    array = laid_out(rng, dtype, sizes)
    vector = array.ndim > 0 and array.shape[-1] > 1 and rng.random() < 0.3
    if vector:
        array = np.array(array, order="C")
    return array, NumpyInterop.from_numpy_array(array, fitting(rng, array.ndim - vector), vector=vector)


def index(rng, size):
    """Part of a key for an axis: a slice of any sort, or an integer where there is one."""
    if size and rng.random() < 0.4:
        return rng.randrange(-size, size)
    start, stop = (rng.choice([None, rng.randint(-size - 2, size + 2)]) for _ in range(2))
    return slice(start, stop, rng.choice([None, 1, 2, 3, -1, -2, -5]))


def key_of(rng, shape):
    """A key without arrays that fits a shape."""
    used = rng.randint(0, len(shape))
    front = rng.randint(0, used)
    parts = [index(rng, size) for size in shape[:front]]
    back = [index(rng, size) for size in shape[len(shape) - (used - front) :]]
    if back or rng.random() < 0.5:
        parts = [*parts, ..., *back]
    if rng.random() < 0.3:
        parts.insert(rng.randint(0, len(parts)), None)
    return parts[0] if len(parts) == 1 and rng.random() < 0.5 else tuple(parts)


def key_with_arrays(rng, shape):
    """A key with arrays of integers or truth values in it."""
    parts, used, length = [], 0, rng.randint(0, 3)
    while used < len(shape) and (not parts or rng.random() < 0.7):
        size, kind = shape[used], rng.choice(["array", "list", "mask", "slice", "plane"])
        taken = 2 if kind == "plane" and used + 1 < len(shape) else 1
        if kind in ("mask", "plane"):
            some = [rng.random() < 0.5 for _ in range(int(np.prod(shape[used : used + taken])))]
            parts.append(np.array(some, bool).reshape(shape[used : used + taken]))
            used += taken
            break
        if kind != "slice" and size:
            chosen = [rng.randrange(-size, size) for _ in range(length)]
            parts.append(chosen if kind == "list" else np.array(chosen, np.intp))
        else:
            parts.append(index(rng, size))
        used += 1
    return (*parts, ...) if rng.random() < 0.5 else tuple(parts)


def equal(one, other):
    """The same shape and values, whatever the byte order."""
    assert one.shape == other.shape
    assert np.array_equal(one, other, equal_nan=other.dtype.kind in "fc")


@many(1300)
@given(st.sampled_from(DTYPES), shapes(5), SEEDS)
def test_the_indexing_law(dtype, sizes, seed):
    rng = random.Random(seed)
    whole, view = seen(rng, dtype, sizes)
    for _ in range(4):
        array, shown = whole, view
        lazy = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ)
        for _ in range(rng.randint(1, 3)):
            key = key_of(rng, array.shape)
            found = array[key]
            if not isinstance(found, np.ndarray):  # a number: as an array without axes
                found = array[(*key, ...) if isinstance(key, tuple) else (key, ...)]
            array, shown, lazy = found, shown[key], lazy[key]
            same(np.asarray(shown), array)
            if array.size:
                assert np.shares_memory(np.asarray(shown), array)
            assert lazy.capabilities() == ImageCapability.READ
            equal(np.asarray(lazy), array)
            assert shown.array.shape == lazy.array.shape == array.shape
            assert len(shown.array.dims) == array.ndim
            CASES["keys"] += 1


@many(600)
@given(st.sampled_from(DTYPES), shapes(5), SEEDS)
def test_keys_with_arrays_read_into_a_new_array_what_numpy_reads(dtype, sizes, seed):
    rng = random.Random(seed)
    array, view = seen(rng, dtype, sizes)
    lazy = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ)
    for _ in range(3):
        key = key_with_arrays(rng, array.shape)
        try:
            expected = np.asarray(array[key])
        except IndexError:
            with pytest.raises(IndexError):
                np.asarray(view[key])
            continue
        for source in (view, lazy):
            equal(np.asarray(source[key]), expected)
        CASES["keys"] += 1


@many(700)
@given(st.sampled_from([code for code in DTYPES if "c" not in code]), shapes(5), SEEDS)
def test_writes_go_through_as_numpy_writes(dtype, sizes, seed):
    rng = random.Random(seed)
    array = laid_out(rng, dtype, sizes)
    vector = array.ndim > 1 and array.shape[-1] > 1 and rng.random() < 0.4
    fields = vector and rng.random() < 0.5
    for _ in range(3):
        key = rng.choice([key_of, key_with_arrays])(rng, array.shape)
        oracle = np.array(array, order="C")
        try:
            shape = np.shape(oracle[key])
            values = np.arange(np.prod(shape)).reshape(shape) % 100 if rng.random() < 0.5 else 7
            oracle[key] = values
        except IndexError:
            continue
        for capabilities in (None, ImageCapability.READ | ImageCapability.WRITE):
            mine = np.array(array, order="C")
            given = records_of(mine) if fields else mine
            view = NumpyInterop.from_numpy_array(given, vector=vector)
            if capabilities is not None:
                view = ImageViewFactory.restrict_capabilities(view, capabilities)
            view[key] = values
            same(mine, oracle)
        CASES["writes"] += 1


class Interface:
    """An object with nothing but an array interface."""

    def __init__(self, owner):
        self.owner = owner
        self.__array_interface__ = owner.__array_interface__


@many(1200)
@given(st.sampled_from(DTYPES), shapes(8), SEEDS)
def test_every_protocol_tells_the_same(dtype, sizes, seed):
    rng = random.Random(seed)
    vector = len(sizes) < 8 and rng.random() < 0.3
    given = laid_out(rng, alike(dtype, rng.randint(2, 4)) if vector else dtype, sizes)
    array = components(given) if vector else given
    interpretation = fitting(rng, given.ndim)
    view = NumpyInterop.from_numpy_array(given, interpretation, vector=vector)
    untouched(np.asarray(memoryview(view)), array)
    untouched(np.asarray(Interface(view)), array)
    assert view.array.shape == array.shape
    assert view.array.dtype == array.dtype
    assert view.array.nbytes == array.nbytes
    item = array.dtype.itemsize
    aligned = array.__array_interface__["data"][0] % (item // 2 if array.dtype.kind == "c" else item) == 0
    whole = all(stride % item == 0 for stride, size in zip(array.strides, array.shape, strict=True) if size > 1)
    if array.dtype.isnative and ((aligned and whole) or not array.size):
        back = np.from_dlpack(view)
        same(back, array)
        assert back.flags.writeable == array.flags.writeable
        if array.size:
            assert np.shares_memory(back, array)
            assert [s for s, n in zip(back.strides, back.shape) if n > 1] == [
                s for s, n in zip(array.strides, array.shape) if n > 1
            ]
        if whole:  # NumPy lends no others.
            tensor = iolink.from_dlpack(array, interpretation, vector=vector)
            same(np.asarray(tensor), array)
            assert tensor.dtype() == view.dtype()
    else:
        with pytest.raises(BufferError):
            np.from_dlpack(view)
        same(np.from_dlpack(view, copy=True), array.astype(array.dtype.newbyteorder("=")))
    CASES["protocols"] += 1


def test_there_were_at_least_twenty_thousand_cases():
    print(CASES)
    assert sum(CASES.values()) >= 20_000
