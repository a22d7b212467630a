"""The array protocols of images: buffers, DLPack, interfaces, keys, functions, and what notebooks show."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import mmap
import operator
import struct
import subprocess
import threading
import zlib
from multiprocessing import shared_memory
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import iolink
from iolink import AxesInterpretationId, ImageCapability, ImageViewFactory, NumpyInterop

ROOT = Path(__file__).resolve().parents[2]


def volume(dtype="u2", interpretation="VOLUME"):
    array = np.arange(60).reshape(3, 4, 5).astype(dtype)
    return array, NumpyInterop.from_numpy_array(array, interpretation)


def readable(view):
    """The same image without memory."""
    return ImageViewFactory.restrict_capabilities(view, ImageCapability.READ)


# --- buffers


def test_a_buffer_has_the_arrays_layout():
    array, view = volume(">u2")
    buffer = memoryview(view)
    assert buffer.shape == (3, 4, 5)
    assert buffer.strides == array.strides
    assert buffer.format == ">H"
    assert not buffer.readonly
    array[1, 2, 3] = 777
    assert np.asarray(buffer)[1, 2, 3] == 777


def test_components_of_vectors_are_the_last_axis_of_a_buffer():
    image = ImageViewFactory.allocate((6, 4), "VEC3_UINT16")
    buffer = memoryview(image)
    assert buffer.shape == (6, 4, 3)
    assert buffer.format == "H"


def test_a_contiguous_image_is_bytes_to_whoever_wants_bytes():
    array, view = volume()
    assert bytes(view) == array.tobytes()
    assert zlib.crc32(view) == zlib.crc32(array)
    with pytest.raises(BufferError, match="order"):
        zlib.crc32(view[:, ::2])
    with pytest.raises(BufferError, match="byte order"):
        zlib.crc32(volume(">u2")[1])
    struct.pack_into("<H", view, 0, 999)
    assert array[0, 0, 0] == 999


class Buffer(ctypes.Structure):
    """Python's `Py_buffer`."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


def asked_by_flags(thing, flags):
    """What a buffer asked with these flags tells; None where it is refused."""
    buffer = Buffer()
    get, release = ctypes.pythonapi.PyObject_GetBuffer, ctypes.pythonapi.PyBuffer_Release
    get.argtypes, release.argtypes = [ctypes.py_object, ctypes.POINTER(Buffer), ctypes.c_int], [ctypes.POINTER(Buffer)]
    try:
        get(thing, ctypes.byref(buffer), flags)
    except (BufferError, ValueError):
        return None
    count = buffer.ndim
    told = {
        "buf": buffer.buf,
        "len": buffer.len,
        "itemsize": buffer.itemsize,
        "readonly": buffer.readonly,
        "ndim": count,
        "format": buffer.format,
        "shape": buffer.shape[:count] if buffer.shape else None,
        # Of no samples any strides will do.
        "strides": (buffer.len == 0 or buffer.strides[:count]) if buffer.strides else None,
        "suboffsets": buffer.suboffsets,
    }
    release(ctypes.byref(buffer))
    return told


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize(
    "layout",
    [
        lambda a: a,
        np.asfortranarray,
        lambda a: a[::2, 1:, ::3],
        lambda a: a[:, ::-1],
        lambda a: a.transpose(1, 2, 0),
        lambda a: a[0, 0],
        lambda a: a[0, 0, 0:1].reshape(()),
        lambda a: a[:0],
    ],
    ids=["C", "F", "strided", "negative", "permuted", "1-d", "0-d", "empty"],
)
def test_every_combination_of_buffer_flags_is_answered_as_by_numpy(layout, writable):
    array = layout(np.arange(60, dtype="u2").reshape(3, 4, 5))
    array.flags.writeable = writable
    view = NumpyInterop.from_numpy_array(array)
    bits = {"WRITABLE": 1, "FORMAT": 4, "ND": 8, "STRIDES": 0x10 | 8}
    orders = {"C": 0x20 | 0x18, "F": 0x40 | 0x18, "ANY": 0x80 | 0x18, "INDIRECT": 0x100 | 0x18}
    named = list((bits | orders).values())
    every = {sum_of(named[n] for n in range(len(named)) if chosen >> n & 1) for chosen in range(1 << len(named))}
    assert len(every) > 50
    for flags in sorted(every):
        assert asked_by_flags(view, flags) == asked_by_flags(array, flags), hex(flags)


def sum_of(flags):
    out = 0
    for flag in flags:
        out |= flag
    return out


def test_a_copy_of_a_buffer_that_was_asked_without_axes_is_plain_bytes():
    testing = pytest.importorskip("_testbuffer")
    array, view = volume()
    for flags in (testing.PyBUF_SIMPLE, testing.PyBUF_FORMAT, testing.PyBUF_ND, testing.PyBUF_FULL_RO):
        assert testing.ndarray(view, getbuf=flags).tobytes() == array.tobytes()


def test_a_read_only_image_gives_no_writable_buffer():
    array, _ = volume()
    array.flags.writeable = False
    view = NumpyInterop.from_numpy_array(array)
    assert memoryview(view).readonly
    with pytest.raises(TypeError, match="read-write"):
        io.BytesIO(b"\0" * 200).readinto(view)


def test_an_image_without_memory_gives_no_buffer():
    with pytest.raises(BufferError, match=r"MEMORY_ACCESS.*copy_in_memory"):
        memoryview(readable(volume()[1]))


def test_a_buffer_keeps_the_image_from_being_closed():
    image = ImageViewFactory.allocate((4, 4), "uint8")
    with memoryview(image) as buffer:
        assert buffer.nbytes == 16
        with pytest.raises(BufferError, match="1 array"):
            image.close()
    image.close()
    with pytest.raises(ValueError, match="closed"):
        memoryview(image)


# --- the interface


def test_the_interface_is_that_of_the_array():
    array, view = volume(">f4")
    ours, theirs = view.__array_interface__, array.__array_interface__
    assert ours["data"] == theirs["data"]
    assert ours["typestr"] == ">f4"
    assert ours["shape"] == (3, 4, 5)
    assert ours["strides"] == array.strides
    assert not hasattr(readable(view), "__array_interface__")


def test_a_closed_image_has_no_interface_and_says_that_it_is_closed():
    image = ImageViewFactory.allocate((4, 3), "uint8")
    image.close()
    assert not hasattr(image, "__array_interface__")
    with pytest.raises(AttributeError, match="the image is closed"):
        image.__array_interface__
    for ask in (np.asarray, np.array, lambda image: np.add(image, 1)):
        with pytest.raises(iolink.ClosedError, match="the image is closed"):
            ask(image)


