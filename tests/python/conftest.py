"""What every test is held to."""

from __future__ import annotations

import gc
import os
import sys
import time

import pytest

import iolink
from iolink import _iolink


class NotInstalled:
    """Finds no package of these names, as if they were not installed: test_pandas2.py says which."""

    names = frozenset(filter(None, os.environ.get("IOLINK_TESTS_WITHOUT", "").split(",")))

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NotInstalled)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets the leak fixture see whether the test itself passed."""
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"_report_{report.when}", report)


@pytest.fixture(autouse=True)
def nothing_stays_behind(request):
    """Fails any test after which images, shares of their memory, Python objects they keep, or bytes stay allocated."""
    before = _iolink._live()
    yield
    report = getattr(request.node, "_report_call", None)
    if report is None or not report.passed:
        return  # The traceback of a failure keeps what the test held.

    def left():
        return {what: count - before[what] for what, count in _iolink._live().items() if count > before[what]}

    for pause in (0, 0.05, 0.5, 2):  # other threads, such as those of event loops, let go when they come to it
        if not left():
            break
        time.sleep(pause)
        gc.collect()  # cycles, such as those of exceptions
        iolink.plugins()  # a call into the module gives up what other threads put aside
    assert not left(), f"the test left behind: {left()}"
