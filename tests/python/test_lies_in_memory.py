"""Blocks of pandas and tensors that say other sizes than they have: an error, before memory outside of them is read."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import iolink
from iolink.pandas_interop import PandasInterop


def test_a_block_with_fewer_rows_than_columns_is_an_error():
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    (block,) = df._mgr.blocks
    block.values = block.values[:1]
    with pytest.raises(ValueError, match="damaged"):
        PandasInterop.from_pandas(df)


class Tensor:
    """An array whose tensor says another number of axes."""

    def __init__(self, array: np.ndarray, axes: int) -> None:
        self.array, self.axes = array, axes

    def __dlpack__(self, **wanted):
        capsule = self.array.__dlpack__(**wanted)
        name = b"dltensor_versioned" if "versioned" in repr(capsule) else b"dltensor"
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        at = pointer(capsule, name)
        # Behind version, context, deleter and flags in the one; the data's address and device are first in both.
        tensor = at + (32 if name.endswith(b"versioned") else 0)
        ctypes.c_int32.from_address(tensor + 16).value = self.axes
        # Sizes that cannot be read: who looks at them ends the process.
        if not -1 < self.axes <= 9:
            ctypes.c_void_p.from_address(tensor + 24).value = 8
            ctypes.c_void_p.from_address(tensor + 32).value = 8
        return capsule

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("axes", [10, 1000, 2**31 - 1, -1])
def test_a_tensor_of_too_many_axes_is_an_error_before_its_sizes_are_read(axes):
    with pytest.raises(ValueError, match="axes"):
        iolink.from_dlpack(Tensor(np.zeros((2, 3), np.uint8), axes))
