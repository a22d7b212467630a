"""What a cut changes of what pandas knows of a frame's rows."""

from __future__ import annotations

import json

__all__ = ["facts_of_cut"]


def facts_of_cut(facts: str, rows: int, first: int, end: int) -> str:
    """The facts about a frame of so many rows, after all but those from `first` to `end` went."""
    known = json.loads(facts)
    numbers = range(*known.get("index", {}).get("range", [0]))
    if len(numbers) != rows:
        return facts
    kept = numbers[first:end]
    known["index"]["range"] = [kept.start, kept.stop, kept.step]
    return json.dumps(known)
