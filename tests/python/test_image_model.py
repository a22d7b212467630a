"""What is known of an image beside its samples: properties, calibration, metadata; and its single samples and memory."""

from __future__ import annotations

import gc
import json
import pickle

import numpy as np
import pytest

import iolink
from iolink import (
    ImageCapability,
    ImageProperties,
    ImageViewFactory,
    MetadataNode,
    MetadataNodeFactory,
    NumpyInterop,
    SpatialDirections,
)

# Properties


def test_directions_are_right_handed_by_default():
    assert SpatialDirections().slice_direction() == (0, 0, 1)
    turned = SpatialDirections((0, 3, 0), (-1, 0, 0))
    assert turned.column_direction() == (0, 1, 0), "at length 1"
    assert turned.slice_direction() == (0, 0, 1) and turned.row_direction() == (-1, 0, 0)
    assert turned == SpatialDirections((0, 1, 0), (-1, 0, 0), (0, 0, 1)) != SpatialDirections()
    left = SpatialDirections((1, 0, 0), (0, 1, 0), (0, 0, -1))
    assert left.slice_direction() == (0, 0, -1), "given all three, they are what they are"
    assert turned.to_string() == repr(turned) == "SpatialDirections((0, 1, 0), (-1, 0, 0), (0, 0, 1))"
    assert pickle.loads(pickle.dumps(turned)) == turned


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((1, 0, 0),), TypeError),
        (((1, 0, 0), (2, 0, 0)), ValueError),
        (((0, 0, 0), (0, 1, 0)), ValueError),
        (((float("inf"), 0, 0), (0, 1, 0)), ValueError),
        (((1, 0, 0), (0, 1, 0), (1, 1, 0)), ValueError),
        (((1, 0), (0, 1, 0)), ValueError),
        (("abc", (0, 1, 0)), TypeError),
    ],
)
def test_what_is_no_direction_is_refused(arguments, error):
    with pytest.raises(error):
        SpatialDirections(*arguments)


def test_properties_carry_axes_calibration_and_scale():
    properties = ImageProperties.from_data_type("LABEL16")
    info = properties.image_info
    assert info.image_interpretation == iolink.ImageInterpretation.LABEL
    info.axes_interpretation = iolink.AxesInterpretationId.VOLUME
    info.image_interpretation = "BINARY"
    assert info.axes_interpretation == info.image_type == iolink.ImageTypeId.VOLUME
    properties.calibration.spacing = (0.5, 0.5, 2)
    properties.calibration.origin = iolink.Vector3d(1, 2, 3)
    properties.calibration.units = ["mm", "mm", "µm"]
    properties.calibration.directions = SpatialDirections((0, 1, 0), (1, 0, 0))
    properties.value_scale = (0.25, -1024.0, "HU")
    image = ImageViewFactory.allocate((4, 3, 2), "UINT16", properties)
    seen = image.properties()
    assert seen == properties and seen.image_info.axes == list(iolink.ImageAxes)[:3]
    assert seen.calibration.directions.slice_direction() == (0, 0, -1)
    assert seen.value_scale == (0.25, -1024.0, "HU")
    assert seen.to_string() == repr(seen) and "SLICE 2 µm from 3" in repr(seen)
    assert info.to_string() == "ImageInfo(VOLUME, BINARY)"
    assert "COLUMN 0.5 mm from 1" in seen.calibration.to_string()
    info.set_image_type(iolink.ImageTypeId_UNKNOWN)
    assert info.axes == [None] * 3


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda p: setattr(p.calibration, "spacing", (0, 1)), ValueError, "greater than 0"),
        (lambda p: setattr(p.calibration, "spacing", (float("nan"), 1)), ValueError, "finite"),
        (lambda p: setattr(p.calibration, "spacing", (1,)), ValueError, "1 are given for 2 axes"),
        (lambda p: setattr(p.calibration, "spacing", (1,) * 9), ValueError, "9 axes"),
        (lambda p: setattr(p.calibration, "origin", (float("inf"), 1)), ValueError, "finite"),
        (lambda p: setattr(p.calibration, "origin", "ab"), TypeError, "origin"),
        (lambda p: setattr(p.calibration, "units", ["m" * 32, "mm"]), ValueError, "31 bytes"),
        (lambda p: setattr(p, "value_scale", (0.0, 1.0, "")), ValueError, "slope"),
        (lambda p: setattr(p, "value_scale", (1.0, 0.0, "x" * 32)), ValueError, "31 bytes"),
        (lambda p: p.image_info.set_axes_interpretation("VOLUMES"), ValueError, "VOLUME"),
        (lambda p: p.image_info.set_axes_interpretation(99), ValueError, "VOLUME"),
        (lambda p: p.image_info.set_axes_interpretation(None), TypeError, "VOLUME"),
        (lambda p: p.image_info.set_image_interpretation(7), ValueError, "LABEL"),
    ],
)
def test_properties_that_cannot_be_are_refused_and_change_nothing(change, error, words):
    properties = ImageProperties()
    properties.image_info.set_axes_interpretation("IMAGE")
    properties.calibration.spacing = (1, 2)
    before = properties.copy()
    with pytest.raises(error, match=words):
        change(properties)
    assert properties == before


