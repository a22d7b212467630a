"""Every example in a docstring runs."""

from __future__ import annotations

import doctest
import inspect

import pytest

import iolink
from iolink import _iolink, pandas_interop, providers, testing


def documented():
    """Every class, method and function of the package with its docstring."""
    for module in (iolink, _iolink, pandas_interop, providers, testing):
        yield module.__name__, module.__doc__
        for name, thing in vars(module).items():
            if name.startswith("__") or inspect.ismodule(thing) or getattr(thing, "__module__", "") == "enum":
                continue
            yield f"{module.__name__}.{name}", thing.__doc__
            if inspect.isclass(thing):
                for member, method in vars(thing).items():
                    yield f"{module.__name__}.{name}.{member}", getattr(method, "__doc__", None)


EXAMPLES = {
    (name.rsplit("iolink.", 1)[-1]): text for name, text in documented() if isinstance(text, str) and ">>>" in text
}


def test_there_are_examples():
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_example_of(name):
    names = {key: value for key, value in vars(iolink).items() if not key.startswith("__")}
    names |= {"iolink": iolink, "PandasInterop": pandas_interop.PandasInterop}
    names |= {"check_provider": testing.check_provider}
    test = doctest.DocTestParser().get_doctest(EXAMPLES[name], names, name, None, None)
    failures: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test, out=failures.append)
    assert not failures, "".join(failures)
