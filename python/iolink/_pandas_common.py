"""What both ways between frames and pandas share: the keys of the metadata, labels, and pandas' own rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# Field and schema metadata in which pandas' own facts travel, as JSON.
PANDAS = "iolink.pandas"
# Field metadata that says by which objects missing values were written.
MISSING = "iolink.missing"

# Is copying on write this pandas' only way?
COPIES_ALWAYS = int(pd.__version__.split(".")[0]) >= 3
# As `DataFrameView._identities` has them.
Identities = tuple[int, list[Any]]


class Held:
    """What pandas holds of a frame: its columns, with the identities of the values they show, and the whole if there is one."""

    identities: Identities

    def columns(self) -> list[Any]:
        """For each column of the frame what pandas has of it, or ``None``."""
        raise NotImplementedError

    def whole(self) -> Any:
        """The DataFrame that was given or got, if it is to be handed out again."""
        return None

    def shown(self, identities: Identities) -> Any:
        """The DataFrame again, where the frame is the same one and nothing of it was changed."""
        if self.identities != identities or None in identities[1]:
            return None
        whole = self.whole()
        return None if whole is None else whole.copy(deep=False)

    def by_values(self) -> dict[int, Any]:
        """The columns by the number of the values they show."""
        pairs = zip(self.identities[1], self.columns(), strict=True)
        return {one[0]: column for one, column in pairs if one is not None and column is not None}


class Kept(Held):
    """Columns as they are, and a shallow copy of the whole."""

    def __init__(self, identities: Identities, columns: list[Any], whole: Any) -> None:
        self.identities, self._columns, self._whole = identities, columns, whole

    def columns(self) -> list[Any]:
        return self._columns

    def whole(self) -> Any:
        return self._whole


def copies_on_write() -> bool:
    """Does pandas copy a column before it writes to one that another object shares?"""
    return COPIES_ALWAYS or pd.get_option("mode.copy_on_write") is True


def encode(label: Any) -> list[Any]:
    """A label as JSON has it."""
    if isinstance(label, str):
        return ["str", label]
    if label is None:
        return ["none"]
    if isinstance(label, (bool, np.bool_)):
        return ["bool", bool(label)]
    if isinstance(label, (int, np.integer)):
        return ["int", int(label)]
    if label is pd.NaT:
        return ["nat"]
    if label is pd.NA:
        return ["na"]
    if isinstance(label, (float, np.floating)):
        return ["float", float(label).hex()]
    if isinstance(label, tuple):
        return ["tuple", [encode(part) for part in label]]
    if isinstance(label, pd.Timestamp) and label.tz is None:
        return ["timestamp", str(label)]
    raise TypeError(f"a label of type {type(label).__name__} cannot be carried: {label!r}; rename it to a text")


def decode(code: list[Any]) -> Any:
    """The label again."""
    kind = code[0]
    if kind == "float":
        return float.fromhex(code[1])
    if kind == "tuple":
        return tuple(decode(part) for part in code[1])
    if kind == "timestamp":
        return pd.Timestamp(code[1])
    if kind in ("none", "nat", "na"):
        return {"none": None, "nat": pd.NaT, "na": pd.NA}[kind]
    return code[1]