def test_properties_that_do_not_fit_an_image_are_refused():
    image = ImageViewFactory.allocate((4, 3), "UINT8")
    before = image.properties()
    properties = ImageProperties()
    properties.calibration.spacing = (1, 2, 3)
    with pytest.raises(ValueError, match="3 axes"):
        image.set_properties(properties)
    with pytest.raises(TypeError):
        image.set_properties(None)
    assert image.properties() == before


# Metadata


def test_a_tree_is_built_walked_and_cut():
    root = MetadataNodeFactory.create()
    root.set("/Scan/kV", 120.0)
    root.set("Scan/counts", [1, 2], "UINT16")
    root.add_child(MetadataNodeFactory.create("by", "Ada"), "/Scan")
    assert root.keys() == ["Scan"] and [child.key for child in root["Scan"]] == ["kV", "counts", "by"]
    assert [(path, node.value) for path, node in root.walk()] == [
        ("/Scan", None),
        ("/Scan/kV", 120.0),
        ("/Scan/counts", [1, 2]),
        ("/Scan/by", "Ada"),
    ]
    assert root["/Scan/counts"].dtype == iolink.DataTypeId.UINT16
    assert root.get("/Scan/none") is None and root.get("/Scan/none", 7) == 7 and "/Scan/none" not in root
    assert root.remove("/Scan/kV").value == 120.0 and "/Scan/kV" not in root
    del root["/Scan/by"]
    node = root["/Scan"].copy()
    node.set_value(3, "INT8")
    assert node.variant().type() == iolink.DataTypeId.INT8 and root["/Scan"].value is None, "a copy is another node"
    node.set_value(None)
    assert node.value is None and node.dtype is None and node.variant() is None
    assert MetadataNodeFactory.from_dict(root.to_dict()) != root, "the type of the numbers is not in a dictionary"


def test_a_picture_of_a_tree_does_not_lose_changes_in_silence():
    image = ImageViewFactory.allocate((4, 3), "UINT8", metadata=MetadataNodeFactory.from_dict({"/Scan/kV": 120.0}))
    seen = image.metadata()
    root = seen.copy()
    child = MetadataNode("by", "Ada")
    for picture in (
        seen,
        seen["/Scan"],
        root["/Scan"],
        root.get("/Scan"),
        root.children()[0],
        next(iter(root)),
        root.walk()[0][1],
    ):
        for change in (
            lambda picture: picture.set("/by", "Ada"),
            lambda picture: picture.set_value(1),
            lambda picture: picture.add_child(child),
            lambda picture: picture.remove(picture.keys()[0]),
            lambda picture: picture.__delitem__(picture.keys()[0]),
        ):
            with pytest.raises(TypeError, match="picture"):
                change(picture)
    assert seen == root == image.metadata()
    root.set("/Scan/by", "Ada")
    image.set_metadata(root)
    assert image.metadata().to_dict() == {"/Scan/kV": 120.0, "/Scan/by": "Ada"}
    taken = root.remove("/Scan")
    taken.set_value(1)
    assert taken.value == 1 and pickle.loads(pickle.dumps(image.metadata())).remove("/Scan/by").value == "Ada"


def test_a_tree_comes_from_a_dictionary_and_goes_to_json():
    values = {"a": {"b": 1, "c": {"d": "x"}}, "/e": [1.5, float("nan")], "f": True, "empty": None}
    root = MetadataNodeFactory.from_dict(values)
    assert list(root.to_dict()) == ["/a/b", "/a/c/d", "/e", "/f"]
    read = json.loads(root.to_json())
    assert [child["key"] for child in read["children"]] == ["a", "e", "f", "empty"]
    assert read["children"][1] == {"key": "e", "type": "DOUBLE", "value": [1.5, "NaN"]}
    assert read["children"][2]["value"] is True
    with pytest.raises(TypeError):
        MetadataNodeFactory.from_dict({"a": object()})
    with pytest.raises(TypeError):
        MetadataNodeFactory.from_dict({1: 2})


