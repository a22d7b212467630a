"""Calibration, value scale and metadata after every adapter of `ImageViewFactory`."""

from __future__ import annotations

import numpy as np
import pytest

from iolink import (
    AxesInterpretationId,
    ImageCapability,
    ImageInterpretation,
    ImageViewFactory,
    MetadataNode,
    MultiImageViewFactory,
    NumpyInterop,
    SpatialDirections,
)

SCALE = (2.0, -1.0, "HU")
USUAL = SpatialDirections()
OBLIQUE = SpatialDirections((0.6, 0.8, 0), (-0.8, 0.6, 0))

# spacing, origin, unit
COLUMN, ROW, SLICE = (0.5, 10.0, "mm"), (0.25, 20.0, "cm"), (2.0, 30.0, "µm")
CHANNEL, SEQUENCE = (3.0, 400.0, "nm"), (4.0, 50.0, "s")
KNOWN = {"COLUMN": COLUMN, "ROW": ROW, "SLICE": SLICE, "CHANNEL": CHANNEL, "SEQUENCE": SEQUENCE}
NEW = (1.0, 0.0, "")
PLACE = {"COLUMN": COLUMN, "ROW": ROW, "SLICE": SLICE}


def described(interpretation="VOLUME", shape=(4, 5, 6), *, directions=USUAL, units=None, vector=False):
    """An image of which everything is known, each axis in its own way."""
    array = np.arange(np.prod(shape), dtype="u2").reshape(shape)
    view = NumpyInterop.from_numpy_array(array, interpretation, vector=vector)
    properties = view.properties().copy()
    known = [KNOWN[axis.name] for axis in properties.image_info.axes]
    properties.calibration.spacing = [spacing for spacing, _, _ in known]
    properties.calibration.origin = [origin for _, origin, _ in known]
    properties.calibration.units = units or [unit for _, _, unit in known]
    properties.calibration.directions = directions
    properties.value_scale = SCALE
    properties.image_info.image_interpretation = ImageInterpretation.GRAYSCALE
    view.set_properties(properties)
    tree = MetadataNode()
    tree.set("/Scan/kV", 120.0)
    view.set_metadata(tree)
    return view


def axes(view):
    """What is known of each axis by its name, in canonical order."""
    properties = view.properties()
    calibration = properties.calibration
    names = [axis.name for axis in properties.image_info.axes]
    return dict(zip(names, zip(calibration.spacing, calibration.origin, calibration.units, strict=True), strict=True))


def directions(view):
    found = view.properties().calibration.directions
    return [tuple(found.column_direction()), tuple(found.row_direction()), tuple(found.slice_direction())]


def scale(view):
    return tuple(view.properties().value_scale)


def interpretation(view):
    return view.properties().image_info.axes_interpretation


REGION = ((1, 2, 1), (3, 2, 2))
MOVED = {"COLUMN": (0.5, 10.5, "mm"), "ROW": (0.25, 20.5, "cm"), "SLICE": (2.0, 32.0, "µm")}
ROW_FLIPPED = {**PLACE, "ROW": (0.25, 21.0, "cm")}
ROW_TURNED = [(1, 0, 0), (0, -1, 0), (0, 0, 1)]
STRAIGHT = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]

