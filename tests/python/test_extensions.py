"""Tiles, parallel access, origin, and what a plugin attaches itself."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import iolink
from iolink import (
    INVALID_TILE_INDEX,
    AxesInterpretationId,
    Extension,
    ExtensionProvider,
    ImageCapability,
    ImageViewFactory,
    LodImageViewFactory,
    NumpyInterop,
    ParallelAccessCapability,
    ParallelAccessExtension,
    RandomAccessFactory,
    TilingInfoExtension,
    ViewOriginExtension,
)


def numbered(*shape, interpretation=None):
    """An array whose samples are all different, as a view."""
    array = np.arange(int(np.prod(shape)), dtype="u4").reshape(shape)
    return array, NumpyInterop.from_numpy_array(array, interpretation)


def test_the_numbers_are_those_of_the_documentation():
    assert TilingInfoExtension.EXTENSION_ID == 1
    assert ParallelAccessExtension.EXTENSION_ID == 2
    assert ViewOriginExtension.EXTENSION_ID == 3
    assert INVALID_TILE_INDEX == TilingInfoExtension.INVALID_TILE_INDEX == 0xFFFFFFFF


def test_tiles_of_an_image_in_memory_are_uniform_and_cover_it():
    array, view = numbered(700, 900, interpretation=AxesInterpretationId.IMAGE)
    tiles = view.tiling_info()
    assert isinstance(tiles, TilingInfoExtension)
    assert isinstance(tiles, Extension)
    seen = np.zeros_like(array)
    for index in range(tiles.tile_count()):
        region = tiles.tile_region(index)
        (x, y), (width, height) = region.origin(), region.size()
        assert all(size <= most for size, most in zip(region.size(), tiles.max_tile_size(), strict=True))
        part = tiles.read_tile(index)
        assert part.shape == (height, width)
        target = np.zeros((height, width), "u4")
        assert tiles.read_tile(index, target) is target
        assert np.array_equal(part, target)
        seen[y : y + height, x : x + width] += part
    assert np.array_equal(seen, array)
    assert list(tiles.image().shape()) == [900, 700]


def test_the_grid_is_an_array_in_canonical_order():
    view = ImageViewFactory.allocate((3000, 2000), "UINT16")
    tiles = view.tiling_info()
    grid = tiles.tiling_grid()
    assert grid.dtype == np.uint64
    assert np.array_equal(np.sort(grid, axis=None), np.arange(tiles.tile_count()))
    for place in np.ndindex(grid.shape):
        origin = tiles.tile_region(int(grid[place])).origin()
        assert list(origin) == [at * most for at, most in zip(place, tiles.max_tile_size(), strict=True)]


def test_tiles_are_written():
    view = ImageViewFactory.allocate((2000, 1500), "UINT16")
    tiles = view.tiling_info()
    for index in range(tiles.tile_count()):
        width, height = tiles.tile_region(index).size()
        tiles.write_tile(index, np.full((width, height), index + 1, "u2"))
    assert set(np.unique(np.asarray(view))) == set(range(1, tiles.tile_count() + 1))


def test_what_is_no_tile_or_does_not_fit_is_refused_before_anything_is_touched():
    _, view = numbered(30, 40)
    tiles = view.tiling_info()
    target = np.full((30, 40), 77, "u4")
    for index in (tiles.tile_count(), INVALID_TILE_INDEX, 2**64 - 1):
        for refused in (tiles.tile_region, tiles.read_tile, lambda k: tiles.read_tile(k, target)):
            with pytest.raises(IndexError, match="no tile"):
                refused(index)
        with pytest.raises(IndexError):
            tiles.write_tile(index, target)
    with pytest.raises(IndexError):
        tiles.tile_region(-1)
    with pytest.raises(ValueError, match="shape"):
        tiles.read_tile(0, np.zeros((29, 40), "u4"))
    with pytest.raises(TypeError):
        tiles.read_tile(0, np.zeros((30, 40), "f8"))
    with pytest.raises(ValueError, match="dst"):
        tiles.read_tile(0, bytes(30 * 40 * 4))
    read_only = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ).tiling_info()
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        read_only.write_tile(0, target)
    assert (target == 77).all()


def test_adapters_and_files_have_tiles_too(tmp_path):
    path = tmp_path / "raw.bin"
    path.write_bytes(np.arange(600 * 400, dtype="u4").tobytes())
    image = ImageViewFactory.from_random_access(RandomAccessFactory.open_file(path), (600, 400), "UINT32")
    for view in (
        image,
        ImageViewFactory.extract_region(image, ((5, 6), (500, 300))),
        ImageViewFactory.flip(image, 0),
        ImageViewFactory.stack([image, image]),
        ImageViewFactory.adapt_data_type(image, "FLOAT"),
    ):
        tiles = view.tiling_info()
        whole = view.read_region(((0,) * view.dimension_count(), view.shape()))
        for index in range(tiles.tile_count()):
            region = tiles.tile_region(index)
            place = tuple(slice(a, a + n) for a, n in zip(region.origin(), region.size(), strict=True))
            assert np.array_equal(tiles.read_tile(index), whole[place])
    origin = image.extension(ViewOriginExtension.EXTENSION_ID)
    assert isinstance(origin, ViewOriginExtension)
    assert str(path) in origin.uri()
    assert origin.format() is None


def test_parallel_access_says_what_threads_gain():
    _, view = numbered(4, 4)
    access = view.extension(2)
    assert access.capabilities() == (
        ParallelAccessCapability.THREAD_SAFE | ParallelAccessCapability.BY_TILE | ParallelAccessCapability.BY_REGION
    )
    assert access.support(ParallelAccessCapability.BY_TILE)
    assert "THREAD_SAFE" in access.to_string()
    level = LodImageViewFactory.from_image_view(ImageViewFactory.allocate((256, 256), "UINT8"), "mean").resolution(1)
    assert not level.extension(2).support(ParallelAccessCapability.BY_REGION)


def test_an_extension_that_is_not_there_is_none():
    _, view = numbered(4, 4)
    assert view.extension(ViewOriginExtension.EXTENSION_ID) is None
    assert view.extension(0x1234_5678_9ABC) is None
    assert iolink.MultiImageViewFactory.allocate().extension(1) is None
    assert LodImageViewFactory.from_image_view(view, levels=1).extension(1) is None


def test_the_provider_casts_and_refuses():
    _, view = numbered(4, 4)
    tiles, access = view.extension(1), view.extension(2)
    assert ExtensionProvider.is_tiling_info(tiles)
    assert ExtensionProvider.to_tiling_info(tiles) is tiles
    assert ExtensionProvider.to_parallel_access(access) is access
    assert not ExtensionProvider.is_view_origin(access)
    for refused in (ExtensionProvider.to_tiling_info, ExtensionProvider.to_view_origin):
        with pytest.raises(TypeError, match="is no"):
            refused(access)


def test_a_table_is_called_by_ctypes_as_a_plugins_own_would_be():
    """The parallel access table, as anybody who knows its layout calls it."""

    class Table(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32),
            ("reserved", ctypes.c_uint32),
            ("capabilities", ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)),
        )

    _, view = numbered(4, 4)
    access = view.extension(2)
    del view
    table = Table.from_address(access.table())
    assert table.size == ctypes.sizeof(Table)
    assert table.capabilities(access.address()) == access.capabilities()
    assert access.id() == 2


@pytest.mark.parametrize("threads", [8])
def test_one_view_is_read_by_many_threads(threads, tmp_path):
    array, view = numbered(64, 128, 96, interpretation=AxesInterpretationId.VOLUME)
    on_disk = ImageViewFactory.copy_on_disk(tmp_path, view)
    views = [
        view,
        on_disk,
        ImageViewFactory.flip(ImageViewFactory.flip(view, 1), 1),
        ImageViewFactory.restrict_capabilities(view, ImageCapability.READ),
        ImageViewFactory.stack([ImageViewFactory.extract_region(view, ((0, 0, z), (96, 128, 1))) for z in range(4)]),
    ]
    random = np.random.default_rng(3)

    def jobs():
        for number in range(200):
            which = views[number % len(views)]
            shape = which.shape()
            first = [int(random.integers(size)) for size in shape]
            size = [int(random.integers(1, whole - at + 1)) for whole, at in zip(shape, first, strict=True)]
            yield which, first, size

    def read(job):
        which, first, size = job
        return job, which.read_region((first, size))

    with ThreadPoolExecutor(threads) as pool:
        for (which, first, size), part in pool.map(read, list(jobs())):
            whole = np.asarray(which)
            ranges = [slice(a, a + n) for a, n in zip(first, size, strict=True)]
            named = which.properties().image_info.axes_interpretation != 0
            place = tuple(reversed(ranges)) if named else tuple(ranges)
            if whole.ndim == len(place):
                assert np.array_equal(part, whole[place])
    assert np.array_equal(np.asarray(on_disk), array)


def test_a_long_read_tells_progress_on_every_way_and_can_be_stopped():
    view = ImageViewFactory.uniform((3000, 3000), "UINT32", 5)
    ways = [
        lambda progress: view.read_region(((0, 0), (3000, 3000)), progress=progress),
        lambda progress: view.read_region(((0, 0), (3000, 3000)), np.empty((3000, 3000), "u4"), progress=progress),
        lambda progress: ImageViewFactory.copy_in_memory(view, progress=progress),
        lambda progress: ImageViewFactory.adapt_data_type(view, "FLOAT").read_region(
            ((0, 0), (3000, 3000)), progress=progress
        ),
        lambda progress: view.tiling_info().read_tile(0, progress=progress),
    ]
    for way in ways:
        told = []
        way(lambda done, total, told=told: told.append((done, total)))
        assert told
        assert told[-1][0] == told[-1][1]
        assert [done for done, _ in told] == sorted(done for done, _ in told)
    for way in ways[:4]:
        with pytest.raises(iolink.CancelledError):
            way(lambda *_: False)

        def fail(*_):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            way(fail)
