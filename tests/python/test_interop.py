"""NumPy arrays in and out: layouts, types, lifetimes, refusals."""

from __future__ import annotations

import gc
import re
import sys
import weakref

import numpy as np
import pytest

import iolink
from iolink import AxesInterpretationId, DataTypeId, ImageViewFactory, NumpyInterop

TYPES = [
    "?",
    "u1",
    "u2",
    "u4",
    "u8",
    "i1",
    "i2",
    "i4",
    "i8",
    "f2",
    "f4",
    "f8",
    "c8",
    "c16",
    ">u2",
    ">i4",
    ">f8",
    ">c16",
]


def samples(dtype, shape):
    rng = np.random.default_rng(7)
    return (rng.random(shape) * 100).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "layout",
    [
        lambda a: a,
        np.asfortranarray,
        lambda a: a[::2, 1:, ::3],
        lambda a: a[::-1, :, ::-2],
        lambda a: a.transpose(1, 2, 0),
        lambda a: np.broadcast_to(a[0], (5, *a[0].shape)),
        lambda a: a[:0],
        lambda a: a[0, 0, 0:1].reshape(()),
    ],
    ids=["C", "F", "strided", "negative", "permuted", "broadcast", "empty", "0-d"],
)
def test_any_array_comes_back_equal_and_shared(dtype, layout):
    array = layout(samples(dtype, (4, 6, 7)))
    view = NumpyInterop.from_numpy_array(array)
    back = NumpyInterop.to_numpy_array(view)
    assert back.dtype == array.dtype
    assert back.shape == array.shape == tuple(view.shape())
    assert back.strides == array.strides
    assert back.flags.writeable == array.flags.writeable
    assert back.tobytes() == array.tobytes()
    assert back.size == 0 or np.shares_memory(back, array)


def test_unaligned_and_read_only_memory_is_shared_as_it_is():
    raw = np.zeros(17, np.uint8)
    array = raw[1:].view("u4")
    array[:] = [1, 2, 3, 4]
    array.flags.writeable = False
    back = NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array))
    assert np.shares_memory(back, raw)
    assert list(back) == [1, 2, 3, 4]
    assert not back.flags.aligned
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 9


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_ordered_round_trips(order):
    array = samples("i4", (3, 4, 5))
    names = np.array(["COLUMN", "ROW", "SLICE"])[list(order)]
    view = NumpyInterop.order_from_numpy_array(array, list(names))
    assert tuple(view.shape()) == tuple(array.shape[list(order).index(axis)] for axis in range(3))
    assert np.array_equal(NumpyInterop.order_to_numpy_array(view, list(names)), array)


def test_vectors():
    colour = samples("u1", (5, 6, 3))
    view = NumpyInterop.from_numpy_array(colour, AxesInterpretationId.IMAGE, vector=True)
    assert view.dtype() == DataTypeId.VEC3_UINT8
    assert view.shape() == (6, 5)
    assert np.array_equal(NumpyInterop.to_numpy_array(view), colour)
    structured = np.zeros((5, 6), [("r", ">u2"), ("g", ">u2")])
    structured["g"] = 7
    view = NumpyInterop.from_numpy_array(structured, vector=True)
    assert view.dtype() == DataTypeId.VEC2_UINT16
    assert np.array_equal(NumpyInterop.to_numpy_array(view)[..., 1], structured["g"])


def test_an_array_with_an_axis_too_many_is_told_only_of_interpretations_that_exist():
    names = {interpretation.name for interpretation in AxesInterpretationId}
    for interpretation in AxesInterpretationId:
        if interpretation.name == "UNKNOWN":
            continue
        count = next(n for n in range(1, 8) if not fits(n + 1, interpretation))
        with pytest.raises(ValueError, match="vector=True") as refused:
            NumpyInterop.from_numpy_array(np.zeros((2,) * (count + 1), "u1"), interpretation)
        advised = set(re.findall(r"give (MULTISPECTRAL_\w+)", str(refused.value)))
        assert advised <= names
        NumpyInterop.from_numpy_array(np.zeros((2,) * (count + 1), "u1"), interpretation, vector=True)


