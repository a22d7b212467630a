"""Images over buffers and bytes, of one value, and on disk."""

from __future__ import annotations

import gc
import io
import itertools
import mmap
import os
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

import iolink
from iolink import (
    AxesInterpretationId,
    DataTypeId,
    ImageCapability,
    ImageProperties,
    ImageViewFactory,
    MetadataNode,
    RandomAccessFactory,
    StreamAccessFactory,
)

READ, WRITE, MEMORY = ImageCapability.READ, ImageCapability.WRITE, ImageCapability.MEMORY_ACCESS


def volume_properties():
    properties = ImageProperties.from_data_type(DataTypeId.UINT16)
    properties.image_info.set_axes_interpretation(AxesInterpretationId.VOLUME)
    properties.calibration.spacing = [0.5, 0.25, 2.0]
    properties.value_scale = (2.0, -1.0, "HU")
    return properties


def described():
    return volume_properties(), MetadataNode("", None)


def canonical(image):
    """All samples with the first canonical axis first."""
    flat = np.empty(int(np.prod(list(image.shape()))), image.dtype().dtype)
    image.read_region(((0,) * image.dimension_count(), image.shape()), flat)
    return flat.reshape(tuple(image.shape()), order="F")


# --- from_buffer


def test_a_flat_buffer_is_shared_column_fastest():
    samples = bytearray(24)
    image = ImageViewFactory.from_buffer((6, 4), "UINT8", samples)
    samples[6] = 5
    assert image.read((0, 1)) == 5
    image.write_region(((5, 3), (1, 1)), b"\x09")
    assert samples[23] == 9
    assert image.capabilities() == READ | WRITE | MEMORY
    assert np.asarray(image).ctypes.data == np.frombuffer(samples, "u1").ctypes.data


def test_a_buffer_of_several_dimensions_keeps_its_strides():
    array = np.arange(2 * 3 * 8, dtype="u2").reshape(2, 3, 8)[:, ::-1, ::2]
    image = ImageViewFactory.from_buffer((4, 3, 2), np.uint16, array, volume_properties())
    assert np.shares_memory(np.asarray(image), array)
    assert np.array_equal(np.asarray(image), array)
    assert image.properties().calibration.spacing == (0.5, 0.25, 2.0)


def test_the_owner_of_a_buffer_lives_as_long_as_anything_that_shares_it():
    class Owner(bytearray):
        pass

    samples = Owner(12)
    alive = weakref.ref(samples)
    array = np.asarray(ImageViewFactory.from_buffer((4, 3), "UINT8", samples))
    del samples
    gc.collect()
    assert alive() is not None
    array[1] = 3
    assert bytes(alive())[:] == array.tobytes("F")
    del array
    gc.collect()
    assert alive() is None


def test_a_mapped_file_cannot_be_closed_while_an_image_shares_it():
    area = mmap.mmap(-1, 4096)
    image = ImageViewFactory.from_buffer((64, 64), "UINT8", area)
    with pytest.raises(BufferError):
        area.close()
    image.close()
    del image
    area.close()


@pytest.mark.parametrize("samples", [bytes(24), memoryview(bytearray(24)).toreadonly()])
def test_a_read_only_buffer_gives_no_write(samples):
    image = ImageViewFactory.from_buffer((6, 4), "UINT8", samples)
    assert image.capabilities() == READ | MEMORY
    assert not np.asarray(image).flags.writeable
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        image.write_region(((0, 0), (1, 1)), b"x")


def test_vectors_and_metadata_come_along():
    tree = MetadataNode()
    tree.set("/a/b", 7)
    image = ImageViewFactory.from_buffer((2, 2), DataTypeId.VEC3_UINT8, bytes(range(12)), None, tree)
    assert image.read((1, 0)).tolist() == [3, 4, 5]
    assert image.metadata()["/a/b"].value == 7


@pytest.mark.parametrize(
    ("shape", "dtype", "samples", "error"),
    [
        ((6, 4), "UINT8", bytes(23), ValueError),
        ((6, 4), "UINT8", bytes(25), ValueError),
        ((6, 4), "UINT16", np.zeros((6, 4), "u2"), ValueError),  # not in NumPy's order where the axes are named
        ((4, 6), "UINT16", np.zeros((4, 6), "f4"), TypeError),
        ((4, 6), "UINT16", np.zeros((4, 6), ">u2"), TypeError),
        ((4, 6), "UINT16", "text", TypeError),
        ((4, 6), "UINT16", 7, TypeError),
        ((2**40, 2**40), "DOUBLE", bytes(8), ValueError),
        ((4,), "UTF8_STRING", bytes(4), (TypeError, ValueError)),
    ],
)
def test_a_buffer_that_does_not_fit_is_refused(shape, dtype, samples, error):
    properties = ImageProperties()
    if len(shape) == 2:
        properties.image_info.set_axes_interpretation(AxesInterpretationId.IMAGE)
    with pytest.raises(error):
        ImageViewFactory.from_buffer(shape, dtype, samples, properties)


