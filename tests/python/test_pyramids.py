"""`LodImageViewFactory`: a pyramid over any image, held against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iolink
from iolink import (
    AxesInterpretationId,
    ImageViewFactory,
    LodImageView,
    LodImageViewFactory,
    LodImageViewProvider,
    NumpyInterop,
)

REDUCE = {"mean": np.nanmean, "min": np.nanmin, "max": np.nanmax}


def halved(array, method):
    """One level of a plane or volume: cells of two samples along each axis, fewer at the far border."""
    if method == "nearest":
        return array[tuple(slice(None, None, 2) for _ in array.shape)]
    padded = np.pad(array.astype("f8"), [(0, size % 2) for size in array.shape], constant_values=np.nan)
    cells = padded.reshape([n for size in padded.shape for n in (size // 2, 2)])
    out = REDUCE[method](cells, axis=tuple(range(1, cells.ndim, 2)))
    # NumPy's rint rounds half to even, as iolink does.
    return (np.rint(out) if array.dtype.kind in "iu" else out).astype(array.dtype)


def whole(view):
    return view.read_region(((0,) * view.dimension_count(), view.shape()))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["mean", "min", "max", "nearest"]),
    st.sampled_from(["u1", "i2", "u4", "i8", "f4", "f8"]),
    st.lists(st.integers(1, 17), min_size=2, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_every_level_is_what_numpy_says(method, dtype, shape, seed):
    random = np.random.default_rng(seed)
    array = (random.integers(-100, 100, shape) if dtype[0] != "u" else random.integers(0, 255, shape)).astype(dtype)
    interpretation = AxesInterpretationId.IMAGE if len(shape) == 2 else AxesInterpretationId.VOLUME
    view = NumpyInterop.from_numpy_array(array, interpretation)
    levels = LodImageViewFactory.from_image_view(view, method, levels=1 if max(shape) > 1 else 0)
    assert np.array_equal(whole(levels.resolution(0)), array)
    if max(shape) > 1:
        level = whole(levels.resolution(1))
        assert level.dtype == array.dtype
        assert np.allclose(level, halved(array, method), rtol=1e-6, atol=0)


def test_labels_take_the_most_frequent_and_are_recognised():
    array = np.array([[1, 1, 0, 5], [2, 1, 5, 0], [7, 7, 7, 7], [7, 7, 9, 9]], "u2")
    labels = ImageViewFactory.from_buffer((4, 4), "LABEL16", array.tobytes())
    levels = LodImageViewFactory.from_image_view(labels, levels=1)
    assert np.array_equal(whole(levels.resolution(1)).T, [[1, 0], [7, 7]])
    with pytest.raises(TypeError, match="mode"):
        LodImageViewFactory.from_image_view(labels, "mean")


def test_channels_and_time_are_never_reduced():
    array = np.zeros((5, 64, 80, 3), "u1")
    view = NumpyInterop.from_numpy_array(array, AxesInterpretationId.MULTISPECTRAL_IMAGE_SEQUENCE)
    levels = LodImageViewFactory.from_image_view(view, levels=2)
    assert list(levels.resolution(2).shape()) == [20, 16, 3, 5]


def test_calibration_is_right_on_every_level():
    image = ImageViewFactory.allocate((64, 64, 16), "UINT8")
    view = ImageViewFactory.reinterpret(image, AxesInterpretationId.VOLUME)
    properties = view.properties().copy()
    properties.calibration.spacing = [0.5, 0.5, 2.0]
    properties.calibration.origin = [10.0, 20.0, 30.0]
    view = ImageViewFactory.from_image_view(view, properties)
    levels = LodImageViewFactory.from_image_view(view, "mean", levels=3, isotropic=True)
    seen = [
        (list(level.shape()), list(level.properties().calibration.spacing), list(level.properties().calibration.origin))
        for level in map(levels.resolution, range(4))
    ]
    assert seen == [
        ([64, 64, 16], [0.5, 0.5, 2.0], [10.0, 20.0, 30.0]),
        ([32, 32, 16], [1.0, 1.0, 2.0], [10.25, 20.25, 30.0]),
        ([16, 16, 16], [2.0, 2.0, 2.0], [10.75, 20.75, 30.0]),
        ([8, 8, 8], [4.0, 4.0, 4.0], [11.75, 21.75, 31.0]),
    ]


def test_a_pyramid_over_a_lazy_image_reads_only_what_is_asked_for():
    huge = ImageViewFactory.uniform((1 << 24, 1 << 24), "UINT16", 9)
    levels = LodImageViewFactory.from_image_view(huge, "mean", levels=3, cache_bytes=1 << 22)
    assert (
        whole(ImageViewFactory.extract_region(levels.resolution(3), ((1 << 20, 5), (4, 4)))).tolist() == [[9] * 4] * 4
    )


def test_levels_and_methods_that_are_not_there_are_refused():
    image = ImageViewFactory.allocate((40, 30), "UINT8")
    levels = LodImageViewFactory.from_image_view(image, levels=2)
    assert isinstance(levels, LodImageView)
    assert LodImageViewProvider.is_lod_image(levels)
    assert tuple(levels.level_range()) == (0, 2)
    for number in (-1, 3):
        with pytest.raises(IndexError, match="level"):
            levels.resolution(number)
        with pytest.raises(iolink.Error):
            levels.resolution(number)
    with pytest.raises(ValueError, match="median"):
        LodImageViewFactory.from_image_view(image, "median")
    with pytest.raises(ValueError, match="at most"):
        LodImageViewFactory.from_image_view(image, levels=7)
    with pytest.raises(TypeError):
        LodImageViewFactory.from_image_view(ImageViewFactory.uniform((4, 4), "COMPLEX64", 0), "max")
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        levels.resolution(1).write_region(((0, 0), (1, 1)), b"x")