def fits(count, interpretation):
    try:
        NumpyInterop.from_numpy_array(np.zeros((2,) * count, "u1"), interpretation)
    except ValueError:
        return False
    return True


def test_colours_as_an_image_name_both_ways_out():
    with pytest.raises(ValueError, match=r"MULTISPECTRAL_IMAGE.*vector=True"):
        NumpyInterop.from_numpy_array(np.zeros((4, 5, 3), "u1"), AxesInterpretationId.IMAGE)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3, "M8[s]"), "int64"),
        (np.array([object()]), "numeric"),
        (np.array(["a"]), "data frame"),
        (np.zeros(3, [("a", "u1"), ("b", "f4")]), "structured"),
        (np.ma.masked_array([1, 2], [True, False]), "mask"),
        ([1, 2, 3], "asarray"),
        (None, "numpy.ndarray"),
    ],
    ids=["datetime", "object", "text", "structured", "masked", "list", "None"],
)
def test_what_cannot_be_an_image_is_refused_by_name(array, words):
    with pytest.raises(TypeError, match=words):
        NumpyInterop.from_numpy_array(array)


def test_a_structured_type_of_unlike_fields_is_no_vector():
    with pytest.raises(TypeError, match="alike"):
        NumpyInterop.from_numpy_array(np.zeros(3, [("a", "u1"), ("b", "f4")]), vector=True)


@pytest.mark.parametrize(
    "axes",
    [
        {"ROW", "COLUMN"},
        frozenset({"ROW", "COLUMN"}),
        {"ROW": 0, "COLUMN": 1},
        {"ROW": 0, "COLUMN": 1}.keys(),
        [True, False],
        (False, "ROW"),
        "ROW",
        "COLUMN, ROW",
        AxesInterpretationId.IMAGE,
        None,
    ],
    ids=repr,
)
def test_an_order_is_a_list_of_axes_and_nothing_without_an_order(axes):
    array = np.zeros((3, 4))
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    for ask in (
        lambda: NumpyInterop.order_from_numpy_array(array, axes),
        lambda: NumpyInterop.order_to_numpy_array(view, axes),
        lambda: ImageViewFactory.reinterpret_axes(view, axes),
    ):
        with pytest.raises(TypeError, match=r"(axes|dimensionsList): .*list.*COLUMN, ROW, SLICE, CHANNEL, SEQUENCE"):
            ask()


@pytest.mark.parametrize("truth", [True, False, np.True_])
def test_a_truth_value_is_no_axis_and_no_interpretation(truth):
    view = NumpyInterop.from_numpy_array(np.zeros((3, 4)), "IMAGE")
    for ask in (
        lambda: ImageViewFactory.flip_dimension(view, truth),
        lambda: ImageViewFactory.stack([view, view], truth),
        lambda: ImageViewFactory.reinterpret(view, truth),
        lambda: NumpyInterop.from_numpy_array(np.zeros((3, 4)), truth),
    ):
        with pytest.raises(TypeError, match=rf"expected one of .*, not {truth!r}".replace("(", r"\(")):
            ask()


def test_an_order_may_come_from_anything_that_has_one():
    array = np.zeros((3, 4))
    for axes in (["ROW", "COLUMN"], ("ROW", "COLUMN"), iter(["ROW", "COLUMN"]), np.array(["ROW", "COLUMN"]), [1, 0]):
        assert NumpyInterop.order_from_numpy_array(array, axes).shape() == (4, 3)


@pytest.mark.parametrize(("dtype", "limit"), [("u1", 65535), ("f8", 65535), ("c8", 32767), ("c16", 32767)])
def test_a_vector_has_no_more_components_than_its_type_can_count(dtype, limit):
    def interop(array):
        return NumpyInterop.from_numpy_array(array, vector=True)

    def tensor(array):
        return iolink.from_dlpack(array, vector=True)

    for make in (interop, tensor):
        most = np.ones((2, limit), dtype)
        assert np.array_equal(np.asarray(make(most)), most)
        for count in (limit + 1, 40_000 + limit, 0):
            with pytest.raises(ValueError, match=rf"{count} components; 1 to {limit} of"):
                make(np.zeros((2, count), dtype))


