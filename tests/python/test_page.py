"""Each call and output of the customer's page, in words of our own: images, NumPy, streams, frames."""

from __future__ import annotations

import io

import numpy as np
import pytest

import iolink
from iolink import *  # noqa: F403  (the page uses the bare names)
from iolink import (
    AxesInterpretationId,
    AxesInterpretationId_IMAGE,
    DataType,
    DataTypeId,
    ImageAxes,
    ImageViewFactory,
    NumpyInterop,
)

GREY = np.arange(100, 106, dtype=np.uint16).reshape(2, 3)


def volume_properties(data_type):
    properties = iolink.ImageProperties.from_data_type(data_type)
    properties.image_info.set_axes_interpretation(AxesInterpretationId.VOLUME)
    return properties


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_imported_array_keeps_its_index_order_and_shares_its_memory(order):
    array = np.array(GREY, order=order)
    view = NumpyInterop.from_numpy_array(array)
    assert str(view.shape()) == "VectorXu64(2, 3)"
    assert view.shape() == (2, 3)
    array[1, 2] = 7
    back = NumpyInterop.to_numpy_array(view)
    assert back[1, 2] == 7
    back[0, 0] = 9
    assert array[0, 0] == 9
    assert np.shares_memory(array, back)
    assert back.strides == array.strides
    assert back.dtype == array.dtype


def test_an_array_imported_as_an_image_is_canonical():
    for view in (
        NumpyInterop.from_numpy_array(GREY, AxesInterpretationId_IMAGE),
        NumpyInterop.from_numpy_array(GREY, AxesInterpretationId.IMAGE),
        NumpyInterop.from_numpy_array(GREY, "IMAGE"),
        NumpyInterop.order_from_numpy_array(GREY, [ImageAxes.ROW, ImageAxes.COLUMN]),
        NumpyInterop.order_from_numpy_array(GREY, ["ROW", "COLUMN"]),
    ):
        assert view.shape() == (3, 2)
        back = NumpyInterop.to_numpy_array(view)
        assert np.array_equal(back, GREY)
        assert np.shares_memory(back, GREY)


def test_volume_on_two_axes_exports_reversed():
    data_type = DataType(DataTypeId.UINT16)
    image = ImageViewFactory.allocate((6, 4), data_type, volume_properties(data_type), None)
    array = NumpyInterop.to_numpy_array(image)
    assert array.shape == (4, 6)
    assert not array.any()
    assert array.flags.c_contiguous


def test_without_an_interpretation_axes_keep_their_order_and_vectors_add_one():
    image = ImageViewFactory.allocate((6, 4), DataType(DataTypeId.VEC3_UINT16))
    assert NumpyInterop.to_numpy_array(image).shape == (6, 4, 3)


def test_ordered_exports():
    scalar, vector = DataType(DataTypeId.UINT16), DataType(DataTypeId.VEC3_UINT16)
    image = ImageViewFactory.allocate((6, 5, 4), scalar, volume_properties(scalar), None)
    assert NumpyInterop.order_to_numpy_array(image, [ROW, SLICE, COLUMN]).shape == (5, 4, 6)  # noqa: F405
    image = ImageViewFactory.allocate((6, 5, 4), vector, volume_properties(vector), None)
    ordered = NumpyInterop.order_to_numpy_array(image, [ROW, SLICE, CHANNEL, COLUMN])  # noqa: F405
    assert ordered.shape == (5, 4, 3, 6)
    NumpyInterop.to_numpy_array(image)[1, 2, 3, 1] = 8  # slice 1, row 2, column 3, component 1
    assert ordered[2, 1, 1, 3] == 8


# The behaviour table of the reference, section 6.1.
TABLE = [
    ((12, 4, 6), "VOLUME", DataTypeId.UINT16, (6, 4, 12)),
    ((12, 4, 6), "VOLUME", DataTypeId.VEC3_UINT16, (6, 4, 12, 3)),
    ((6, 4), "VOLUME", DataTypeId.UINT16, (4, 6)),
    ((6, 4), None, DataTypeId.VEC3_UINT16, (6, 4, 3)),
    ((7, 5), "IMAGE", DataTypeId.UINT8, (5, 7)),
    ((7, 5, 3), "MULTISPECTRAL_IMAGE", DataTypeId.UINT8, (5, 7, 3)),
    ((7, 5, 9), "IMAGE_SEQUENCE", DataTypeId.UINT8, (9, 5, 7)),
    ((7, 5, 4, 3), "MULTISPECTRAL_VOLUME", DataTypeId.UINT8, (4, 5, 7, 3)),
    ((7, 5, 3, 9), "MULTISPECTRAL_IMAGE_SEQUENCE", DataTypeId.UINT8, (9, 5, 7, 3)),
    ((7, 5, 4, 9), "VOLUME_SEQUENCE", DataTypeId.UINT8, (9, 4, 5, 7)),
    ((7, 5, 4, 3, 9), "MULTISPECTRAL_VOLUME_SEQUENCE", DataTypeId.UINT8, (9, 4, 5, 7, 3)),
]


