"""Frames that a library decodes one by one and whole, as one array that is read by regions."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from iolink import UnsupportedFormatError


class Frames:
    """``decode(number)`` gives a frame of ``shape``; one frame alone is an array without an axis of frames.

    The last frames stay decoded, so that tiles of one frame cost one decoding.
    """

    def __init__(self, count: int, shape: tuple[int, ...], dtype: Any, decode: Callable[[int], Any]) -> None:
        self.shape = (count, *shape) if count > 1 else shape
        self.dtype = np.dtype(dtype)
        self._alone = count == 1
        self._lock = threading.Lock()
        self._decoded = functools.lru_cache(maxsize=4)(decode)

    def frame(self, number: int) -> Any:
        """One whole frame. Libraries move a cursor from frame to frame, so one thread at a time decodes."""
        with self._lock:
            return self._decoded(number)

    def __getitem__(self, index: tuple[slice, ...]) -> Any:
        if self._alone:
            return self.frame(0)[index]
        numbers = range(self.shape[0])[index[0]]
        if len(numbers) == 1:
            return self.frame(numbers[0])[index[1:]][np.newaxis]
        parts = [self.frame(number)[index[1:]] for number in numbers]
        return np.stack(parts) if parts else np.empty((0, *self.frame(0)[index[1:]].shape), self.dtype)


def right_handed(along: Any) -> dict[str, Any]:
    """The direction of an image by those of its rows and columns, unless they are of another length or not at right angles."""
    directions = np.array([*along, np.cross(*along)])
    return {"direction": directions.tolist()} if np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-3) else {}


def finite(stored: Any, count: int) -> Any:
    """Returns that many numbers of a header as an array, or None if they are absent, empty, others in number or not finite."""
    try:
        numbers = np.ravel(np.array(stored, float))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else None


def even_step(steps: Any) -> float | None:
    """Returns the mean of steps that differ by less than a hundredth, and None for others."""
    mean = float(np.mean(steps)) if len(steps) else 0.0
    return mean if mean and np.allclose(steps, mean, rtol=1e-2, atol=0) else None


def has_dicom_preamble(file: Any) -> bool:
    """Tells if a file begins with DICOM's preamble; rejects one that begins neither with that nor with a first element."""
    begin = file.read(132)
    file.seek(0)
    little = begin[:2] in (b"\2\0", b"\x08\0") and begin[3:4] == b"\0"
    big = begin[:2] in (b"\0\2", b"\0\x08") and begin[2:3] == b"\0"
    if begin[128:] != b"DICM" and not (little or big):
        raise UnsupportedFormatError(
            "the file begins with neither the preamble of DICOM nor a DICOM element; check its format"
        )
    return begin[128:] == b"DICM"


_CALIBRATIONS = (
    "PixelMeasuresSequence", "PlanePositionSequence", "PlaneOrientationSequence", "PixelValueTransformationSequence",
    "DetectorInformationSequence",
)  # fmt: skip


_KEYWORDS = (
    "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImagePositionPatient", "ImageOrientationPatient",
    "RescaleSlope", "RescaleIntercept", "RescaleType",
)  # fmt: skip


def _calibrations(group: Any) -> dict[str, Any]:
    """The elements of the parts of a functional group, or of a header, that hold a calibration."""
    sequences = (group.get(name) or () for name in _CALIBRATIONS)
    parts = (sequence[0] for sequence in sequences if len(sequence) == 1)
    return {item.keyword: item.value for part in parts for item in part if not item.is_empty}


