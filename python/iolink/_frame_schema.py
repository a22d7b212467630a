"""The schema of a frame: pyarrow's where that is installed, else one of our own that Arrow libraries take as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._iolink import DataFrameView

__all__ = ["FrameSchema", "schema_of"]


class FrameSchema:
    """Names and types of a frame's columns."""

    def __init__(self, frame: DataFrameView) -> None:
        self._capsule_of = frame[:0]
        self.names: list[str] = frame.columns
        self.types: list[str] = [frame.column_arrow_type(number) for number in range(len(self.names))]

    def __arrow_c_schema__(self) -> Any:
        return self._capsule_of._exact().__arrow_c_schema__()

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(zip(self.names, self.types, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrameSchema) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {kind}" for name, kind in self)


def schema_of(frame: DataFrameView) -> Any:
    """The schema of a frame."""
    try:
        import pyarrow
    except ImportError:
        return FrameSchema(frame)
    return pyarrow.schema(frame._exact())
