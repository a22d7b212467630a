"""Addresses and capsules: views that leave Python and come back."""

from __future__ import annotations

import ctypes
import gc
import random
from collections.abc import Iterator

import numpy as np
import pytest

import iolink
from iolink import DataTypeId, ImageViewFactory, NumpyInterop


def test_an_image_comes_back_by_its_address_and_shares_its_memory():
    image = ImageViewFactory.allocate((4, 3), "uint16")
    same = iolink.ImageView.create_from_pointer(iolink.ImageView.to_pointer(image))
    np.asarray(same)[1, 2] = 9
    assert np.asarray(image)[1, 2] == 9


def test_the_view_itself_can_be_given_instead_of_a_shared_pointer():
    image = ImageViewFactory.allocate((4, 3), "uint16")
    first_word = ctypes.c_size_t.from_address(image.to_pointer()).value
    assert iolink.ImageView.create_from_pointer(first_word).shape() == (4, 3)


def test_a_view_taken_by_address_outlives_its_lender():
    array = np.arange(6)
    image = NumpyInterop.from_numpy_array(array)
    same = iolink.ImageView.create_from_pointer(image.to_pointer())
    del image, array
    gc.collect()
    assert list(np.asarray(same)) == [0, 1, 2, 3, 4, 5]


def test_sets_and_frames_have_addresses_too():
    frames = iolink.MultiImageViewFactory.allocate([ImageViewFactory.allocate((2, 2), "uint8")])
    assert len(iolink.MutiImageView.create_from_pointer(frames.to_pointer())) == 1
    frame = iolink.DataFrameViewFactory.allocate([1, 2], ["a"], [DataTypeId.INT64])
    assert iolink.DataFrameView.create_from_pointer(frame.to_pointer()).shape() == (1, 2)


def test_wrong_addresses_are_refused():
    image = ImageViewFactory.allocate((4, 3), "uint16")
    frames = iolink.MultiImageViewFactory.allocate()
    readable = ctypes.create_string_buffer(64)
    for address in (0, 1, -1, -(2**70), 2**64, 2**63, 12345, ctypes.addressof(readable), frames.to_pointer()):
        with pytest.raises(ValueError, match="pointer"):
            iolink.ImageView.create_from_pointer(address)
    with pytest.raises(TypeError, match="integer"):
        iolink.ImageView.create_from_pointer("12")
    assert image.shape() == (4, 3)


def numbers(count: int) -> Iterator[int]:
    """Integers that are no address of a live image: random, misaligned, freed, of another kind, negative."""
    rng = random.Random(5)
    image = ImageViewFactory.allocate((4, 3), "uint16")
    frame = iolink.DataFrameViewFactory.allocate([1, 2], ["a"], [DataTypeId.INT64])
    live = [image.to_pointer(), ctypes.c_size_t.from_address(image.to_pointer()).value]
    buffer = ctypes.create_string_buffer(1 << 16)
    others = [frame.to_pointer(), ctypes.c_size_t.from_address(frame.to_pointer()).value, id(image), id(buffer)]
    start = ctypes.addressof(buffer)
    for _ in range(count // 5):
        yield rng.getrandbits(rng.choice((16, 32, 47, 63, 64)))
        yield rng.choice(live) + rng.choice((1, 2, 3, 4, 5, 6, 7))
        yield rng.choice(others)
        yield start + rng.randrange(1 << 16)
        yield -rng.choice([*live, rng.getrandbits(47)])


def test_numbers_that_are_no_address_of_an_image_are_refused_and_never_touched():
    refused = 0
    for number in numbers(100_000):
        try:
            iolink.ImageView.create_from_pointer(number)
        except ValueError:
            refused += 1
    assert refused == 100_000


def test_freed_addresses_are_refused_unless_a_live_image_is_there_now():
    for _ in range(2_000):
        image = ImageViewFactory.allocate((4, 3), "uint16")
        addresses = [image.to_pointer(), ctypes.c_size_t.from_address(image.to_pointer()).value]
        del image
        for address in addresses:
            try:
                assert iolink.ImageView.create_from_pointer(address).dimension_count() > 0
            except ValueError:
                pass


def test_capsules():
    image = ImageViewFactory.allocate((4, 3), "uint16")

    class Foreign:
        def __iolink_view__(self):
            return image.__iolink_view__()

    assert iolink.from_capsule(image.__iolink_view__()).shape() == (4, 3)
    assert isinstance(iolink.from_capsule(Foreign()), iolink.ImageView)
    with pytest.raises(TypeError, match="__iolink_view__"):
        iolink.from_capsule(3)