def test_an_address_that_was_given_away_stays_good():
    image = ImageViewFactory.allocate((1000, 100), "uint8")
    given = image.__array_interface__["data"][0]
    np.asarray(image)[0, 0] = 7
    image.close()
    assert ctypes.c_uint8.from_address(given).value == 7


def test_array_takes_dtype_and_copy_as_numpy_asks_for_them():
    array, view = volume()
    assert np.shares_memory(np.asarray(view, "u2"), array)
    assert np.asarray(view, "f8").dtype == np.float64
    assert not np.shares_memory(np.array(view), array)
    assert np.shares_memory(np.array(view, copy=False), array)
    with pytest.raises(ValueError):
        np.array(view, "f8", copy=False)
    with pytest.raises(ValueError):
        np.array(readable(view), copy=False)
    assert np.array(readable(view)).flags.writeable
    assert np.array_equal(np.asarray(readable(view), "f8"), array)
    with pytest.raises(TypeError, match="copy"):
        view.__array__(copy="never")


# --- DLPack


def test_numpy_takes_a_tensor_read_only_where_the_image_is():
    array, _ = volume()
    array.flags.writeable = False
    tensor = np.from_dlpack(NumpyInterop.from_numpy_array(array))
    assert np.shares_memory(tensor, array)
    with pytest.raises(ValueError, match="read-only"):
        tensor[0] = 1


def test_a_consumer_before_version_1_gets_no_read_only_memory():
    array, view = volume()
    assert "dltensor" in repr(view.__dlpack__())
    assert "dltensor_versioned" in repr(view.__dlpack__(max_version=(1, 0)))
    assert "dltensor_versioned" in repr(view.__dlpack__(max_version=(7, 3)))
    array.flags.writeable = False
    fixed = NumpyInterop.from_numpy_array(array)
    with pytest.raises(BufferError, match="read-only"):
        fixed.__dlpack__()
    with pytest.raises(BufferError, match="read-only"):
        readable(view).__dlpack__()
    assert "dltensor" in repr(fixed.__dlpack__(copy=True))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"stream": 1}, BufferError),
        ({"dl_device": (2, 0)}, BufferError),
        ({"dl_device": "cpu"}, TypeError),
        ({"max_version": 1}, TypeError),
        ({"copy": "no"}, TypeError),
    ],
)
def test_what_dlpack_cannot_do_is_refused(given, error):
    with pytest.raises(error, match=next(iter(given))):
        volume()[1].__dlpack__(**given)


def test_a_tensor_without_memory_is_a_copy_and_says_so():
    array, view = volume()
    lazy = readable(view)
    assert lazy.__dlpack_device__() == (1, 0)
    tensor = np.from_dlpack(lazy)
    assert np.array_equal(tensor, array)
    assert not tensor.flags.writeable
    assert np.from_dlpack(lazy, copy=True).flags.writeable
    with pytest.raises(BufferError, match="MEMORY_ACCESS"):
        np.from_dlpack(lazy, copy=False)


def test_empty_and_axisless_images_are_tensors():
    for shape in ((0, 3), (), (2, 0, 2)):
        array = np.zeros(shape, "f4")
        assert np.from_dlpack(NumpyInterop.from_numpy_array(array)).shape == shape
        assert iolink.from_dlpack(array).shape() == shape


def test_tensors_come_in_shared_with_their_flags():
    array, _ = volume("f4")
    view = iolink.from_dlpack(array[:, ::-1], "VOLUME")
    assert view.shape() == (5, 4, 3)
    assert np.shares_memory(np.asarray(view), array)
    assert np.array_equal(np.asarray(view), array[:, ::-1])
    array.flags.writeable = False
    fixed = iolink.from_dlpack(array)
    assert not fixed.support(ImageCapability.WRITE)
    own = iolink.from_dlpack(array, copy=True)
    assert own.support(ImageCapability.WRITE)
    assert np.array_equal(np.asarray(own), array)
    colours = iolink.from_dlpack(np.zeros((4, 6, 3), "u1"), "IMAGE", vector=True)
    assert str(colours.dtype()) == "VEC3_UINT8"
    assert colours.shape() == (6, 4)


class Old:
    """A library of before version 1."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()


def test_tensors_of_old_libraries_come_in_read_only():
    array, _ = volume("f4")
    view = iolink.from_dlpack(Old(array))
    assert np.shares_memory(np.asarray(view), array)
    assert not view.support(ImageCapability.WRITE)


class WithoutCopy:
    """A library that knows versions and no copies."""

    def __init__(self, array):
        self.array, self.asked = array, []

    def __dlpack__(self, *, max_version=None):
        self.asked.append(max_version)
        return self.array.__dlpack__(max_version=max_version)


@pytest.mark.parametrize("writable", [True, False])
def test_a_library_that_knows_no_copies_is_still_asked_for_its_version(writable):
    array, _ = volume("f4")
    array.flags.writeable = writable
    thing = WithoutCopy(array)
    own = iolink.from_dlpack(thing, copy=True)
    assert thing.asked == [(1, 0)]
    assert np.array_equal(np.asarray(own), array)
    assert not np.shares_memory(np.asarray(own), array)
    assert iolink.from_dlpack(thing).support(ImageCapability.WRITE) == writable
    assert np.array_equal(np.asarray(iolink.from_dlpack(Old(np.ones(3)), copy=True)), np.ones(3))
    with pytest.raises(TypeError, match="copy"):
        iolink.from_dlpack(thing, copy=False)


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match="__dlpack__"):
        iolink.from_dlpack([1, 2])

    class Wrong:
        def __dlpack__(self, **_):
            return 5

    with pytest.raises(TypeError, match="no tensor"):
        iolink.from_dlpack(Wrong())

    class Twice:
        capsule = np.zeros(3).__dlpack__(max_version=(1, 0))

        def __dlpack__(self, **_):
            return self.capsule

    iolink.from_dlpack(Twice())
    with pytest.raises(TypeError, match="took over"):
        iolink.from_dlpack(Twice())
    with pytest.raises(ValueError, match="at most 8"):
        iolink.from_dlpack(np.zeros((1,) * 9))


class Tensor(ctypes.Structure):
    """`DLTensor` of DLPack's header."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Versioned(ctypes.Structure):
    """`DLManagedTensorVersioned` of DLPack's header."""

    _fields_ = [
        ("version", ctypes.c_uint32 * 2),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


READ_ONLY, IS_COPIED = 1, 2


def hand_made(item=(2, 32, 1), device=(1, 0), version=(1, 0), shape=(2, 3), strides=None, deleted=None, flags=0):
    """A capsule of a tensor that somebody wrote by hand."""
    samples = np.arange(8, dtype="f4")
    sizes = (ctypes.c_int64 * len(shape))(*shape)
    steps = None if strides is None else (ctypes.c_int64 * len(shape))(*strides)
    deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: deleted.append(True))
    tensor = Versioned(
        version,
        None,
        ctypes.cast(deleter, ctypes.c_void_p).value,
        flags,
        Tensor(samples.ctypes.data, device, len(shape), *item, sizes, steps, 4),
    )
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

    name = b"dltensor_versioned"

    class Foreign:
        kept = (samples, sizes, steps, deleter, tensor, name)

        def __dlpack__(self, **_):
            return new(ctypes.addressof(tensor), name, None)

    # Whoever took the tensor calls its deleter when it likes: what that needs stays.
    HAND_MADE.append(Foreign)
    return Foreign()


