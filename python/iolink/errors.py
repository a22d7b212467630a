"""What iolink raises. Each exception is also the built-in one that a user would catch."""

from __future__ import annotations

__all__ = [
    "AlreadyExistsError",
    "BusyError",
    "CancelledError",
    "CapabilityError",
    "ChangedError",
    "ClosedError",
    "CorruptDataError",
    "DataTypeError",
    "DeadlineError",
    "Error",
    "InternalError",
    "InvalidArgumentError",
    "LimitError",
    "MissingKeyError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "PluginRefusedError",
    "StreamError",
    "UnavailableError",
    "UnsupportedFormatError",
]


class Error(Exception):
    """Base of everything that iolink raises by itself."""


class InvalidArgumentError(Error, ValueError):
    """An argument has a value that the function cannot take."""


class CapabilityError(Error, NotImplementedError, ValueError):
    """A capability is absent, or nothing offers what was asked for. The message names what is missing and the ways out."""


class OutOfRangeError(Error, IndexError):
    """An index, region, level or path lies outside what is there."""


class DataTypeError(Error, TypeError):
    """A data type is not the one needed."""


class StreamError(Error, OSError):
    """The operating system refused; ``errno`` is set."""


class PermissionDeniedError(StreamError, PermissionError):
    """The caller may not do this: a permission or a credential is missing; ``errno`` is set."""


class AlreadyExistsError(StreamError, FileExistsError):
    """The target exists, and the caller did not ask to overwrite it; ``errno`` is set."""


class ChangedError(StreamError):
    """The file or object is not the one that was opened: it changed since."""


class DeadlineError(Error, TimeoutError):
    """The deadline of the call has passed."""


class UnavailableError(StreamError):
    """A service or device does not respond; the same call may succeed later."""


class NotFoundError(Error, FileNotFoundError):
    """No such file or provider."""


class MissingKeyError(Error, KeyError):
    """A path of metadata does not exist. The message says how far it leads and what is there."""

    __str__ = Exception.__str__  # KeyError shows its argument quoted, as a key


class UnsupportedFormatError(Error, ValueError):
    """No provider opens this."""


class CorruptDataError(Error, ValueError):
    """The data is damaged or contradicts itself."""


class BusyError(Error, BufferError):
    """Somebody still holds the memory that would have to move or go."""


class CancelledError(Error):
    """The progress callback asked to stop."""


class LimitError(Error, ValueError, MemoryError):
    """A size is over the limit, or over what can be addressed."""


class ClosedError(Error, ValueError):
    """The object was closed."""


class InternalError(Error, RuntimeError):
    """A plugin panicked or broke a rule of the border."""


class PluginRefusedError(Error, ImportError):
    """A plugin was refused before it ran."""
