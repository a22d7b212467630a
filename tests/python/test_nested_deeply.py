"""What nests as deep as its maker likes is an error past a limit, before any stack ends."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import iolink
from iolink import ImageViewFactory, MetadataNode, MetadataNodeFactory, NumpyInterop
from iolink._iolink import _metadata_from_pickle

DEEP = 100_000
LIMIT = 256


def state(depth: int, key: str = "x"):
    made = (key, None, [])
    for _ in range(depth):
        made = (key, None, [made])
    return made


def dictionaries(depth: int, key: str):
    made: dict = {}
    for _ in range(depth):
        made = {key: made}
    return made


def itself():
    made: dict = {}
    made[""] = made
    return made


def circle():
    children: list = []
    made = ("x", None, children)
    children.append(made)
    return made


def many():
    made = ("x", None, [])
    for _ in range(60):
        made = ("x", None, [made, made])
    return made


def set_of(depth: int):
    return MetadataNode().set("/x" * depth, 1)


def tall(depth: int):
    node = MetadataNode("x")
    if depth > 1:
        node.set("/x" * (depth - 1), 1)
    return node


REFUSED = {
    "pickle": lambda: _metadata_from_pickle(state(DEEP)),
    "pickle just past the limit": lambda: _metadata_from_pickle(state(LIMIT + 1)),
    "pickle of a circle": lambda: _metadata_from_pickle(circle()),
    "pickle of very many nodes": lambda: _metadata_from_pickle(many()),
    "dictionaries": lambda: MetadataNodeFactory.from_dict(dictionaries(DEEP, "x")),
    "dictionaries without keys": lambda: MetadataNodeFactory.from_dict(dictionaries(DEEP, "")),
    "a dictionary in itself": lambda: MetadataNodeFactory.from_dict(itself()),
    "path": lambda: set_of(LIMIT + 1),
    "node in a node": lambda: tall(LIMIT).add_child(tall(LIMIT), "/x" * 100),
}


@pytest.mark.parametrize("name", REFUSED)
def test_metadata_past_the_limit_are_an_error(name):
    with pytest.raises(iolink.LimitError):
        REFUSED[name]()


@pytest.mark.parametrize("key", ["a/b", "", "/" * 300 + "a"])
def test_a_key_in_a_pickle_is_one_key(key):
    with pytest.raises(ValueError, match="pickle is damaged"):
        _metadata_from_pickle(("", None, [(key, None, [])]))


def test_metadata_at_the_limit_are_used_in_every_way():
    tree = _metadata_from_pickle(state(LIMIT))
    assert len(tree.walk()) == LIMIT
    assert tree == pickle.loads(pickle.dumps(tree)) == tree.copy()
    assert tree.to_json().count("children") == LIMIT
    assert tree.to_dict() == {} and "256 below" in repr(tree)
    image = NumpyInterop.from_numpy_array(np.zeros((2, 3), np.uint8))
    image.set_metadata(tree)
    assert len(pickle.loads(pickle.dumps(image)).metadata().walk()) == LIMIT


STEPS = {
    "vectors": "v = F.assemble_channels(F.disassemble_channels(v))",
    "types over vectors": "v = F.assemble_channels(F.adapt_data_type(F.disassemble_channels(v), 'UINT8'))",
    "flipped": "v = F.flip(v, 0)",
    "overlaid": "v = F.from_image_view(v, metadata=iolink.MetadataNode())",
    "flipped vectors": "v = F.flip(F.assemble_channels(F.disassemble_channels(v)), 0)",
}

SCRIPT = """
import numpy as np, iolink, threading
F = iolink.ImageViewFactory
v = iolink.NumpyInterop.from_numpy_array(np.arange(24, dtype=np.uint8).reshape(3, 4, 2), vector=True)
def read():
    np.asarray(v).sum(), v.metadata(), v.properties()
try:
    for _ in range(20_000):
        {step}
except iolink.LimitError as error:
    assert "copy_in_memory" in str(error), error
threading.stack_size(1 << 20)
thread = threading.Thread(target=read)
thread.start(), thread.join()
read()
del v
print("ok")
"""


@pytest.mark.parametrize("name", STEPS)
def test_lazy_views_over_each_other_end_no_process(name):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(step=STEPS[name])], capture_output=True, text=True, timeout=300
    )
    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stderr


def step(view):
    return ImageViewFactory.assemble_channels(ImageViewFactory.disassemble_channels(view))


def test_a_chain_past_the_limit_goes_on_from_a_copy():
    array = np.arange(24, dtype=np.uint8).reshape(3, 4, 2)
    view = NumpyInterop.from_numpy_array(array, vector=True)
    with pytest.raises(iolink.LimitError, match="lazy views"):
        for _ in range(LIMIT):
            last, view = view, step(view)
    copy = ImageViewFactory.copy_in_memory(last)
    assert np.array_equal(NumpyInterop.to_numpy_array(step(copy)), array)