# --- from_random_access


def sources(tmp_path, data):
    path = tmp_path / "raw.bin"
    path.write_bytes(data)
    stream = StreamAccessFactory.allocate()
    stream.write(data)
    yield "bytes", data
    yield "memory", RandomAccessFactory.from_buffer(bytearray(data))
    yield "file", RandomAccessFactory.open_file(path)
    yield "writable file", RandomAccessFactory.open_file(path, writable=True)
    yield "stream", stream
    yield "python", io.BytesIO(data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("shape", [(7,), (5, 4), (13, 5, 3), (3, 1, 2, 4)])
def test_every_region_of_raw_bytes_is_what_numpy_says(tmp_path, order, shape):
    expected = np.arange(np.prod(shape), dtype="i8").astype("i4").reshape(shape, order="F") * 40503
    data = b"HEADER!" + expected.astype(order + "i4").tobytes("F") + b"rest"
    random = np.random.default_rng(1)
    for name, source in sources(tmp_path, data):
        image = ImageViewFactory.from_random_access(source, shape, "INT32", 7, order)
        assert np.array_equal(canonical(image), expected), name
        for _ in range(20):
            first = [int(random.integers(size)) for size in shape]
            size = [int(random.integers(1, whole - at + 1)) for whole, at in zip(shape, first, strict=True)]
            part = image.read_region((first, size))
            wanted = expected[tuple(slice(a, a + n) for a, n in zip(first, size, strict=True))]
            assert np.array_equal(part, wanted), (name, first, size)


@pytest.mark.parametrize("order", ["<", ">"])
def test_regions_are_written_to_a_file_and_nothing_else_is(tmp_path, order):
    path = tmp_path / "raw.bin"
    expected = np.zeros((11, 7, 5), "u2")
    path.write_bytes(b"head" + expected.tobytes() + b"tail")
    image = ImageViewFactory.from_random_access(
        RandomAccessFactory.open_file(path, writable=True), (11, 7, 5), "UINT16", 4, order
    )
    assert image.capabilities() == READ | WRITE
    random = np.random.default_rng(2)
    for number in range(1, 30):
        first = [int(random.integers(size)) for size in expected.shape]
        size = [int(random.integers(1, whole - at + 1)) for whole, at in zip(expected.shape, first, strict=True)]
        samples = np.full(size, number * 257 + 1, "u2")
        image.write_region((first, size), samples)
        expected[tuple(slice(a, a + n) for a, n in zip(first, size, strict=True))] = samples
    data = path.read_bytes()
    assert (data[:4], data[-4:]) == (b"head", b"tail")
    assert np.array_equal(np.frombuffer(data[4:-4], order + "u2").reshape(expected.shape, order="F"), expected)


def test_bytes_in_memory_are_shared():
    samples = bytearray(24)
    image = ImageViewFactory.from_random_access(RandomAccessFactory.from_buffer(samples), (6, 4), "UINT8")
    assert image.support(MEMORY | WRITE)
    np.asarray(image)[2, 1] = 5
    assert samples[8] == 5


def test_a_file_that_is_cut_meanwhile_gives_an_error(tmp_path):
    path = tmp_path / "raw.bin"
    path.write_bytes(bytes(1 << 16))
    image = ImageViewFactory.from_random_access(RandomAccessFactory.open_file(path), (256, 256), "UINT8")
    os.truncate(path, 1000)
    assert image.read_region(((0, 0), (256, 3))).sum() == 0
    with pytest.raises(iolink.Error, match="ends at"):
        image.read_region(((0, 0), (256, 256)))


@pytest.mark.parametrize(
    ("shape", "dtype", "options", "error"),
    [
        ((6, 4), "UINT8", {"offset": 1}, ValueError),
        ((25,), "UINT8", {}, ValueError),
        ((6,), "UINT8", {"offset": 2**64 - 1}, ValueError),
        ((6,), "UINT8", {"byte_order": "middle"}, ValueError),
        ((2**62, 4), "UINT16", {}, ValueError),
        ((6,), "UTF8_STRING", {}, TypeError),
    ],
)
def test_a_layout_that_the_bytes_have_not_is_refused(shape, dtype, options, error):
    with pytest.raises(error):
        ImageViewFactory.from_random_access(bytes(24), shape, dtype, **options)


# --- uniform


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("UINT8", 255, 255),
        ("INT16", -3, -3),
        ("FLOAT", 0.1, np.float32(0.1)),
        ("DOUBLE", float("inf"), float("inf")),
        ("BOOL", True, True),
        ("COMPLEX64", 1 + 2j, 1 + 2j),
        ("VEC3_UINT16", [1, 2, 65535], [1, 2, 65535]),
        ("VEC2_FLOAT", [4, 4.5], [4, 4.5]),
        ("LABEL8", 9, 9),
    ],
)
def test_an_image_of_one_value(dtype, value, expected):
    image = ImageViewFactory.uniform((1 << 20, 1 << 20, 5), dtype, value)
    part = image.read_region(((77, 1 << 19, 2), (3, 2, 2)))
    assert np.array_equal(part, np.broadcast_to(expected, part.shape))
    assert image.capabilities() == READ | MEMORY
    small = ImageViewFactory.uniform((3, 2), dtype, value)
    array = np.asarray(small)
    assert not array.flags.writeable
    assert np.array_equal(array, np.broadcast_to(expected, array.shape))
    assert np.array_equal(ImageViewFactory.copy_in_memory(small).read_region(((0, 0), (3, 2))), array)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("UINT8", 256),
        ("UINT8", -1),
        ("INT32", 1.5),
        ("UINT16", float("nan")),
        ("VEC3_UINT8", [1, 2]),
        ("UINT8", [1, 2]),
        ("UINT8", "x"),
        ("UTF8_STRING", "x"),
        ("DOUBLE", 1j),
    ],
)
def test_a_value_that_the_type_does_not_hold_is_refused(dtype, value):
    with pytest.raises((ValueError, TypeError)):
        ImageViewFactory.uniform((3, 2), dtype, value)


