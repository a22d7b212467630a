"""HDF5: one dataset of numbers as an image."""

import h5py
import numpy as np

from iolink import InvalidArgumentError, UnsupportedFormatError
from iolink.providers import Source, image
from iolink.providers._files import named_once


class Provider:
    """The only dataset of numbers, or the one that the option `dataset` names."""

    def open(self, source: Source):
        file = h5py.File(source.path_or_file(), "r")
        found: dict[str, h5py.Dataset] = {}

        def look(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "biufc" and item.ndim:
                found[name] = item

        file.visititems(look)
        name = source.options.get("dataset", next(iter(found), "")).strip("/")
        if name not in found or (len(found) > 1 and "dataset" not in source.options):
            listed = ", ".join(f"{key} {item.shape} {item.dtype}" for key, item in list(found.items())[:20])
            refused = InvalidArgumentError if "dataset" in source.options else UnsupportedFormatError
            raise refused(f"name one of its datasets by the option dataset: {listed or 'it has none'}")
        data = found[name]
        axes = named_once("".join((dimension.label or "?")[0] for dimension in data.dims))
        spacing = data.attrs.get("element_size_um")  # of ilastik and ImageJ's plugin, in the order of the axes
        known = spacing is not None and np.isfinite(spacing).all()
        place = {"spacing": list(map(float, spacing)), "unit": "µm"} if known else {}
        return image(data, axes, metadata={"HDF5": {**file.attrs, **data.attrs}, "dataset": f"/{name}"}, **place)