# The factory's function, what it makes of a described volume, the axes and the directions that are expected then.
OF_A_VOLUME = [
    ("copy_in_memory", lambda f, v: f(v), PLACE, STRAIGHT),
    ("copy_on_disk", lambda f, v: f(v), PLACE, STRAIGHT),
    ("extract_region", lambda f, v: f(v, REGION), MOVED, STRAIGHT),
    ("extract_adjusted_region", lambda f, v: f(v, ((1, 2, 1), (30, 20, 20))), MOVED, STRAIGHT),
    ("stack", lambda f, v: f([v, v]), {**PLACE, "SEQUENCE": NEW}, STRAIGHT),
    ("stack", lambda f, v: f([v]), {**PLACE, "SEQUENCE": NEW}, STRAIGHT),
    ("stack", lambda f, v: f([v, v], axis="CHANNEL"), {**PLACE, "CHANNEL": NEW}, STRAIGHT),
    ("stack", lambda f, v: f(MultiImageViewFactory.allocate([v, v])), {**PLACE, "SEQUENCE": NEW}, STRAIGHT),
    ("from_image_view", lambda f, v: f(v), PLACE, STRAIGHT),
    (
        "sub_sample",
        lambda f, v: f(v, (2, 1, 3)),
        {"COLUMN": (1.0, 10.0, "mm"), "ROW": ROW, "SLICE": (6.0, 30.0, "µm")},
        STRAIGHT,
    ),
    ("flip", lambda f, v: f(v, 1), ROW_FLIPPED, ROW_TURNED),
    ("flip_dimension", lambda f, v: f(v, "ROW"), ROW_FLIPPED, ROW_TURNED),
    ("flip_dimension_index", lambda f, v: f(v, 1), ROW_FLIPPED, ROW_TURNED),
    ("reinterpret", lambda f, v: f(v, "IMAGE_SEQUENCE"), {"COLUMN": COLUMN, "ROW": ROW, "SEQUENCE": SLICE}, STRAIGHT),
    (
        "reinterpret_axes",
        lambda f, v: f(v, ["ROW", "SEQUENCE", "COLUMN"]),
        {"COLUMN": SLICE, "ROW": COLUMN, "SEQUENCE": ROW},
        STRAIGHT,
    ),
    ("interlace", lambda f, v: f(v, v, v), PLACE, STRAIGHT),
    ("interlace", lambda f, v: f([v]), PLACE, STRAIGHT),
    ("adapt_data_type", lambda f, v: f(v, "UINT32"), PLACE, STRAIGHT),
    ("adapt_dynamic_range", lambda f, v: f(v, "DOUBLE", (0, 10), (100, 120)), PLACE, STRAIGHT),
    ("make_thread_safe", lambda f, v: f(v), PLACE, STRAIGHT),
    ("restrict_capabilities", lambda f, v: f(v, ImageCapability.READ), PLACE, STRAIGHT),
]
OF_CHANNELS = {"extract_channel", "assemble_channels", "disassemble_channels"}
MAKERS = {"allocate", "create_on_disk", "from_buffer", "from_function", "from_random_access", "uniform"}
of_a_volume = pytest.mark.parametrize(
    ("name", "adapt", "known", "turned"), OF_A_VOLUME, ids=lambda value: value if isinstance(value, str) else ""
)


def test_no_adapter_is_missing_here():
    functions = {name for name in dir(ImageViewFactory) if not name.startswith("_")}
    assert functions - MAKERS == {name for name, *_ in OF_A_VOLUME} | OF_CHANNELS


@of_a_volume
def test_every_adapter_keeps_what_it_does_not_change_and_moves_what_it_does(name, adapt, known, turned):
    view = described()
    before = view.properties().copy()
    adapted = adapt(getattr(ImageViewFactory, name), view)
    assert axes(adapted) == known and list(axes(adapted)) == list(known)
    assert directions(adapted) == turned
    assert adapted.properties().image_info.image_interpretation == ImageInterpretation.GRAYSCALE
    assert adapted.metadata() == view.metadata() and adapted.metadata()["/Scan/kV"].value == 120.0
    assert view.properties() == before


@of_a_volume
def test_quantities_stay_in_their_scale(name, adapt, known, turned):
    view = described()
    adapted = adapt(getattr(ImageViewFactory, name), view)
    assert scale(adapted)[2] == "HU"
    assert scale(adapted.scaled()) == (1.0, 0.0, "HU")
    slope, intercept, _ = scale(adapted)
    if not name.startswith("adapt_"):
        assert (slope, intercept) == SCALE[:2]
    else:
        assert np.allclose(np.asarray(adapted) * slope + intercept, np.asarray(view) * 2.0 - 1.0)
    assert np.allclose(np.asarray(adapted.scaled()), np.asarray(adapted) * slope + intercept)