# --- on disk


def test_an_image_on_disk_lies_in_the_folder_and_goes_with_the_last_user(tmp_path):
    image = ImageViewFactory.create_on_disk(tmp_path, (300, 200), "UINT16", *described_image())
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == 300 * 200 * 2
    assert file.stat().st_mode & 0o777 == 0o600
    array = np.asarray(image)
    assert array.shape == (200, 300)
    array[:] = 7
    assert image.read((299, 199)) == 7
    assert image.metadata()["/who"].value == "me"
    del image
    gc.collect()
    assert list(tmp_path.iterdir()) == [file]
    assert array.sum() == 7 * 60_000
    del array
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def described_image():
    properties = ImageProperties()
    properties.image_info.set_axes_interpretation(AxesInterpretationId.IMAGE)
    tree = MetadataNode()
    tree.set("/who", "me")
    return properties, tree


@pytest.mark.parametrize("folder", ["path", "text", "bytes", "keyword", None])
@pytest.mark.parametrize("with_rest", [False, True])
def test_every_way_to_name_folder_and_rest(tmp_path, monkeypatch, folder, with_rest):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first = {"path": [tmp_path], "text": [str(tmp_path)], "bytes": [os.fsencode(tmp_path)]}.get(folder, [])
    options = {"folder": tmp_path} if folder == "keyword" else {}
    rest = described_image() if with_rest else ()
    image = ImageViewFactory.create_on_disk(*first, (5, 4), DataTypeId.FLOAT, *rest, **options)
    copy = ImageViewFactory.copy_on_disk(*first, image, **options)
    assert len(list(tmp_path.iterdir())) == 2
    for made in (image, copy):
        assert (list(made.shape()), made.dtype()) == ([5, 4], DataTypeId.FLOAT)
        assert made.support(READ | WRITE | MEMORY)
        assert made.properties().image_info.axes_interpretation == (1 if with_rest else 0)
        assert ("/who" in made.metadata()) == with_rest


