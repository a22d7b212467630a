"""A stream as Python's ``io`` wants it."""

from __future__ import annotations

import contextlib
import io
import operator
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from ._iolink import StreamAccess

__all__ = ["RawStream"]

# What every instance gets straight from the native object. A method of a class in between would cost more than a small
# read from memory itself.
_NATIVE = (
    "readinto",
    "read",
    "readall",
    "write",
    "seek",
    "tell",
    "truncate",
    "flush",
    "readable",
    "writable",
    "seekable",
    "fileno",
    "isatty",
)


class RawStream(io.RawIOBase):
    """A :class:`~iolink.StreamAccess` as an :class:`io.RawIOBase`; made by ``StreamAccess.to_raw_io()``.

    It has the stream's cursor, and its capabilities: what they do not give raises :class:`io.UnsupportedOperation`.
    Closing it closes the stream, unless ``closefd`` is False. One that is only dropped leaves the stream to whoever
    else holds it; a file that nobody holds any more is then closed, with a :class:`ResourceWarning`.

    >>> import io, iolink
    >>> raw = iolink.StreamAccessFactory.from_buffer(b"some bytes").to_raw_io()
    >>> reader = io.BufferedReader(raw)
    >>> reader.read(4)
    b'some'
    >>> raw.write(b"more")
    Traceback (most recent call last):
    io.UnsupportedOperation: not writable: the stream has no WRITE capability
    """

    def __init__(self, stream: StreamAccess, closefd: bool = True) -> None:
        core = stream._raw_core(closefd)
        self._core = core
        self._closefd = closefd
        if core.name is not None:
            self.name = core.name
        own = type(self)
        for name in _NATIVE:
            # A subclass that has a method of its own keeps it.
            if own is RawStream or getattr(own, name) is getattr(RawStream, name):
                self.__dict__[name] = getattr(core, name)

    closed = property(operator.attrgetter("_core.closed"), doc="Was it closed, or the stream under it?")
    closefd = property(operator.attrgetter("_closefd"), doc="Does closing it close the stream?")

    @property
    def mode(self) -> str:
        """The mode of a file, as ``io.FileIO`` shows it; other streams have none."""
        mode = self._core.mode
        if mode is None:
            raise AttributeError("a stream that is not a file has no mode")
        return mode

    def close(self) -> None:
        """Flush and close; again does nothing."""
        if self.closed:
            return
        try:
            self.flush()
        finally:
            # One that is only dropped leaves the stream to its other holders; a file closes with the last of them.
            if "_finalizing" not in self.__dict__:
                self._core.close()

    def _dealloc_warn(self, source: object) -> None:
        # A buffered stream of io asks for this before it closes what nobody closed.
        if self._core.mode is not None and self._closefd and not self.closed:
            warnings.warn(f"unclosed file {source!r}", ResourceWarning, stacklevel=2, source=source)

    # For `super()` in subclasses; instances have the native ones.

    def readinto(self, buffer: Any, /) -> int | None:
        """Read into a writable buffer of any shape; 0 is the end, None that nothing is there yet."""
        return self._core.readinto(buffer)

    def read(self, size: int | None = -1, /) -> bytes | None:
        """Read up to ``size`` bytes by one read of the stream, or everything."""
        return self._core.read(size)

    def readall(self) -> bytes | None:  # type: ignore[override]  # as of io.FileIO, None where nothing is there yet
        """Read everything up to the end."""
        return self._core.readall()

    def write(self, b: Any, /) -> int | None:
        """Write as many bytes as the stream takes at once."""
        return self._core.write(b)

    def seek(self, pos: int, whence: int = 0, /) -> int:
        """Move the cursor and say where it stands."""
        return self._core.seek(pos, whence)

    def tell(self) -> int:
        """Say where the cursor stands."""
        return self._core.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """Cut off at, or fill with zeros up to, ``size`` or the cursor, which stays."""
        return self._core.truncate(size)

    def flush(self) -> None:
        """Hand what was written on to where it belongs."""
        self._core.flush()

    def readable(self) -> bool:
        """Has the stream READ?"""
        return self._core.readable()

    def writable(self) -> bool:
        """Has the stream WRITE?"""
        return self._core.writable()

    def seekable(self) -> bool:
        """Has the stream SEEK?"""
        return self._core.seekable()

    def fileno(self) -> int:
        """Give the descriptor, where there is one that is not shared."""
        return self._core.fileno()

    def isatty(self) -> bool:
        """Is there a terminal at the other end?"""
        return self._core.isatty()

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def __repr__(self) -> str:
        what = f"iolink.{type(self).__qualname__}"
        if self.closed:
            return f"<{what} [closed]>"
        facts = []
        if hasattr(self, "name"):
            facts.append(f"name={self.name!r}")
        elif hasattr(self, "mode"):
            with contextlib.suppress(OSError):
                facts.append(f"fd={self.fileno()}")
        if hasattr(self, "mode"):
            facts.append(f"mode={self.mode!r}")
        facts.append(f"closefd={self.closefd}")
        return f"<{what} {' '.join(facts)}>"