# --- values of types


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("UINT8", (514.0, -1.0)),
        ("UINT32", (2 / 65537, -1.0)),
        ("FLOAT", (131070.0, -1.0)),
        ("INT16", (2.0, 65535.0)),
        ("LABEL32", (2.0, -1.0)),
        ("UINT16", (2.0, -1.0)),
    ],
)
def test_the_scale_is_turned_with_the_type(dtype, expected):
    adapted = ImageViewFactory.adapt_data_type(described(), dtype)
    assert scale(adapted)[:2] == pytest.approx(expected) and scale(adapted)[2] == "HU"


def test_the_scale_is_turned_with_the_range():
    adapted = ImageViewFactory.adapt_dynamic_range(described(), "DOUBLE", (0, 10), (100, 120))
    assert scale(adapted) == (1.0, -101.0, "HU")
    inverted = ImageViewFactory.adapt_dynamic_range(described(), "UINT16", (0, 65535), (65535, 0))
    assert scale(inverted) == (-2.0, 131069.0, "HU")


def test_the_scale_comes_back_with_the_type():
    wide = ImageViewFactory.adapt_data_type(described(), "DOUBLE")
    assert scale(ImageViewFactory.adapt_data_type(wide, "UINT16")) == SCALE


def test_images_of_unlike_scales_are_no_stack():
    other = described()
    properties = other.properties().copy()
    properties.value_scale = (1.0, 0.0, "HU")
    other = ImageViewFactory.from_image_view(other, properties)
    for combine in (
        lambda v: ImageViewFactory.stack([described(), v]),
        lambda v: ImageViewFactory.interlace(v, described()),
    ):
        with pytest.raises(ValueError, match="another scale"):
            combine(other)
    assert scale(ImageViewFactory.stack([described().scaled(), other.scaled()])) == (1.0, 0.0, "HU")


# --- channels and time


def test_a_channel_leaves_the_other_axes_as_they_are():
    view = described("MULTISPECTRAL_VOLUME_SEQUENCE", (2, 3, 4, 5, 3))
    rest = {**PLACE, "SEQUENCE": SEQUENCE}
    channel = ImageViewFactory.extract_channel(view, 1)
    vectors = ImageViewFactory.assemble_channels(view)
    component = ImageViewFactory.extract_channel(vectors, 1)
    for made in (channel, vectors, component):
        assert axes(made) == rest and directions(made) == STRAIGHT
        assert interpretation(made) == AxesInterpretationId.VOLUME_SEQUENCE
        assert scale(made) == SCALE and made.metadata() == view.metadata()
    apart = ImageViewFactory.disassemble_channels(vectors)
    assert axes(apart) == {**PLACE, "CHANNEL": NEW, "SEQUENCE": SEQUENCE}
    assert list(axes(apart)) == list(KNOWN)
    assert interpretation(apart) == AxesInterpretationId.MULTISPECTRAL_VOLUME_SEQUENCE
    assert scale(apart) == SCALE and apart.metadata() == view.metadata()


def test_colours_are_taken_apart_with_all_that_is_known():
    view = described("IMAGE", (4, 5, 3), vector=True)
    plane = {"COLUMN": COLUMN, "ROW": ROW}
    assert axes(ImageViewFactory.extract_channel(view, 2)) == plane
    apart = ImageViewFactory.disassemble_channels(view)
    assert axes(apart) == {**plane, "CHANNEL": NEW}
    again = ImageViewFactory.interlace([ImageViewFactory.extract_channel(view, number) for number in range(3)])
    assert again.properties() == view.properties() and again.metadata() == view.metadata()


