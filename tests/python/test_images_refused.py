"""Requests that images cannot meet: each is refused by its documented error before anything is touched."""

from __future__ import annotations

import array
import ctypes

import numpy as np
import pytest

import iolink
from iolink import (
    CapabilityError,
    ClosedError,
    DataType,
    ImageCapability,
    ImageViewFactory,
    LimitError,
    LodImageViewFactory,
    MetadataNode,
    MetadataNodeFactory,
    MultiImageViewFactory,
    NumpyInterop,
    ParallelAccessExtension,
    PrimitiveTypeId,
    RegionXu64,
    VariantDataValue,
    VectorXd,
    VectorXf,
)


def volume(dtype="UINT16"):
    image = ImageViewFactory.allocate((6, 5, 4), dtype)
    np.asarray(image)[...] = 7
    return image


REGIONS = [
    (((6, 0, 0), (1, 1, 1)), IndexError, "leaves the image"),
    (((0, 0, 0), (7, 1, 1)), IndexError, "leaves the image"),
    (((0, 4, 0), (1, 2, 1)), IndexError, "axis 1"),
    (((2**63, 0, 0), (1, 1, 1)), IndexError, "leaves the image"),
    (((2**64 - 1, 0, 0), (1, 1, 1)), ValueError, "64 bits"),
    (((0, 0, 0), (0, 1, 1)), ValueError, "no sample"),
    (((0, 0), (1, 1)), ValueError, "2 dimensions"),
    (((0, 0, 0, 0), (1, 1, 1, 1)), ValueError, "4 dimensions"),
    ((3, 3), TypeError, "origin"),
    ((), ValueError, "0 slices for an image of 3 axes"),
    (None, TypeError, "RegionXu64"),
    (RegionXu64(3), ValueError, "no sample"),
    ((slice(0, 7), slice(None), slice(None)), IndexError, "leaves the image"),
    ((slice(None), slice(-6, None), slice(None)), IndexError, "leaves axis 1"),
    ((slice(None), slice(None), slice(0, -5)), IndexError, "leaves axis 2"),
    ((slice(4, 2), slice(None), slice(None)), ValueError, "no sample"),
    ((slice(6, None), slice(None), slice(None)), ValueError, "no sample"),
    ((slice(0, 6, 2), slice(None), slice(None)), ValueError, "axis 0 has a step"),
    ((slice(None, None, -1), slice(None), slice(None)), ValueError, "axis 0 has a step"),
    ((slice(None), slice(None)), ValueError, "2 slices for an image of 3 axes"),
    ((slice(None), 3, slice(None)), TypeError, "axis 1 has 3 beside slices"),
    ((slice(None), None, slice(None)), TypeError, "axis 1 has None"),
    ((slice(0.5, 2), slice(None), slice(None)), TypeError, "indices"),
    ((slice(0, 10**30), slice(None), slice(None)), IndexError, "leaves the image"),
]


@pytest.mark.parametrize(("region", "error", "words"), REGIONS)
def test_regions_that_the_image_has_not(region, error, words):
    image, untouched = volume(), bytearray(b"x" * 48)
    calls = (
        lambda: image.read_region(region),
        lambda: image.read_region(region, untouched),
        lambda: image.write_region(region, b"y" * 48),
    )
    for call in calls:
        with pytest.raises(error, match=words):
            call()
    assert untouched == b"x" * 48 and (np.asarray(image) == 7).all()


BOX = ((1, 1, 1), (4, 3, 2))  # 24 samples of 2 bytes

