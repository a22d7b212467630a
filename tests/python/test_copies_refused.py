"""What would give wrong samples, or more than can be counted, is refused before anything is touched."""

from __future__ import annotations

import numpy as np
import pytest

import iolink
from iolink import ImageViewFactory, LodImageViewFactory, NumpyInterop

EVERYTHING = (slice(None), slice(None))


def plane(shape=(4, 6), dtype="u2"):
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    return array, NumpyInterop.from_numpy_array(array, "IMAGE")


@pytest.mark.parametrize("of", [lambda a: a, lambda a: a[::-1], lambda a: a.reshape(6, 4).T], ids=["same", "flip", "T"])
@pytest.mark.parametrize("view", [lambda v: v, lambda v: ImageViewFactory.flip(v, 0)], ids=["plain", "flipped"])
def test_a_region_is_not_read_into_its_own_memory(of, view):
    array, image = plane()
    before = array.copy()
    with pytest.raises(ValueError, match="share memory"):
        view(image).read_region(EVERYTHING, of(array))
    assert np.array_equal(array, before)


def test_a_region_is_not_written_from_its_own_memory():
    array, image = plane((300, 300))
    before = array.copy()
    with pytest.raises(ValueError, match="share memory"):
        image.write_region((slice(0, 300), slice(1, 300)), array[:-1])
    assert np.array_equal(array, before)


def test_values_are_not_converted_into_their_own_memory():
    bytes_of_both = np.arange(400, dtype="u1")
    stored = bytes_of_both[:100].reshape(10, 10)
    wide = ImageViewFactory.adapt_data_type(NumpyInterop.from_numpy_array(stored, "IMAGE"), "UINT16")
    before = bytes_of_both.copy()
    with pytest.raises(ValueError, match="share memory"):
        wide.read_region(EVERYTHING, bytes_of_both[:200].view("u2").reshape(10, 10))
    assert np.array_equal(bytes_of_both, before)


def test_parts_of_one_array_that_lie_apart_are_copied():
    array, image = plane()
    image.read_region((slice(None), slice(0, 2)), array[2:])
    assert np.array_equal(array[2:], array[:2])
    planes = np.arange(24, dtype="u1").reshape(3, 4, 2)
    red = NumpyInterop.from_numpy_array(planes[..., 0], "IMAGE")
    red.read_region(EVERYTHING, planes[..., 1])
    assert np.array_equal(planes[..., 1], planes[..., 0])


def test_a_progress_that_cannot_be_called_is_refused_before_anything_is_written():
    array, image = plane()
    before = array.copy()
    with pytest.raises(TypeError, match="progress: expected a callable"):
        image.write_region(EVERYTHING, np.zeros((4, 6), "u2"), progress=3)
    assert np.array_equal(array, before)


def test_a_pyramid_of_an_image_that_was_reshaped_says_so():
    base = ImageViewFactory.allocate((40,), "UINT8")
    level = LodImageViewFactory.from_image_view(base, levels=2).resolution(1)
    base.reshape((2,), "UINT8")
    with pytest.raises(ValueError, match="make a new pyramid"):
        level.read_region((slice(None),))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ImageViewFactory.uniform((2**62,), "DOUBLE", 1),
        lambda: ImageViewFactory.uniform((2**63, 2), "UINT8", 1),
        lambda: ImageViewFactory.uniform((2**61,), "UINT8", 1).scaled(),
        lambda: ImageViewFactory.adapt_data_type(ImageViewFactory.uniform((2**62,), "UINT8", 1), "UINT32"),
        lambda: ImageViewFactory.stack([ImageViewFactory.uniform((2**62,), "UINT8", 1)] * 2),
    ],
)
def test_views_of_more_bytes_than_can_be_counted_are_refused(make):
    with pytest.raises(iolink.LimitError, match="the limit"):
        make()


def test_labels_are_not_squeezed_into_a_type_that_has_not_their_numbers():
    for dtype, narrow in [("LABEL16", "LABEL8"), ("UINT16", "LABEL8"), ("LABEL32", "FLOAT"), ("LABEL16", "FLOAT16")]:
        with pytest.raises(TypeError, match="give a wider type"):
            ImageViewFactory.adapt_data_type(ImageViewFactory.allocate((2,), dtype), narrow)
    labels = ImageViewFactory.allocate((2,), "LABEL16")
    np.asarray(labels)[:] = [255, 300]
    assert np.asarray(ImageViewFactory.adapt_data_type(labels, "FLOAT")).tolist() == [255, 300]


def test_numbers_below_zero_are_no_tiles_and_no_frames():
    tiling = ImageViewFactory.allocate((6, 4), "UINT8").tiling_info()
    frames = iolink.MultiImageViewFactory.allocate()
    region = iolink.RegionXu64((1, 1), (3, 2))
    calls = [
        lambda: tiling.tile_region(-1),
        lambda: tiling.read_tile(-1),
        lambda: frames.frame(-1),
        lambda: frames.remove_frame(2**70),
        lambda: region.extract_slice_from_axis(-1, 0),
        lambda: region.extract_slice_from_axis(0, -1),
    ]
    for call in calls:
        with pytest.raises(IndexError):
            call()


def test_every_view_is_thread_safe_already():
    image = ImageViewFactory.allocate((6, 4), "UINT8")
    assert ImageViewFactory.make_thread_safe(image) is image
    assert iolink.ParallelAccessCapability_THREAD_SAFE is iolink.ParallelAccessCapability.THREAD_SAFE
