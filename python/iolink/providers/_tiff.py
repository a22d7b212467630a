"""Calibration and channels of TIFF, OME and ImageJ."""

from __future__ import annotations

from typing import Any

import numpy as np

from iolink import Channel
from iolink.providers._frames import even_step, finite

_WAVELENGTHS = ("ExcitationWavelength", "EmissionWavelength")


def _listed(element: Any) -> list[Any]:
    """Returns the elements of one name as a list: the parsed XML has a dict for a single one."""
    return element if isinstance(element, list) else [element] if element else []


def pixels_of(ome: dict[str, Any], number: int) -> dict[str, Any]:
    """Returns the element Pixels of an image, or an empty dict."""
    images = _listed(ome.get("Image"))
    return images[min(number, len(images) - 1)].get("Pixels", {}) if images else {}


def space_of(
    pixels: dict[str, Any], tags: dict[str, Any], imagej: dict[str, Any]
) -> tuple[dict[str, float], dict[str, str]]:
    """Spacing and unit of X, Y and Z. Inches and centimetres of the tags become millimetres."""
    own, millimetres = imagej.get("unit"), {2: 25.4, 3: 10.0}.get(tags.get("ResolutionUnit", 0))
    unit, factor = own or ("mm" if millimetres else ""), 1.0 if own else millimetres or 1.0
    spacing, units = {"Z": abs(imagej.get("spacing", 1.0))}, {}  # ImageJ takes the magnitude
    for axis in "XYZ":
        count, per = tags.get(f"{axis}Resolution", (0, 0))
        spacing[axis] = pixels.get(f"PhysicalSize{axis}", per * factor / count if count else spacing.get(axis, 1.0))
        units[axis] = pixels.get(f"PhysicalSize{axis}Unit", "µm") if pixels else unit
    return spacing, units


def times_of(pixels: dict[str, Any], imagej: dict[str, Any], count: int) -> tuple[float, str, list[float]]:
    """Distance and unit of times, and the times themselves if they are uneven. A distance of 0 is unknown."""
    if "TimeIncrement" in pixels:
        return pixels["TimeIncrement"], pixels.get("TimeIncrementUnit", "s"), []
    first = [one for one in _listed(pixels.get("Plane")) if one.get("TheC") == 0 == one.get("TheZ") and "DeltaT" in one]
    times = {one["TheT"]: one["DeltaT"] for one in first}
    if count > 1 and sorted(times) == list(range(count)):
        numbers, unit = finite([times[number] for number in range(count)], count), first[0].get("DeltaTUnit", "s")
        if numbers is not None and numbers.any():
            step = even_step(np.diff(numbers))
            return step or 0.0, unit, [] if step else numbers.tolist()
    interval = finite(imagej.get("finterval"), 1)
    return (float(interval[0]), str(imagej.get("tunit", "s")), []) if interval is not None else (0.0, "", [])


def channels_of(pixels: dict[str, Any], count: int) -> list[Channel]:
    """The channel table, if it has as many channels as the image and says anything."""
    found = _listed(pixels.get("Channel"))
    if len(found) != count or not any({"Name", "Color", *_WAVELENGTHS} & {*one} for one in found):
        return []
    channels = []
    for one in found:
        red, green, blue, alpha = (int(one.get("Color", 0)) & 0xFFFFFFFF).to_bytes(4, "big")
        excitation, emission = (
            float(one[key]) if one.get(key) and one.get(f"{key}Unit", "nm") == "nm" else None for key in _WAVELENGTHS
        )
        color = (red, green, blue, alpha) if "Color" in one else None
        channels.append(Channel(str(one.get("Name", "")), color, None, excitation, emission))
    return channels
