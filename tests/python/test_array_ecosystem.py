"""Images among the libraries around NumPy: dask, its clusters, xarray, napari's expectations, and pickles."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
import xarray

import iolink
from iolink import ImageCapability, ImageViewFactory, NumpyInterop

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (300, 200)  # rows, columns


@pytest.fixture(scope="module")
def plugins():
    """A folder with the plugin of `examples/c-plugin`, which opens PGM images; nobody else may write to it."""
    folder = ROOT / "build" / f"pgm-{os.getpid()}"
    folder.mkdir(parents=True)
    for part in (folder, folder.parent):
        part.chmod(0o755)
    source, include = ROOT / "examples" / "c-plugin" / "pgm.c", f"-I{ROOT / 'sdk' / 'include'}"
    library = folder / "libpgm.so"
    subprocess.run(["cc", "-std=c99", "-O2", "-fPIC", "-shared", include, "-o", library, source], check=True)
    library.chmod(0o755)
    before = os.environ.get("IOLINK_PLUGIN_PATH")
    os.environ["IOLINK_PLUGIN_PATH"] = str(folder)
    iolink.load_plugin(library)
    yield folder
    if before is None:
        del os.environ["IOLINK_PLUGIN_PATH"]
    else:
        os.environ["IOLINK_PLUGIN_PATH"] = before
    shutil.rmtree(folder)


@pytest.fixture
def pgm(plugins, tmp_path):
    """A picture of 16 bits in a file, and its samples."""
    samples = (np.arange(np.prod(SHAPE)) % 60_000).reshape(SHAPE).astype("u2")
    path = tmp_path / "a picture.pgm"
    path.write_bytes(b"P5\n%d %d\n65535\n" % SHAPE[::-1] + samples.astype(">u2").tobytes())
    return path, samples


def in_child(code, *arguments):
    """What a fresh Python prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def calibrated():
    array = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype("f4")
    view = NumpyInterop.from_numpy_array(array, "VOLUME")
    properties = view.properties().copy()
    properties.calibration.spacing = (0.5, 2, 3)
    properties.calibration.origin = (10, 20, 30)
    properties.calibration.units = ["mm", "mm", ""]
    view.set_properties(properties)
    return array, view


# --- the array itself


def test_the_array_has_what_arrays_have():
    array, view = calibrated()
    duck = view.array
    assert (duck.shape, duck.dtype, duck.ndim, duck.size, duck.nbytes, len(duck)) == ((2, 3, 4), "f4", 3, 24, 96, 2)
    assert duck.dims == ("slice", "row", "column")
    assert isinstance(duck[0, 1, 2], np.float32)
    assert np.array_equal(duck[:, 1], array[:, 1])
    assert np.shares_memory(duck[...], array)
    assert np.array_equal(duck[[1, 0]], array[[1, 0]])
    assert [plane.tolist() for plane in duck] == array.tolist()
    assert "slice 2" in repr(duck)
    duck[0] = 5
    assert (array[0] == 5).all()
    with pytest.raises(TypeError):
        len(view[0, 0, 0].array)


def test_arrays_of_what_is_not_in_memory_are_new_and_writable():
    array, view = calibrated()
    lazy = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ).array
    part = lazy[1]
    assert np.array_equal(part, array[1])
    part[0] = 0
    assert array[1].any()


def test_coordinates_come_from_the_calibration():
    _, view = calibrated()
    coords = view.array.coords
    assert coords["column"][1].tolist() == [10, 10.5, 11, 11.5]
    assert coords["row"][1].tolist() == [20, 22, 24]
    assert coords["row"][2] == {"units": "mm"}
    assert view[:, ::-1].array.coords["row"][1].tolist() == [24, 22, 20]
    assert view[:, :, 1:].array.coords["column"][1].tolist() == [10.5, 11, 11.5]
    assert NumpyInterop.from_numpy_array(np.zeros((2, 3)), "IMAGE").array.coords == {}
    assert NumpyInterop.from_numpy_array(np.zeros((2, 3))).array.dims == ("dim_0", "dim_1")
    properties = view.properties().copy()
    properties.calibration.directions = iolink.SpatialDirections((0.6, 0.8, 0), (-0.8, 0.6, 0))
    view.set_properties(properties)
    assert set(view.array.coords) == {"slice"}


