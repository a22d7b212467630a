"""The enumerations of iolink. Members compare equal to their numbers; ``str`` is the plain name."""

from __future__ import annotations

import enum

__all__ = [
    "AxesInterpretationId",
    "DataTypeId",
    "DataTypeInterpretation",
    "ImageAxes",
    "ImageCapability",
    "ImageDimension",
    "ImageInterpretation",
    "ImageTypeId",
    "MultiImageCapability",
    "ParallelAccessCapability",
    "PrimitiveTypeId",
    "Space",
]


class _Named(enum.IntEnum):
    def __str__(self) -> str:
        return self.name


class AxesInterpretationId(_Named):
    """What the whole shape of an image means."""

    UNKNOWN = 0
    IMAGE = 1
    VOLUME = 2
    IMAGE_SEQUENCE = 3
    VOLUME_SEQUENCE = 4
    MULTISPECTRAL_IMAGE = 5
    MULTISPECTRAL_VOLUME = 6
    MULTISPECTRAL_IMAGE_SEQUENCE = 7
    MULTISPECTRAL_VOLUME_SEQUENCE = 8


class ImageAxes(_Named):
    """An axis of an image, by the canonical order."""

    COLUMN = 0
    ROW = 1
    SLICE = 2
    CHANNEL = 3
    SEQUENCE = 4


class ImageInterpretation(_Named):
    """What the values of an image mean."""

    UNKNOWN = 0
    GRAYSCALE = 1
    COLOR = 2
    BINARY = 3
    LABEL = 4


class Space(enum.StrEnum):
    """The space of an image's positions and directions. Members compare equal to their names."""

    UNKNOWN = "UNKNOWN"
    LPS = "LPS"


class PrimitiveTypeId(_Named):
    """How one component of a data type is stored."""

    OPAQUE = 0
    UNSIGNED_INTEGER = 1
    SIGNED_INTEGER = 2
    FLOATING_POINT = 3
    STRING = 4


class DataTypeInterpretation(_Named):
    """What the components of a data type together mean."""

    NUMERIC = 0
    COMPLEX = 1
    BOOLEAN = 2
    BINARY = 3
    LABEL = 4


class ImageCapability(enum.IntFlag):
    """What an image can do."""

    READ = 1
    WRITE = 2
    MEMORY_ACCESS = 4
    RESHAPE = 8
    # The name of MEMORY_ACCESS in earlier versions.
    BUFFER = 4


class MultiImageCapability(enum.IntFlag):
    """What a set of images can do."""

    READ = 1
    WRITE = 2


class ParallelAccessCapability(enum.IntFlag):
    """What several threads gain from a view."""

    THREAD_SAFE = 1
    BY_TILE = 2
    BY_REGION = 4


class DataTypeId(_Named):
    """The data types that have a name. The number is the packed id, the same as `DataType.id`."""

    UNKNOWN = 0x0
    UINT8 = 0x1000801
    UINT16 = 0x1001001
    UINT32 = 0x1002001
    UINT64 = 0x1004001
    INT8 = 0x1000802
    INT16 = 0x1001002
    INT32 = 0x1002002
    INT64 = 0x1004002
    FLOAT16 = 0x1001003
    FLOAT = 0x1002003
    DOUBLE = 0x1004003
    COMPLEX_FLOAT = 0x10002002003
    COMPLEX_DOUBLE = 0x10002004003
    BOOL = 0x20001000801
    BINARY = 0x30001000801
    LABEL8 = 0x40001000801
    LABEL16 = 0x40001001001
    LABEL32 = 0x40001002001
    LABEL64 = 0x40001004001
    UTF8_STRING = 0x1000804
    UTF16_STRING = 0x1001004
    VEC2_UINT8 = 0x2000801
    VEC2_UINT16 = 0x2001001
    VEC2_UINT32 = 0x2002001
    VEC2_UINT64 = 0x2004001
    VEC2_INT8 = 0x2000802
    VEC2_INT16 = 0x2001002
    VEC2_INT32 = 0x2002002
    VEC2_INT64 = 0x2004002
    VEC2_FLOAT16 = 0x2001003
    VEC2_FLOAT = 0x2002003
    VEC2_DOUBLE = 0x2004003
    VEC3_UINT8 = 0x3000801
    VEC3_UINT16 = 0x3001001
    VEC3_UINT32 = 0x3002001
    VEC3_UINT64 = 0x3004001
    VEC3_INT8 = 0x3000802
    VEC3_INT16 = 0x3001002
    VEC3_INT32 = 0x3002002
    VEC3_INT64 = 0x3004002
    VEC3_FLOAT16 = 0x3001003
    VEC3_FLOAT = 0x3002003
    VEC3_DOUBLE = 0x3004003
    VEC4_UINT8 = 0x4000801
    VEC4_UINT16 = 0x4001001
    VEC4_UINT32 = 0x4002001
    VEC4_UINT64 = 0x4004001
    VEC4_INT8 = 0x4000802
    VEC4_INT16 = 0x4001002
    VEC4_INT32 = 0x4002002
    VEC4_INT64 = 0x4004002
    VEC4_FLOAT16 = 0x4001003
    VEC4_FLOAT = 0x4002003
    VEC4_DOUBLE = 0x4004003
    FLOAT32 = 0x1002003
    FLOAT64 = 0x1004003
    COMPLEX64 = 0x10002002003
    COMPLEX128 = 0x10002004003


# The spellings of earlier versions, and of the customer's pages.
ImageDimension = ImageAxes
ImageTypeId = AxesInterpretationId
