"""What the tests know of the axes of images, apart from what iolink says of them."""

from __future__ import annotations

CANONICAL = ["COLUMN", "ROW", "SLICE", "CHANNEL", "SEQUENCE"]
NUMPY_ORDER = ["SEQUENCE", "SLICE", "ROW", "COLUMN", "CHANNEL"]
INTERPRETATIONS = {
    "UNKNOWN": [],
    "IMAGE": ["COLUMN", "ROW"],
    "VOLUME": ["COLUMN", "ROW", "SLICE"],
    "IMAGE_SEQUENCE": ["COLUMN", "ROW", "SEQUENCE"],
    "VOLUME_SEQUENCE": ["COLUMN", "ROW", "SLICE", "SEQUENCE"],
    "MULTISPECTRAL_IMAGE": ["COLUMN", "ROW", "CHANNEL"],
    "MULTISPECTRAL_VOLUME": ["COLUMN", "ROW", "SLICE", "CHANNEL"],
    "MULTISPECTRAL_IMAGE_SEQUENCE": ["COLUMN", "ROW", "CHANNEL", "SEQUENCE"],
    "MULTISPECTRAL_VOLUME_SEQUENCE": CANONICAL,
}
