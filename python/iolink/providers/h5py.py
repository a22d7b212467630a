"""HDF5: one dataset of numbers as an image."""

import h5py

from iolink import InvalidArgumentError, UnsupportedFormatError
from iolink.providers import Source, as_image
from iolink.providers._files import named_once
from iolink.providers._frames import listed, sizes_of_axes


class Provider:
    """The only dataset of numbers, or the one that the option `dataset` names, directly or by links."""

    def open(self, source: Source):
        file = h5py.File(source.path_or_file(), "r")
        found: dict[str, h5py.Dataset] = {}
        others: list[str] = []

        def look(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "biufc" and item.ndim:
                found[name] = item
            elif not isinstance(item, h5py.Group):
                others.append(f"{name} {str(item.dtype)[:60] if item else '(a link to something missing)'}")

        def follow(name, link):  # `visititems` stays in the file, and a stream has no files beside it
            if link.type == h5py.h5l.TYPE_EXTERNAL:
                look(name.decode(), file.get(name) if source.path else None)

        file.visititems(look)
        file.id.links.visit(follow, info=True)
        name = source.options.get("dataset", next(iter(found), "")).strip("/")
        if name not in found and name in file:
            look(name, file.get(name))
        if name not in found or (len(found) > 1 and "dataset" not in source.options):
            refused = InvalidArgumentError if "dataset" in source.options else UnsupportedFormatError
            raise refused(f"name one of its datasets by the option dataset: {listed(found, others)}")
        data = found[name]
        axes = named_once("".join((dimension.label or "?")[0] for dimension in data.dims))
        place = sizes_of_axes(data.attrs.get("element_size_um"), axes)  # of ilastik and ImageJ's plugin
        return as_image(data, axes, metadata={"HDF5": {**file.attrs, **data.attrs}, "dataset": f"/{name}"}, **place)