HAND_MADE = []


def test_a_tensor_written_by_hand_is_read_as_the_header_says_and_deleted_once():
    deleted = []
    foreign = hand_made(deleted=deleted)
    view = iolink.from_dlpack(foreign)
    assert np.array_equal(np.asarray(view), [[1, 2, 3], [4, 5, 6]])
    assert not deleted
    del view
    assert deleted == [True]
    view = iolink.from_dlpack(hand_made(strides=(1, 2), shape=(2, 3), deleted=deleted))
    assert np.array_equal(np.asarray(view), [[1, 3, 5], [2, 4, 6]])
    del view
    assert len(deleted) == 2


@pytest.mark.parametrize(
    ("tensor", "error", "words"),
    [
        ({"item": (4, 16, 1)}, TypeError, "code 4"),
        ({"item": (2, 32, 4)}, TypeError, "4 lanes"),
        ({"item": (2, 12, 1)}, TypeError, "12 bits"),
        ({"device": (2, 0)}, BufferError, "kind 2"),
        ({"version": (2, 0)}, BufferError, "newer"),
        ({"shape": (2, -3)}, ValueError, "negative"),
        ({"shape": (2**62, 2**62)}, (ValueError, MemoryError), "beyond"),
    ],
)
def test_a_tensor_that_is_no_image_is_refused_and_deleted(tensor, error, words):
    deleted = []
    with pytest.raises(error, match=words):
        iolink.from_dlpack(hand_made(deleted=deleted, **tensor))
    assert deleted == [True]


def test_a_tensor_that_says_it_is_a_copy_is_refused_where_none_was_allowed():
    deleted = []
    with pytest.raises(BufferError, match=r"copy=False.*copied"):
        iolink.from_dlpack(hand_made(deleted=deleted, flags=IS_COPIED), copy=False)
    assert deleted == [True]
    for flags, copy in ((IS_COPIED, None), (IS_COPIED, True), (0, False)):
        view = iolink.from_dlpack(hand_made(deleted=deleted, flags=flags), copy=copy)
        assert np.array_equal(np.asarray(view), [[1, 2, 3], [4, 5, 6]])
        assert view.support(ImageCapability.WRITE)
    assert not iolink.from_dlpack(hand_made(deleted=deleted, flags=READ_ONLY)).support(ImageCapability.WRITE)


