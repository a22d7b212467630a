"""Where an image lies in space: its space, its position, its affine; also those of its parts and of stacks."""

import pickle

import numpy as np
import pytest

import iolink
import iolink.providers
from iolink import AxesInterpretationId, ImageViewFactory, NumpyInterop, Space, SpatialDirections


def volume(space="LPS"):
    """A turned volume of 4 x 3 x 5 samples in mm."""
    image = NumpyInterop.from_numpy_array(np.arange(60, dtype=np.uint8).reshape(5, 3, 4), AxesInterpretationId.VOLUME)
    properties = image.properties().copy()
    calibration = properties.calibration
    calibration.spacing, calibration.origin, calibration.units = (2.0, 3.0, 0.5), (10.0, 20.0, 30.0), ["mm"] * 3
    calibration.directions = SpatialDirections((0.8, 0.0, -0.6), (0.0, 1.0, 0.0), (0.6, 0.0, 0.8))
    calibration.space = space
    image.set_properties(properties)
    return image


def calibration(image):
    return image.properties().calibration


AFFINE = np.array([[1.6, 0.0, 0.3, 10.0], [0.0, 3.0, 0.0, 20.0], [-1.2, 0.0, 0.4, 30.0], [0.0, 0.0, 0.0, 1.0]])


def test_affine_leads_to_either_world():
    known = calibration(volume())
    assert known.space == "LPS" and known.space is Space.LPS
    assert known.affine("LPS").dtype == np.float64 and known.affine("LPS").shape == (4, 4)
    np.testing.assert_allclose(known.affine("LPS"), AFFINE, atol=1e-12)
    np.testing.assert_allclose(known.affine(Space.LPS), AFFINE, atol=1e-12)
    np.testing.assert_allclose(known.affine("RAS"), np.diag([-1, -1, 1, 1]) @ AFFINE, atol=1e-12)
    np.testing.assert_allclose(known.affine(), AFFINE, atol=1e-12)


def test_an_unknown_space_has_an_affine_of_its_own_alone():
    known = calibration(volume("UNKNOWN"))
    assert known.space is Space.UNKNOWN
    np.testing.assert_allclose(known.affine(), AFFINE, atol=1e-12)
    for world in ("LPS", "RAS"):
        with pytest.raises(ValueError, match="the space of the image is UNKNOWN"):
            known.affine(world)


@pytest.mark.parametrize("wrong", ["lps", "UNKNOWN", "XYZ"])
def test_another_world_is_refused(wrong):
    with pytest.raises(ValueError, match=r"space: .* is not one of LPS, RAS"):
        calibration(volume()).affine(wrong)
    with pytest.raises(TypeError, match="space: expected one of LPS, RAS"):
        calibration(volume()).affine(1)


def test_a_slice_knows_where_it_lies():
    image = volume()
    for axis, index in ((0, 3), (1, 2), (2, 3)):
        at = np.zeros(4)
        at[axis], at[3] = index, 1
        cut = image[tuple(index if place == axis else slice(None) for place in (2, 1, 0))]
        assert len(cut.shape()) == 2
        np.testing.assert_allclose(list(calibration(cut).position), (AFFINE @ at)[:3], atol=1e-12)
        assert calibration(cut).space == "LPS"
    part = image[1:, 1, 2:]
    np.testing.assert_allclose(list(calibration(part).position), (AFFINE @ [2, 1, 1, 1])[:3], atol=1e-12)
    np.testing.assert_allclose(calibration(image[3]).affine("LPS")[:3, 3], (AFFINE @ [0, 0, 3, 1])[:3], atol=1e-12)


def test_a_stack_takes_spacing_and_origin_from_the_places_of_its_slices():
    image = volume()
    again = ImageViewFactory.stack([image[index] for index in range(5)])
    np.testing.assert_allclose(calibration(again).affine("LPS"), AFFINE, atol=1e-12)
    assert list(calibration(again).units) == ["mm"] * 3
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image))
    every_second = ImageViewFactory.stack([image[index] for index in (0, 2, 4)])
    np.testing.assert_allclose(calibration(every_second).spacing[2], 1.0)
    backwards = ImageViewFactory.stack([image[index] for index in (4, 3, 2)])
    np.testing.assert_allclose(
        calibration(backwards).affine(), AFFINE @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 4], [0, 0, 0, 1]]
    )
    with pytest.raises(ValueError, match="uneven places: image 1 lies at"):
        ImageViewFactory.stack([image[index] for index in (0, 1, 3)])
    film = ImageViewFactory.stack([image[index] for index in (0, 1, 3)], "SEQUENCE")
    assert list(calibration(film).position) == list(calibration(image).position)


def test_position_sets_origins_and_is_set_by_them():
    image = ImageViewFactory.allocate((6, 4), "UINT8")
    properties = ImageViewFactory.reinterpret(image, "IMAGE").properties().copy()
    properties.calibration.units = ["mm", "mm"]
    properties.calibration.position = (1.0, 2.0, 3.0)
    assert list(properties.calibration.origin) == [1.0, 2.0]
    properties.calibration.origin = (4.0, 5.0)
    assert list(properties.calibration.position) == [4.0, 5.0, 3.0]
    image.set_properties(properties)
    assert image.properties() == properties
    assert list(calibration(ImageViewFactory.copy_in_memory(image)).position) == [4.0, 5.0, 3.0]
    for wrong in ((1.0, 2.0), (1.0, 2.0, float("nan"))):
        with pytest.raises(ValueError, match="position: "):
            properties.calibration.position = wrong


@pytest.mark.parametrize("change", [lambda image: image, lambda image: image[2], lambda image: image[1:3, :, ::-1]])
def test_space_and_place_outlive_a_pickle_and_a_copy(change):
    image = change(volume())
    for other in (pickle.loads(pickle.dumps(image)), ImageViewFactory.copy_in_memory(image)):
        assert other.properties() == image.properties()
    assert pickle.loads(pickle.dumps(image.properties())) == image.properties()


@pytest.mark.parametrize(
    ("spelled", "unit"),
    [
        ("um", "µm"), ("\N{GREEK SMALL LETTER MU}m", "µm"), ("micron", "µm"), ("Micrometers", "µm"), ("millimeter", "mm"),
        ("\N{ANGSTROM SIGN}", "Å"), ("sec", "s"), ("usec", "µs"), ("furlong", "furlong"), ("MM", "MM"), ("", ""),
    ],
)  # fmt: skip
def test_units_are_written_in_one_way(spelled, unit):
    properties = volume().properties().copy()
    properties.calibration.units = [spelled] * 3
    assert properties.calibration.units == [unit] * 3
    view = iolink.providers.as_image(np.zeros((3, 4), np.uint8), "YX", unit=spelled)
    assert view.properties().calibration.units == [unit] * 2


def test_a_provider_gives_space_and_position():
    view = iolink.providers.as_image(
        np.zeros((3, 4), np.uint8), "YX", spacing=(2.0, 1.0), unit="mm", space="LPS", position=(1, 2, 3)
    )
    assert calibration(view).space == "LPS" and list(calibration(view).position) == [1, 2, 3]
    np.testing.assert_allclose(
        calibration(view).affine("RAS"), [[-1, 0, 0, -1], [0, -2, 0, -2], [0, 0, 1, 3], [0, 0, 0, 1]]
    )