@pytest.mark.parametrize(("axis", "expected"), [("CHANNEL", (-3.0, 406.0, "nm")), ("SEQUENCE", (-4.0, 54.0, "s"))])
def test_an_axis_that_is_not_in_space_runs_backwards_by_its_spacing(axis, expected):
    view = described("MULTISPECTRAL_VOLUME_SEQUENCE", (2, 3, 4, 5, 3))
    flipped = ImageViewFactory.flip_dimension(view, axis)
    assert axes(flipped) == {**KNOWN, axis: expected} and directions(flipped) == STRAIGHT
    assert ImageViewFactory.flip_dimension(flipped, axis).properties() == view.properties()


def test_axes_without_a_name_are_calibrated_too():
    view = ImageViewFactory.reinterpret(described(), "UNKNOWN")
    part = ImageViewFactory.sub_sample(ImageViewFactory.extract_region(view, REGION), (2, 1, 1))
    calibration = ImageViewFactory.flip(part, 2).properties().calibration
    assert calibration.spacing == (1.0, 0.25, -2.0) and calibration.origin == (10.5, 20.5, 34.0)
    assert calibration.units == ["mm", "cm", "µm"]
    assert ImageViewFactory.reinterpret(view, "VOLUME").properties() == described().properties()


def test_a_spacing_below_zero_can_be_given_back_and_not_made():
    view = ImageViewFactory.flip_dimension(described("VOLUME_SEQUENCE", (2, 3, 4, 5)), "SEQUENCE")
    properties = view.properties().copy()
    calibration = properties.calibration
    assert calibration.spacing[3] == -4.0
    calibration.spacing = calibration.spacing
    calibration.spacing = (9.0, *calibration.spacing[1:])
    assert calibration.spacing == (9.0, 0.25, 2.0, -4.0)
    for wrong in ((9.0, 0.25, 2.0, -3.0), (9.0, -0.25, 2.0, -4.0), (9.0, 0.25, 0.0, -4.0), (9.0, 0.25, np.nan, -4.0)):
        with pytest.raises(ValueError, match="greater than 0"):
            calibration.spacing = wrong
    assert calibration.spacing == (9.0, 0.25, 2.0, -4.0)


# --- chains


def test_regions_and_steps_add_up():
    view = ImageViewFactory.extract_region(described(), ((1, 1, 0), (5, 4, 4)))
    view = ImageViewFactory.sub_sample(view, (2, 3, 1))
    view = ImageViewFactory.extract_region(view, ((2, 1, 1), (1, 1, 3)))
    assert axes(view) == {"COLUMN": (1.0, 12.5, "mm"), "ROW": (0.75, 21.0, "cm"), "SLICE": (2.0, 32.0, "µm")}


TURNED = SpatialDirections((0, 1, 0), (-1, 0, 0))


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (["mm", "mm"], (9.0, 21.0)),
        (["mm", "cm"], (0.0, 20.1)),
        (["µm", "nm"], (9.999, 1020.0)),
        (["", ""], (9.0, 21.0)),
    ],
)
def test_an_origin_moves_in_the_unit_of_each_axis(units, expected):
    view = described("IMAGE", (6, 5), directions=TURNED, units=units)
    part = ImageViewFactory.extract_region(view, ((2, 4), (1, 1)))
    assert part.properties().calibration.origin == pytest.approx(expected)
    assert part.properties().calibration.units == units


@pytest.mark.parametrize("units", [["mm", ""], ["furlong", "mm"], ["mm", "s"]])
def test_an_origin_does_not_move_by_a_distance_in_no_known_unit(units):
    view = described("IMAGE", (6, 5), directions=TURNED, units=units)
    with pytest.raises(ValueError, match="give both axes one unit"):
        ImageViewFactory.extract_region(view, ((2, 4), (1, 1)))
    assert ImageViewFactory.extract_region(view, ((0, 0), (1, 1))).shape() == (1, 1)
    view = described("IMAGE", (6, 5), units=units)
    assert ImageViewFactory.extract_region(view, ((2, 4), (1, 1))).properties().calibration.origin == (11.0, 21.0)


