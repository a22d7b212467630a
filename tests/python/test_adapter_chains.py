"""Chains of adapters show what NumPy's own indexing shows, and write where it writes."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iolink import ImageViewFactory, NumpyInterop

AXES = ["COLUMN", "ROW", "SLICE"]


@st.composite
def chains(draw):
    """An array, and steps that all of its views can take: (name, canonical arguments)."""
    shape = draw(st.tuples(*[st.integers(1, 7)] * 3))
    sizes, steps = list(shape[::-1]), []
    for _ in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(["region", "sub_sample", "flip", "key"]))
        if name == "region":
            starts = [draw(st.integers(0, size - 1)) for size in sizes]
            sizes = [draw(st.integers(1, size - start)) for size, start in zip(sizes, starts, strict=True)]
            steps.append((name, starts, list(sizes)))
        elif name == "flip":
            steps.append((name, draw(st.integers(0, 2))))
        else:
            strides = [draw(st.integers(1, 3)) for _ in sizes]
            signs = [draw(st.sampled_from([1, -1])) if name == "key" else 1 for _ in sizes]
            sizes = [(size - 1) // stride + 1 for size, stride in zip(sizes, strides, strict=True)]
            steps.append((name, [stride * sign for stride, sign in zip(strides, signs, strict=True)]))
    return shape, steps


def stepped(view, array, step):
    """One step of the view, by its adapter, and of the array."""
    name, *arguments = step
    if name == "region":
        starts, sizes = arguments
        key = tuple(slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
        return ImageViewFactory.extract_region(view, (starts, sizes)), array[key[::-1]]
    if name == "flip":
        return ImageViewFactory.flip_dimension(view, AXES[arguments[0]]), np.flip(array, 2 - arguments[0])
    key = tuple(slice(None, None, stride) for stride in arguments[0])[::-1]
    return view[key] if name == "key" else ImageViewFactory.sub_sample(view, arguments[0]), array[key]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(chains(), st.sampled_from(["u1", "<u2", ">u2", "f4", "c16"]), st.data())
def test_a_chain_shows_and_writes_what_numpy_does(chain, dtype, data):
    shape, steps = chain
    source = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    twin = source.copy()
    view, expected = NumpyInterop.from_numpy_array(source, "VOLUME"), twin
    for step in steps:
        view, expected = stepped(view, expected, step)
    shown = np.asarray(view)
    assert shown.shape == expected.shape and shown.dtype == expected.dtype
    long = [axis for axis, size in enumerate(shown.shape) if size > 1]
    assert [shown.strides[axis] for axis in long] == [expected.strides[axis] for axis in long]
    assert np.array_equal(shown, expected) and np.shares_memory(shown, source)
    starts = [data.draw(st.integers(0, size - 1)) for size in expected.shape]
    part = tuple(
        slice(start, data.draw(st.integers(start + 1, size)))
        for start, size in zip(starts, expected.shape, strict=True)
    )
    read = view.read_region(part[::-1])
    assert read.dtype.isnative and np.array_equal(read, expected[part])
    view.write_region(part[::-1], np.ascontiguousarray(read + 1))
    expected[part] += 1
    assert np.array_equal(source, twin)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(chains(), st.sampled_from([("u1", "UINT16", 257), ("u2", "UINT32", 65537)]))
def test_a_type_that_is_spread_on_the_way_changes_nothing_else(chain, types):
    shape, steps = chain
    stored, wide, factor = types
    source = np.arange(np.prod(shape)).reshape(shape).astype(stored)
    view, expected = NumpyInterop.from_numpy_array(source, "VOLUME"), source
    for number, step in enumerate(steps):
        if number == len(steps) // 2:
            view = ImageViewFactory.adapt_data_type(view, wide)
        view, expected = stepped(view, expected, step)
    assert np.array_equal(np.asarray(view), expected.astype(f"u{view.dtype().dtype.itemsize}") * factor)