BUFFERS = {
    "too small": (lambda: bytearray(47), ValueError),
    "too large": (lambda: bytearray(49), ValueError),
    "flat, too few items": (lambda: np.full(23, 9, "u2"), ValueError),
    "no bytes": (lambda: bytearray(), ValueError),
    "transposed": (lambda: np.full((2, 3, 4), 9, "u2"), ValueError),
    "of another dimension": (lambda: np.full((4, 6), 9, "u2"), ValueError),
    "signed": (lambda: np.full((4, 3, 2), 9, "i2"), TypeError),
    "float": (lambda: np.full((4, 3, 2), 9, "f4"), TypeError),
    "swapped": (lambda: np.full((4, 3, 2), 9, ">u2"), TypeError),
    "objects": (lambda: np.full((4, 3, 2), None), TypeError),
    "an array of doubles": (lambda: array.array("d", [9.0] * 6), TypeError),
    "flat with gaps": (lambda: np.full(48, 9, "u2")[::2], ValueError),
    "flat and backwards": (lambda: np.full(24, 9, "u2")[::-1], ValueError),
    "a list": (lambda: [9] * 24, TypeError),
    "a number": (lambda: 9, TypeError),
    "a text": (lambda: "9" * 48, TypeError),
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_buffers_that_do_not_fit(kind):
    make, error = BUFFERS[kind]
    image, given = volume(), make()
    before = given.copy() if isinstance(given, np.ndarray) else given
    with pytest.raises(error, match="dst"):
        image.read_region(BOX, given)
    assert np.array_equal(given, before)
    with pytest.raises(error, match="src"):
        image.write_region(BOX, given)
    assert (np.asarray(image) == 7).all()


@pytest.mark.parametrize("given", [bytes(48), memoryview(bytes(48)), np.broadcast_to(np.uint16(9), (4, 3, 2))])
def test_buffers_that_cannot_be_written(given):
    with pytest.raises(ValueError, match="dst"):
        volume().read_region(BOX, given)
    image = volume()
    image.write_region(BOX, given)  # but read they can be
    assert (np.asarray(image)[1:5, 1:4, 1:3] == np.frombuffer(bytes(given), "u2").reshape(-1)[0]).all()


def test_strided_buffers_are_filled_where_they_need_not_be_contiguous():
    image = volume()
    for target in (
        np.zeros((4, 3, 4), "u2")[:, :, ::2],
        np.zeros((4, 3, 2), "u2")[::-1, :, ::-1],
        np.zeros((4, 3, 2), "u2", "F"),
    ):
        assert image.read_region(BOX, target) is target and (target == 7).all()


def test_components_of_a_vector_must_lie_side_by_side():
    image = volume("VEC3_UINT16")
    good = np.zeros((4, 3, 2, 3), "u2")
    assert (image.read_region(BOX, good) == 7).all()
    apart = np.zeros((4, 3, 2, 6), "u2")[..., ::2]
    with pytest.raises(ValueError, match="side by side"):
        image.read_region(BOX, apart)
    assert not apart.any()


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0, 3), (0, 2**62, 2**62)])
def test_images_without_samples_are_images(shape):
    image = ImageViewFactory.allocate(shape, "UINT16")
    assert image.shape() == shape and image.indexer().element_count() == 0 and image.indexer().is_continuous()
    assert image.buffer().nbytes == 0
    if np.prod(shape, dtype=object) == 0 and max(shape) < 2**60:
        assert np.asarray(image).size == 0
        assert ImageViewFactory.copy_in_memory(image).shape() == shape
    with pytest.raises((ValueError, IndexError)):
        image.read_region(RegionXu64.create_full_region(shape))
    with pytest.raises(IndexError):
        image.read((0,) * len(shape))
    with pytest.raises(IndexError):
        image.write((0,) * len(shape), 1)


@pytest.mark.parametrize(
    "shape",
    [(2**32, 2**32), (2**63, 2), (2**64 - 1,), (2**31, 2**31, 4), (2**62, 8), (2**60, 8)],
)
def test_shapes_beyond_64_bits_are_refused_before_anything_is_allocated(shape):
    for dtype in ("UINT8", "DOUBLE", "VEC4_DOUBLE"):
        with pytest.raises(iolink.LimitError) as refusal:
            ImageViewFactory.allocate(shape, dtype)
        assert isinstance(refusal.value, ValueError) and isinstance(refusal.value, MemoryError)
    image = volume()
    with pytest.raises(iolink.LimitError):
        image.reshape(shape, "DOUBLE")
    assert image.shape() == (6, 5, 4) and (np.asarray(image) == 7).all()


@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((2, 2), "UTF8_STRING", TypeError),
        ((2, 2), "UNKNOWN", TypeError),
        ((2, 2), "NOTHING", TypeError),
        ((-1, 2), "UINT8", ValueError),
        ("22", "UINT8", TypeError),
        ((2,) * 9, "UINT8", ValueError),
    ],
)
def test_a_reshape_that_cannot_be_changes_nothing(shape, dtype, error):
    image = volume()
    with pytest.raises(error):
        image.reshape(shape, dtype)
    assert image.shape() == (6, 5, 4) and image.dtype() == iolink.DataTypeId.UINT16
    assert (np.asarray(image) == 7).all()


def test_a_reshape_begins_with_zeros_and_waits_for_arrays():
    image = volume()
    shared = np.asarray(image)
    with pytest.raises(BufferError):
        image.reshape((3, 2), "FLOAT")
    del shared
    image.reshape((3, 2), "FLOAT")
    assert image.shape() == (3, 2) and image.dtype() == iolink.DataTypeId.FLOAT and not np.asarray(image).any()