@pytest.mark.parametrize("axis", ["COLUMN", "ROW", "SLICE"])
def test_two_flips_are_none(axis):
    view = described(directions=OBLIQUE)
    twice = ImageViewFactory.flip_dimension(ImageViewFactory.flip_dimension(view, axis), axis)
    found, known = twice.properties().calibration, view.properties().calibration
    assert found.origin == pytest.approx(known.origin) and found.directions == known.directions
    assert found.spacing == known.spacing


def test_a_flip_moves_the_origin_along_the_direction():
    view = described(directions=SpatialDirections((0, 1, 0), (-1, 0, 0)), units=["mm"] * 3)
    flipped = ImageViewFactory.flip_dimension(view, "COLUMN")
    assert flipped.properties().calibration.origin == (10.0, 22.5, 30.0)
    assert directions(flipped) == [(0, -1, 0), (-1, 0, 0), (0, 0, 1)]


def world(view):
    """Where in space each sample lies, by its value."""
    calibration = view.properties().calibration
    steps = np.array(directions(view)) * np.array(calibration.spacing)[:, None]
    indices = np.indices(tuple(view.shape()))
    places = np.array(calibration.origin) + np.moveaxis(indices, 0, -1) @ steps
    samples = np.asarray(view).transpose()
    return dict(zip(samples.ravel().tolist(), places.reshape(-1, 3), strict=True))


@pytest.mark.parametrize(
    "adapt",
    [
        lambda v: ImageViewFactory.extract_region(v, REGION),
        lambda v: ImageViewFactory.extract_adjusted_region(v, ((3, 0, 2), (90, 2, 90))),
        lambda v: ImageViewFactory.sub_sample(v, (2, 3, 2)),
        lambda v: ImageViewFactory.flip_dimension(v, "COLUMN"),
        lambda v: ImageViewFactory.flip_dimension(v, "ROW"),
        lambda v: ImageViewFactory.flip_dimension(v, "SLICE"),
        lambda v: v[::-2, 1:, ::-1],
        lambda v: ImageViewFactory.copy_in_memory(ImageViewFactory.flip(v[1:], 0)),
        lambda v: ImageViewFactory.sub_sample(ImageViewFactory.flip(ImageViewFactory.flip(v, 0), 1), (2, 2, 1)),
    ],
    ids=["region", "adjusted", "sub_sample", "column", "row", "slice", "key", "copy", "chain"],
)
def test_every_sample_stays_where_it_lies_in_space(adapt):
    view = described(directions=OBLIQUE, units=["mm"] * 3)
    before, after = world(view), world(adapt(view))
    assert after and after.keys() <= before.keys()
    for sample, place in after.items():
        assert place == pytest.approx(before[sample])


# --- what is given instead


def test_properties_and_metadata_are_replaced_one_by_one():
    view, tree = described(), MetadataNode()
    tree.set("/other", 1)
    properties = view.properties().copy()
    properties.calibration.spacing = (7.0, 8.0, 9.0)
    described_anew = ImageViewFactory.from_image_view(view, properties)
    assert described_anew.properties() == properties and described_anew.metadata() == view.metadata()
    told_anew = ImageViewFactory.from_image_view(view, metadata=tree)
    assert told_anew.properties() == view.properties() and told_anew.metadata() == tree
    region = ImageViewFactory.extract_region(ImageViewFactory.from_image_view(view, properties, tree), REGION)
    assert region.properties().calibration.origin == (17.0, 36.0, 39.0) and region.metadata() == tree


def test_a_stack_has_what_the_first_image_has():
    first, second = described(), ImageViewFactory.flip(described(), 0)
    for made in (ImageViewFactory.stack([first, second]), ImageViewFactory.interlace(first, second)):
        assert {name: known for name, known in axes(made).items() if name in PLACE} == PLACE
        assert directions(made) == STRAIGHT and made.metadata() == first.metadata()