def test_axis_lists_are_checked():
    array = np.zeros((3, 4))
    with pytest.raises(ValueError, match="twice"):
        NumpyInterop.order_from_numpy_array(array, ["ROW", "ROW"])
    with pytest.raises(ValueError, match="COLUMN, ROW, SLICE, CHANNEL, SEQUENCE"):
        NumpyInterop.order_from_numpy_array(array, ["row", "COLUMN"])
    with pytest.raises(ValueError, match="the array has 2"):
        NumpyInterop.order_from_numpy_array(array, ["ROW"])
    with pytest.raises(TypeError, match="list"):
        NumpyInterop.order_from_numpy_array(array, "ROW")
    view = NumpyInterop.from_numpy_array(array)
    with pytest.raises(ValueError, match="UNKNOWN"):
        NumpyInterop.order_to_numpy_array(view, ["ROW", "COLUMN"])
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    with pytest.raises(ValueError, match="COLUMN, ROW"):
        NumpyInterop.order_to_numpy_array(view, ["ROW", "COLUMN", "CHANNEL"])
    vectors = NumpyInterop.from_numpy_array(np.zeros((3, 4, 2)), "IMAGE", vector=True)
    with pytest.raises(ValueError, match="CHANNEL"):
        NumpyInterop.order_to_numpy_array(vectors, ["ROW", "COLUMN"])
    with pytest.raises(ValueError, match="VOLUME names 3 axes"):
        NumpyInterop.from_numpy_array(np.zeros((2, 2, 2, 2)), "VOLUME")
    with pytest.raises(ValueError, match="MULTISPECTRAL_VOLUME"):
        NumpyInterop.from_numpy_array(array, "PLANE")


def test_copy_arguments():
    array = np.arange(6.0).reshape(2, 3)
    view = NumpyInterop.from_numpy_array(array)
    copied = NumpyInterop.to_numpy_array(view, copy=True)
    assert not np.shares_memory(copied, array)
    assert copied.flags.writeable
    assert np.shares_memory(NumpyInterop.to_numpy_array(view, copy=False), array)
    with pytest.raises(TypeError, match="copy"):
        NumpyInterop.to_numpy_array(view, copy="no")


def test_a_view_that_is_not_in_memory_is_copied_read_only_or_refused():
    array = np.arange(6, dtype="i2").reshape(2, 3)
    lazy = NumpyInterop.from_numpy_array(array, "IMAGE").scaled()
    assert not lazy.support(iolink.ImageCapability.MEMORY_ACCESS)
    copied = NumpyInterop.to_numpy_array(lazy)
    assert copied.dtype == np.float64
    assert np.array_equal(copied, array)
    assert not copied.flags.writeable
    assert NumpyInterop.to_numpy_array(lazy, copy=True).flags.writeable
    with pytest.raises(iolink.CapabilityError, match=r"MEMORY_ACCESS.*copy_in_memory") as refused:
        NumpyInterop.to_numpy_array(lazy, copy=False)
    assert isinstance(refused.value, NotImplementedError)
    assert isinstance(refused.value, ValueError)
    assert "MEMORY_ACCESS" in iolink.explain(lazy, "numpy")


def test_arrays_and_views_keep_each_other_alive():
    array = np.arange(1000)
    gone = weakref.ref(array)
    view = NumpyInterop.from_numpy_array(array)
    back = NumpyInterop.to_numpy_array(view)
    del array, view
    gc.collect()
    assert gone() is not None
    assert back[999] == 999
    del back
    gc.collect()
    assert gone() is None


def test_ten_thousand_round_trips_leave_no_reference():
    array = np.arange(12).reshape(3, 4)
    NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array))
    gc.collect()
    before = sys.getrefcount(array)
    for _ in range(10_000):
        NumpyInterop.to_numpy_array(NumpyInterop.from_numpy_array(array, "IMAGE"))
    assert sys.getrefcount(array) == before


