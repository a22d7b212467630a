"""What nibabel reads: NIfTI, Analyze, MGH, MINC, PAR/REC, AFNI; where one scale holds for all, stored samples with it."""

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy

from iolink.providers import Source, as_image
from iolink.providers._space import from_ras


class Quantity:
    """Samples whose scale differs from slice to slice, as what they mean."""

    def __init__(self, proxy):
        self.proxy, self.shape, self.dtype = proxy, proxy.shape, np.dtype(np.float64)

    def __getitem__(self, index):
        return np.asarray(self.proxy[index], np.float64)


class Provider:
    """A volume, or a sequence of volumes."""

    def open(self, source: Source):
        loaded = nibabel.load(source.path) if source.path else nibabel.Nifti1Image.from_stream(source.file())
        header, affine = getattr(loaded, "nifti_header", loaded.header), getattr(loaded, "affine", np.eye(4))
        if type(loaded.dataobj) is ArrayProxy:
            raw, scale = loaded.dataobj, (float(loaded.dataobj.slope), float(loaded.dataobj.inter), "")
            proxy = ArrayProxy(raw.file_like, (raw.shape, raw.dtype, raw.offset, 1, 0), order=raw.order)
        else:
            proxy, scale = Quantity(loaded.dataobj), (1.0, 0.0, "")
        axes = ("XYZT" if len(proxy.shape) <= 4 else "XYZT???")[: len(proxy.shape)]
        space, time = header.get_xyzt_units() if hasattr(header, "get_xyzt_units") else ("mm", "sec")
        place = {"unit": dict.fromkeys("XYZ", space) | {"T": time}, "value_scale": scale}
        place["spacing"] = dict(zip(axes, np.nan_to_num(header.get_zooms(), posinf=0, neginf=0).tolist()))  # 0: unknown
        steps, lps = from_ras(affine)  # which the header may have otherwise
        place = place | lps | {"spacing": place["spacing"] | steps}
        known = {type(loaded).__name__: {key: header[key] for key in getattr(header, "keys", list)()}}
        return as_image(proxy, axes, metadata=known, **place)