def told(capsule):
    """The tensor in a capsule of version 1, as a consumer reads it: the struct is good as long as the capsule."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.POINTER(Versioned), [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, b"dltensor_versioned").contents


def test_a_tensor_tells_of_its_memory_what_the_header_says():
    array, view = volume("i2")
    part = view[1:, ::-1, ::2]
    capsule = part.__dlpack__(max_version=(1, 0))
    managed, expected = told(capsule), array[1:, ::-1, ::2]
    tensor = managed.tensor
    assert (*managed.version, managed.flags) == (1, 0, 0)
    assert tensor.data + tensor.byte_offset == expected.ctypes.data
    assert (*tensor.device, tensor.ndim) == (1, 0, 3)
    assert (tensor.code, tensor.bits, tensor.lanes) == (0, 16, 1)
    assert tensor.shape[:3] == [2, 4, 3]
    assert tensor.strides[:3] == [20, -5, 2]


@pytest.mark.parametrize("given", [None, False, True], ids=["copy or not", "no copy", "copy"])
@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("in_memory", [True, False])
def test_a_tensor_says_whether_it_is_read_only_and_whether_it_is_a_copy(given, writable, in_memory):
    array, _ = volume()
    array.flags.writeable = writable
    view = NumpyInterop.from_numpy_array(array)
    view = view if in_memory else readable(view)
    if given is False and not in_memory:
        with pytest.raises(BufferError, match="MEMORY_ACCESS"):
            view.__dlpack__(max_version=(1, 0), copy=False)
        return
    capsule = view.__dlpack__(max_version=(1, 0), copy=given)
    managed = told(capsule)
    shared = in_memory and given is not True
    assert bool(managed.flags & IS_COPIED) == (not shared)
    assert bool(managed.flags & READ_ONLY) == (not writable if shared else given is not True)
    assert managed.flags & ~(READ_ONLY | IS_COPIED) == 0
    assert (managed.tensor.data == array.ctypes.data) == shared


PACKED = np.dtype([("value", "u4"), ("flag", "u1")])


def test_strides_that_are_no_multiples_of_the_items_are_refused_or_copied():
    records = np.zeros((3, 4), PACKED)
    records["value"] = np.arange(12).reshape(3, 4)
    view = NumpyInterop.from_numpy_array(records["value"])
    assert np.asarray(view).strides == (20, 5)
    for protocol in ({}, {"max_version": (1, 0)}):
        with pytest.raises(BufferError, match=r"strides are no multiples.*copy=True"):
            view.__dlpack__(**protocol)
        with pytest.raises(BufferError, match=r"strides are no multiples"):
            view.__dlpack__(copy=False, **protocol)
    assert np.array_equal(np.from_dlpack(view, copy=True), records["value"])
    # Rows of whole items, and an axis of one sample, whose stride nobody uses.
    for part in (view[:, 0], view[:1, :1], view[:0]):
        tensor = np.from_dlpack(part)
        assert tensor.shape == np.asarray(part).shape
        assert np.array_equal(tensor, np.asarray(part))
    del tensor, part
    view.close()  # What was refused shares nothing.


def test_strides_of_vectors_are_told_in_components():
    records = np.zeros((3, 2), [("colour", "u2", 3), ("flag", "u1")])
    records["colour"] = np.arange(18).reshape(3, 2, 3)
    view = NumpyInterop.from_numpy_array(records["colour"], vector=True)
    assert np.asarray(view).strides == (14, 7, 2)
    with pytest.raises(BufferError, match="strides are no multiples"):
        view.__dlpack__()
    assert np.array_equal(np.from_dlpack(view, copy=True), records["colour"])
    capsule = view[:, 0].__dlpack__(max_version=(1, 0))
    assert told(capsule).tensor.strides[:2] == [7, 1]


# --- keys


def test_a_key_gives_a_lazy_view_that_shares_memory_and_keeps_names_and_calibration():
    array, view = volume()
    properties = view.properties().copy()
    properties.calibration.spacing = (0.5, 2, 3)
    properties.calibration.origin = (10, 20, 30)
    view.set_properties(properties)
    part = view[1, ::-2, 2:4]
    assert isinstance(part, iolink.ImageView)
    assert np.shares_memory(np.asarray(part), array)
    assert part.properties().image_info.axes_interpretation == AxesInterpretationId.IMAGE
    assert part.properties().calibration.spacing == (0.5, 4)
    assert part.properties().calibration.origin[0] == 11
    upright = view[:, 0]
    assert [axis.name for axis in upright.properties().image_info.axes] == ["COLUMN", "SLICE"]
    assert upright.shape() == (5, 3)


def test_many_keys_are_one_map():
    _, view = volume()
    lazy = readable(view)
    for _ in range(50):
        lazy = lazy[::-1][:, ::-1]
    assert np.array_equal(np.asarray(lazy), np.asarray(view))


def test_components_are_indexed_as_an_axis():
    colours = np.arange(4 * 5 * 3, dtype="u1").reshape(4, 5, 3)
    view = NumpyInterop.from_numpy_array(colours, "IMAGE", vector=True)
    assert str(view[1:].dtype()) == "VEC3_UINT8"
    assert str(view[..., 1].dtype()) == "UINT8"
    for key in (np.s_[..., 1], np.s_[..., ::-1], np.s_[2, 3], np.s_[..., None], np.s_[:, :, 1:, None]):
        assert np.array_equal(np.asarray(view[key]), colours[key])
        assert np.shares_memory(np.asarray(view[key]), colours)


@pytest.mark.parametrize(
    "key",
    [3, -4, (0, 0, 5), (0, 0, 0, 0), (..., ...), "row", 1.5, 2**80, ([0, 3],), np.ones(4, bool), np.ones((3, 5), bool)],
    ids=str,
)
def test_keys_that_name_nothing_are_refused(key):
    array, view = volume()
    with pytest.raises(IndexError):
        array[key]
    with pytest.raises(IndexError):
        view[key]
    with pytest.raises(ValueError, match=r"zero|0"):
        view[::0]


@pytest.mark.parametrize("truth", [True, False, np.True_, np.False_, np.array(True), np.array(False)], ids=repr)
def test_a_lone_truth_value_is_an_axis_as_numpy_has_it(truth):
    array, view = volume()
    for shown in (view, readable(view)):
        for key in (truth, (truth, 1), (slice(None), truth), (..., None, truth), (truth, [2])):
            assert np.array_equal(shown[key], array[key])
    unshared = ImageViewFactory.restrict_capabilities(view, ImageCapability.READ | ImageCapability.WRITE)
    for shown, values in ((view, 7), (unshared, array[::-1].copy())):
        wanted = array.copy()
        shown[truth] = values
        wanted[truth] = values
        assert np.array_equal(np.asarray(view), wanted)


def test_values_are_written_through_as_numpy_writes():
    array, view = volume()
    view[1, :, ::2] = 7
    assert (array[1, :, ::2] == 7).all()
    view[[0, 2], 1] = np.arange(5)
    assert np.array_equal(array[2, 1], np.arange(5))
    view[array > 50] = 0
    assert array.max() <= 50
    with pytest.raises(ValueError, match="broadcast"):
        view[0] = np.zeros(3)
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        readable(view)[0] = 1


def test_isel_goes_by_names():
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    view = NumpyInterop.from_numpy_array(array, "VOLUME_SEQUENCE")
    assert np.array_equal(np.asarray(view.isel(slice=1, column=slice(1, 3))), array[:, 1, :, 1:3])
    assert view.isel().shape() == view.shape()
    colours = NumpyInterop.from_numpy_array(np.zeros((4, 5, 3)), "IMAGE", vector=True)
    assert colours.isel(channel=0).shape() == (5, 4)
    with pytest.raises(ValueError, match="sequence, slice, row, column"):
        view.isel(channel=0)
    with pytest.raises(ValueError, match="no names"):
        NumpyInterop.from_numpy_array(array).isel(row=0)
    with pytest.raises(TypeError, match="integer or a slice"):
        view.isel(row=[0, 1])
    for index in (True, np.True_, np.array(True), np.array([0, 1]), 1.0):
        with pytest.raises(TypeError, match="isel: row: expected an integer or a slice, not "):
            view.isel(row=index)
    assert np.array_equal(np.asarray(view.isel(row=np.array(1), column=np.int8(2))), array[:, :, 1, 2])
    with pytest.raises(IndexError):
        view.isel(row=9)


def test_iteration_goes_along_numpys_first_axis():
    array, view = volume()
    assert [np.asarray(plane).tolist() for plane in view] == array.tolist()


def test_an_image_without_axes_cannot_be_iterated():
    view = NumpyInterop.from_numpy_array(np.array(5))
    for thing in (view, view.array, readable(view)):
        with pytest.raises(TypeError, match="without axes"):
            list(thing)
    components = NumpyInterop.from_numpy_array(np.array([5, 6, 7]), vector=True)
    assert components.shape() == ()
    assert [int(np.asarray(part)) for part in components] == [5, 6, 7]
    assert list(NumpyInterop.from_numpy_array(np.zeros((0, 3)))) == []


# --- functions


def counting(asked):
    def read(region):
        asked.append((tuple(region.origin()), tuple(region.size())))
        grids = np.meshgrid(*(o + np.arange(n) for o, n in zip(region.origin(), region.size())), indexing="ij")
        samples = sum(grid * 100**axis for axis, grid in enumerate(grids)).astype("u4")
        return np.ascontiguousarray(samples.T)  # named axes: NumPy's order is reversed

    return read


def ramp(asked, shape=(40, 30, 20), **options):
    properties = iolink.ImageProperties.from_data_type("UINT32")
    properties.image_info.set_axes_interpretation("VOLUME")
    return ImageViewFactory.from_function(shape, "UINT32", counting(asked), properties=properties, **options)


def oracle(shape=(40, 30, 20)):
    x, y, z = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return (x + 100 * y + 10000 * z).astype("u4").T


def test_a_function_is_asked_for_what_is_read_and_for_no_more():
    asked = []
    view = ramp(asked)
    assert (view.shape(), str(view.dtype())) == ((40, 30, 20), "UINT32")
    part = view[3:5, ::-1, 7]
    assert not asked
    assert np.array_equal(np.asarray(part), oracle()[3:5, ::-1, 7])
    assert asked == [((7, 0, 3), (1, 30, 2))]


def test_a_function_is_asked_for_one_block_at_a_time():
    asked = []
    view = ramp(asked, chunks=(16, 16, 4))
    assert np.array_equal(np.asarray(view), oracle())
    assert all(
        start // block == (start + size - 1) // block for o, s in asked for start, size, block in zip(o, s, (16, 16, 4))
    )
    assert len(asked) == 3 * 2 * 5


def test_a_function_is_good_through_every_adapter():
    view, expected = ramp([]), oracle()
    factory = ImageViewFactory
    cases = [
        (factory.flip_dimension(view, "ROW"), expected[:, ::-1]),
        (factory.sub_sample(view, (3, 2, 1)), expected[:, ::2, ::3]),
        (factory.extract_region(view, ((5, 6, 7), (8, 9, 10))), expected[7:17, 6:15, 5:13]),
        (factory.stack([view, view], "SEQUENCE"), np.stack([expected, expected])),
        (factory.adapt_dynamic_range(view, "DOUBLE", (0, 1), (0, 2)), expected * 2.0),
        (factory.copy_in_memory(view), expected),
        (factory.interlace(view, view), np.stack([expected, expected], -1)),
    ]
    for adapted, wanted in cases:
        assert np.array_equal(np.asarray(adapted), wanted)
    flat = bytearray(4 * 6)
    view.read_region(((1, 2, 3), (3, 2, 1)), flat)
    assert np.array_equal(np.frombuffer(flat, "u4"), expected[3, 2:4, 1:4].ravel())


def test_explain_says_what_a_function_would_have_to_be_asked_for():
    asked = []
    told = iolink.explain(ramp(asked), "numpy")
    assert str(40 * 30 * 20 * 4) in told
    assert "MEMORY_ACCESS" in told
    assert "nothing" in iolink.explain(volume()[1], "numpy")
    assert not asked


READER = r"""
#include "iolink_abi.h"
int32_t read_all(iolink_view *view, void *out, const uint64_t *shape, int64_t item, iolink_error *error)
{
  const iolink_image_vtable *table = (const iolink_image_vtable *) view->vtable;
  iolink_region region = { sizeof region };
  iolink_block block = { sizeof block };
  iolink_image_description described = { sizeof described };
  int32_t status = table->describe(view, &described, error);
  int64_t stride = item;
  if (status != IOLINK_OK) return status;
  region.dimension_count = block.dimension_count = described.dimension_count;
  block.data_type = described.data_type;
  block.data = out;
  for (uint32_t axis = 0; axis < described.dimension_count; axis++) {
    region.extent[axis] = shape[axis];
    block.byte_strides[axis] = stride;
    stride *= (int64_t) shape[axis];
  }
  return table->read_region(view, &region, &block, 0, error);
}
"""


def test_a_function_is_good_from_c(tmp_path):
    source, library = tmp_path / "reader.c", tmp_path / "reader.so"
    source.write_text(READER)
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{ROOT / 'sdk' / 'include'}", "-o", library, source], check=True)
    read = ctypes.CDLL(library).read_all
    view = ramp([])
    address = ctypes.c_size_t.from_address(view.to_pointer()).value
    out = np.zeros((20, 30, 40), "u4")
    error = ctypes.create_string_buffer(4096)
    shape = (ctypes.c_uint64 * 3)(40, 30, 20)
    status = read(ctypes.c_void_p(address), ctypes.c_void_p(out.ctypes.data), shape, ctypes.c_int64(4), error)
    assert status == 0
    assert np.array_equal(out, oracle())


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda region: np.zeros((1, 1), "u1"), ValueError, "shape"),
        (lambda region: np.zeros(tuple(region.size()), "f8"), TypeError, "UINT8"),
        (lambda region: bytes(3), ValueError, "bytes"),
        (lambda region: None, TypeError, "buffer protocol"),
        (lambda region: 1 // 0, ZeroDivisionError, "division"),
        (lambda: 0, TypeError, "argument"),
    ],
)
def test_what_a_function_gives_is_checked_and_what_it_raises_comes_out(answer, error, words):
    view = ImageViewFactory.from_function((4, 5), "UINT8", answer)
    with pytest.raises(error, match=words):
        np.asarray(view)
    with pytest.raises(error, match=words):
        view.read_region(((0, 0), (2, 2)), bytearray(4))


def test_a_function_needs_a_shape_and_a_type_and_to_be_one():
    def zeros(region):
        return np.zeros(tuple(region.size()), "u1")

    make = ImageViewFactory.from_function
    with pytest.raises(TypeError, match="read_region"):
        make((2, 2), "UINT8", 5)
    with pytest.raises(TypeError, match="fixed size"):
        make((2, 2), "UTF8_STRING", zeros)
    with pytest.raises(ValueError, match="limit"):
        make((2**40, 2**40), "UINT8", zeros)
    for chunks in ((2,), (0, 1), (1, 2, 3)):
        with pytest.raises(ValueError, match="chunks"):
            make((2, 2), "UINT8", zeros, chunks=chunks)
    assert np.asarray(make((0, 2), "UINT8", zeros)).shape == (0, 2)
    assert np.asarray(make((), "UINT8", zeros)) == 0
    huge = make((2**20, 2**20, 16), "UINT8", zeros)
    assert huge.array.nbytes == 2**44
    assert np.asarray(huge[5, 7, 3:5]).tolist() == [0, 0]


def test_a_function_may_be_asked_by_many_threads_at_once():
    view, expected, wrong = ramp([]), oracle(), []

    def work(number):
        for plane in range(20):
            if not np.array_equal(np.asarray(view[plane, number:]), expected[plane, number:]):
                wrong.append((number, plane))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- memory that somebody wants to move or close


def test_an_array_whose_memory_is_shared_refuses_to_be_resized():
    array = np.zeros(1000)
    view = NumpyInterop.from_numpy_array(array)
    with pytest.raises(ValueError, match="reference"):
        array.resize(100_000)
    assert np.asarray(view).shape == (1000,)


def test_a_bytearray_whose_bytes_are_shared_refuses_to_be_resized():
    raw = bytearray(1000)
    view = NumpyInterop.from_numpy_array(np.frombuffer(raw, "u1"))
    with pytest.raises(BufferError):
        raw.extend(b"more")
    with pytest.raises(BufferError):
        raw.clear()
    raw[3] = 9
    assert np.asarray(view)[3] == 9


def test_a_mapped_file_stays_mapped_while_it_is_shared(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(bytes(range(256)) * 16)
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    view = NumpyInterop.from_numpy_array(np.frombuffer(mapped, "u1"))
    with pytest.raises(BufferError):
        mapped.close()
    assert np.asarray(view)[255] == 255
    del view
    mapped.close()
    file_map = np.memmap(path, "u2", "r", shape=(8, 16))
    view = NumpyInterop.from_numpy_array(file_map)
    inner = file_map._mmap
    del file_map
    with pytest.raises(BufferError):
        inner.close()
    assert not np.asarray(view).flags.writeable
    assert np.asarray(view)[0, 0] == 256
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        view[0, 0] = 1


def test_shared_memory_stays_good_while_it_is_shared():
    block = shared_memory.SharedMemory(create=True, size=4096)
    try:
        view = NumpyInterop.from_numpy_array(np.ndarray((64, 64), "u1", block.buf))
        np.asarray(view)[5, 5] = 3
        assert block.buf[5 * 64 + 5] == 3
        with pytest.raises(BufferError):
            block.close()
        assert np.asarray(view)[5, 5] == 3
        del view
    finally:
        with contextlib.suppress(BufferError):
            block.close()
        block.unlink()


def dlpack(array):
    return iolink.from_dlpack(array)


def over_buffer(thing):
    return ImageViewFactory.from_buffer((32, 64), "UINT8", thing)


def over_random_access(thing):
    return ImageViewFactory.from_random_access(thing, (32, 64), "UINT8")


def pixel(view):
    return np.asarray(view).ravel(order="K")[63]


@pytest.mark.parametrize("wrap", [np.asarray, memoryview, lambda a: a], ids=["array", "memoryview", "memmap"])
@pytest.mark.parametrize("make", [dlpack, over_buffer, over_random_access])
def test_a_mapped_file_stays_mapped_under_every_image_of_an_array_of_it(tmp_path, make, wrap):
    path = tmp_path / "raw"
    path.write_bytes(bytes(range(64)) * 32)
    file_map = np.memmap(path, "u1", "r+", shape=(32, 64))
    inner, given = file_map._mmap, wrap(file_map)
    if make is dlpack and wrap is memoryview:
        given = np.asarray(given)
    view = make(given)
    assert view.support(ImageCapability.WRITE)
    del file_map, given
    with pytest.raises(BufferError):
        inner.close()
    assert pixel(view) == 63
    del view
    gc.collect()
    inner.close()


@pytest.mark.parametrize("make", [dlpack, over_buffer, over_random_access])
def test_shared_memory_stays_good_under_every_image_of_an_array_of_it(make):
    block = shared_memory.SharedMemory(create=True, size=2048)
    try:
        block.buf[63] = 7
        view = make(np.ndarray((32, 64), "u1", block.buf))
        with pytest.raises(BufferError):
            block.close()
        assert pixel(view) == 7
        del view
        gc.collect()
    finally:
        block.close()
        block.unlink()


@pytest.mark.parametrize("make", [NumpyInterop.from_numpy_array, dlpack, over_buffer, over_random_access])
@pytest.mark.parametrize("deep", [False, True], ids=["array", "array of an array's memoryview"])
def test_a_bytearray_is_not_resized_under_an_image_of_an_array_of_it(make, deep):
    raw = bytearray(2048)
    array = np.ndarray((32, 64), "u1", raw)
    view = make(np.ndarray((32, 64), "u1", memoryview(array)) if deep else array)
    with pytest.raises(BufferError):
        raw.extend(bytes(1 << 20))
    raw[63] = 5
    assert pixel(view) == 5
    del view, array
    gc.collect()
    raw.extend(b"more")


@pytest.mark.parametrize(
    "make",
    [
        NumpyInterop.from_numpy_array,
        dlpack,
        over_buffer,
        over_random_access,
        lambda array: np.asarray(ImageViewFactory.from_function((32, 64), "UINT8", lambda region: array)),
        lambda array: ImageViewFactory.allocate((32, 64), "UINT8").write_region(((0, 0), (32, 64)), array),
        lambda array: ImageViewFactory.allocate((32, 64), "UINT8").read_region(((0, 0), (32, 64)), array),
    ],
    ids=["interop", "dlpack", "buffer", "random access", "function", "write", "read"],
)
def test_a_mask_is_refused_and_not_dropped(make):
    class Own(np.ma.MaskedArray):
        pass

    for kind in (np.ma.MaskedArray, Own):
        array = kind(np.zeros((32, 64), "u1"), mask=False)
        with pytest.raises(TypeError, match=r"mask.*filled\(value\)"):
            make(array)


def test_every_export_of_read_only_memory_refuses_to_be_written():
    array = np.arange(6, dtype="u2").reshape(2, 3)
    array.flags.writeable = False
    view = NumpyInterop.from_numpy_array(array, "IMAGE")
    for export in (
        NumpyInterop.to_numpy_array(view),
        NumpyInterop.order_to_numpy_array(view, ["COLUMN", "ROW"]),
        np.asarray(view),
        np.asarray(memoryview(view)),
        np.from_dlpack(view),
        np.asarray(view[0]),
        np.asarray(ImageViewFactory.flip(view, 0)),
        view.array[:],
    ):
        with pytest.raises(ValueError, match="read-only"):
            export[...] = 1
    assert view.__array_interface__["data"][1]
    with pytest.raises(TypeError):
        memoryview(view)[0, 0] = 1
    with pytest.raises(iolink.CapabilityError, match="WRITE"):
        view[0, 0] = 1
    with pytest.raises(NotImplementedError, match="WRITE"):
        view.write_region(((0, 0), (1, 1)), bytes(2))
    with pytest.raises(NotImplementedError, match="WRITE"):
        ImageViewFactory.extract_region(view, ((0, 0), (1, 1))).write_region(((0, 0), (1, 1)), bytes(2))
    assert np.array_equal(array, np.arange(6).reshape(2, 3))


def test_the_channel_must_be_where_it_is_asked_for_and_only_there():
    colours = np.zeros((4, 5, 3), "u1")
    vectors = NumpyInterop.from_numpy_array(colours, "IMAGE", vector=True)
    with pytest.raises(ValueError, match="CHANNEL are the components"):
        NumpyInterop.order_to_numpy_array(vectors, ["ROW", "COLUMN"])
    grey = NumpyInterop.from_numpy_array(colours[..., 0], "IMAGE")
    with pytest.raises(ValueError, match="must name each of COLUMN, ROW once"):
        NumpyInterop.order_to_numpy_array(grey, ["ROW", "COLUMN", "CHANNEL"])
    both = NumpyInterop.from_numpy_array(np.zeros((4, 5, 3, 2)), "MULTISPECTRAL_IMAGE", vector=True)
    assert np.asarray(both).shape == (4, 5, 3, 2)
    with pytest.raises(ValueError, match="CHANNEL would mean both"):
        NumpyInterop.order_to_numpy_array(both, ["ROW", "COLUMN", "CHANNEL"])
    with pytest.raises(ValueError, match="IMAGE names 2 axes"):
        NumpyInterop.from_numpy_array(np.zeros((2, 2, 2)), "IMAGE")


@pytest.mark.parametrize("copy", ["yes", 1.5, 2, [], object()])
def test_copy_is_none_or_a_truth_value(copy):
    _, view = volume()
    for call in (
        lambda: NumpyInterop.to_numpy_array(view, copy),
        lambda: NumpyInterop.order_to_numpy_array(view, ["ROW", "SLICE", "COLUMN"], copy),
        lambda: view.__array__(copy=copy),
        lambda: view.__dlpack__(copy=copy),
        lambda: iolink.from_dlpack(np.zeros(3), copy=copy),
    ):
        with pytest.raises(TypeError, match="copy"):
            call()


def test_structured_arrays_of_other_fields_are_refused_by_name():
    for fields, words in (
        ([("a", "M8[s]"), ("b", "M8[s]")], "int64"),
        ([("a", "O"), ("b", "O")], "numeric|object"),
        ([("a", "u1"), ("b", "u2")], "alike"),
        ({"names": ["a", "b"], "formats": ["u2", "u2"], "offsets": [0, 4]}, "alike"),
        ([("a", "u1", (2,)), ("b", "u1", (2,))], "alike|structured"),
    ):
        with pytest.raises(TypeError, match=words):
            NumpyInterop.from_numpy_array(np.zeros(3, fields), vector=True)


# --- looking at it


def pixels(png):
    """Width, height, bytes a pixel and samples of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    channels = {0: 1, 2: 3}[colour]
    length = struct.unpack(">I", png[33:37])[0]
    lines = np.frombuffer(zlib.decompress(png[41 : 41 + length]), "u1").reshape(height, 1 + width * channels)
    return lines[:, 1:].reshape(height, width, channels)