def test_a_mapped_file_stays_mapped(tmp_path):
    mapped = np.memmap(tmp_path / "raw", "u2", "w+", shape=(4, 5))
    view = NumpyInterop.from_numpy_array(mapped)
    back = NumpyInterop.to_numpy_array(view)
    del mapped
    gc.collect()
    back[2, 3] = 77
    assert np.shares_memory(back, NumpyInterop.to_numpy_array(view))


def test_close_waits_for_arrays():
    image = ImageViewFactory.allocate((4, 4), "uint8")
    array = np.asarray(image)
    with pytest.raises(BufferError, match="1 array"):
        image.close()
    del array
    with image as same:
        assert same.shape() == (4, 4)
    assert image.closed
    with pytest.raises(ValueError, match="closed"):
        image.shape()


@pytest.mark.parametrize(
    ("shape", "error", "words"),
    [
        ((-1, 2), ValueError, "negative"),
        ((2**64, 2), ValueError, "64 bits"),
        ((10**9, 10**9), ValueError, "limit"),
        ((2**40, 2**40), MemoryError, "limit"),
        ("ab", TypeError, "shape"),
        (5, TypeError, "shape"),
        ((1.5, 2), TypeError, "shape"),
        ((2,) * 9, ValueError, "dimensions"),
    ],
)
def test_impossible_shapes_are_refused(shape, error, words):
    with pytest.raises(error, match=words):
        ImageViewFactory.allocate(shape, DataTypeId.UINT16)


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="dtype"):
        ImageViewFactory.allocate((2, 2), object())
    with pytest.raises(TypeError, match="fixed size"):
        ImageViewFactory.allocate((2, 2), DataTypeId.UTF8_STRING)


def test_an_image_cannot_have_more_axes_than_its_interpretation():
    properties = iolink.ImageProperties.from_data_type("uint8")
    properties.image_info.set_axes_interpretation("IMAGE")
    with pytest.raises(ValueError, match="IMAGE names 2 axes"):
        ImageViewFactory.allocate((2, 2, 2), "uint8", properties)


def test_properties_of_a_view_are_a_picture():
    image = ImageViewFactory.allocate((4, 3), "uint8")
    with pytest.raises(TypeError, match="set_properties"):
        image.properties().image_info.set_axes_interpretation("IMAGE")
    changed = image.properties().copy()
    changed.image_info.set_axes_interpretation("IMAGE")
    changed.calibration.spacing = (0.5, 2)
    changed.calibration.units = ["mm", "mm"]
    image.set_properties(changed)
    assert image.properties().calibration.spacing == (0.5, 2)
    assert image.properties() == changed
    assert np.asarray(image).shape == (3, 4)


def test_metadata_is_a_tree():
    tree = iolink.MetadataNode()
    tree.set("/scanner/kV", 120)
    tree.set("/scanner/name", "X")
    tree.set("/matrix", [1.5, 2.0])
    image = ImageViewFactory.allocate((2,), "uint8", None, tree)
    assert image.metadata()["/scanner/kV"].value == 120
    assert image.metadata().to_dict() == {"/scanner/kV": 120, "/scanner/name": "X", "/matrix": [1.5, 2.0]}
    assert "/scanner/mA" not in image.metadata()
    with pytest.raises(KeyError, match="scanner"):
        image.metadata()["/nothing"]


def test_regions_are_read_and_written_in_both_orders():
    image = ImageViewFactory.allocate((5, 4), "uint16")
    properties = image.properties().copy()
    properties.image_info.set_axes_interpretation("IMAGE")
    image.set_properties(properties)
    part = np.arange(6, dtype="u2").reshape(2, 3)
    image.write_region(((1, 1), (3, 2)), part)
    whole = np.asarray(image)
    assert np.array_equal(whole[1:3, 1:4], part)
    out = np.zeros((2, 3), "u2")
    assert image.read_region(iolink.RegionXu64((1, 1), (3, 2)), out) is out
    assert np.array_equal(out, part)
    flat = bytearray(12)
    image.read_region(((1, 1), (3, 2)), flat)
    assert np.array_equal(np.frombuffer(flat, "u2"), part.ravel())
    assert np.array_equal(image.read_region(((1, 1), (3, 2))), part)
    assert image.read((2, 1)) == whole[1, 2]


