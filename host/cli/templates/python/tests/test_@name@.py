"""The provider opens its sample, and keeps every promise that it makes."""

from pathlib import Path

import iolink
from iolink.testing import check_provider

SAMPLE = Path(__file__).parents[1] / "samples" / "small.@name@"


def test_the_sample_is_opened():
    view = iolink.open(SAMPLE)
    assert view.provider == "org.example.@name@"
    assert view.shape() == (7, 5)
    assert view.read((1, 0)) == 1000


def test_every_promise_is_held():
    assert [finding for finding in check_provider("org.example.@name@", [SAMPLE]) if finding.outcome == "broken"] == []