def test_a_path_that_does_not_exist_says_how_far_it_leads():
    root = MetadataNodeFactory.from_dict({"/LDM/VolumeInformation/Size": [1, 2, 3], "/LDM/Name": "x"})
    with pytest.raises(KeyError) as refusal:
        root["/LDM/VolumeInformation/Sizes"]
    assert isinstance(refusal.value, iolink.MissingKeyError) and isinstance(refusal.value, iolink.Error)
    assert str(refusal.value) == (
        'there is no metadata at "/LDM/VolumeInformation/Sizes": /LDM/VolumeInformation has no "Sizes"; it has "Size"'
    )
    with pytest.raises(KeyError, match='the root has no "ldm"; it has "LDM"'):
        root["ldm"]
    for call in (root.remove, root.__delitem__):
        with pytest.raises(KeyError, match="it has nothing"):
            call("/LDM/Name/x")
    with pytest.raises(ValueError, match="out of itself"):
        root.remove("/")
    assert root[""] == root["/"] == root


def test_trees_that_cannot_be_are_refused():
    root = MetadataNode()
    with pytest.raises(ValueError, match="must not contain"):
        MetadataNode("a/b")
    with pytest.raises(MemoryError):
        root.set("/a" * 300, 1)
    root.set("/a", 1)
    for wrong in (MetadataNode("a"), MetadataNode("")):
        with pytest.raises(ValueError, match="key"):
            root.add_child(wrong)
    deep = MetadataNode("b")
    deep.set("/a" * 255, 1)
    with pytest.raises(MemoryError):
        root.add_child(deep, "/a")
    with pytest.raises(TypeError):
        root.set("/a", None)
    assert root.to_dict() == {"/a": 1}


def test_every_type_of_value_travels_with_an_image():
    root = MetadataNode()
    for name in iolink.DataTypeId.__members__:
        data_type = iolink.DataType(name)
        if data_type.is_numeric():
            root.set(f"/{name}", np.ones(data_type.dtype.shape), name)
    image = ImageViewFactory.allocate((2,), "UINT8", None, root)
    assert image.metadata() == root and len(root) > 50
    cropped = ImageViewFactory.extract_region(image, ((0,), (1,)))
    assert cropped.metadata() == root


# Samples


@pytest.mark.parametrize(
    ("name", "value", "back"),
    [
        ("UINT8", 255, 255),
        ("INT16", -5, -5),
        ("UINT64", 2**64 - 1, 2**64 - 1),
        ("FLOAT", 0.1, np.float32(0.1)),
        ("FLOAT16", 0.5, 0.5),
        ("DOUBLE", float("inf"), float("inf")),
        ("COMPLEX_DOUBLE", 1 + 2j, 1 + 2j),
        ("BOOL", True, True),
        ("LABEL32", 70000, 70000),
        ("VEC3_UINT16", (1, 2, 3), [1, 2, 3]),
        ("VEC2_DOUBLE", np.array([1.5, 2]), [1.5, 2]),
        ("UINT16", b"\x01\x00", np.frombuffer(b"\x01\x00", "u2")[0]),
        ("UINT16", memoryview(b"\x01\x00"), np.frombuffer(b"\x01\x00", "u2")[0]),
        ("UINT8", np.float64(3.0), 3),
    ],
)
def test_single_samples_are_written_and_read(name, value, back):
    image = ImageViewFactory.allocate((4, 3), name)
    image.write((3, 1), value)
    assert np.array_equal(image.read((3, 1)), back)
    assert np.asarray(image).any(axis=tuple(range(2, np.asarray(image).ndim))).sum() == 1
    raw = bytearray(image.dtype().byte_count())
    assert image.read((3, 1), raw) is raw and bytes(raw) == np.asarray(image)[3, 1].tobytes()
    assert type(image.read((3, 1))) is type(np.asarray(image)[3, 1])


def test_samples_of_a_swapped_or_flipped_image():
    array = np.arange(12, dtype=">u2").reshape(3, 4)[:, ::-1]
    image = NumpyInterop.from_numpy_array(array, "IMAGE")
    assert image.read((1, 2)) == array[2, 1]
    image.write((1, 2), 77)
    assert array[2, 1] == 77
    zero = ImageViewFactory.allocate((), "UINT8")
    zero.write((), 5)
    assert zero.read(()) == 5


