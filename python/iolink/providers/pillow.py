"""PNG, JPEG, GIF, WebP and what else Pillow reads; a frame is decoded when a region of it is read."""

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageMode

from iolink import ImageInterpretation, UnsupportedFormatError
from iolink.providers import Source, as_image
from iolink.providers._frames import Frames


class Provider:
    """A picture, or a sequence of its frames. Colours are channels; pictures with a palette are numbers of its entries."""

    def open(self, source: Source):
        picture = Image.open(source.path_or_file())
        if isinstance(picture, ImageFile.StubImageFile):
            raise UnsupportedFormatError(f"Pillow knows {picture.format} by its name and cannot read it")
        frames = getattr(picture, "n_frames", 1)
        picture.seek(frames > 1)  # The first frame of an animation may be of another mode than those that build on it.
        mode = ImageMode.getmode(picture.mode)

        def decode(number):
            picture.seek(number)
            return np.asarray(picture if picture.mode == mode.mode else picture.convert(mode.mode))

        shape = (picture.height, picture.width, len(mode.bands))[: 2 + (len(mode.bands) > 1)]
        axes = "T" * (frames > 1) + "YXC"[: len(shape)]
        across, down = picture.info.get("dpi", (0, 0))
        place = (
            {"spacing": {"X": 25.4 / across, "Y": 25.4 / down}, "unit": {"X": "mm", "Y": "mm"}}
            if across and down
            else {}
        )
        meaning = ImageInterpretation.COLOR if mode.basemode == "RGB" and len(mode.bands) > 1 else None
        exif = {ExifTags.TAGS.get(key, str(key)): value for key, value in picture.getexif().items()}
        plain = {key: value for key, value in picture.info.items() if isinstance(value, str | int | float | tuple)}
        known = {picture.format or "picture": plain, "EXIF": exif, "mode": picture.mode}
        return as_image(Frames(frames, shape, mode.typestr, decode), axes, meaning=meaning, metadata=known, **place)