def test_a_copy_on_disk_tells_progress_and_can_be_stopped(tmp_path):
    source = ImageViewFactory.uniform((2000, 3000), "UINT16", 9)
    calls = []
    copy = ImageViewFactory.copy_on_disk(tmp_path, source, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (12_000_000, 12_000_000)
    assert np.asarray(copy).sum() == 9 * 6_000_000
    del copy
    gc.collect()
    with pytest.raises(iolink.CancelledError):
        ImageViewFactory.copy_on_disk(tmp_path, source, progress=lambda *_: False)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError) as refused:
        ImageViewFactory.create_on_disk(tmp_path / "none", (5, 4), "UINT8")
    assert refused.value.errno == 2
    with pytest.raises(ValueError, match="more than"):
        ImageViewFactory.create_on_disk(tmp_path, (2**40, 2**40), "UINT8")
    with pytest.raises(TypeError):
        ImageViewFactory.create_on_disk(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_an_error_at_once_and_leaves_no_file(tmp_path):
    code = """
        import resource, sys, pathlib
        from iolink import ImageViewFactory
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        try:
            ImageViewFactory.create_on_disk(sys.argv[1], (1000, 1000), "UINT8")
        except OSError as refused:
            assert refused.errno, refused
        else:
            sys.exit("not refused")
        assert not list(pathlib.Path(sys.argv[1]).iterdir())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path], check=True, cwd=tmp_path)


def test_a_program_that_ends_leaves_no_file(tmp_path):
    code = """
        import sys
        import numpy as np
        from iolink import ImageViewFactory
        image = ImageViewFactory.create_on_disk(sys.argv[1], (100, 100), "UINT8")
        array = np.asarray(ImageViewFactory.create_on_disk(sys.argv[1], (100, 100), "UINT8"))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- what all of them have in common


def made_everywhere(tmp_path, properties, tree):
    samples = np.arange(24, dtype="u2").reshape(2, 3, 4)
    yield ImageViewFactory.allocate((4, 3, 2), "UINT16", properties, tree)
    yield ImageViewFactory.create_on_disk(tmp_path, (4, 3, 2), "UINT16", properties, tree)
    yield ImageViewFactory.from_buffer((4, 3, 2), "UINT16", samples, properties, tree)
    yield ImageViewFactory.from_random_access(samples.tobytes(), (4, 3, 2), "UINT16", 0, "native", properties, tree)
    yield ImageViewFactory.uniform((4, 3, 2), "UINT16", 7, properties, tree)
    yield ImageViewFactory.from_image_view(ImageViewFactory.uniform((4, 3, 2), "UINT16", 7), properties, tree)


def test_properties_and_metadata_are_those_given_and_survive_every_adapter(tmp_path):
    properties, tree = volume_properties(), MetadataNode()
    tree.set("/a", 1)
    for image in made_everywhere(tmp_path, properties, tree):
        assert image.properties().value_scale == (2.0, -1.0, "HU")
        adapted = [
            ImageViewFactory.extract_region(image, ((1, 1, 0), (3, 2, 2))),
            ImageViewFactory.extract_adjusted_region(image, ((1, 1, 0), (30, 20, 20))),
            ImageViewFactory.sub_sample(image, (2, 1, 1)),
            ImageViewFactory.flip_dimension(image, "ROW"),
            ImageViewFactory.stack([image, image]),
            ImageViewFactory.adapt_dynamic_range(image, "DOUBLE", (0, 1), (0, 1)),
            ImageViewFactory.restrict_capabilities(image, READ),
            ImageViewFactory.copy_in_memory(image),
            ImageViewFactory.copy_on_disk(tmp_path, image),
            ImageViewFactory.make_thread_safe(image),
        ]
        for made in adapted:
            assert made.properties().value_scale == (2.0, -1.0, "HU"), made
            assert made.properties().calibration.spacing[1:3] == (0.25, 2.0), made
            assert made.metadata()["/a"].value == 1, made
        assert adapted[0].properties().calibration.origin == (0.5, 0.25, 0.0)
        assert adapted[2].properties().calibration.spacing[0] == 1.0


def test_zero_size_images_can_be_made_and_have_nothing_to_read(tmp_path):
    for image in (
        ImageViewFactory.allocate((0, 3), "UINT8"),
        ImageViewFactory.create_on_disk(tmp_path, (0, 3), "UINT8"),
        ImageViewFactory.from_buffer((0, 3), "UINT8", b""),
        ImageViewFactory.from_random_access(b"", (0, 3), "UINT8"),
        ImageViewFactory.uniform((0, 3), "UINT8", 1),
    ):
        assert np.asarray(image).shape == (0, 3)
        with pytest.raises((ValueError, IndexError)):
            image.read_region(((0, 0), (0, 3)))
        assert image.tiling_info().tile_count() == 0


def test_regions_are_checked_before_anything_is_touched(tmp_path):
    properties, tree = volume_properties(), MetadataNode()
    for image, (region, error) in itertools.product(
        made_everywhere(tmp_path, properties, tree),
        [
            (((0, 0, 1), (4, 3, 2)), IndexError),
            (((2**63, 0, 0), (1, 1, 1)), IndexError),
            (((0, 0, 0), (0, 1, 1)), ValueError),
            (((0, 0), (4, 3)), ValueError),
        ],
    ):
        target = np.full(24, 77, "u2")
        with pytest.raises(error):
            image.read_region(region, target)
        assert (target == 77).all()