def test_the_picture_is_the_middle_and_costs_no_more_than_it_shows():
    asked = []
    properties = iolink.ImageProperties.from_data_type("UINT32")
    properties.image_info.set_axes_interpretation("VOLUME")
    view = ImageViewFactory.from_function((5000, 4000, 300), "UINT32", counting(asked), properties=properties)
    html = view._repr_html_()
    assert "data:image/png;base64," in html
    assert all(origin[2] == 150 and size[2] == 1 for origin, size in asked)
    rows = {origin[1] for origin, _ in asked}
    assert 0 < len(rows) <= 192
    assert pixels(view._repr_png_()).shape == (191, 186, 1)


@pytest.mark.parametrize("components", [1, 3])
def test_the_picture_of_a_wide_image_reads_the_samples_that_it_shows(components):
    asked = []
    kind = "UINT16" if components == 1 else "VEC3_UINT16"

    def columns(region):
        (column, row), (width, height) = region.origin(), region.size()
        asked.append(width * height)
        numbers = np.arange(row, row + height)[:, None] + np.arange(column, column + width)
        return np.repeat(numbers.astype("u2")[..., None], components, axis=2).reshape(
            (height, width, components)[: 2 + (components > 1)]
        )

    properties = iolink.ImageProperties.from_data_type(kind)
    properties.image_info.set_axes_interpretation("IMAGE")
    view = ImageViewFactory.from_function((20_000, 20_000), kind, columns, properties=properties)
    picture = pixels(view._repr_png_())
    assert sum(asked) <= 192 * 192
    assert picture.shape == (191, 191, components)
    assert (
        (np.diff(picture[..., 0].astype(int), axis=1) >= 0).all()
        and picture[0, 0, 0] == 0
        and picture[-1, -1, 0] == 255
    )


