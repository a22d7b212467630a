"""docs/compatibility.md says what stands for each name of the original; what it claims to be there is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import iolink
import iolink.pandas_interop  # A module of its own, as in the original.

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
HEADER = ["original", "ours", "how", "remarks"]


def rows() -> list[tuple[int, list[str]]]:
    """Every row of every table with the number of its line."""
    found = []
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells != HEADER and set("".join(cells)) != {"-"}:
            found.append((number, cells))
    return found


ROWS = rows()
CLAIMED = sorted({name for _, cells in ROWS for name in re.findall(r"`([^`]+)`", cells[1])})


def test_every_row_says_how_and_why():
    assert len(ROWS) > 100
    for line, cells in ROWS:
        assert len(cells) == 4, f"line {line} has {len(cells)} cells"
        original, ours, how, remarks = cells
        assert how in ("same", "better", "absent"), f"line {line}: {how!r}"
        assert (how == "absent") == (ours == "-"), (
            f"line {line}: what is absent has no name of ours, and the rest has one"
        )
        assert remarks or how == "same" or not original, f"line {line} gives no reason"


@pytest.mark.parametrize("name", CLAIMED)
def test_what_is_claimed_is_there(name):
    thing = iolink
    for part in name.split("."):
        thing = getattr(thing, part)
