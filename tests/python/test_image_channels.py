"""Channels, coordinates of uneven axes, and metadata values with a shape."""

import pickle

import numpy as np
import pytest

import iolink
import iolink.providers
from iolink import AxesInterpretationId, Channel, ImageViewFactory, MetadataNode, NumpyInterop

TABLE = [Channel("DAPI", (0, 0, 255, 255), (12.0, 4000.0), 405.0, 461.5), Channel("GFP"), Channel()]


def film():
    """Four times of 3 x 2 samples in three channels."""
    samples = np.zeros((4, 2, 3, 3), np.uint16)  # T, Y, X, C
    image = NumpyInterop.from_numpy_array(samples, AxesInterpretationId.MULTISPECTRAL_IMAGE_SEQUENCE)
    image.set_channels(TABLE)
    image.set_coordinates("SEQUENCE", [0.0, 0.5, 2.0, 8.0])
    return image


def names(image):
    return [channel.name for channel in image.channels()]


def test_channels_are_kept_whole():
    image = film()
    assert image.channels() == TABLE == image.properties().channels
    properties = image.properties().copy()
    properties.channels = ["a", ("b", None, (1, 2), None, 500), Channel("c", emission_nm=1.5)]
    image.set_properties(properties)
    assert image.channels() == [
        Channel("a"),
        Channel("b", None, (1.0, 2.0), None, 500.0),
        Channel("c", emission_nm=1.5),
    ]
    image.set_channels([])
    assert image.channels() == []


def test_channels_and_times_follow_slicing():
    image = film()
    assert names(image[..., 1:]) == ["GFP", ""] and names(image[..., ::-1]) == ["", "GFP", "DAPI"]
    assert image[..., 0].channels() == TABLE[:1]
    assert image[1:3].coordinates("SEQUENCE").tolist() == [0.5, 2.0]
    assert image[::-2].coordinates("SEQUENCE").tolist() == [8.0, 0.5]
    assert names(image[0]) == ["DAPI", "GFP", ""]
    assert names(ImageViewFactory.extract_channel(image, 1)) == ["GFP"]
    apart = [image[..., number] for number in (2, 0)]
    assert names(ImageViewFactory.stack(apart, "CHANNEL")) == ["", "DAPI"]
    with pytest.raises(ValueError, match="there is no axis SEQUENCE; the axes are COLUMN, ROW, CHANNEL"):
        image[0].coordinates("SEQUENCE")


def test_an_uneven_axis_has_no_spacing_and_an_even_one_no_coordinates():
    image = film()
    assert image.coordinates("COLUMN") is None
    found = image.coordinates(iolink.ImageAxes.SEQUENCE)
    assert found.dtype == np.float64 and found.tolist() == [0.0, 0.5, 2.0, 8.0]
    properties = image.properties().copy()
    properties.calibration.spacing = (1.0, 1.0, 1.0, 0.25)
    properties.calibration.set_coordinates("SEQUENCE", [1, 2, 4, 8])
    np.testing.assert_equal(list(properties.calibration.spacing), [1.0, 1.0, 1.0, np.nan])
    properties.calibration.spacing = properties.calibration.spacing
    assert properties.calibration.coordinates("SEQUENCE").tolist() == [1, 2, 4, 8]
    image.set_properties(properties)
    assert image.properties().calibration.coordinates("SEQUENCE").tolist() == [1, 2, 4, 8]
    properties.calibration.spacing = (1.0, 1.0, 1.0, 0.5)
    assert properties.calibration.coordinates("SEQUENCE") is None and list(properties.calibration.spacing)[3] == 0.5
    image.set_coordinates("SEQUENCE", None)
    assert image.coordinates("SEQUENCE") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda image: image.set_channels(TABLE[:2]), "the channel table has 2 channels, the image 3"),
        (lambda image: image.set_channels([Channel(display_range=(1, 1))] * 3), "the display range of channel 0 is 1 to 1"),
        (lambda image: image.set_channels([Channel(emission_nm=-4.0)] * 3), "the emission wavelength of channel 0"),
        (lambda image: image.set_channels([Channel(excitation_nm=float("nan"))] * 3), "excitation wavelength of channel 0"),
        (lambda image: image.set_coordinates("SEQUENCE", [1.0]), "axis 3 has 1 coordinates and 4 indices"),
        (lambda image: image.set_coordinates("SEQUENCE", [1, 2, float("inf"), 4]), "a coordinate of axis 3"),
        (lambda image: image.set_coordinates("SLICE", [1.0]), "there is no axis SLICE"),
    ],
)  # fmt: skip
def test_what_no_image_has_is_refused(change, words):
    image = film()
    with pytest.raises(ValueError, match=words):
        change(image)
    assert image.channels() == TABLE


