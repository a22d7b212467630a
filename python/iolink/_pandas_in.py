"""From pandas: each column in the words of ``_frame_from_columns``, and what only pandas knows as metadata."""

from __future__ import annotations

import copy as copies
import functools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ._columns import Spec
from ._iolink import DataFrameView, _Blocks, _explain_columns, _frame_from_columns
from ._pandas_columns import dictionary, kind_of, spec
from ._pandas_common import COPIES_ALWAYS, PANDAS, Held, Identities, Kept, Level, copies_on_write
from ._pandas_labels import dtype_facts, encode, index_facts, labels_facts
from ._pandas_lent import Lent, Shallow
from .errors import CapabilityError

_IN_PLACE = "this pandas writes in place: turn copy-on-write on"


def frame_of(df: Any, copy: bool | None, argument: str = "df") -> tuple[DataFrameView, dict[int, str]]:
    """The frame, and why columns were copied, by their numbers."""
    if not copy and (COPIES_ALWAYS or copies_on_write()):
        made = _BLOCKS.frame_of(df)
        if made is not None:
            return made
    reader = _Reader(df, copy, argument)
    frame = _frame_from_columns(*reader.table)
    if reader.shares or reader.attrs is not None:
        frame._hold(reader.holding(frame._identities()))
    return frame, {} if copy else reader.copied


def routed(df: Any) -> str:
    """What the router says of the way from pandas to a frame."""
    return _explain_columns(*_Reader(df, None, "thing").table)


@functools.lru_cache(maxsize=256)
def _plain_facts(dtype: Any, start: int, stop: int, step: int, columns: str | None, index: str | None) -> str:
    """The facts about a DataFrame whose labels are a plain index, and whose rows are numbered; its two names are texts."""
    labels = {"names": [encode(columns)], **dtype_facts(dtype)}
    return json.dumps({"columns": labels, "index": {"range": [start, stop, step], "names": [encode(index)]}})


def _plain_labels(columns: Any) -> tuple[list[str], Any] | None:
    """The labels and their dtype where they are texts, each another."""
    labels = list(_each_label(columns))
    plain = all(type(label) is str for label in labels) and len(set(labels)) == len(labels)
    plain = plain and in_utf8("".join(labels))
    return (labels, columns.dtype) if plain else None


def in_utf8(text: str) -> bool:
    """Is it text outside Python, too? Python knows half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _each_label(columns: Any) -> Any:
    """The labels one by one, each as its level has it: texts that Arrow keeps come at once, which takes half the time."""
    if isinstance(columns, pd.MultiIndex):
        levels = [[*level, float("nan")] for level in columns.levels]
        return [
            tuple(level[code] for level, code in zip(levels, codes, strict=True))
            for codes in zip(*columns.codes, strict=True)
        ]
    kept = getattr(columns.array, "_pa_array", None) if isinstance(columns.dtype, pd.StringDtype) else None
    return columns if kept is None or kept.null_count else kept.to_pylist()


def _arrays(df: Any) -> Iterator[Any]:
    """The columns' values where they lie."""
    if hasattr(df, "_iter_column_arrays"):
        return df._iter_column_arrays()
    return (column.array for _, column in df.items())


