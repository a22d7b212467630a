"""Python's numbers as samples of one NumPy type, or a refusal where they do not fit it."""

from __future__ import annotations

import numpy as np


def as_bytes(name: str, value: object, code: str, components: int | None) -> bytes:
    """The bytes of `value` as samples of the type `code`; of vectors the last axis holds the components.

    Integers and booleans must be what they were; floats are rounded to what the type holds, but do not become infinite.
    """
    given = np.asarray(value)
    wanted = np.dtype(code)
    if given.dtype.kind not in "biufc" or (given.dtype.kind == "c" and wanted.kind != "c"):
        raise TypeError(f"{name}: {value!r} is not made of numbers that {wanted} could hold")
    if components is not None and given.shape[-1:] != (components,):
        raise ValueError(f"{name}: a sample has {components} components, the value has shape {given.shape}")
    with np.errstate(all="ignore"):
        cast = given.astype(wanted)
    if wanted.kind in "biu":
        fits = cast == given
    elif given.dtype.kind in "iu":
        # As Python compares them: exactly.
        fits = np.equal(cast.astype(object), given.astype(object)).astype(bool)
    else:
        fits = np.isfinite(cast) | ~np.isfinite(given)
    if not fits.all():
        raise ValueError(f"{name}: {given[~fits].ravel()[0]} does not fit the type {wanted}")
    return cast.tobytes()