@pytest.mark.parametrize("columns", [slice(1, 4), slice(None), slice(-2, None), slice(2), slice(-4, -1), slice(4, 5)])
@pytest.mark.parametrize("rows", [slice(0, 1), slice(None), slice(-1, None), slice(1, 3)])
def test_a_region_may_be_a_slice_for_each_axis(columns, rows):
    array = np.arange(20, dtype="u2").reshape(4, 5)
    image = iolink.NumpyInterop.from_numpy_array(array, "IMAGE")
    assert np.array_equal(image.read_region((columns, rows)), array[rows, columns])
    part = ImageViewFactory.extract_region(image, (columns, rows))
    assert np.array_equal(np.asarray(part), array[rows, columns])
    assert np.array_equal(np.asarray(ImageViewFactory.extract_adjusted_region(image, (columns, rows))), part)
    image.write_region((columns, rows), np.zeros_like(array[rows, columns]))
    expected = np.arange(20, dtype="u2").reshape(4, 5)
    expected[rows, columns] = 0
    assert np.array_equal(array, expected)


def test_a_slice_that_leaves_the_image_can_be_clipped_on_request():
    image = iolink.NumpyInterop.from_numpy_array(np.arange(20, dtype="u2").reshape(4, 5), "IMAGE")
    clipped = ImageViewFactory.extract_adjusted_region(image, (slice(3, 99), slice(None)))
    assert np.array_equal(np.asarray(clipped), np.asarray(image)[:, 3:])


def unaligned(shape, dtype):
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.zeros(size + 1, "u1")[1:].view(dtype).reshape(shape)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros,
        lambda shape, dtype: np.zeros(shape[::-1], dtype).T,
        lambda shape, dtype: np.zeros((shape[0] * 2, shape[1] * 3), dtype)[::-2, ::3],
        unaligned,
        lambda shape, dtype: np.zeros(shape, dtype).view(type("Own", (np.ndarray,), {})),
    ],
    ids=["plain", "Fortran order", "strided", "unaligned", "a class of its own"],
)
def test_arrays_of_every_kind_are_filled_and_read(dtype, buffer):
    samples = np.arange(12).reshape(3, 4).astype(dtype)
    image = iolink.NumpyInterop.from_numpy_array(samples.copy(), "IMAGE")
    target = buffer((3, 4), dtype)
    assert image.read_region((slice(None), slice(None)), target) is target
    assert target.dtype == samples.dtype and np.array_equal(target, samples)
    target[...] = samples[::-1]
    image.write_region((slice(None), slice(None)), target)
    assert np.array_equal(np.asarray(image), samples[::-1])


@pytest.mark.parametrize("dtype", ["g", "G", "M8[s]", "m8[s]", "S2", "U1", "V2", "O", [("a", "u2")]])
def test_arrays_of_types_that_are_no_samples_are_refused(dtype):
    image = ImageViewFactory.allocate((5, 4), "uint16")
    with pytest.raises((TypeError, ValueError)):
        image.read_region((slice(None), slice(None)), np.zeros((5, 4), dtype))


def test_an_array_that_shows_an_element_twice_warns_whoever_fills_it():
    image = ImageViewFactory.allocate((5, 4), "uint16")
    _, shown = np.broadcast_arrays(np.zeros((5, 4), "u2"), np.zeros(4, "u2"))
    with pytest.warns(DeprecationWarning, match="overlapping memory"):
        image.read_region((slice(None), slice(None)), shown)


def test_an_array_given_as_a_buffer_is_not_resized():
    array = np.zeros(20, "u2")
    image = ImageViewFactory.from_buffer((5, 4), "UINT16", array)
    with pytest.raises(ValueError, match="resize"):
        array.resize(100_000)
    assert image.read((0, 0)) == 0