class _Reader:
    """Collects columns."""

    def __init__(self, df: Any, copy: bool | None, argument: str) -> None:
        if not isinstance(df, pd.DataFrame):
            raise TypeError(f"{argument}: expected a pandas.DataFrame, not {type(df).__name__}")
        self.shares = copies_on_write()
        if copy is False and not self.shares:
            raise CapabilityError("from_pandas cannot share: this pandas writes in place; turn copy-on-write on")
        self.specs: list[Spec] = []
        self.copied: dict[int, str] = {}
        self.names: set[str] = set()
        self.attrs: dict[Any, Any] | None = None
        # What pandas is to have back, beside the DataFrame held, where the columns are that one's.
        self.kept: list[Any] = []
        whole = bool(copy) or not self.shares
        self.held = None if whole else df.copy(deep=False)
        self.plain = type(df) is pd.DataFrame
        if self.held is None:
            for place, label in enumerate(_each_label(df.columns)):
                # One by one: a copy of the whole merges columns that differ in their byte order alone.
                series = df.iloc[:, place].copy(deep=True)
                self.column(label, series.dtype, series.array, series)
                self.kept.append(series)
        else:
            # Without a Series for each column, which would cost more than everything else.
            for label, values in zip(_each_label(df.columns), _arrays(df), strict=True):
                self.column(label, values.dtype, values, self.held)
        self.table = (self.specs, {PANDAS: self.facts(df)}, len(df))

    def facts(self, df: Any) -> str:
        """What the columns do not say: labels, index and attributes."""
        index = df.index.copy(deep=True) if self.held is None else df.index
        facts: dict[str, Any] = {"columns": labels_facts(df.columns), "index": self.index(index)}
        if df.attrs:
            try:
                facts["attrs"] = encode(df.attrs)
            except (TypeError, RecursionError):
                self.attrs = copies.deepcopy(df.attrs)
        if not df.flags.allows_duplicate_labels:
            facts["unique"] = True
        return json.dumps(facts)

    def holding(self, identities: Identities) -> Held:
        """What the frame is to hold: by it pandas knows that it shares, and gets back what it gave."""
        held: Held = Kept(identities, self.kept if self.shares else [None] * len(self.specs), None)
        if self.held is not None:
            held = Shallow(identities, self.held, self.kept, self.plain)
        held.attrs = self.attrs
        return held

    def column(self, label: Any, dtype: Any, values: Any, guard: Any) -> None:
        """One column of the DataFrame."""
        name, facts = (label, {}) if type(label) is str else (str(label), {"label": encode(label)})
        if not in_utf8(name):
            name, facts = name.encode(errors="backslashreplace").decode(), {"label": encode(label)}
        self.add(name, *spec(name, dtype, values, guard, facts))

    def add(self, name: str, described: Spec, why: str) -> None:
        self.names.add(name)
        self.specs.append(described)
        if not self.shares and described[0] != "arrow":  # pandas never writes to what Arrow keeps
            why = _IN_PLACE
        if why:
            self.copied[len(self.specs) - 1] = why

    def index(self, index: Any) -> dict[str, Any]:
        """The row labels: in words where they are a range, else as columns."""
        if isinstance(index, pd.RangeIndex):
            return {"range": [index.start, index.stop, index.step], "names": [encode(index.name)]}
        multi = isinstance(index, pd.MultiIndex)
        for number, given in enumerate(index.names):
            name, facts = self.free(given, number), {"level": number}
            values = index.levels[number] if multi else index
            if multi and not isinstance(values.dtype, pd.CategoricalDtype):
                codes = np.asarray(index.codes[number])
                self.add(name, *dictionary(name, "level", values, codes, index, facts))
                self.kept.append(Level(values, codes, index, number))
            else:
                values = index.get_level_values(number)
                self.add(name, *spec(name, values.dtype, values.array, values, facts))
                if multi:
                    self.copied[len(self.specs) - 1] = "a level of categories is laid out row by row"
                self.kept.append(values)
        facts = {**index_facts(index), "levels": index.nlevels}
        if multi:
            facts["multi"] = True
        return facts

    def free(self, given: Any, number: int) -> str:
        """A name for a level that no column has."""
        if isinstance(given, str) and in_utf8(given) and given not in self.names:
            return given
        name = f"__index_level_{number}__"
        while name in self.names:
            name += "_"
        return name


# The quick way in.
_BLOCKS = _Blocks(
    classes=(pd.DataFrame, pd.Index, pd.RangeIndex),
    held=Lent,
    labels_of=_plain_labels,
    kind_of=kind_of,
    facts_of=_plain_facts,
    spec_of=spec,
    key=PANDAS,
    keeps_labels=COPIES_ALWAYS,
)
