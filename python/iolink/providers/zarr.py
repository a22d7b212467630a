"""Zarr of versions 2 and 3; OME-Zarr multiscales as a pyramid."""

import zarr

from iolink import UnsupportedFormatError
from iolink.providers import Source, _files, as_image, as_pyramid


class Provider:
    """An array is an image, a group with multiscales a pyramid; `path` names an array or group inside."""

    def open(self, source: Source):
        if not source.path:
            raise UnsupportedFormatError("Zarr is opened by the path of a folder or of a zip file")
        store = zarr.storage.ZipStore(source.path) if source.path.endswith(".zip") else source.path
        node = zarr.open(store, mode="r", path=source.options.get("path"))
        if isinstance(node, zarr.Array):
            names = getattr(node.metadata, "dimension_names", None) or node.attrs.get("_ARRAY_DIMENSIONS")
            return as_image(node, names and letters(names), metadata={"Zarr": dict(node.attrs)})
        for scale in node.attrs.get("ome", node.attrs).get("multiscales", []):
            return as_pyramid([level(node, scale, own) for own in scale["datasets"]])
        inside = ", ".join(dict(node.members())) or "nothing"
        raise UnsupportedFormatError(f"the group holds {inside}; name one by the option path")


def letters(names):
    return _files.named_once("".join((name or "?")[0] for name in names))


def level(node, scale, own):
    """One resolution of a multiscale image, where its transformations put it."""
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in scale.get("axes", "tczyx")]
    spacing, origin = [1.0] * len(axes), [0.0] * len(axes)
    for step in [*own.get("coordinateTransformations", []), *scale.get("coordinateTransformations", [])]:
        factor, offset = step.get("scale", [1.0] * len(axes)), step.get("translation", [0.0] * len(axes))
        spacing = [a * b for a, b in zip(spacing, factor, strict=True)]
        origin = [a * b + c for a, b, c in zip(origin, factor, offset, strict=True)]
    place = {"spacing": spacing, "origin": origin, "unit": [axis.get("unit", "") for axis in axes]}
    names = letters(axis["name"] for axis in axes)
    return as_image(node[own["path"]], names, **place, metadata={"OME-Zarr": dict(node.attrs)})