@pytest.mark.parametrize("wrong", ["abc", 5, [1], [("a", "blue")], [("a", (1, 2, 3, 999))]])
def test_what_is_no_channel_is_refused(wrong):
    image = film()
    with pytest.raises((TypeError, ValueError, OverflowError)):
        image.set_channels(wrong)
    assert image.channels() == TABLE


def test_vectors_have_a_channel_for_each_component():
    image = ImageViewFactory.allocate((4, 3), "VEC3_UINT8")
    image.set_channels(["red", "green", "blue"])
    assert names(ImageViewFactory.disassemble_channels(image)) == ["red", "green", "blue"]
    assert names(ImageViewFactory.extract_channel(image, 2)) == ["blue"]
    image.reshape((4, 3), "VEC2_UINT8")
    assert image.channels() == []


def test_both_outlive_a_pickle_and_a_copy():
    image = film()
    for other in (pickle.loads(pickle.dumps(image)), ImageViewFactory.copy_in_memory(image), image[:]):
        assert other.channels() == TABLE and other.coordinates("SEQUENCE").tolist() == [0.0, 0.5, 2.0, 8.0]
        assert other.properties() == image.properties()


def test_xarray_takes_times_and_names_of_channels():
    data = film().array.to_xarray()
    assert data.coords["sequence"].values.tolist() == [0.0, 0.5, 2.0, 8.0]
    assert data.coords["channel"].values.tolist() == ["DAPI", "GFP", ""]


def test_a_provider_gives_channels_and_coordinates():
    view = iolink.providers.as_image(
        np.zeros((2, 3, 4), np.uint8), "TYX", channels=["grey"], coordinates={"T": [3.0, 7.0]}
    )
    assert names(view) == ["grey"] and view.coordinates("SEQUENCE").tolist() == [3.0, 7.0]


# --- metadata


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (5, ()), ([5], (1,)), ([1, 2, 3], (3,)), ([[1.5, 2.0], [3.0, 4.0]], (2, 2)), ("text", ()), (["one"], (1,)),
        (["a", "", "ü"], (3,)), ([["a", "b"], ["c", "d"]], (2, 2)), (True, ()), ([], (0,)),
    ],
)  # fmt: skip
def test_lists_and_matrices_keep_their_shape(value, shape):
    root = MetadataNode()
    root.set("/Scan/value", value)
    image = ImageViewFactory.allocate((2, 2), "UINT8")
    image.set_metadata(root)
    for tree in (image.metadata(), pickle.loads(pickle.dumps(root)), pickle.loads(pickle.dumps(image)).metadata()):
        assert tree["/Scan/value"].value == value
        assert tree["/Scan/value"].variant().shape == shape
        assert tree == root
    variant = root["/Scan/value"].variant()
    assert pickle.loads(pickle.dumps(variant)) == variant
    assert variant.count() == int(np.prod(shape, dtype=int))


def test_arrays_are_values_of_their_type_and_shape():
    root = MetadataNode()
    root.set("/matrix", np.arange(6, dtype=np.float32).reshape(2, 3))
    root.set("/vectors", [[1, 2, 3], [4, 5, 6]], "VEC3_UINT8")
    assert root["/matrix"].value == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] and str(root["/matrix"].dtype) == "FLOAT"
    variant = root["/vectors"].variant()
    assert (variant.shape, root["/vectors"].value) == ((2,), [[1, 2, 3], [4, 5, 6]])
    assert iolink.VariantDataValueConverter.to_numpy(root["/matrix"].variant()).shape == (2, 3)
    assert iolink.VariantDataValueConverter.to_list(iolink.VariantDataValue(["a", "b"])) == ["a", "b"]


def test_sets_and_pyramids_have_metadata_and_their_parts_channels():
    image = film()
    root = MetadataNode()
    root.set("/Scan/by", ["Ada", "Eve"])
    image.set_metadata(root)
    levels = iolink.LodImageViewFactory.from_image_view(image, levels=1)
    assert levels.metadata()["/Scan/by"].value == ["Ada", "Eve"]
    level = levels.resolution(1)
    assert level.channels() == TABLE and level.coordinates("SEQUENCE").tolist() == [0.0, 0.5, 2.0, 8.0]
    several = iolink.MultiImageViewFactory.allocate([image])
    assert several.frame(0).channels() == TABLE
