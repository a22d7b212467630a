"""DICOM images; a frame is decoded when a region of it is read."""

import pydicom
from pydicom.filereader import read_partial
from pydicom.pixels import pixel_array, utils

from iolink import UnsupportedFormatError
from iolink.providers import Source, as_image
from iolink.providers._frames import DicomCalibration, Frames, has_dicom_preamble

SAMPLES = {0x7FE00008: True, 0x7FE00009: True, 0x7FE00010: False}  # the tags of samples, and if those are floats


class Provider:
    """An image, or a volume or sequence of its frames."""

    def open(self, source: Source):
        tags = set()
        with source.file() as file:
            path = source.path if has_dicom_preamble(file) else None  # pydicom decodes frames by path only with one
            header = read_partial(file, lambda tag, *_: bool(tags.add(tag) or (path and tag in SAMPLES)), force=True)
        stored = [floats for tag, floats in SAMPLES.items() if tag in tags]
        if not (header.get("Rows") and header.get("Columns") and stored):
            raise UnsupportedFormatError(f"it is a {header.get('SOPClassUID', 'DICOM file')} and holds no image")
        if "TransferSyntaxUID" not in header.file_meta:
            implicit, little = header.original_encoding
            kind = f"{'Implicit' if implicit else 'Explicit'}VR{'Little' if little else 'Big'}Endian"
            header.file_meta.TransferSyntaxUID = getattr(pydicom.uid, kind)

        def decode(number):
            try:  # where it lies in the file
                return pixel_array(path or header, index=number)
            except (AttributeError, ValueError):  # deflated, or laid out in a way that only a whole reading finds
                return pixel_array(pydicom.dcmread(source.path_or_file(), force=True), index=number)

        shape = (header.Rows, header.Columns, header.SamplesPerPixel)[: 2 + ((header.SamplesPerPixel or 1) > 1)]
        known = {item.keyword or str(item.tag): item.value for item in header if item.VR != "SQ" and item.VR[0] != "O"}
        place = DicomCalibration(header, int(header.get("NumberOfFrames") or 1))
        frames = Frames(place.count, shape, utils.pixel_dtype(header, as_float=stored[0]), decode)
        return as_image(frames, place.axis + "YXC"[: len(shape)], **place.properties(), metadata={"DICOM": known})