def test_a_read_only_view_is_not_written():
    samples = np.full((4, 3), 7, "u2")
    samples.flags.writeable = False
    image = NumpyInterop.from_numpy_array(samples)
    assert not image.support(iolink.ImageCapability.WRITE)
    for call in (
        lambda: image.write((0, 0), 1),
        lambda: image.write_region(((0, 0), (1, 1)), bytes(2)),
        image.buffer,
    ):
        with pytest.raises(NotImplementedError, match="WRITE"):
            call()
    assert (samples == 7).all()
    assert not np.asarray(image).flags.writeable and image.buffer_read_only().readonly


COUNTED = {
    "flip": lambda image, number: ImageViewFactory.flip(image, number),
    "flip_dimension_index": lambda image, number: ImageViewFactory.flip_dimension_index(image, number),
    "extract_channel": lambda image, number: ImageViewFactory.extract_channel(image, number),
    "frame": lambda image, number: MultiImageViewFactory.allocate([image]).frame(number),
    "Indexer.shape": lambda image, number: image.indexer().shape(number),
    "Indexer.stride": lambda image, number: image.indexer().stride(number),
    "Indexer.byte_stride": lambda image, number: image.indexer().byte_stride(number),
    "Indexer.layout": lambda image, number: image.indexer().layout(number),
}
AMOUNTS = {
    "extension": lambda image, number: image.extension(number),
    "MultiImageView.extension": lambda image, number: MultiImageViewFactory.allocate([image]).extension(number),
    "LodImageView.extension": lambda image, number: LodImageViewFactory.from_image_view(image).extension(number),
    "ParallelAccessExtension.support": lambda image, number: image.extension(
        ParallelAccessExtension.EXTENSION_ID
    ).support(number),
    "restrict_capabilities": lambda image, number: ImageViewFactory.restrict_capabilities(image, number),
    "support": lambda image, number: image.support(number),
    "MultiImageView.support": lambda image, number: MultiImageViewFactory.allocate([image]).support(number),
    "levels": lambda image, number: LodImageViewFactory.from_image_view(image, levels=number),
    "cache_bytes": lambda image, number: LodImageViewFactory.from_image_view(image, cache_bytes=number),
    "offset": lambda image, number: ImageViewFactory.from_random_access(bytes(99), (3,), "UINT8", number),
    "DataType.dimension": lambda image, number: DataType(PrimitiveTypeId.UNSIGNED_INTEGER, number, 8),
    "DataType.bit_depth": lambda image, number: DataType(PrimitiveTypeId.UNSIGNED_INTEGER, 1, number),
    "DataType.interpretation": lambda image, number: DataType(PrimitiveTypeId.UNSIGNED_INTEGER, 1, 8, number),
    "RegionXu64": lambda image, number: RegionXu64(number),
}


@pytest.mark.parametrize("number", [-1, -(2**70), 2**64, 2**70])
@pytest.mark.parametrize("name", COUNTED)
def test_what_is_counted_from_zero_is_not_there(name, number):
    image = ImageViewFactory.reinterpret(volume(), "MULTISPECTRAL_IMAGE")
    with pytest.raises(IndexError, match="counted from 0"):
        COUNTED[name](image, number)
    with pytest.raises(IndexError):
        COUNTED[name](image, 2**63)


@pytest.mark.parametrize("number", [-1, -(2**70), 2**64, 2**70])
@pytest.mark.parametrize("name", AMOUNTS)
def test_an_amount_that_cannot_be(name, number):
    with pytest.raises(ValueError, match="negative, or more than 64 bits hold"):
        AMOUNTS[name](volume(), number)


def test_a_place_in_a_set_is_counted_from_its_end_below_zero():
    images = MultiImageViewFactory.allocate([volume(), volume("UINT8")])
    assert images[-1].dtype() == DataType("UINT8") and images[-2].dtype() == DataType("UINT16")
    for wrong in (2, -3, 2**63 - 1, -(2**63)):
        with pytest.raises(IndexError, match="no frame"):
            images[wrong]
    for wrong in (2**70, -(2**70)):
        with pytest.raises(IndexError, match="beyond any index"):
            images[wrong]
        with pytest.raises(IndexError, match="beyond any index"):
            volume()[wrong]


def test_an_image_without_axes_is_read_by_a_region_without_axes():
    image = NumpyInterop.from_numpy_array(np.array(5.0))
    for region in ((), ((), ()), RegionXu64((), ())):
        assert image.read_region(region) == 5.0 and image.read_region(region).shape == ()