class DicomCalibration:
    """The calibration of a DICOM image: in its header, its shared functional groups or in those of each frame."""

    def __init__(self, header: Any, count: int) -> None:
        self.header, self.count = header, count
        known = _calibrations(header) | {
            key: header[key].value for key in _KEYWORDS if header.get(key) not in (None, "")
        }
        for group in header.get("SharedFunctionalGroupsSequence") or ():
            known |= _calibrations(group)
        own = [_calibrations(group) for group in header.get("PerFrameFunctionalGroupsSequence") or ()][:count]
        own += [{}] * (count - len(own) if own else 1)
        self._frames = [known | frame for frame in own]
        self.times = finite(header.get("FrameTimeVector"), count)
        timed = self.times is not None or finite(header.get("FrameTime"), 1) is not None
        self.axis = "" if count == 1 else "T" if timed else "Z"

    def of_frames(self, keyword: str, count: int) -> Any:
        """Returns numbers for each frame, or once if the frames have no groups of their own. Absent numbers are NaN."""
        absent = np.full(count, np.nan)
        found = (finite(frame.get(keyword), count) for frame in self._frames)
        return np.array([absent if numbers is None else numbers for numbers in found])

    def of_all(self, keyword: str, count: int) -> Any:
        """Returns the numbers that all frames share, or None."""
        numbers = self.of_frames(keyword, count)
        return numbers[0] if np.allclose(numbers, numbers[0], rtol=1e-5, atol=1e-6) else None

    def between_frames(self, normal: Any) -> float | None:
        """Returns the distance between frames along the normal, or None if it is unknown, uneven or leads another way."""
        if self.header.get("GridFrameOffsetVector"):
            offsets = finite(self.header.GridFrameOffsetVector, self.count)
            return None if offsets is None else even_step(np.diff(offsets))
        steps = np.diff(self.of_frames("ImagePositionPatient", 3), axis=0)
        if len(steps) and not np.isnan(steps).all():
            distances = np.linalg.norm(steps, axis=1)
            if normal is None:  # along the line from the first frame to the last, if they lie on one
                normal = steps.sum(axis=0) / (np.linalg.norm(steps.sum(axis=0)) or 1)
            along = steps @ normal
            return even_step(along) if np.allclose(np.abs(along), distances, rtol=1e-3) else None
        for keyword in ("SpacingBetweenSlices", "SliceThickness"):
            if np.nan_to_num(self.of_frames(keyword, 1)).any():
                given = self.of_all(keyword, 1)
                return None if given is None else abs(float(given[0]))
        return None

    def between_times(self) -> float | None:
        """Returns the milliseconds between frames, or None if they are unknown or uneven."""
        if self.times is not None:
            return even_step(self.times[1:])
        time = finite(self.header.get("FrameTime"), 1)
        return None if time is None else float(time[0])

    def uneven(self, normal: Any) -> dict[str, list[float]]:
        """Returns the coordinates of frames that lie at uneven times or places, by the letter of their axis."""
        if self.axis == "T" and self.times is not None and self.between_times() is None:
            times = np.cumsum(self.times)  # from one frame to the next
            return {"T": times.tolist()} if times.any() else {}
        if self.axis != "Z" or self.between_frames(normal) is not None:
            return {}
        offsets = finite(self.header.get("GridFrameOffsetVector"), self.count)
        if offsets is not None:
            return {"Z": offsets.tolist()} if offsets.any() else {}
        places = self.of_frames("ImagePositionPatient", 3)
        if normal is None or len(places) != self.count or np.isnan(places).any():
            return {}
        along, steps = places @ normal, np.linalg.norm(np.diff(places, axis=0), axis=1)
        straight = steps.all() and np.allclose(np.abs(np.diff(along)), steps, rtol=1e-3)
        return {"Z": along.tolist()} if straight else {}

    def properties(self) -> dict[str, Any]:
        """The arguments of ``image`` for the place of the samples and the scale of their values."""
        along = self.of_all("ImageOrientationPatient", 6)
        place = {} if along is None else right_handed(along.reshape(2, 3))
        turned = along is None and np.isfinite(self.of_frames("ImageOrientationPatient", 6)).any()
        normal = np.array(place["direction"][2]) if place else None
        step = None if turned else self.between_frames(normal)
        coordinates = {} if turned else self.uneven(normal)
        if place and step and step < 0:
            place["direction"][2] = [-one for one in place["direction"][2]]
        pixel = self.of_all("PixelSpacing", 2)
        pixel = (0, 0) if pixel is None else pixel
        known = {"Y": float(pixel[0]), "X": float(pixel[1]), "Z": abs(step or 0), "T": self.between_times() or 0}
        known = {axis: size for axis, size in known.items() if size > 0}
        position = self.of_frames("ImagePositionPatient", 3)[0]
        if np.isfinite(position).all() and not turned:
            place["position"] = position.tolist()
        space = {*"XY", *self.axis} - {"T"}
        if (
            place
            and space & {*known, *coordinates} not in (set(), space)
            and not np.allclose(np.abs(place.get("direction", np.eye(3))), np.eye(3))
        ):
            place = {}  # a direction needs one unit for all axes that it leads along
        if "direction" in place:
            place["space"] = "LPS"
        place["spacing"], place["coordinates"] = known, coordinates
        place["unit"] = {axis: "ms" if axis == "T" else "mm" for axis in {**known, **coordinates}}
        return place | self.value_scale()

    def value_scale(self) -> dict[str, Any]:
        """The scale of values, unless the file has none or its frames have scales of their own."""
        dose = finite(self.header.get("DoseGridScaling"), 1)
        if dose is not None:
            return {"value_scale": (float(dose[0]), 0.0, "Gy" if self.header.get("DoseUnits") == "GY" else "")}
        slopes, intercepts = (self.of_frames(keyword, 1)[:, 0] for keyword in ("RescaleSlope", "RescaleIntercept"))
        if np.isnan([slopes, intercepts]).all():
            return {}
        slopes, intercepts = np.nan_to_num(slopes, nan=1), np.nan_to_num(intercepts, nan=0)
        if len({*zip(slopes, intercepts)}) > 1:
            text = "the frames of this DICOM image have rescale slopes or intercepts of their own: its values stay as stored"
            warnings.warn(text, stacklevel=2)
            return {}
        units = {str(frame.get("RescaleType", "")) for frame in self._frames} - {""}
        if not units and self.header.get("Modality") == "CT":
            units = {"HU"}
        unit = units.pop() if len(units) == 1 and units != {"US"} else ""  # US is DICOM's word for unspecified
        return {"value_scale": (float(slopes[0]), float(intercepts[0]), unit)}


def sizes_of_axes(stored: Any, axes: str) -> dict[str, Any]:
    """Sizes of elements in µm as arguments of ``image``: one for each axis, or a single one for all axes of space.

    Three of an image with other axes are those of Z, Y and X, if it names these. Any others are unknown.
    """
    space = [axis.upper() not in ("C", "S", "T") for axis in axes]
    sizes = finite(stored, np.size(stored))
    if sizes is None or len(sizes) not in (1, 3, len(axes)):
        return {}
    if len(sizes) == 1:
        sizes = np.where(space, sizes, 1.0)
    elif len(sizes) != len(axes):
        if not {"Z", "Y", "X"} <= set(axes.upper()):
            return {}
        sizes = np.array([dict(zip("ZYX", sizes)).get(axis, 1.0) for axis in axes.upper()])
    return {"spacing": sizes.tolist(), "unit": ["µm" if spatial else "" for spatial in space]}


def listed(found: dict[str, Any], others: list[str]) -> str:
    """The datasets of a file for a message: those that can be named, or what else there is."""
    names = [f"{name} {item.shape} {item.dtype}" for name, item in found.items()]
    return ", ".join(names[:20]) or f"it has none of numbers{', but ' * bool(others)}{', '.join(others[:20])}"
