"""An exception that Python code raises below a read comes out as it was: the same object, with its traceback."""

from __future__ import annotations

import io
import traceback

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

import iolink
from iolink import DataFrameViewFactory as Frames
from iolink import ImageViewFactory, RandomAccessFactory, StreamAccessFactory

FORMATS = ["csv", "tsv", "jsonl", "parquet", "arrow"]


class OwnError(Exception):
    """An exception of the user's."""


RAISED = {
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": lambda: SystemExit(3),
    "GeneratorExit": GeneratorExit,
    "ZeroDivisionError": lambda: ZeroDivisionError("by nothing"),
    "MemoryError": MemoryError,
    "RecursionError": lambda: RecursionError("too deep"),
    "OSError": lambda: OSError(5, "the cable"),
    "FileNotFoundError": lambda: FileNotFoundError(2, "gone"),
    "OwnError": lambda: OwnError("first line\nsecond line"),
    "without a text": OwnError,
    "a long text": lambda: OwnError("x" * 5000),
    "not ASCII": lambda: OwnError("äöü \0 €"),
}


class Raising(io.BytesIO):
    """Gives its bytes to so many reads, and raises at the next."""

    def __init__(self, data, raised, reads=0):
        super().__init__(data)
        self.raised, self.reads = raised, reads

    def read(self, n=-1):
        if self.reads <= 0:
            raise self.raised
        self.reads -= 1
        return super().read(n)


@pytest.fixture(scope="module", params=FORMATS)
def table(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / f"x.{request.param}"
    Frames.write(Frames.from_columns({"a": list(range(20_000)), "b": ["text"] * 20_000}), path)
    return request.param, path.read_bytes()


def in_all_ways(frame):
    return (frame.at("a", 0), frame.to_arrow(), frame.to_pandas(), Frames.copy_in_memory(frame))


@pytest.mark.parametrize("kind", RAISED)
def test_what_a_file_object_raises_comes_out_of_a_table(table, kind):
    ending, data = table
    seen = 0
    for reads in range(30):
        raised = RAISED[kind]()
        try:
            in_all_ways(iolink.open(Raising(data, raised, reads), format=ending))
        except BaseException as error:
            assert error is raised, (reads, repr(error))
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            assert frames[-1] == "read", frames
            seen += 1
        else:
            break
    assert seen >= 2


def test_each_error_is_its_own_and_an_error_of_ours_stays_ours(table):
    ending, data = table
    first, second = OwnError("the same text"), OwnError("the same text")
    for raised in (first, second):
        with pytest.raises(OwnError) as caught:
            iolink.open(Raising(data, raised), format=ending)
        assert caught.value is raised
    with pytest.raises(iolink.errors.Error):
        iolink.open(io.BytesIO(b"PAR1 but not really \xff\xfe"), format="parquet")


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_of_streams_random_access_and_images(kind):
    for use in (
        lambda raised: StreamAccessFactory.from_file_object(Raising(b"abc", raised)).read(3),
        lambda raised: StreamAccessFactory.from_file_object(Raising(b"abc", raised)).to_raw_io().readall(),
        lambda raised: RandomAccessFactory.from_stream(Raising(bytes(99), raised)).read_at(0, 50),
        lambda raised: np.asarray(
            ImageViewFactory.from_random_access(
                RandomAccessFactory.from_stream(Raising(bytes(64), raised)), (8, 8), "UINT8"
            )
        ),
        lambda raised: np.asarray(ImageViewFactory.from_function((8, 8), "UINT8", lambda region: raises(raised))),
        lambda raised: ImageViewFactory.copy_in_memory(
            ImageViewFactory.allocate((4096, 4096), "UINT8"), progress=lambda done, total: raises(raised)
        ),
        lambda raised: StreamAccessFactory.from_file_object(Refusing(raised)).write(b"abc"),
    ):
        raised = RAISED[kind]()
        with pytest.raises(type(raised)) as caught:
            use(raised)
        assert caught.value is raised


def raises(raised):
    raise raised


class Refusing(io.RawIOBase):
    def __init__(self, raised):
        self.raised = raised

    def writable(self):
        return True

    def write(self, data):
        raise self.raised


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_of_the_progress_of_tables(kind, tmp_path):
    frame = Frames.from_columns({"a": list(range(1000))})
    for ending in FORMATS:
        path = tmp_path / f"x.{ending}"
        raised = RAISED[kind]()
        with pytest.raises(type(raised)) as caught:
            Frames.write(frame, path, progress=lambda done, total, raised=raised: raises(raised))
        assert caught.value is raised and not path.exists()


def test_arrays_and_streams_of_arrow_that_raise_when_they_are_asked():
    class Asked:
        def __init__(self, raised):
            self.raised = raised

        def __arrow_c_stream__(self, requested_schema=None):
            raise self.raised

    for kind in RAISED.values():
        raised = kind()
        with pytest.raises(type(raised)) as caught:
            Frames.from_arrow(Asked(raised))
        assert caught.value is raised


@pytest.mark.parametrize("kind", RAISED)
@pytest.mark.parametrize("ending", ["png", "tif", "nii", "h5"])
def test_what_a_file_object_raises_comes_out_of_a_provider_in_python(tmp_path, ending, kind):
    volume = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / f"x.{ending}"
    match ending:
        case "png":
            Image.fromarray(volume[0]).save(path)
        case "tif":
            tifffile.imwrite(path, volume)
        case "nii":
            nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path)
        case "h5":
            with h5py.File(path, "w") as file:
                file["a"] = volume
    raised = RAISED[kind]()
    with pytest.raises(type(raised)) as caught:
        iolink.open(Raising(path.read_bytes(), raised), format=ending)
    assert caught.value is raised
    # The file object keeps the exception, whose traceback keeps h5py's objects, which keep the file object where Python cannot see
    # it: h5py never frees such a cycle and crashes when the process ends, also without iolink.
    raised.__traceback__ = None
