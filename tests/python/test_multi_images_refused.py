"""What sets of images refuse, and what a set and a stack of it go on sharing."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import iolink
from iolink import (
    DataFrameViewProvider,
    ImageViewFactory,
    ImageViewProvider,
    LodImageViewProvider,
    MetadataNode,
    MultiImageCapability,
    MultiImageView,
    MultiImageViewFactory,
    MultiImageViewProvider,
    NumpyInterop,
)


def image(value, shape=(4, 6), dtype="u2", interpretation="IMAGE"):
    return NumpyInterop.from_numpy_array(np.full(shape, value, dtype), interpretation)


def some(*values):
    return MultiImageViewFactory.allocate([image(value) for value in values])


def values(frames):
    return [int(np.asarray(frame).flat[0]) for frame in frames]


# --- what is no frame, no set, no number


@pytest.mark.parametrize("thing", [None, "ab", 3, np.zeros((4, 6)), [image(1)]], ids=lambda x: type(x).__name__)
def test_a_frame_is_a_view_of_an_image(thing):
    frames = some(1, 2)
    for call in (frames.add_frame, lambda frame: frames.set_frame(0, frame)):
        with pytest.raises(TypeError, match="ImageView"):
            call(thing)
    assert values(frames) == [1, 2]


def test_a_set_may_be_a_frame():
    frames = some(1, 2)
    frames.set_frame(0, some(3, 4))
    assert (values(frames[0]), int(np.asarray(frames[1]).flat[0])) == ([3, 4], 2)


@pytest.mark.parametrize("things", ["ab", 3, [image(1), None], [np.zeros((4, 6))]], ids=lambda x: type(x).__name__)
def test_a_set_is_made_of_images(things):
    with pytest.raises(TypeError):
        MultiImageViewFactory.allocate(things)


def test_a_set_is_made_by_its_factory_alone():
    with pytest.raises(TypeError):
        MultiImageView()
    assert len(MultiImageViewFactory.allocate()) == len(MultiImageViewFactory.allocate(None)) == 0
    assert values(MultiImageViewFactory.allocate(image(value) for value in range(3))) == [0, 1, 2]
    assert values(MultiImageViewFactory.allocate(some(4, 5))) == [4, 5]


@pytest.mark.parametrize("number", [2, -1, -3, 2**40, 2**70, -(2**70)])
def test_numbers_of_no_frame_are_refused_and_change_nothing(number):
    frames = some(1, 2)
    for call in (frames.frame, frames.remove_frame, lambda number: frames.set_frame(number, image(9))):
        with pytest.raises(IndexError):
            call(number)
    assert values(frames) == [1, 2]


def test_a_string_is_the_name_of_a_frame():
    with pytest.raises(KeyError, match='no frame "1"'):
        some(1, 2)["1"]


@pytest.mark.parametrize("number", [1.0, None, slice(0, 1), (0,)], ids=str)
def test_what_is_no_number_is_refused(number):
    frames = some(1, 2)
    for call in (frames.frame, frames.__getitem__, frames.remove_frame, lambda at: frames.set_frame(at, image(9))):
        with pytest.raises(TypeError):
            call(number)
    assert values(frames) == [1, 2]


def test_numbers_of_numpy_are_numbers():
    frames = some(1, 2)
    assert values([frames[np.int8(-1)], frames.frame(np.uint64(0))]) == [2, 1]
    frames.remove_frame(np.int64(0))
    assert values(frames) == [2]


def test_an_emptied_set_has_nothing_left_to_ask_for():
    frames = some(1)
    frames.remove_frame(0)
    assert (frames.frame_count(), len(frames), list(frames), bool(frames)) == (0, 0, [], False)
    for call in (lambda: frames[0], lambda: frames[-1], lambda: frames.frame(0), lambda: frames.remove_frame(0)):
        with pytest.raises(IndexError):
            call()


def test_a_closed_image_becomes_no_frame_and_a_frame_outlives_its_image():
    closed, kept = image(1), image(2)
    frames = MultiImageViewFactory.allocate([kept])
    closed.close()
    kept.close()
    for call in (lambda: frames.add_frame(closed), lambda: frames.set_frame(0, closed)):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        MultiImageViewFactory.allocate([closed])
    assert values(frames) == [2]


# --- what a view is


@pytest.mark.parametrize(
    ("ask", "cast", "word"),
    [
        (ImageViewProvider.is_image, ImageViewProvider.to_image, "ImageView"),
        (LodImageViewProvider.is_lod_image, LodImageViewProvider.to_lod_image, "LodImageView"),
        (DataFrameViewProvider.is_data_frame, DataFrameViewProvider.to_data_frame, "DataFrameView"),
    ],
)
def test_a_set_is_no_other_view(ask, cast, word):
    frames = some(1)
    assert not ask(frames)
    with pytest.raises(TypeError, match=f"is a MultiImageView, not an? {word}") as refused:
        cast(frames)
    assert isinstance(refused.value, iolink.Error)


@pytest.mark.parametrize("thing", [None, 3, np.zeros(3), image(1), [image(1)]], ids=lambda x: type(x).__name__)
def test_what_is_no_set_is_refused_by_its_name(thing):
    assert not MultiImageViewProvider.is_multi_image(thing)
    with pytest.raises(TypeError, match=f"{type(thing).__name__}, not a MultiImageView") as refused:
        MultiImageViewProvider.to_multi_image(thing)
    assert isinstance(refused.value, iolink.Error)


def test_a_set_is_cast_to_itself():
    frames = some(1)
    assert MultiImageViewProvider.to_multi_image(frames) is frames


def test_a_set_is_no_array():
    with pytest.raises(TypeError, match="ImageView"):
        NumpyInterop.to_numpy_array(some(1, 2))


def test_capabilities_are_asked_one_by_one_and_together():
    frames = some(1)
    assert frames.capabilities() == MultiImageCapability.READ | MultiImageCapability.WRITE
    assert isinstance(frames.capabilities(), MultiImageCapability)
    for flags in (0, MultiImageCapability.READ, MultiImageCapability.WRITE, frames.capabilities()):
        assert frames.support(flags)
    assert not frames.support(4) and not frames.support(frames.capabilities() | 4)


def test_a_set_says_how_many_frames_it_has():
    assert some(1, 2, 3).to_string() == str(some(1, 2, 3)) == "MultiImageView(3 frames)"


# --- what frames are


def test_frames_are_of_any_shape_and_type_and_keep_what_is_known_of_them():
    volume = image(2, (2, 3, 4), "f8", "VOLUME")
    colours = NumpyInterop.from_numpy_array(np.full((3, 5, 3), 3, "u1"), "IMAGE", vector=True)
    point = image(4, (), "i8", None)
    tree = MetadataNode()
    tree.set("/who", "me")
    properties = volume.properties().copy()
    properties.calibration.spacing = (1, 2, 3)
    volume.set_properties(properties)
    volume.set_metadata(tree)
    frames = MultiImageViewFactory.allocate([image(1), volume, colours, point])
    assert [tuple(frame.shape()) for frame in frames] == [(6, 4), (4, 3, 2), (5, 3), ()]
    assert [str(frame.dtype()) for frame in frames] == ["UINT16", "DOUBLE", "VEC3_UINT8", "INT64"]
    assert frames[1].properties() == properties and frames[1].metadata() == tree


def test_one_image_may_be_several_frames():
    array = np.zeros((4, 6), "u2")
    shared = NumpyInterop.from_numpy_array(array, "IMAGE")
    frames = MultiImageViewFactory.allocate([shared, image(5), shared])
    frames[0].write((0, 0), 8)
    assert values(frames) == [8, 5, 8]
    frames.remove_frame(0)
    assert values(frames) == [5, 8] and array[0, 0] == 8


def test_a_frame_lives_on_without_its_set():
    frames = some(1, 2)
    frame = frames[1]
    frames.remove_frame(1)
    del frames
    gc.collect()
    assert values([frame]) == [2]


def test_iteration_starts_anew_each_time_and_goes_both_ways():
    frames = some(1, 2, 3)
    assert values(frames) == values(frames) == [1, 2, 3]
    assert values(reversed(frames)) == [3, 2, 1]
    first, *rest = frames
    assert values([first]) == [1] and values(rest) == [2, 3]
    assert [value for frame in frames for value in values([frame])] == values(iter(frames))


def test_frames_that_are_added_while_others_are_seen_are_seen_too():
    frames, seen = some(1, 2), []
    for frame in frames:
        seen += values([frame])
        if len(frames) < 4:
            frames.add_frame(image(len(frames) + 1))
    assert seen == [1, 2, 3, 4]


# --- stacks


def test_a_stack_of_nothing_is_refused():
    for nothing in (MultiImageViewFactory.allocate(), []):
        with pytest.raises(ValueError, match="at least one image"):
            ImageViewFactory.stack(nothing)


def test_frames_that_are_not_alike_are_no_stack():
    with pytest.raises(TypeError, match="image 1 is of type FLOAT, image 0 of UINT16"):
        ImageViewFactory.stack(MultiImageViewFactory.allocate([image(1), image(1, dtype="f4")]))
    with pytest.raises(ValueError, match=r"image 1 has the shape \(4, 6\), image 0 has \(6, 4\)"):
        ImageViewFactory.stack(MultiImageViewFactory.allocate([image(1), image(1, (6, 4))]))


@pytest.mark.parametrize(
    ("axis", "error"),
    [("COLUMN", ValueError), ("DEPTH", ValueError), (9, ValueError), (-1, ValueError), ([4], TypeError)],
)
def test_an_axis_that_is_there_already_or_is_none_is_refused(axis, error):
    with pytest.raises(error):
        ImageViewFactory.stack(some(1, 2), axis=axis)


@pytest.mark.parametrize(
    ("interpretation", "shape", "axis", "canonical", "in_numpy"),
    [
        ("IMAGE", (4, 6), None, (6, 4, 2), (2, 4, 6)),
        ("IMAGE", (4, 6), iolink.ImageAxes.CHANNEL, (6, 4, 2), (4, 6, 2)),
        ("IMAGE", (4, 6), 4, (6, 4, 2), (2, 4, 6)),
        ("VOLUME", (3, 4, 6), None, (6, 4, 3, 2), (2, 3, 4, 6)),
        ("VOLUME", (3, 4, 6), "CHANNEL", (6, 4, 3, 2), (3, 4, 6, 2)),
        ("IMAGE_SEQUENCE", (3, 4, 6), None, (6, 4, 2, 3), (3, 2, 4, 6)),
        ("IMAGE_SEQUENCE", (3, 4, 6), "CHANNEL", (6, 4, 2, 3), (3, 4, 6, 2)),
        ("MULTISPECTRAL_IMAGE", (4, 6, 3), "SEQUENCE", (6, 4, 3, 2), (2, 4, 6, 3)),
        (None, (4, 6), None, (4, 6, 2), (4, 6, 2)),
    ],
)
def test_the_new_axis_stands_at_its_canonical_place(interpretation, shape, axis, canonical, in_numpy):
    frames = MultiImageViewFactory.allocate([image(value, shape, "u2", interpretation) for value in (1, 2)])
    stacked = ImageViewFactory.stack(frames, axis=axis)
    assert tuple(stacked.shape()) == canonical
    at = in_numpy.index(2)
    assert np.array_equal(np.asarray(stacked), np.stack([np.full(shape, 1), np.full(shape, 2)], axis=at))


def test_a_stack_writes_into_its_frames():
    arrays = [np.zeros((4, 6), "u2") for _ in range(3)]
    frames = MultiImageViewFactory.allocate([NumpyInterop.from_numpy_array(array, "IMAGE") for array in arrays])
    stacked = ImageViewFactory.stack(frames)
    stacked.write_region(((2, 1, 1), (1, 1, 2)), np.array([7, 8], "u2").reshape(2, 1, 1))
    assert [int(array[1, 2]) for array in arrays] == [0, 7, 8]
    assert sum(int(array.sum()) for array in arrays) == 15


def test_a_stack_of_one_frame_shares_its_memory():
    array = np.zeros((4, 6), "u2")
    frames = MultiImageViewFactory.allocate([NumpyInterop.from_numpy_array(array, "IMAGE")])
    assert np.shares_memory(np.asarray(ImageViewFactory.stack(frames)), array)


def test_a_stack_stays_as_it_was_when_its_set_changes():
    frames = some(1, 2)
    stacked = ImageViewFactory.stack(frames)
    frames.add_frame(image(3))
    frames.set_frame(0, image(9))
    assert np.asarray(stacked)[:, 0, 0].tolist() == [1, 2]
    assert np.asarray(ImageViewFactory.stack(frames))[:, 0, 0].tolist() == [9, 2, 3]
