"""Damaged files of every kind: each is opened or refused. The variable IOLINK_MUTATIONS says how many there are of each kind;
``make test-full`` opens 10,000."""

from __future__ import annotations

import os

import pytest

import mutations

pytest.importorskip("pyarrow")
COUNT = int(os.environ.get("IOLINK_MUTATIONS", "300"))


@pytest.mark.parametrize("kind", sorted(mutations.load()))
def test_damaged_files_end_no_process(kind):
    counts, bad = mutations.run(kind, COUNT)
    assert not bad, "\n".join(bad)
    # Neither is every file damaged beyond reading, nor is none.
    assert sum(counts[name] for name in counts if name.endswith("Error")) > COUNT // 20
    assert counts["opened"] > COUNT // 50
