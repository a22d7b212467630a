"""Chains of adapters show what NumPy's own indexing shows, and write where it writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iolink
from image_axes import CANONICAL, INTERPRETATIONS, NUMPY_ORDER
from iolink import ImageCapability, ImageViewFactory, MultiImageViewFactory, NumpyInterop

WIDER = {"u1": ("u2", 257), "u2": ("u4", 65537)}
READ, WRITE, MEMORY = ImageCapability.READ, ImageCapability.WRITE, ImageCapability.MEMORY_ACCESS


# --- regions, steps, flips and keys: strides too


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
        return ImageViewFactory.flip_dimension(view, CANONICAL[arguments[0]]), np.flip(array, 2 - arguments[0])
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


# --- every adapter, also those of axes, channels, types, stacks and copies


@dataclass
class Chain:
    """A view, and which sample of a flat memory each of its samples is, with axes in canonical order."""

    view: iolink.ImageView
    memory: np.ndarray
    index: np.ndarray
    names: list
    draw: object
    vector: bool = False
    factor: int = 1
    writable: bool = True

    @property
    def sizes(self):
        return self.index.shape[: len(self.names)]

    def number(self, low, high):
        return self.draw(st.integers(low, high))

    def one_of(self, values):
        return self.draw(st.sampled_from(list(values)))

    def order(self):
        """The canonical axes in NumPy's order, the components last."""
        axes = range(len(self.names))
        shown = axes if None in self.names else sorted(axes, key=lambda axis: NUMPY_ORDER.index(self.names[axis]))
        return [*shown, *([len(self.names)] if self.vector else [])]

    def places(self):
        """`index` as NumPy sees it."""
        return self.index.transpose(self.order())

    def shown(self, index):
        """What the view is to show of the memory at `index`."""
        dtype = self.view.dtype().dtype.base
        return self.memory[index].astype(dtype) * dtype.type(self.factor)

    def values(self):
        return self.shown(self.places())

    def whole(self):
        return tuple(slice(0, size) for size in self.sizes)

    def part(self):
        """A random box, by canonical slices."""
        starts = [self.number(0, size - 1) for size in self.sizes]
        return tuple(slice(start, self.number(start + 1, size)) for start, size in zip(starts, self.sizes, strict=True))

    def in_numpy_order(self, part):
        return tuple(part[axis] for axis in self.order() if axis < len(part))


def box(part):
    """Canonical slices as origin and size."""
    return [one.start for one in part], [one.stop - one.start for one in part]


def extract_region(chain):
    part = chain.part()
    chain.index = chain.index[part]
    chain.view = ImageViewFactory.extract_region(chain.view, box(part))


def extract_adjusted_region(chain):
    starts = [chain.number(0, size - 1) for size in chain.sizes]
    chain.index = chain.index[tuple(slice(start, start + 4) for start in starts)]
    chain.view = ImageViewFactory.extract_adjusted_region(chain.view, (starts, [4] * len(starts)))


def sub_sample(chain):
    steps = [chain.number(1, 3) for _ in chain.names]
    chain.index = chain.index[tuple(slice(None, None, step) for step in steps)]
    chain.view = ImageViewFactory.sub_sample(chain.view, steps)


def flip(chain):
    if chain.names:
        axis = chain.number(0, len(chain.names) - 1)
        chain.index = np.flip(chain.index, axis)
        by_name = chain.names[axis] is not None and chain.one_of([True, False])
        flipped = ImageViewFactory.flip_dimension if by_name else ImageViewFactory.flip_dimension_index
        chain.view = flipped(chain.view, chain.names[axis] if by_name else axis)


def take_by_key(chain):
    """A slice or a number for each axis, in NumPy's order; a number takes the axis away."""
    parts = []
    for size in chain.sizes:
        at, step = chain.number(-size, size - 1), chain.one_of([1, 2, 3, -1, -2])
        parts.append(at if chain.number(0, 7) == 0 else slice(chain.one_of([None, at]), None, step))
    chain.view = chain.view[chain.in_numpy_order(tuple(parts))]
    chain.index = chain.index[tuple(parts)]
    chain.names = [name for name, part in zip(chain.names, parts, strict=True) if isinstance(part, slice)]


