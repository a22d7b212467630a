"""TIFF, OME-TIFF, ImageJ, LSM and what else tifffile reads: one series, its levels as a pyramid; shared where it can be."""

import tifffile
import zarr

from iolink.providers import Source, as_image, as_pyramid
from iolink.providers._files import Part, named_once, one_of, opened


class Provider:
    def open(self, source: Source):
        tif, closing = opened(tifffile.TiffFile, source)
        series = one_of(tif.series, source.options["series"], "series")
        if series.dataoffset is not None and source.path:
            data = tif.filehandle.memmap_array(tif.byteorder + series.dtype.char, series.shape, series.dataoffset)
            return as_image(data, **about(tif, series, series))
        arrays = (Part(zarr.open_array(series.aszarr(level=at), mode="r"), closing) for at in range(len(series.levels)))
        levels = [
            as_image(array, **about(tif, series, level)) for level, array in zip(series.levels, arrays, strict=True)
        ]
        return levels[0] if len(levels) == 1 else as_pyramid(levels)


def about(tif, series, level):
    """Axes, spacing, unit and metadata, from OME, ImageJ or the tags, whichever knows best."""
    if 0 in level.shape or tifffile.product(level.keyframe.chunked) > len(level.keyframe.dataoffsets):
        raise ValueError(f"its size {level.shape} does not fit the tiles or strips that the file lists")
    tags, known = {tag.name: tag.value for tag in series.keyframe.tags}, tif.imagej_metadata or {}
    xml = tif.ome_metadata
    ome = tifffile.xml2dict(xml)["OME"].get("Image", {}) if xml else {}
    pixels = (ome[0] if isinstance(ome, list) else ome).get("Pixels", {})
    unit = known.get("unit") or {2: "in", 3: "cm"}.get(tags.get("ResolutionUnit"), "")
    spacing, units = {"Z": abs(known.get("spacing", 1.0))}, {}  # ImageJ takes the magnitude
    for axis in "XYZ":
        count, per = tags.get(f"{axis}Resolution", (0, 0))
        spacing[axis] = pixels.get(f"PhysicalSize{axis}", per / count if count else spacing.get(axis, 1.0))
        units[axis] = pixels.get(f"PhysicalSize{axis}Unit", "µm") if pixels else unit
    axes = named_once(series.axes.replace("I", "Z").replace("Q", "Z"))  # pages of which nothing says more: slices
    for axis, whole, own in zip(axes, series.shape, level.shape, strict=True):
        spacing[axis] = spacing.get(axis, 1.0) * whole / own
    plain = {name: value for name, value in tags.items() if isinstance(value, str | int | float)}
    return {"axes": axes, "spacing": spacing, "unit": units, "metadata": {"TIFF": plain, "ImageJ": known, "OME": xml}}
