"""Holds a provider to what it promises: regions against whole reads, threads, damaged files, files of others, and more.

For a provider written in Python, in a test of its own or on the command line:

    python -m iolink.testing org.example.cells samples/small.cells

A plugin in a library is better checked by `iolink check`, which runs it in a process of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from ._iolink import _check_provider


class Finding(NamedTuple):
    """One promise; `outcome` is "held", "broken" or "untested", and `words` say what was seen instead, or why not."""

    promise: str
    outcome: str
    words: str


def check_provider(provider: str, samples: Iterable[str | os.PathLike[str]] = ()) -> list[Finding]:
    """Runs every test that fits what the provider of this id claims; `samples` are small valid files of its format.

    >>> found = check_provider("org.iolink.memory")
    >>> {finding.outcome for finding in found}
    {'held'}
    """
    return [Finding(*row) for row in _check_provider(provider, [os.fspath(sample) for sample in samples])]


def _main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("usage: python -m iolink.testing PROVIDER [SAMPLE ...]", file=sys.stderr)
        return 2
    findings = check_provider(arguments[0], arguments[1:])
    for finding in findings:
        if finding.outcome != "held":
            print(f"{finding.outcome}: {finding.promise}\n    {finding.words}")
    counts = {outcome: sum(finding.outcome == outcome for finding in findings) for outcome in ("held", "broken")}
    untested = len(findings) - counts["held"] - counts["broken"]
    print(f"{arguments[0]}: {counts['held']} promises held, {counts['broken']} broken, {untested} untested")
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
