"""An argument of a wrong type is a `TypeError` that names it: in its words, or in the note that the traceback shows."""

import inspect
import re

import pytest

import iolink
from iolink import DataTypeId
from iolink.pandas_interop import PandasInterop


class Wrong:
    """Of no type that anything takes."""


# Questions about anything have an answer for everything.
ASKS = {"is_image", "is_multi_image", "is_lod_image", "is_data_frame"}
ASKS |= {"is_tiling_info", "is_parallel_access", "is_view_origin"}


def things():
    """Whatever has methods: the factories, and one of each thing that they make."""
    yield from (getattr(iolink, name) for name in dir(iolink) if name.endswith(("Factory", "Interop", "Provider")))
    yield PandasInterop
    yield iolink.ImageViewFactory.allocate((4, 3), "uint8")
    yield iolink.MultiImageViewFactory.allocate()
    yield iolink.DataFrameViewFactory.allocate([1, 1], ["a"], [DataTypeId.INT64])
    yield iolink.StreamAccessFactory.allocate()
    yield iolink.RandomAccessFactory.allocate(4)
    yield iolink.DataStorageFactory.from_files({"a": b""}, "a")
    yield iolink.RegionXu64((0, 0), (1, 1))
    yield iolink.MetadataNode("a")
    yield iolink.ImageProperties.from_data_type("uint8")


def calls():
    """Every method with an argument that it must have."""
    for thing in things():
        owner = thing.__name__ if isinstance(thing, type) else type(thing).__name__
        for name in dir(thing):
            method = getattr(thing, name)
            if name.startswith("_") or name in ASKS or not callable(method) or isinstance(method, type):
                continue
            needed = [
                parameter.name
                for parameter in inspect.signature(method).parameters.values()
                if parameter.default is parameter.empty
                and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
            ]
            if needed:
                yield pytest.param(method, needed, id=f"{owner}.{name}")
    for name in ("open", "load_plugin", "explain", "set_provider_priority", "from_capsule"):
        method = getattr(iolink, name)
        yield pytest.param(method, list(inspect.signature(method).parameters)[:1], id=f"iolink.{name}")


@pytest.mark.parametrize(("method", "needed"), list(calls()))
def test_a_wrong_argument_is_named(method, needed):
    with pytest.raises(TypeError) as refused:
        method(*(Wrong() for _ in needed))
    words = " ".join([str(refused.value), *getattr(refused.value, "__notes__", [])])
    assert any(re.search(rf"\b{name}\b", words) for name in needed), words