@pytest.mark.parametrize(
    ("region", "dst", "error"),
    [
        (((0, 0), (6, 4)), bytearray(48), IndexError),
        (((0, 0, 0), (1, 1, 1)), bytearray(2), ValueError),
        (((0, 0), (0, 1)), bytearray(0), ValueError),
        (((0, 0), (2, 2)), bytearray(7), ValueError),
        (((0, 0), (2, 2)), bytes(8), ValueError),
        (((0, 0), (2, 2)), np.zeros((2, 2), "f4"), TypeError),
        (((0, 0), (2, 2)), np.zeros((2, 2), ">u2"), TypeError),
        (((0, 0), (2, 1)), np.zeros((3, 2), "u2"), ValueError),
        (((0, 0), (2, 2)), 3, TypeError),
    ],
)
def test_regions_and_buffers_that_do_not_fit_are_refused(region, dst, error):
    image = ImageViewFactory.allocate((5, 4), "uint16")
    with pytest.raises(error):
        image.read_region(region, dst)


def test_progress_can_stop_a_copy():
    image = ImageViewFactory.allocate((2048, 2048, 4), "uint16")
    seen = []
    copy = ImageViewFactory.copy_in_memory(image, progress=lambda done, total: seen.append((done, total)))
    assert copy.shape() == image.shape()
    assert seen[-1][0] <= seen[-1][1]
    with pytest.raises(iolink.CancelledError):
        ImageViewFactory.copy_in_memory(image, progress=lambda done, total: False)

    def breaks(done, total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ImageViewFactory.copy_in_memory(image, progress=breaks)


def test_a_stack_is_lazy_and_stays_true():
    frames = [NumpyInterop.from_numpy_array(np.full((3, 4), value, "u1"), "IMAGE") for value in range(200)]
    stack = ImageViewFactory.stack(frames)
    assert stack.shape() == (4, 3, 200)
    assert np.array_equal(stack.read_region(((1, 1, 150), (2, 1, 1))), np.full((1, 1, 2), 150))
    with pytest.raises(ValueError):
        ImageViewFactory.stack([frames[0], NumpyInterop.from_numpy_array(np.zeros((2, 2), "u1"), "IMAGE")])


def test_adapters_agree_with_numpy_and_share_memory():
    volume = samples("u2", (4, 5, 6))
    view = NumpyInterop.from_numpy_array(volume, "VOLUME")
    factory = ImageViewFactory
    cases = [
        (factory.extract_region(view, ((1, 2, 0), (4, 2, 3))), volume[0:3, 2:4, 1:5]),
        (factory.sub_sample(view, (2, 1, 3)), volume[::3, :, ::2]),
        (factory.flip_dimension(view, "ROW"), volume[:, ::-1]),
        (factory.flip_dimension_index(factory.flip(view, 0), 2), volume[::-1, :, ::-1]),
        (factory.extract_adjusted_region(view, ((4, 4, 0), (9, 9, 1))), volume[0:1, 4:, 4:]),
    ]
    for adapted, expected in cases:
        array = np.asarray(adapted)
        assert np.array_equal(array, expected)
        assert np.shares_memory(array, volume)


def test_channels_and_types():
    planes = samples("u1", (5, 6, 3))
    view = NumpyInterop.from_numpy_array(planes, "MULTISPECTRAL_IMAGE")
    colours = ImageViewFactory.assemble_channels(view)
    assert colours.dtype() == DataTypeId.VEC3_UINT8
    assert np.array_equal(np.asarray(colours), planes)
    assert np.array_equal(np.asarray(ImageViewFactory.disassemble_channels(colours)), planes)
    red = ImageViewFactory.extract_channel(view, 0)
    assert np.array_equal(np.asarray(red), planes[..., 0])
    together = ImageViewFactory.interlace(*(ImageViewFactory.extract_channel(view, k) for k in range(3)))
    assert np.array_equal(np.asarray(together), planes)
    doubled = ImageViewFactory.adapt_dynamic_range(red, "UINT16", (0, 100), (0, 200))
    assert np.array_equal(np.asarray(doubled), planes[..., 0].astype("u2") * 2)
    assert np.array_equal(
        np.asarray(ImageViewFactory.adapt_data_type(red, "UINT16")), planes[..., 0].astype("u2") * 257
    )
    reading = ImageViewFactory.restrict_capabilities(view, iolink.ImageCapability.READ)
    assert reading.capabilities() == iolink.ImageCapability.READ
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        reading.write_region(((0, 0, 0), (1, 1, 1)), bytes(1))