def reinterpret(chain):
    count = len(chain.names)
    fitting = [name for name, own in INTERPRETATIONS.items() if len(own) >= count or not own]
    interpretation = chain.one_of(fitting)
    chain.names = INTERPRETATIONS[interpretation][:count] or [None] * count
    chain.view = ImageViewFactory.reinterpret(chain.view, interpretation)


def reinterpret_axes(chain):
    if len(chain.names) <= 5:
        named = chain.draw(st.permutations(CANONICAL))[: len(chain.names)]
        chain.view = ImageViewFactory.reinterpret_axes(chain.view, named)
        chain.names = sorted(named, key=CANONICAL.index)
        order = [named.index(name) for name in chain.names]
        chain.index = chain.index.transpose([*order, *([len(order)] if chain.vector else [])])


def extract_channel(chain):
    if "CHANNEL" in chain.names:
        axis = chain.names.index("CHANNEL")
        chain.names = chain.names[:axis] + chain.names[axis + 1 :]
    elif chain.vector:
        axis, chain.vector = len(chain.names), False
    else:
        return
    channel = chain.number(0, chain.index.shape[axis] - 1)
    chain.index = chain.index.take(channel, axis)
    chain.view = ImageViewFactory.extract_channel(chain.view, channel)


def disassemble_channels(chain):
    if chain.vector and "CHANNEL" not in chain.names:
        chain.view = ImageViewFactory.disassemble_channels(chain.view)
        chain.vector = False
        insert(chain, "CHANNEL", chain.index)


def assemble_channels(chain):
    if "CHANNEL" in chain.names and not chain.vector:
        axis = chain.names.index("CHANNEL")
        chain.index = np.moveaxis(chain.index, axis, -1)
        chain.names = chain.names[:axis] + chain.names[axis + 1 :]
        chain.vector = chain.index.shape[-1] > 1
        if not chain.vector:
            chain.index = chain.index[..., 0]
        chain.view = ImageViewFactory.assemble_channels(chain.view)


def insert(chain, name, index):
    """The axis of `index` behind those of the view becomes one of them, at its canonical place."""
    unnamed = None in chain.names
    at = len(chain.names) if unnamed else sum(CANONICAL.index(own) < CANONICAL.index(name) for own in chain.names)
    chain.index = np.moveaxis(index, len(chain.names), at)
    chain.names = [*chain.names[:at], name, *chain.names[at:]]


def halves(chain):
    """Two parts of the view that share no sample, and their indices; nothing where no axis has two samples."""
    long = [axis for axis, size in enumerate(chain.sizes) if size > 1]
    if not long:
        return None
    axis = chain.one_of(long)
    half, whole = chain.sizes[axis] // 2, chain.whole()
    parts = [(*whole[:axis], part, *whole[axis + 1 :]) for part in (slice(0, half), slice(half, 2 * half))]
    views = [ImageViewFactory.extract_region(chain.view, box(part)) for part in parts]
    return views, [chain.index[part] for part in parts]


def stack(chain):
    free = [name for name in CANONICAL if name not in chain.names]
    parted = halves(chain) if free else None
    if parted:
        views, indices = parted
        name = chain.one_of(free)
        images = MultiImageViewFactory.allocate(views) if chain.one_of([True, False]) else views
        chain.view = ImageViewFactory.stack(images, axis=name)
        insert(chain, name, np.stack(indices, axis=len(chain.names)))


def interlace(chain):
    parted = halves(chain) if not chain.vector and "CHANNEL" not in chain.names else None
    if parted:
        views, indices = parted
        chain.view = ImageViewFactory.interlace(*views)
        chain.index, chain.vector = np.stack(indices, axis=-1), True


