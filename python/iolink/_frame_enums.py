"""What a data frame can do."""

from __future__ import annotations

import enum

__all__ = ["DataFrameCapability"]


class DataFrameCapability(enum.IntFlag):
    """What a data frame can do."""

    READ = 1
    WRITE = 2
    RESHAPE = 4
    ARROW = 8
