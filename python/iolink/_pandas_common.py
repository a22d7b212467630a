"""What both ways between frames and pandas share: the keys of the metadata, labels, and pandas' own rules."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from .errors import CorruptDataError, Error

# Field and schema metadata in which pandas' own facts travel, as JSON.
PANDAS = "iolink.pandas"
# Field metadata that says by which objects missing values were written.
MISSING = "iolink.missing"
# Where pandas keeps texts as Arrow does.
ARROW_STORAGES = ("pyarrow", "pyarrow_numpy")

# pandas' own numbers with a mask.
NULLABLE = {
    *(f"{sign}{bits}" for sign in ("Int", "UInt") for bits in (8, 16, 32, 64)),
    "Float32",
    "Float64",
    "boolean",
}

# Is copying on write this pandas' only way?
COPIES_ALWAYS = int(pd.__version__.split(".")[0]) >= 3
# As `DataFrameView._identities` has them.
Identities = tuple[int, list[Any]]


class Held:
    """What pandas holds of a frame: its columns, with the identities of the values they show, and the whole if there is one."""

    identities: Identities
    # Attributes of the DataFrame that words cannot tell.
    attrs: dict[Any, Any] | None = None

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


class Level:
    """One level of labels: what it numbers, and the numbers, of which -1 is a missing one."""

    def __init__(self, values: Any, codes: Any, whole: Any = None, number: int = 0, first: int = 0) -> None:
        self.values, self.codes = values, codes
        # The index of which this is a level, and the row of it where this begins.
        self.whole, self.number, self.first = whole, number, first

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: slice) -> Level:
        first = self.first + rows.indices(len(self))[0]
        return Level(self.values, self.codes[rows], self.whole, self.number, first)

    def array(self) -> Any:
        """The labels one by one."""
        return pd.MultiIndex([self.values], [self.codes]).get_level_values(0).array


def copies_on_write() -> bool:
    """Does pandas copy a column before it writes to one that another object shares?"""
    return COPIES_ALWAYS or pd.get_option("mode.copy_on_write") is True


def string_facts(dtype: Any) -> dict[str, str]:
    """A dtype of texts in words."""
    return {"storage": dtype.storage, "missing": "nan" if isinstance(dtype.na_value, float) else "NA"}


def string_dtype(facts: dict[str, Any]) -> Any:
    """The dtype of texts again, or the next to it that this pandas has."""
    # pandas 2 calls the one whose missing values are NaN "pyarrow_numpy", and has none without pyarrow.
    storage = "pyarrow" if facts.get("storage") in ARROW_STORAGES else "python"
    if storage == "pyarrow":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            storage = "python"
    if facts.get("missing") != "nan":
        return pd.StringDtype(storage)
    if COPIES_ALWAYS:
        return pd.StringDtype(storage, na_value=np.nan)
    return pd.StringDtype("pyarrow_numpy" if storage == "pyarrow" else storage)


def facts_of(metadata: dict[str, str], whose: str) -> dict[str, Any]:
    """What the metadata say of a column or frame."""
    with understood(whose):
        facts = json.loads(metadata.get(PANDAS, "{}"))
        if not isinstance(facts, dict):
            raise TypeError(f"expected names and values, not {facts!r}")
    return facts


@contextlib.contextmanager
def understood(whose: str) -> Iterator[None]:
    """Says of which column or frame the metadata are in which something is not as this library writes it."""
    try:
        yield
    except Error:
        raise
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise CorruptDataError(
            f"{whose}: the metadata {PANDAS!r} say what this iolink does not understand ({type(error).__name__}: {error}); "
            "to_arrow() takes the values without them"
        ) from error