def test_an_axis_that_is_none_is_refused_by_the_name_of_its_argument():
    image = volume()
    for argument, call in {
        "axis": lambda wrong: ImageViewFactory.stack([image, image], axis=wrong),
        "dimension": lambda wrong: ImageViewFactory.flip_dimension(image, dimension=wrong),
        "newImageType": lambda wrong: ImageViewFactory.reinterpret(image, newImageType=wrong),
        "dimensionsList": lambda wrong: ImageViewFactory.reinterpret_axes(image, dimensionsList=[wrong] * 3),
        "interpretation": lambda wrong: NumpyInterop.from_numpy_array(np.zeros((2, 2)), interpretation=wrong),
    }.items():
        for wrong in ("ROWS", "row", 99, -1, 2**70):
            with pytest.raises(ValueError, match=f"^{argument}: .*is not one of"):
                call(wrong)
        for wrong in (1.5, object(), True):
            with pytest.raises(TypeError, match=f"^{argument}: "):
                call(wrong)


@pytest.mark.parametrize("index", [(-1, 0, 0), (0, -(2**70), 0), (0, 0, 2**64), (0, 0, 2**70)])
def test_an_index_that_no_image_has(index):
    image = volume()
    for call in (
        lambda: image.read(index),
        lambda: image.write(index, 9),
        lambda: image.indexer().offset(index),
        lambda: image.indexer().byte_offset(index),
        lambda: image.read_region((index, (1, 1, 1))),
        lambda: image.write_region((index, (1, 1, 1)), np.full((1, 1, 1), 9, "u2")),
        lambda: ImageViewFactory.extract_region(image, (index, (1, 1, 1))),
        lambda: ImageViewFactory.extract_adjusted_region(image, (index, (1, 1, 1))),
    ):
        with pytest.raises(IndexError, match="counted from 0"):
            call()
    assert (np.asarray(image) == 7).all()


def test_truth_values_and_nothing_are_no_numbers_and_no_types():
    image = volume()
    for call in (
        lambda: ImageViewFactory.flip(image, True),
        lambda: ImageViewFactory.extract_channel(ImageViewFactory.reinterpret(image, "MULTISPECTRAL_IMAGE"), True),
        lambda: LodImageViewFactory.from_image_view(image).resolution(False),
        lambda: ImageViewFactory.allocate((2,), None),
        lambda: ImageViewFactory.adapt_data_type(image, None),
    ):
        with pytest.raises(TypeError, match=r"whole number|is not a data type"):
            call()


def test_ctypes_arrays_which_tell_no_strides_are_dense_buffers():
    array = np.arange(12, dtype="u2").reshape(3, 4)
    image, full = NumpyInterop.from_numpy_array(array, "IMAGE"), ((0, 0), (4, 3))
    for shape in ((3, 4), (12,)):
        given = np.ctypeslib.as_ctypes(np.arange(200, 212, dtype="u2").reshape(shape))
        if shape == (12,):
            with pytest.raises(TypeError, match="items are not of type"):
                image.read_region(full, (ctypes.c_uint32 * 12)())
        image.write_region(full, given)
        assert array.ravel().tolist() == list(range(200, 212))
        array += 1
        image.read_region(full, given)
        assert np.ctypeslib.as_array(given).ravel().tolist() == list(range(201, 213))
    shared = ImageViewFactory.from_buffer((4, 3), "UINT16", (ctypes.c_uint16 * 12)(*range(12)))
    assert [int(shared.read((x, y))) for y in range(3) for x in range(4)] == list(range(12))
    given = ((ctypes.c_uint8 * 3) * 2)()
    ImageViewFactory.uniform((2, 3), "UINT8", 5).read_region(((0, 0), (2, 3)), given)
    assert np.ctypeslib.as_array(given).tolist() == [[5, 5, 5]] * 2
    empty = ((ctypes.c_uint16 * 0) * 3)()
    with pytest.raises(ValueError, match="shape"):
        image.read_region(full, empty)
    answers = ImageViewFactory.from_function(
        (4, 3), "UINT16", lambda region: np.ctypeslib.as_ctypes(np.arange(12, dtype="u2").reshape(4, 3))
    )
    assert np.asarray(answers).tolist() == np.arange(12).reshape(4, 3).tolist()


