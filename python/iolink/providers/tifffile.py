"""TIFF, OME-TIFF, ImageJ, LSM and what else tifffile reads: one series, its levels as a pyramid."""

import tifffile
import zarr

from iolink.providers import Source, image, pyramid


class Provider:
    """The first series, or number `series`: shared with the file where it lies there as it is, else read by tiles."""

    def open(self, source: Source):
        tif = tifffile.TiffFile(source.path_or_file())
        series = tif.series[int(source.options.get("series", 0))]
        if series.dataoffset is not None and source.path:
            data = tif.filehandle.memmap_array(tif.byteorder + series.dtype.char, series.shape, series.dataoffset)
            return image(data, **about(tif, series, series))
        stores = (series.aszarr(level=level) for level in range(len(series.levels)))
        arrays = zip(series.levels, (zarr.open_array(store, mode="r") for store in stores), strict=True)
        levels = [image(array, **about(tif, series, level)) for level, array in arrays]
        return levels[0] if len(levels) == 1 else pyramid(levels)


def about(tif, series, level):
    """Axes, spacing, unit and metadata, from OME, ImageJ or the tags, whichever knows best."""
    tags, known = {tag.name: tag.value for tag in series.keyframe.tags}, tif.imagej_metadata or {}
    ome = tifffile.xml2dict(tif.ome_metadata)["OME"].get("Image", {}) if tif.ome_metadata else {}
    pixels = (ome[0] if isinstance(ome, list) else ome).get("Pixels", {})
    unit = known.get("unit") or {2: "in", 3: "cm"}.get(tags.get("ResolutionUnit"), "")
    spacing, units = {"Z": known.get("spacing", 1.0)}, {}
    for axis in "XYZ":
        count, per = tags.get(f"{axis}Resolution", (0, 0))
        spacing[axis] = pixels.get(f"PhysicalSize{axis}", per / count if count else spacing.get(axis, 1.0))
        units[axis] = pixels.get(f"PhysicalSize{axis}Unit", "µm") if pixels else unit
    axes = series.axes.replace("I", "Z").replace("Q", "Z")  # pages of which nothing says what they are: slices
    for axis, whole, own in zip(axes, series.shape, level.shape, strict=True):
        spacing[axis] = spacing.get(axis, 1.0) * whole / own
    plain = {name: value for name, value in tags.items() if isinstance(value, str | int | float)}
    metadata = {"TIFF": plain, "ImageJ": known, "OME": tif.ome_metadata}
    return {"axes": axes, "spacing": spacing, "unit": units, "metadata": metadata}
