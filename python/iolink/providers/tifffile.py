"""TIFF, OME-TIFF, ImageJ, LSM and what else tifffile reads: one series, its levels as a pyramid; shared where it can be."""

import tifffile
import zarr

from iolink.providers import Source, as_image, as_pyramid
from iolink.providers._files import Part, named_once, one_of, opened
from iolink.providers._tiff import channels_of, pixels_of, space_of, times_of


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
    """Axes, calibration, channels and metadata, from OME, ImageJ or the tags, whichever knows best."""
    if 0 in level.shape or tifffile.product(level.keyframe.chunked) > len(level.keyframe.dataoffsets):
        raise ValueError(f"its size {level.shape} does not fit the tiles or strips that the file lists")
    tags, known = {tag.name: tag.value for tag in series.keyframe.tags}, tif.imagej_metadata or {}
    pixels = pixels_of(tifffile.xml2dict(tif.ome_metadata)["OME"], tif.series.index(series)) if tif.ome_metadata else {}
    axes = named_once(series.axes.replace("I", "Z").replace("Q", "Z"))  # pages of which nothing says more: slices
    sizes = dict(zip(axes.replace("S", "C"), level.shape))
    (spacing, units), (step, unit, times) = space_of(pixels, tags, known), times_of(pixels, known, sizes.get("T", 1))
    spacing["T"], units["T"] = step, unit
    for axis, whole, own in zip(axes, series.shape, level.shape, strict=True):
        spacing[axis] = spacing.get(axis, 1.0) * whole / own
    tree = {"TIFF": {name: one for name, one in tags.items() if isinstance(one, str | int | float)}, "ImageJ": known}
    tables = {"channels": channels_of(pixels, sizes.get("C", 1)), "coordinates": {"T": times} if times else None}
    return {"axes": axes, "spacing": spacing, "unit": units, **tables, "metadata": tree | {"OME": tif.ome_metadata}}