def test_masks_are_not_lost():
    masked, image = np.ma.array([7, 8], mask=[True, False]), ImageViewFactory.allocate((2,), "UINT8")
    for call in (
        lambda: VariantDataValue(masked),
        lambda: VariantDataValue(masked, "UINT8"),
        lambda: MetadataNode("a", masked),
        lambda: MetadataNode().set("/a", masked),
        lambda: MetadataNodeFactory.from_dict({"a": masked}),
        lambda: ImageViewFactory.uniform((2,), "UINT8", np.ma.masked),
        lambda: ImageViewFactory.uniform((2,), "VEC2_UINT8", masked),
        lambda: image.write((0,), np.ma.masked),
        lambda: image.__setitem__(slice(None), masked),
        lambda: ImageViewFactory.flip(image, 0).__setitem__([0, 1], masked),
    ):
        with pytest.raises(TypeError, match="mask that would be lost"):
            call()
    assert np.asarray(image).tolist() == [0, 0]


def test_whole_numbers_that_a_float_cannot_tell_are_refused():
    for call in (
        lambda: VectorXd(2**53 + 1),
        lambda: VectorXf(2**24 + 1),
        lambda: VariantDataValue(2**24 + 1, "FLOAT"),
        lambda: VariantDataValue([2**64 - 1], "DOUBLE"),
        lambda: ImageViewFactory.uniform((2,), "FLOAT16", 2049),
        lambda: ImageViewFactory.allocate((2,), "FLOAT16").write((0,), 2049),
    ):
        with pytest.raises(ValueError, match="float"):
            call()
    assert VectorXd(2**53)[0] == 2**53 and VectorXf(2**24)[0] == 2**24 and VectorXf(0.1)[0] == np.float32(0.1)
    assert VariantDataValue(2**24, "FLOAT").raw() == np.float32(2**24).tobytes()


def test_tiles_of_an_image_that_was_reshaped_are_asked_for_anew():
    image = ImageViewFactory.allocate((3000, 3000), "UINT8")
    tiles = image.tiling_info()
    image.reshape((10, 10), "UINT8")
    for call in (lambda: tiles.tile_region(3), lambda: tiles.read_tile(0)):
        with pytest.raises(ValueError, match=r"had the shape \(3000, 3000\) and now has \(10, 10\)"):
            call()
    assert image.tiling_info().tile_count() == 1


def test_an_axis_longer_than_can_be_indexed_is_refused_though_there_are_no_samples():
    for shape in ((0, 2**63), (2**64 - 1, 0)):
        for make in (
            lambda: ImageViewFactory.allocate(shape, "UINT8"),
            lambda: ImageViewFactory.uniform(shape, "UINT8", 1),
            lambda: ImageViewFactory.from_buffer(shape, "UINT8", b""),
        ):
            with pytest.raises(LimitError, match="longer than"):
                make()


def test_a_closed_image_is_no_context():
    image = volume()
    image.close()
    with pytest.raises(ClosedError), image:
        pytest.fail("it is closed")


def test_what_is_fixed_says_so_and_names_the_way_out():
    part = ImageViewFactory.extract_region(volume(), ((0, 0, 0), (1, 1, 1)))
    assert part.support(ImageCapability.WRITE)
    with pytest.raises(CapabilityError, match=r"properties .* in place.*from_image_view"):
        part.set_properties(part.properties())
    with pytest.raises(CapabilityError, match=r"metadata .* in place.*from_image_view"):
        part.set_metadata(part.metadata())


def test_parts_of_one_array_are_copied_into_each_other_where_they_are_apart():
    array = np.arange(48, dtype="u2").reshape(6, 8)
    image, expected = NumpyInterop.from_numpy_array(array), array.copy()
    image.write_region(((0, 4), (6, 4)), array[:, :4])
    expected[:, 4:] = expected[:, :4]
    assert (array == expected).all()
    image[1::2] = array[::2]
    expected[1::2] = expected[::2]
    assert (array == expected).all()
    with pytest.raises(ValueError, match="share memory"):
        image.write_region(((0, 3), (6, 4)), array[:, :4])
    assert (array == expected).all()


def test_a_closed_image_refuses_everything():
    image = volume()
    image.close()
    assert image.closed and "closed" in repr(image)
    for call in (
        image.shape,
        image.dtype,
        image.properties,
        image.metadata,
        image.capabilities,
        lambda: image.read((0, 0, 0)),
        lambda: image.write((0, 0, 0), 1),
        lambda: image.read_region(BOX),
        lambda: image.write_region(BOX, bytes(48)),
        lambda: image.reshape((1,), "UINT8"),
        lambda: np.asarray(image),
        lambda: ImageViewFactory.copy_in_memory(image),
    ):
        with pytest.raises(iolink.ClosedError):
            call()
    image.close()