def test_the_picture_of_the_widest_range_is_not_black():
    shown = pixels(NumpyInterop.from_numpy_array(np.array([[-1.7e308, 0.0, 1.7e308]]), "IMAGE")._repr_png_())
    assert shown[..., 0].tolist() == [[0, 127, 255]]


@pytest.mark.parametrize(
    ("array", "interpretation", "vector", "shape"),
    [
        (np.zeros((4, 6), "?"), "IMAGE", False, (4, 6, 1)),
        (np.full((3, 4, 6), np.nan), "VOLUME", False, (4, 6, 1)),
        (np.ones((4, 6, 3), "u1"), "IMAGE", True, (4, 6, 3)),
        (np.ones((4, 6, 4), "u1"), "MULTISPECTRAL_IMAGE", False, (4, 6, 3)),
        (np.ones((4, 6, 7), "f4"), "MULTISPECTRAL_IMAGE", False, (4, 6, 1)),
        (np.ones((2, 4, 6, 3), "u2"), "VOLUME", True, (4, 6, 3)),
        (np.ones((4, 6), "c8"), None, False, (4, 6, 1)),
        (np.ones(9), None, False, (1, 9, 1)),
        (np.ones((1000, 10), ">i2"), "IMAGE", False, (167, 10, 1)),
    ],
)
def test_every_image_has_a_picture(array, interpretation, vector, shape):
    view = NumpyInterop.from_numpy_array(array, interpretation, vector=vector)
    assert pixels(view._repr_png_()).shape == shape