def test_components_have_a_name():
    colours = NumpyInterop.from_numpy_array(np.zeros((4, 5, 3)), "IMAGE", vector=True)
    assert colours.array.dims == ("row", "column", "channel")
    both = NumpyInterop.from_numpy_array(np.zeros((4, 5, 3, 2)), "MULTISPECTRAL_IMAGE", vector=True)
    assert both.array.dims == ("row", "column", "channel", "component")


# --- dask


def test_dask_reads_an_image_block_by_block():
    asked = []

    def read(region):
        asked.append(tuple(region.size()))
        column = region.origin()[0] + np.arange(region.size()[0], dtype="f4")
        return np.broadcast_to(column[:, None], tuple(region.size()))

    view = ImageViewFactory.from_function((40, 30), "FLOAT", read)
    samples = da.from_array(view.array, chunks=(10, 30))
    assert not asked
    assert samples.shape == (40, 30)
    assert samples[12:15].mean().compute(scheduler="threads") == 13
    assert all(size[0] <= 10 for size in asked)
    total = samples.sum().compute(scheduler="synchronous")
    assert total == np.arange(40).sum() * 30


def test_dask_cuts_an_image_where_its_maker_does():
    read = lambda region: np.zeros(tuple(region.size()), "u1")  # noqa: E731
    view = ImageViewFactory.from_function((400, 300), "UINT8", read, chunks=(64, 50))
    assert view.array.chunks == (64, 50)
    cut = da.from_array(view.array, chunks="auto").chunks
    assert all(size % block == 0 for size, block in zip((cut[0][0], cut[1][0]), (64, 50)) if size < 300)


def test_dask_names_equal_images_alike_and_others_not():
    array, view = calibrated()
    one = da.from_array(view.array)
    assert one.name == da.from_array(calibrated()[1].array).name
    assert dask.base.tokenize(view.array) == dask.base.tokenize(view.array)
    assert dask.base.tokenize(view.array) != dask.base.tokenize(view[1:].array)
    before = dask.base.tokenize(view.array)
    array[0, 0, 0] += 1
    assert dask.base.tokenize(view.array) != before


def test_dask_stores_into_an_image():
    target = ImageViewFactory.allocate((30, 40), "DOUBLE")
    source = da.random.random((30, 40), chunks=(10, 10))
    expected = source.compute()
    da.store(da.from_array(expected, chunks=(10, 10)), target.array, lock=False)
    assert np.array_equal(np.asarray(target), expected)


def test_the_token_of_an_opened_image_changes_with_its_file(pgm):
    path, _ = pgm
    before = dask.base.tokenize(iolink.open(path).array)
    assert dask.base.tokenize(iolink.open(path).array) == before
    os.utime(path, (1, 1))
    assert dask.base.tokenize(iolink.open(path).array) != before


PROCESSES = """
import sys
import dask.array as da
import iolink

if __name__ == "__main__":
    samples = da.from_array(iolink.open(sys.argv[1])[::2].array, chunks=(50, 100))
    print(int(samples.astype("u8").sum().compute(scheduler="processes", num_workers=2)))
"""


def test_a_graph_over_an_opened_image_runs_in_a_pool_of_processes(pgm, tmp_path):
    path, samples = pgm
    script = tmp_path / "pool.py"
    script.write_text(PROCESSES)
    result = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == int(samples[::2].astype("u8").sum())