def adapt_data_type(chain):
    stored = chain.view.dtype().dtype.base.str[1:]
    if stored in WIDER:
        wide, factor = WIDER[stored]
        components = chain.index.shape[len(chain.names) :]
        chain.view = ImageViewFactory.adapt_data_type(chain.view, np.dtype((wide, components)))
        chain.factor *= factor


def restrict_capabilities(chain):
    kept = chain.one_of([READ, READ | WRITE, READ | MEMORY])
    chain.view = ImageViewFactory.restrict_capabilities(chain.view, kept)
    chain.writable = chain.writable and bool(kept & WRITE)


def copy_in_memory(chain):
    chain.view = ImageViewFactory.copy_in_memory(chain.view)
    chain.memory = chain.shown(chain.index).ravel()
    chain.index = np.arange(chain.index.size).reshape(chain.index.shape)
    chain.factor, chain.writable = 1, True


STEPS = [
    *(
        extract_region,
        extract_adjusted_region,
        sub_sample,
        flip,
        take_by_key,
        take_by_key,
        reinterpret,
        reinterpret_axes,
    ),
    *(extract_channel, disassemble_channels, assemble_channels, stack, interlace, adapt_data_type),
    *(restrict_capabilities, copy_in_memory),
]
PLANE = [st.integers(1, 7)] * 2
SOURCES = st.one_of(
    st.tuples(st.just("IMAGE"), st.tuples(*PLANE), st.just(False)),
    st.tuples(st.just("VOLUME"), st.tuples(*[st.integers(1, 6)] * 3), st.just(False)),
    st.tuples(st.just("IMAGE"), st.tuples(*PLANE, st.integers(2, 4)), st.just(True)),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(SOURCES, st.sampled_from(["u1", "u2", ">u2", "i4", ">f4", "f8"]), st.data())
def test_a_chain_of_any_adapters_is_numpys_own_indexing(kind, dtype, data):
    interpretation, shape, vector = kind
    source = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    twin = source.ravel().astype(source.dtype.newbyteorder("="))
    own = INTERPRETATIONS[interpretation]
    index = np.arange(source.size).reshape(shape).transpose(*reversed(range(len(own))), *range(len(own), len(shape)))
    view = NumpyInterop.from_numpy_array(source, interpretation, vector=vector)
    chain = Chain(view, twin, index, list(own), data.draw, vector)
    for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6)):
        step(chain)
    is_shown(chain, source, twin)
    is_read_in_part(chain)
    is_written(chain)
    assert np.array_equal(source.ravel(), twin)


def is_shown(chain, source, twin):
    shown, expected = np.asarray(chain.view), chain.values()
    assert list(chain.view.shape()) == list(chain.sizes)
    assert shown.shape == expected.shape and np.array_equal(shown, expected)
    shared = chain.view.support(MEMORY) and chain.memory is twin
    assert np.shares_memory(shown, source) == shared
    assert shown.dtype == (source.dtype if shared else expected.dtype)
    assert chain.view.support(WRITE) == chain.writable


def is_read_in_part(chain):
    part = chain.part()
    key = chain.in_numpy_order(part)
    expected = chain.values()[key]
    for read in (chain.view.read_region(box(part)), np.asarray(chain.view[key])):
        assert read.shape == expected.shape and np.array_equal(read, expected)
    assert chain.view.read_region(box(part)).dtype == expected.dtype


def is_written(chain):
    part = chain.part()
    key = chain.in_numpy_order(part)
    places = chain.places()[key].copy()
    if not chain.writable:
        with pytest.raises(iolink.CapabilityError, match="WRITE"):
            chain.view.write_region(box(part), chain.shown(places))
        return
    chain.memory[places] += 100
    chain.view.write_region(box(part), chain.shown(places))
    assert np.array_equal(np.asarray(chain.view), chain.values())
    if chain.view.support(MEMORY):
        chain.memory[places] += 7
        np.asarray(chain.view)[key] = chain.shown(places)
        assert np.array_equal(chain.view.read_region(box(chain.whole())), chain.values())