def test_the_table_tells_both_shapes_and_what_is_known():
    _, view = volume()
    properties = view.properties().copy()
    properties.calibration.spacing = (0.5, 2, 3)
    properties.calibration.units = ["mm", "mm", "<b>"]
    properties.value_scale = (2.0, -1.0, "HU")
    view.set_properties(properties)
    html = view._repr_html_()
    for words in (
        "(5, 4, 3)",
        "(3, 4, 5)",
        "UINT16",
        "COLUMN, ROW, SLICE",
        "0.5 mm",
        "&lt;b&gt;",
        "HU",
        "MEMORY_ACCESS",
    ):
        assert words in html
    assert "<b>" not in html


def test_what_cannot_be_shown_is_told_without_a_picture():
    empty = NumpyInterop.from_numpy_array(np.zeros((0, 3)))
    assert empty._repr_png_() is None
    assert "<img" not in empty._repr_html_()
    assert NumpyInterop.from_numpy_array(np.zeros(()))._repr_png_() is None
    closed = ImageViewFactory.allocate((2, 2), "uint8")
    closed.close()
    assert closed._repr_png_() is None
    assert "closed" in closed._repr_html_()
    assert repr(closed) == "ImageView(closed)"


def test_getters_of_an_image_that_is_not_read_read_nothing():
    asked = []
    view = ramp(asked, chunks=(8, 8, 8))
    view.shape(), view.dtype(), view.properties().calibration.spacing, view.metadata(), repr(view), view.capabilities()
    view.array.shape, view.array.dtype, view.array.dims, view.array.coords, view.array.nbytes
    assert view.array.chunks == (8, 8, 8)
    assert not asked