def test_a_cluster_computes_over_an_opened_image(pgm):
    path, samples = pgm
    script = ROOT / "examples" / "dask_cluster.py"
    command = [sys.executable, script, path, "--workers", "2", "--blocks", "4"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    told = dict(line.split() for line in result.stdout.splitlines())
    assert float(told["mean"]) == pytest.approx(samples.mean(), rel=1e-5)
    assert (float(told["low"]), float(told["high"])) == (samples.min(), samples.max())


# --- xarray


def test_xarray_takes_an_image_with_names_and_coordinates():
    array, view = calibrated()
    data = xarray.DataArray(view.array, dims=view.array.dims, coords=view.array.coords)
    assert data.dims == ("slice", "row", "column")
    assert data.sel(row=22, column=10.5).values.tolist() == array[:, 1, 1].tolist()
    assert data.row.attrs == {"units": "mm"}
    assert float(data.mean()) == array.mean()
    lazy = xarray.DataArray(da.from_array(view.array, chunks=1), dims=view.array.dims, coords=view.array.coords)
    assert float(lazy.isel(slice=1).max()) == array[1].max()


def test_xarray_reads_what_it_is_asked_for():
    asked = []

    def read(region):
        asked.append((tuple(region.origin()), tuple(region.size())))
        return np.full(tuple(region.size())[::-1], 3, "u1")

    properties = iolink.ImageProperties.from_data_type("UINT8")
    properties.image_info.set_axes_interpretation("VOLUME")
    properties.calibration.spacing = (0.25, 1, 1)
    view = ImageViewFactory.from_function((1000, 1000, 1000), "UINT8", read, properties=properties)
    data = view.array.to_xarray("huge")
    assert data.sizes == {"slice": 1000, "row": 1000, "column": 1000}
    part = data.isel(slice=5, row=[1, 7]).sel(column=slice(10, 11))
    assert not asked
    assert part.values.tolist() == [[3] * 5] * 2
    assert all(size[2] == 1 and size[0] == 5 for _, size in asked)
    assert data.name == "huge"


# --- napari


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_xarray_of_an_image_can_be_pickled(pgm, protocol):
    path, samples = pgm
    array, view = calibrated()
    for image, expected in ((view, array), (iolink.open(path), samples)):
        data = image.array.to_xarray("scan")
        back = pickle.loads(pickle.dumps(data, protocol))
        assert back.identical(data)
        assert np.array_equal(back.values, expected)
        assert np.array_equal(data.copy(deep=True).values, expected)


def test_napari_finds_what_its_layers_expect():
    """What napari's image layers ask of their data, without napari: its protocol, its contrast limits, its slicing."""
    array, view = calibrated()
    duck = view.array
    for name in ("dtype", "shape", "ndim", "size", "__getitem__", "__len__", "__array__"):
        assert hasattr(duck, name)
    assert isinstance(duck.shape, tuple)
    assert np.issubdtype(duck.dtype, np.floating)
    assert np.dtype(duck.dtype).type(0) == 0
    assert not isinstance(duck, (list, tuple))  # a list would be taken for a pyramid
    middle = tuple(size // 2 for size in duck.shape[:-2])
    planes = [duck[(0,) * len(middle)], duck[middle], duck[(-1,) * len(middle)]]
    limits = [min(np.nanmin(plane) for plane in planes), max(np.nanmax(plane) for plane in planes)]
    assert limits == [array.min(), array.max()]
    shown = np.asarray(duck[1, slice(None), slice(None)])
    assert np.array_equal(shown, array[1])
    thumbnail = np.asarray(duck[1, slice(None, None, 2), slice(None, None, 2)])
    assert thumbnail.shape == (2, 2)
    assert np.array_equal(np.transpose(np.asarray(duck), (2, 0, 1)), array.transpose(2, 0, 1))
    colours = NumpyInterop.from_numpy_array(np.zeros((40, 50, 3), "u1"), "IMAGE", vector=True).array
    assert colours.shape[-1] in (3, 4)  # taken for colours


# --- pickles


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("layout", ["C", "F", "strided", "big-endian", "read-only", "lazy", "empty", "0-d"])
def test_images_come_back_from_a_pickle_as_they_were(protocol, layout):
    array = {
        "C": np.arange(24).reshape(2, 3, 4),
        "F": np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
        "strided": np.arange(96).reshape(4, 6, 4)[::-2, ::2],
        "big-endian": np.arange(24, dtype=">f4").reshape(2, 3, 4),
        "read-only": np.arange(24).reshape(2, 3, 4),
        "lazy": np.arange(24).reshape(2, 3, 4),
        "empty": np.zeros((0, 3, 4)),
        "0-d": np.array(5.0),
    }[layout]
    array.flags.writeable = layout != "read-only"
    view = NumpyInterop.from_numpy_array(array, "VOLUME")
    tree = iolink.MetadataNode()
    tree.set("/scanner/kV", 120)
    tree.set("/scanner/name", "µCT")
    view.set_metadata(tree)
    if layout == "lazy":
        view = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ)
    back = pickle.loads(pickle.dumps(view, protocol))
    assert np.array_equal(np.asarray(back), array)
    assert (back.shape(), back.dtype()) == (view.shape(), view.dtype())
    assert back.properties() == view.properties()
    assert back.metadata() == view.metadata()


@pytest.mark.parametrize("dtype", ["VEC3_UINT16", "LABEL32", "BINARY", "BOOL", "COMPLEX_FLOAT", "FLOAT16"])
def test_the_type_of_samples_survives_a_pickle(dtype):
    view = ImageViewFactory.allocate((5, 4), dtype)
    np.asarray(view)[...] = 1
    back = pickle.loads(pickle.dumps(view, 5))
    assert back.dtype() == view.dtype()
    assert np.array_equal(np.asarray(back), np.asarray(view))


def test_calibration_and_scale_survive_a_pickle():
    _, view = calibrated()
    properties = view.properties().copy()
    properties.value_scale = (2.0, -1024.0, "HU")
    properties.calibration.directions = iolink.SpatialDirections((0, 1, 0), (-1, 0, 0))
    view.set_properties(properties)
    assert pickle.loads(pickle.dumps(view)).properties() == properties
    assert pickle.loads(pickle.dumps(properties)) == properties
    assert pickle.loads(pickle.dumps(view.properties())) == properties


def test_samples_stay_out_of_band_and_are_shared():
    array = np.zeros((1000, 1000), "u2")
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    buffers = []
    small = pickle.dumps(view, 5, buffer_callback=buffers.append)
    assert len(small) < 1024
    assert sum(buffer.raw().nbytes for buffer in buffers) == array.nbytes
    back = pickle.loads(small, buffers=buffers)
    array[3, 4] = 9
    assert np.asarray(back)[3, 4] == 9
    assert np.shares_memory(np.asarray(back), array)
    allocated = ImageViewFactory.allocate((50, 60, 70), "FLOAT")
    buffers = []
    pickle.dumps(allocated, 5, buffer_callback=buffers.append)
    assert [buffer.raw().nbytes for buffer in buffers] == [50 * 60 * 70 * 4]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("layout", ["C", "F", "strided", "negative", "permuted", "broadcast", "vectors", "few vectors"])
@pytest.mark.parametrize("writable", [True, False])
def test_a_pickle_keeps_who_may_write_and_leaves_samples_out_of_band(protocol, layout, writable):
    base = np.arange(24 * 50, dtype="i4").reshape(20, 30, 2)
    array = {
        "C": base,
        "F": np.asfortranarray(base),
        "strided": base[::2, 1::3],
        "negative": base[:, ::-1],
        "permuted": base.transpose(1, 2, 0),
        "broadcast": np.broadcast_to(base[0], (20, 30, 2)).view(),
        "vectors": base,
        "few vectors": base[::-2, 3::4],
    }[layout]
    if layout == "broadcast":
        writable = False
    array.flags.writeable = writable
    view = NumpyInterop.from_numpy_array(array, vector="vectors" in layout)
    buffers = []
    callback = {"buffer_callback": buffers.append} if protocol >= 5 else {}
    back = pickle.loads(pickle.dumps(view, protocol, **callback), buffers=buffers)
    assert np.array_equal(np.asarray(back), array)
    assert back.dtype() == view.dtype()
    assert np.asarray(back).flags.writeable == back.support(ImageCapability.WRITE) == writable
    if protocol >= 5:
        assert [buffer.raw().nbytes for buffer in buffers] == [array.size * 4]
        is_shared = np.shares_memory(np.asarray(back), array)
        assert is_shared == (layout in ("C", "F", "permuted", "vectors"))


@pytest.mark.parametrize("dtype", ["u1", "c8"])
def test_vectors_with_as_many_axes_as_an_image_has_come_back(dtype):
    array = np.arange(2**8 * 3).reshape((2,) * 8 + (3,)).astype(dtype)
    for make in (NumpyInterop.from_numpy_array, iolink.from_dlpack):
        view = make(array, vector=True)
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            back = pickle.loads(pickle.dumps(view, protocol))
            assert (back.shape(), back.dtype()) == (view.shape(), view.dtype())
            assert np.array_equal(np.asarray(back), array)


@pytest.mark.parametrize("dtype", ["DOUBLE", "INT8", "UINT16", "VEC2_UINT8", "VEC4_UINT8", "UTF8_STRING", "BOOL"])
def test_a_pickle_whose_type_is_not_that_of_its_samples_is_refused(dtype):
    view = NumpyInterop.from_numpy_array(np.zeros((2, 3), "u1"))
    function, (array, _, *rest) = view.__reduce_ex__(5)
    with pytest.raises(ValueError, match=r"UINT8|side by side"):
        function(array, iolink.DataType(dtype), *rest)


def test_a_pickle_names_each_axis_once_or_has_them_in_canonical_order():
    array = np.arange(6).reshape(2, 3)
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    function, (samples, dtype, properties, metadata, order, _) = view.__reduce_ex__(5)
    assert order == [1, 0]
    back = function(samples.T, dtype, properties, metadata)
    assert np.array_equal(np.asarray(back), array)
    for wrong in ([], [0], [0, 0], [0, 2], [0, 1, 0], [0, 1, 2]):
        with pytest.raises(ValueError, match="each of the 2 axes"):
            function(samples, dtype, properties, metadata, wrong)


def test_an_opened_image_is_pickled_by_where_it_is(pgm):
    path, samples = pgm
    view = iolink.open(path)
    assert view.provider
    pickled = pickle.dumps(view)
    assert len(pickled) <= 1024
    assert np.array_equal(np.asarray(pickle.loads(pickled)), samples)
    part = view[10:200:3, ::-1][5]
    pickled = pickle.dumps(part)
    assert len(pickled) <= 1024
    back = pickle.loads(pickled)
    assert np.array_equal(np.asarray(back), samples[10:200:3, ::-1][5])
    assert back.provider == view.provider
    code = "import pickle, sys, numpy as np; print(np.asarray(pickle.loads(bytes.fromhex(sys.argv[1]))).sum())"
    assert int(in_child(code, pickled.hex())) == samples[10:200:3, ::-1][5].sum()
    duck = pickle.loads(pickle.dumps(view.array))
    assert np.array_equal(duck[4:6], samples[4:6])


def with_spacing(view):
    properties = view.properties().copy()
    properties.calibration.spacing = (0.5, 2)
    return ImageViewFactory.from_image_view(view, properties)


def colours(view):
    part = ImageViewFactory.extract_region(view, ((3, 5), (40, 4)))
    return ImageViewFactory.assemble_channels(ImageViewFactory.reinterpret_axes(part, ["COLUMN", "CHANNEL"]))


ADAPTED = {
    "region": lambda view: ImageViewFactory.extract_region(view, (slice(2, 9), slice(3, 100))),
    "adjusted region": lambda view: ImageViewFactory.extract_adjusted_region(view, ((190, 290), (50, 50))),
    "properties": with_spacing,
    "metadata": lambda view: ImageViewFactory.from_image_view(view, None, iolink.MetadataNode("own")),
    "sub-sampled": lambda view: ImageViewFactory.sub_sample(view, (3, 2)),
    "flipped by name": lambda view: ImageViewFactory.flip_dimension(ImageViewFactory.reinterpret(view, "IMAGE"), "ROW"),
    "flipped by number": lambda view: ImageViewFactory.flip(ImageViewFactory.flip_dimension_index(view, 0), 1),
    "other axes": lambda view: ImageViewFactory.reinterpret_axes(view, ["SLICE", "COLUMN"]),
    "vectors": colours,
    "a channel of vectors": lambda view: ImageViewFactory.extract_channel(colours(view), 2),
    "channels as an axis": lambda view: ImageViewFactory.disassemble_channels(colours(view)),
    "another type": lambda view: ImageViewFactory.adapt_data_type(view, "UINT8"),
    "another range": lambda view: ImageViewFactory.adapt_dynamic_range(view, "FLOAT", (0, 60000), (0, 1)),
    "fewer capabilities": lambda view: ImageViewFactory.restrict_capabilities(view, ImageCapability.READ),
    "the quantity": lambda view: view.scaled(),
    "a chain": lambda view: ImageViewFactory.flip(ImageViewFactory.sub_sample(view[5:, ::-1], (2, 2)), 0)[3:].scaled(),
}


@pytest.mark.parametrize("make", ADAPTED.values(), ids=ADAPTED)
def test_a_lazy_view_of_an_opened_image_is_pickled_by_how_it_was_made(pgm, make):
    path, _ = pgm
    view = make(iolink.open(path))
    pickled = pickle.dumps(view)
    assert len(pickled) <= 1024
    back = pickle.loads(pickled)
    assert np.array_equal(np.asarray(back), np.asarray(view))
    assert back.dtype() == view.dtype() and back.shape() == view.shape()
    assert back.properties() == view.properties() and back.metadata() == view.metadata()
    assert back.capabilities() == view.capabilities()
    assert (back.uri, back.provider) == (view.uri, view.provider) == (path.as_uri(), "org.example.pgm")
    assert dask.base.tokenize(back.array) == dask.base.tokenize(view.array)
    assert dask.base.tokenize(back.array) != dask.base.tokenize(iolink.open(path).array)


class Changeable:
    id, name, formats = "org.example.changeable", "Changeable", ["changeable"]

    def open(self, source):
        return np.zeros((40, 50), "u1")


def test_an_opened_image_that_may_have_been_changed_is_pickled_by_its_samples(tmp_path):
    iolink.register_provider(Changeable)
    path = tmp_path / "a.changeable"
    path.write_bytes(b"x")
    view = iolink.open(path)
    assert view.support(ImageCapability.WRITE)
    part, flipped = view[10:], ImageViewFactory.flip(view, 0)
    view[20, 30] = 7
    for image in (view, part, flipped):
        back = pickle.loads(pickle.dumps(image))
        assert np.array_equal(np.asarray(back), np.asarray(image)) and np.asarray(back).max() == 7


def test_what_a_lazy_view_was_made_with_may_change_later(pgm):
    path, _ = pgm
    view, origin = iolink.open(path), [2, 3]
    properties, metadata = view.properties().copy(), iolink.MetadataNode("own")
    region = ImageViewFactory.extract_region(view, (origin, (5, 5)))
    described = ImageViewFactory.from_image_view(view, properties, metadata)
    origin[0] = 7
    properties.calibration.spacing = (9, 9)
    metadata.set("later", 1)
    assert np.array_equal(np.asarray(pickle.loads(pickle.dumps(region))), np.asarray(region))
    back = pickle.loads(pickle.dumps(described))
    assert back.properties() == described.properties() != properties
    assert back.metadata() == described.metadata() != metadata


def test_an_image_opened_from_an_object_is_pickled_by_its_samples(pgm):
    path, samples = pgm
    with path.open("rb") as file:
        view = iolink.open(file, format="PGM")
        back = pickle.loads(pickle.dumps(view))
    path.unlink()
    assert np.array_equal(np.asarray(back), samples)


def test_a_pickle_of_what_is_gone_says_so(pgm):
    path, _ = pgm
    pickled = pickle.dumps(iolink.open(path))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        pickle.loads(pickled)


def test_a_closed_image_is_not_pickled():
    image = ImageViewFactory.allocate((2, 2), "uint8")
    image.close()
    with pytest.raises(ValueError, match="closed"):
        pickle.dumps(image)


def test_a_deep_copy_of_an_xarray_is_a_copy():
    array = np.zeros((3, 4), "u2")
    data = NumpyInterop.from_numpy_array(array, "IMAGE").array.to_xarray()
    for copied in (data.copy(deep=True), copy.deepcopy(data), pickle.loads(pickle.dumps(data.copy(deep=True)))):
        copied.values[0, 0] = 99
        assert array[0, 0] == 0 and copied.values[0, 0] == 99
    data.values[0, 0] = 5
    assert array[0, 0] == 5, "what was not copied is shared"
