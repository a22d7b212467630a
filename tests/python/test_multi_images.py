"""Sets of images: frames of any shape and type, in order."""

from __future__ import annotations

import numpy as np
import pytest

import iolink
from iolink import ImageViewFactory, MultiImageViewFactory, MultiImageViewProvider, NumpyInterop


def image(value, shape=(4, 6), dtype="u2"):
    return NumpyInterop.from_numpy_array(np.full(shape, value, dtype), "IMAGE")


def values(frames):
    return [int(np.asarray(frame).flat[0]) for frame in frames]


def test_frames_are_added_replaced_and_removed():
    frames = MultiImageViewFactory.allocate([image(1), image(2)])
    frames.add_frame(image(3, (2, 3), "f4"))
    assert (frames.frame_count(), len(frames), values(frames)) == (3, 3, [1, 2, 3])
    frames.set_frame(0, image(9))
    frames.remove_frame(1)
    assert values(frames) == [9, 3] and values([frames[-1], frames[0], frames.frame(1)]) == [3, 9, 3]
    assert [frame.shape() for frame in frames] == [(6, 4), (3, 2)]
    assert [frame.dtype().dtype for frame in frames] == ["u2", "f4"]
    for number in [2, -3]:
        with pytest.raises(IndexError):
            frames[number]
    for call in [lambda: frames.frame(2), lambda: frames.set_frame(2, image(1)), lambda: frames.remove_frame(2)]:
        with pytest.raises(IndexError):
            call()
    assert values(frames) == [9, 3]


def test_a_frame_is_the_image_itself():
    array = np.zeros((4, 6), "u2")
    frames = MultiImageViewFactory.allocate([NumpyInterop.from_numpy_array(array, "IMAGE")])
    np.asarray(frames.frame(0))[1, 2] = 7
    assert array[1, 2] == 7


def test_a_set_says_what_it_can_and_what_it_is():
    frames = MultiImageViewFactory.allocate()
    assert frames.frame_count() == 0 and list(frames) == []
    needed = iolink.MultiImageCapability.READ | iolink.MultiImageCapability.WRITE
    assert frames.support(needed) and frames.capabilities() & needed == needed
    assert MultiImageViewProvider.is_multi_image(frames) and not MultiImageViewProvider.is_multi_image(image(1))
    assert MultiImageViewProvider.to_multi_image(frames) is not None
    with pytest.raises(TypeError):
        MultiImageViewProvider.to_multi_image(image(1))
    with pytest.raises(TypeError):
        frames.add_frame(np.zeros((4, 6)))


def test_like_frames_are_stacked_along_the_axis_that_is_asked_for():
    frames = MultiImageViewFactory.allocate([image(1), image(2), image(3)])
    assert np.array_equal(np.asarray(ImageViewFactory.stack(frames))[:, 0, 0], [1, 2, 3])
    stacked = ImageViewFactory.stack(frames, axis="SEQUENCE")
    assert stacked.shape() == (6, 4, 3) and np.asarray(stacked).shape == (3, 4, 6)
    channels = ImageViewFactory.stack(frames, axis="CHANNEL")
    assert np.asarray(channels).shape == (4, 6, 3) and np.asarray(channels)[0, 0].tolist() == [1, 2, 3]
    frames.add_frame(image(4, (2, 3)))
    with pytest.raises(ValueError, match="image 3 has the shape"):
        ImageViewFactory.stack(frames)
    with pytest.raises(ValueError, match="ROW already"):
        ImageViewFactory.stack([image(1)], axis="ROW")