def test_chunks_are_those_of_the_maker_in_numpys_order():
    assert ramp([], chunks=(16, 10, 4)).array.chunks == (4, 10, 16)
    assert ramp([], chunks=(16, 10, 4))[:, ::2].array.chunks[0] == 4
    assert ramp([]).array.chunks is None
    assert volume()[1].array.chunks is None


def test_getters_answer_what_is_true_now():
    image = ImageViewFactory.allocate((4, 3), "uint8")
    assert image.shape() is image.shape()
    assert image.dtype() is image.dtype()
    image.reshape((5, 6), "f4")
    assert image.shape() == (5, 6)
    assert str(image.dtype()) == "FLOAT"


# --- numbers


def test_comparisons_are_those_of_the_samples():
    array = np.arange(12, dtype="u2").reshape(3, 4)
    view = NumpyInterop.from_numpy_array(array.copy())
    for other in (5, array[::-1], NumpyInterop.from_numpy_array(array[::-1].copy()), array[0], 2.5):
        plain = np.asarray(other)
        for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
            assert np.array_equal(compare(view, other), compare(array, plain))
        assert np.array_equal(view.array == other, array == plain)
        assert np.array_equal(view.array != other, array != plain)
    view[view != 5] = 0
    assert np.asarray(view).tolist() == np.where(array == 5, 5, 0).tolist()
    view[view == 5] = 1000
    assert np.asarray(view).max() == 1000 and 1000 in view and 5 not in view and 1000 in view.array
    assert view in [view] and {view: 1}[view] == 1 and {view.array: 1} and hash(view) == hash(view)
    with pytest.raises(TypeError):
        view < "a"
    view.close()
    with pytest.raises(iolink.ClosedError):
        view == 5


def test_an_image_of_one_sample_is_a_number():
    view = NumpyInterop.from_numpy_array(np.array([[53, 200]], "u1"))
    assert int(view[0, 0]) == 53 and int(view[0, 1]) == 200 and float(view[0, 1]) == 200.0
    assert complex(view[0, 0]) == 53
    assert range(300)[view[0, 1]] == 200
    real = NumpyInterop.from_numpy_array(np.array(2.5))
    assert float(real) == 2.5 and int(real) == 2
    for call in (lambda: int(view), lambda: float(view), lambda: range(9)[view], lambda: range(9)[real]):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize(
    "between", [lambda a: np.lib.stride_tricks.sliding_window_view(a, 5), lambda a: as_strided(a, (9,), (2,))]
)
def test_what_numpy_puts_between_does_not_hide_the_memory(between, tmp_path):
    np.zeros(100, "u1").tofile(tmp_path / "raw")
    mapped = np.memmap(tmp_path / "raw", "u1", "r+")
    view = NumpyInterop.from_numpy_array(between(mapped))
    file = mapped._mmap
    del mapped
    gc.collect()
    with pytest.raises(BufferError):
        file.close()
    assert np.asarray(view).sum() == 0
    growing = bytearray(100)
    view = NumpyInterop.from_numpy_array(between(np.ndarray(100, "u1", growing)))
    gc.collect()
    with pytest.raises(BufferError):
        growing.clear()
    assert np.asarray(view).sum() == 0


def test_the_picture_decodes_each_chunk_once_and_survives_its_reader():
    read = []

    def pixels(region):
        read.append(tuple(place // 1000 for place in region.origin()))
        return np.full(tuple(region.size()), 7, "u1")

    view = ImageViewFactory.from_function((8000, 8000), "UINT8", pixels, chunks=(1000, 1000))
    view = ImageViewFactory.reinterpret(view, "IMAGE")
    assert view._repr_png_() is not None
    assert sorted(read) == sorted({(x, y) for x in range(8) for y in range(8)})

    def broken(region):
        raise RuntimeError("no <samples> here")

    shown = ImageViewFactory.from_function((40, 30), "UINT8", broken)._repr_html_()
    assert "no &lt;samples&gt; here" in shown and "UINT8" in shown


def test_the_picture_of_chunks_is_that_of_the_samples():
    array = np.arange(4000 * 3200, dtype="u4").reshape(3200, 4000)
    in_memory = NumpyInterop.from_numpy_array(array, "IMAGE")
    for chunks in (None, (4000, 3200), (1000, 70), (17, 999)):

        def pixels(region):
            (x, y), (w, h) = region.origin(), region.size()
            return np.ascontiguousarray(array[y : y + h, x : x + w].T)

        lazy = ImageViewFactory.from_function((4000, 3200), "UINT32", pixels, chunks=chunks)
        assert ImageViewFactory.reinterpret(lazy, "IMAGE")._repr_png_() == in_memory._repr_png_()
