"""What a stream or random access can do."""

from __future__ import annotations

import enum

__all__ = ["StreamCapability"]


class StreamCapability(enum.IntFlag):
    """What a stream or random access can do."""

    READ = 1
    WRITE = 2
    SEEK = 4
    RESIZE = 8
    MEMORY_ACCESS = 16