@pytest.mark.parametrize(("shape", "interpretation", "data_type", "expected"), TABLE)
def test_the_shapes_of_exports(shape, interpretation, data_type, expected):
    properties = iolink.ImageProperties.from_data_type(data_type)
    if interpretation:
        properties.image_info.set_axes_interpretation(AxesInterpretationId[interpretation])
    image = ImageViewFactory.allocate(shape, data_type, properties, None)
    array = NumpyInterop.to_numpy_array(image)
    assert array.shape == expected
    assert np.asarray(image).shape == expected
    if interpretation:
        assert array.flags.c_contiguous
        again = NumpyInterop.from_numpy_array(
            array, AxesInterpretationId[interpretation], vector=DataType(data_type).is_vector()
        )
        assert again.shape() == shape
        assert again.dtype() == data_type


def test_data_types_and_their_ids_are_one():
    assert str(DataType(DataTypeId.UINT16)) == "UINT16" == str(DataTypeId.UINT16)
    assert DataType(DataTypeId.UINT16) == DataTypeId.UINT16
    assert DataTypeId.UINT16 == DataType(DataTypeId.UINT16)
    assert hash(DataType(DataTypeId.UINT16)) == hash(DataTypeId.UINT16)
    assert DataTypeId.FLOAT32 is DataTypeId.FLOAT
    assert DataType(np.uint16) == DataType("uint16") == DataType("UINT16") == DataTypeId.UINT16
    assert DataType(DataTypeId.VEC3_UINT16).dtype == np.dtype(("u2", (3,)))


def test_every_spelling_of_the_page_resolves():
    assert iolink.ImageDimension is ImageAxes
    assert iolink.AxesInterpretationId_VOLUME is AxesInterpretationId.VOLUME
    assert [int(axis) for axis in (COLUMN, ROW, SLICE, CHANNEL, SEQUENCE)] == [0, 1, 2, 3, 4]  # noqa: F405
    assert iolink.MutiImageView is iolink.MultiImageView
    flat = [f"DataTypeId_{name}" for name in DataTypeId.__members__]
    assert all(getattr(iolink, name) is DataTypeId[name.removeprefix("DataTypeId_")] for name in flat)
    assert not {*flat, "ImageAxes_ROW"} & {*dir(iolink), *iolink.__all__} and "DataTypeId" in dir(iolink)
    names = vars(iolink)
    for name in ("ImageView", "MutiImageView", "MultiImageView", "DataFrameView"):
        assert name in names  # PyModule_GetDict must find them
        assert callable(getattr(names[name], "create_from_pointer"))
        assert callable(getattr(names[name], "to_pointer"))


def test_a_stream_is_a_raw_io():
    stream = iolink.StreamAccessFactory.allocate()
    raw = stream.to_raw_io()
    assert isinstance(raw, io.RawIOBase)
    assert raw.write(b"abcdef") == 6
    assert raw.seek(2) == 2
    assert raw.read(3) == b"cde"


def test_a_frame_goes_to_pandas_and_back():
    pandas = pytest.importorskip("pandas", reason="pandas is in the test requirements; absent only in a bare venv")
    from iolink.pandas_interop import PandasInterop

    frame = iolink.DataFrameViewFactory.allocate([2, 3], ["who", "years"], [DataTypeId.UTF8_STRING, DataTypeId.INT64])
    assert frame.shape() == (2, 3)
    table = PandasInterop.to_pandas(frame)
    assert list(table.columns) == ["who", "years"]
    assert list(table["who"]) == ["", "", ""]
    assert list(table["years"]) == [0, 0, 0]
    table.loc[1, "years"] = 42
    again = PandasInterop.from_pandas(table)
    assert again.at("years", 1) == 42
    pandas.testing.assert_frame_equal(PandasInterop.to_pandas(again), table)


def test_the_enumeration_of_types_is_the_librarys_own():
    from iolink import _iolink

    assert dict(_iolink._data_type_ids()) == {name: int(member) for name, member in DataTypeId.__members__.items()}
