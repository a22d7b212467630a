"""iolink: images, tables and byte streams wherever they live, through views that say what they can do.

>>> import iolink
>>> image = iolink.ImageViewFactory.allocate((6, 4), iolink.DataTypeId.UINT8)
>>> image.shape()
VectorXu64(6, 4)
"""

from __future__ import annotations

import enum

from . import errors
from ._frame_enums import DataFrameCapability
from ._iolink import (
    DataFrameView,
    DataFrameViewFactory,
    DataStorage,
    DataStorageFactory,
    DataType,
    ImageInfo,
    ImageProperties,
    ImageView,
    ImageViewFactory,
    ImageViewProvider,
    LodImageView,
    LodImageViewProvider,
    MetadataNode,
    MultiImageView,
    MultiImageViewFactory,
    MultiImageViewProvider,
    NumpyInterop,
    RandomAccess,
    RandomAccessFactory,
    RegionXu64,
    SpatialCalibration,
    SpatialDirections,
    StreamAccess,
    StreamAccessFactory,
    Vector2d,
    Vector2i64,
    Vector2u64,
    Vector3d,
    Vector3i64,
    Vector3u64,
    VectorXd,
    VectorXi64,
    VectorXu64,
    __version__,
    explain,
    from_capsule,
    load_plugin,
    open,
    plugins,
    set_preference,
)
from ._plugins import PluginInfo
from ._stream_enums import StreamCapability
from .enums import (
    AxesInterpretationId,
    DataTypeId,
    DataTypeInterpretation,
    ImageAxes,
    ImageCapability,
    ImageDimension,
    ImageInterpretation,
    ImageTypeId,
    MultiImageCapability,
    PrimitiveTypeId,
)
from .errors import (
    BusyError,
    CancelledError,
    CapabilityError,
    ClosedError,
    CorruptDataError,
    DataTypeError,
    Error,
    InternalError,
    InvalidArgumentError,
    LimitError,
    NotFoundError,
    OutOfRangeError,
    PluginRefusedError,
    StreamError,
    UnsupportedFormatError,
)

# The customer's page spells it so.
MutiImageView = MultiImageView

COLUMN = ImageAxes.COLUMN
ROW = ImageAxes.ROW
SLICE = ImageAxes.SLICE
CHANNEL = ImageAxes.CHANNEL
SEQUENCE = ImageAxes.SEQUENCE

_ENUMERATIONS: dict[str, type[enum.IntEnum] | type[enum.IntFlag]] = {
    "AxesInterpretationId": AxesInterpretationId,
    "ImageTypeId": AxesInterpretationId,
    "ImageAxes": ImageAxes,
    "ImageDimension": ImageAxes,
    "DataTypeId": DataTypeId,
    "ImageCapability": ImageCapability,
}
# The flat spelling of every enumeration: `AxesInterpretationId_IMAGE` is `AxesInterpretationId.IMAGE`.
_FLAT: dict[str, enum.IntEnum | enum.IntFlag] = {
    f"{prefix}_{name}": member
    for prefix, enumeration in _ENUMERATIONS.items()
    for name, member in enumeration.__members__.items()
}
globals().update(_FLAT)

__all__ = [
    "CHANNEL",
    "COLUMN",
    "ROW",
    "SEQUENCE",
    "SLICE",
    "AxesInterpretationId",
    "BusyError",
    "CancelledError",
    "CapabilityError",
    "ClosedError",
    "CorruptDataError",
    "DataFrameCapability",
    "DataFrameView",
    "DataFrameViewFactory",
    "DataStorage",
    "DataStorageFactory",
    "DataType",
    "DataTypeError",
    "DataTypeId",
    "DataTypeInterpretation",
    "Error",
    "ImageAxes",
    "ImageCapability",
    "ImageDimension",
    "ImageInfo",
    "ImageInterpretation",
    "ImageProperties",
    "ImageTypeId",
    "ImageView",
    "ImageViewFactory",
    "ImageViewProvider",
    "InternalError",
    "InvalidArgumentError",
    "LimitError",
    "LodImageView",
    "LodImageViewProvider",
    "MetadataNode",
    "MultiImageCapability",
    "MultiImageView",
    "MultiImageViewFactory",
    "MultiImageViewProvider",
    "MutiImageView",
    "NotFoundError",
    "NumpyInterop",
    "OutOfRangeError",
    "PluginInfo",
    "PluginRefusedError",
    "PrimitiveTypeId",
    "RandomAccess",
    "RandomAccessFactory",
    "RegionXu64",
    "SpatialCalibration",
    "SpatialDirections",
    "StreamAccess",
    "StreamAccessFactory",
    "StreamCapability",
    "StreamError",
    "UnsupportedFormatError",
    "Vector2d",
    "Vector2i64",
    "Vector2u64",
    "Vector3d",
    "Vector3i64",
    "Vector3u64",
    "VectorXd",
    "VectorXi64",
    "VectorXu64",
    "__version__",
    "errors",
    "explain",
    "from_capsule",
    "load_plugin",
    "plugins",
    "set_preference",
    *_FLAT,
]
# `open` is left out of `from iolink import *`: it would hide the built-in one. `iolink.open` is there.
