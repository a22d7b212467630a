"""DICOM images; a frame is decoded when a region of it is read."""

import numpy as np
import pydicom
from pydicom.pixels import pixel_array, utils

from iolink import UnsupportedFormatError
from iolink.providers import Source, image
from iolink.providers._frames import Frames, right_handed


class Provider:
    """An image, or a volume or sequence of its frames."""

    def open(self, source: Source):
        header = pydicom.dcmread(source.path_or_file(), stop_before_pixels=bool(source.path))
        if "Rows" not in header:
            raise UnsupportedFormatError(f"it is a {header.get('SOPClassUID', 'DICOM file')} and holds no image")

        def decode(number):
            try:  # where it lies in the file
                return pixel_array(source.path or header, index=number)
            except (AttributeError, ValueError):  # deflated, or laid out in a way that only a whole reading finds
                return pixel_array(pydicom.dcmread(source.path_or_file()), index=number)

        frames = int(header.get("NumberOfFrames") or 1)
        shape = (header.Rows, header.Columns, header.SamplesPerPixel)[: 2 + (header.SamplesPerPixel > 1)]
        axes = ("T" if "FrameTime" in header else "Z") * (frames > 1) + "YXC"[: len(shape)]
        between = header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 1
        spacing = dict(zip("YXZT", [*(header.get("PixelSpacing") or (1, 1)), between, header.get("FrameTime", 1)]))
        along = np.reshape(np.array(header.get("ImageOrientationPatient") or (1, 0, 0, 0, 1, 0), float), (2, 3))
        place = right_handed(along)
        place["spacing"] = {axis: abs(float(step)) for axis, step in spacing.items()}
        place["origin"] = dict(zip("XYZ", map(float, header.get("ImagePositionPatient") or (0, 0, 0))))
        place["unit"] = dict.fromkeys("XYZ", "mm" if "PixelSpacing" in header else "") | {"T": "ms"}
        unit = "HU" if header.get("Modality") == "CT" else str(header.get("RescaleType") or "")
        scale = (float(header.get("RescaleSlope", 1)), float(header.get("RescaleIntercept", 0)), unit)
        known = {item.keyword or str(item.tag): item.value for item in header if item.VR not in ("SQ", "OB", "OW")}
        place |= {"value_scale": scale, "metadata": {"DICOM": known}}
        return image(Frames(frames, shape, utils.pixel_dtype(header), decode), axes, **place)