@pytest.mark.parametrize(
    ("index", "value", "error"),
    [
        ((4, 0), 1, IndexError),
        ((0, 3), 1, IndexError),
        ((2**63, 0), 1, IndexError),
        ((2**64, 0), 1, IndexError),
        ((-1, 0), 1, IndexError),
        ((0,), 1, ValueError),
        ((0, 0, 0), 1, ValueError),
        ((1.0, 0), 1, TypeError),
        ("ab", 1, TypeError),
        (None, 1, TypeError),
        ((0, 0), 256, ValueError),
        ((0, 0), -1, ValueError),
        ((0, 0), 0.5, ValueError),
        ((0, 0), "1", TypeError),
        ((0, 0), None, TypeError),
        ((0, 0), 1j, TypeError),
        ((0, 0), (1, 2), ValueError),
        ((0, 0), b"", ValueError),
        ((0, 0), b"12", ValueError),
    ],
)
def test_samples_that_do_not_fit_are_refused(index, value, error):
    image = ImageViewFactory.allocate((4, 3), "UINT8")
    with pytest.raises(error):
        image.write(index, value)
    if value == 1:
        with pytest.raises(error):
            image.read(index)
        with pytest.raises(error):
            image.read(index, bytearray(1))
    assert not np.asarray(image).any()


def test_vectors_need_all_their_components():
    image = ImageViewFactory.allocate((4, 3), "VEC3_UINT8")
    for wrong in (1, (1, 2), (1, 2, 3, 4), [(1, 2, 3), (1, 2, 3)]):
        with pytest.raises(ValueError):
            image.write((0, 0), wrong)
    with pytest.raises(ValueError, match="300"):
        image.write((0, 0), (1, 2, 300))
    assert not np.asarray(image).any()


# Memory


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_buffer_is_the_memory_itself(order):
    array = np.arange(24, dtype="u2").reshape(4, 6).copy(order)
    image = NumpyInterop.from_numpy_array(array)
    buffer = image.buffer()
    assert isinstance(buffer, memoryview) and buffer.nbytes == array.nbytes and not buffer.readonly
    at = image.indexer().byte_offset((3, 2))
    assert buffer[at : at + 2] == array[3, 2].tobytes()
    buffer[at : at + 2] = b"\xff\xff"
    assert array[3, 2] == 0xFFFF and bytes(image.buffer_read_only()) == array.tobytes("A")
    assert image.buffer_read_only().readonly


def test_an_image_is_not_closed_under_its_buffer():
    image = ImageViewFactory.allocate((4, 3), "UINT8")
    buffer = image.buffer_read_only()
    with pytest.raises(BufferError):
        image.close()
    with pytest.raises(BufferError):
        image.reshape((2, 2), "UINT8")
    assert image.shape() == (4, 3)
    buffer.release()
    gc.collect()
    image.close()
    for call in (image.buffer, image.buffer_read_only, image.indexer):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_memory_that_is_not_one_block_has_no_buffer():
    image = ImageViewFactory.allocate((6, 4), "UINT8")
    for strided in (
        ImageViewFactory.sub_sample(image, (2, 1)),
        ImageViewFactory.flip_dimension_index(image, 0),
        ImageViewFactory.extract_region(image, ((1, 1), (3, 2))),
    ):
        for call in (strided.buffer, strided.buffer_read_only):
            with pytest.raises(ValueError, match=r"np\.asarray"):
                call()
    assert ImageViewFactory.extract_region(image, ((2, 1), (4, 1))).buffer().nbytes == 4
    assert ImageViewFactory.allocate((0, 4), "UINT8").buffer().nbytes == 0


def test_capabilities_are_restricted():
    image = ImageViewFactory.allocate((6, 4), "UINT8")
    readable = ImageViewFactory.restrict_capabilities(image, ImageCapability.READ | ImageCapability.BUFFER)
    assert readable.capabilities() == ImageCapability.READ | ImageCapability.MEMORY_ACCESS
    assert readable.support(ImageCapability.READ) and not readable.support(ImageCapability.WRITE)
    assert not np.asarray(readable).flags.writeable and readable.buffer_read_only().readonly
    for call in (
        readable.buffer,
        lambda: readable.write((0, 0), 1),
        lambda: readable.write_region(((0, 0), (1, 1)), b"1"),
        lambda: readable.reshape((2, 2), "UINT8"),
        lambda: readable.set_properties(ImageProperties()),
        lambda: readable.set_metadata(MetadataNode()),
    ):
        with pytest.raises(NotImplementedError, match=r"WRITE|RESHAPE"):
            call()
    blind = ImageViewFactory.restrict_capabilities(image, 0)
    for call in (lambda: blind.read((0, 0)), lambda: blind.read_region(((0, 0), (1, 1))), blind.indexer):
        with pytest.raises(iolink.CapabilityError, match=r"READ|MEMORY_ACCESS"):
            call()
    assert not np.asarray(image).any()
