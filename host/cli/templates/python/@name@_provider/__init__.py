"""Opens @NAME@ images: the word `@name@` and a line feed, width and height in 32 bits, then samples of 16 bits."""

import numpy as np

from iolink.providers import as_image


class Provider:
    def open(self, source):
        start = len(b"@name@\n") + 8
        if not source.bytes.read_at(0, start).startswith(b"@name@\n"):
            raise ValueError("it does not start with the word @name@")
        width, height = np.frombuffer(source.bytes.read_at(start - 8, 8), "<u4").tolist()
        samples = np.frombuffer(source.bytes.read_at(start, 2 * width * height), "<u2")
        return as_image(samples.reshape(height, width), "YX")
