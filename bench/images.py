"""Images: what copying regions costs, in every layout, each against a named peer in the same run.

Data are made here. A ratio is our time over the peer's: below 1 is faster than the peer. A peer that is not installed is left
out with a line that says so.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import ModuleType

import numpy as np

from harness import header, optional, race, row
from iolink import (
    AxesInterpretationId,
    DataTypeId,
    ImageAxes,
    ImageView,
    ImageViewFactory,
    LodImageViewFactory,
    NumpyInterop,
    RegionXu64,
)

Z, Y, X = VOLUME = (512, 1024, 1024)
EDGE = 256
SIDE = 384
PHOTO = 4096

itk = optional("itk")
cv2 = optional("cv2")
vtk = optional("vtkmodules.util.numpy_support")


def ramp(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array whose neighbours differ; every page of it was written."""
    count = 1 << 8 * np.dtype(dtype).itemsize
    return np.resize(np.arange(min(count, 1 << 16), dtype=dtype), shape)


def region(slices: tuple[slice, slice, slice]) -> RegionXu64:
    """The canonical region of three NumPy slices."""
    return RegionXu64([s.start for s in reversed(slices)], [s.stop - s.start for s in reversed(slices)])


def itk_cut(volume: np.ndarray, slices: tuple[slice, slice, slice]) -> Callable[[], object]:
    """ITK's filter for a box, which makes a new image."""
    image = itk.image_view_from_array(volume)
    box = itk.ImageRegion[3]()
    box.SetIndex([s.start for s in reversed(slices)])
    box.SetSize([s.stop - s.start for s in reversed(slices)])
    return lambda: itk.region_of_interest_image_filter(image, region_of_interest=box)


def vtk_cut(volume: np.ndarray, slices: tuple[slice, slice, slice]) -> Callable[[], object]:
    """VTK's filter for a box, which makes a new image."""
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkImagingCore import vtkExtractVOI

    image = vtkImageData()
    image.SetDimensions(*reversed(volume.shape))
    image.GetPointData().SetScalars(vtk.numpy_to_vtk(volume.reshape(-1)))

    def cut() -> object:
        box = vtkExtractVOI()
        box.SetInputData(image)
        box.SetVOI(*(edge for s in reversed(slices) for edge in (s.start, s.stop - 1)))
        box.Update()
        return box.GetOutput()

    return cut


def by_two_threads(view: ImageView, slices: tuple[slice, ...], target: np.ndarray, axis: int) -> Callable[[], None]:
    """Reads a region in two halves along an axis, the second one on another thread."""
    first, last = slices[axis].start, slices[axis].stop
    half = (last - first) // 2
    parts = []
    for start, stop in ((0, half), (half, last - first)):
        part = tuple(slice(first + start, first + stop) if k == axis else s for k, s in enumerate(slices))
        inner = tuple(slice(start, stop) if k == axis else slice(None) for k in range(3))
        parts.append((region(part), target[inner]))

    def read() -> None:
        helper = threading.Thread(target=view.read_region, args=parts[1])
        helper.start()
        view.read_region(*parts[0])
        helper.join()

    return read


def by_one_thread(read: Callable[[], object]) -> Callable[[], None]:
    """Reads on one core, where no other thread is of use. Peers that began their threads before keep them."""

    def alone() -> None:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        try:
            read()
        finally:
            os.sched_setaffinity(0, cores)

    return alone


def boxes(volume: np.ndarray, view: ImageView) -> None:
    slices = tuple(slice(size // 4, size // 4 + EDGE) for size in VOLUME)
    target, flat = np.zeros((EDGE,) * 3, "u2"), ramp((EDGE**3,), "u2")
    box = region(slices)

    def ours() -> object:
        return view.read_region(box, target)

    what = f"{EDGE}^3 box of {Z}x{Y}x{X} u16 into a buffer"
    row(what, *race(ours, lambda: np.copyto(target, volume[slices])), "np.copyto", "target <= 1.00")
    row(what, *race(ours, lambda: np.copyto(target.reshape(-1), flat)), "contiguous memcpy", "target <= 1.67")
    assert np.array_equal(view.read_region(box), volume[slices])
    for peer, cut in ((itk, itk_cut), (vtk, vtk_cut)):
        if peer is not None:
            name = f"{peer.__name__.split('.')[0].removesuffix('modules')}, into a new image"
            theirs = cut(volume, slices)
            row(what, *race(ours, theirs, rounds=7), name, "target <= 0.25")
            alone = by_one_thread(ours)
            row(
                "  the same by one thread",
                *race(alone, theirs, rounds=7),
                name,
                "reported: ITK has as many as there are cores",
            )
            limit = race(lambda: np.copyto(target.reshape(-1), flat), theirs, rounds=7)
            row("  contiguous memcpy of as many bytes", *limit, name, "the limit of one thread")


def thin_slices(volume: np.ndarray, view: ImageView) -> None:
    for axis, name in enumerate("zyx"):
        slices = tuple(
            slice(0, size) if k != axis else slice(size // 2, size // 2 + 1) for k, size in enumerate(VOLUME)
        )
        target, box = np.zeros(volume[slices].shape, "u2"), region(slices)
        row(
            f"thin slice along {name}",
            *race(lambda t=target, b=box: view.read_region(b, t), lambda t=target, s=slices: np.copyto(t, volume[s])),
            "np.copyto",
            "target <= 1.11",
        )
        halves = by_two_threads(view, slices, target, 1 if axis == 0 else 0)
        row(
            f"  the same by two threads, {name}",
            *race(halves, lambda t=target, b=box: view.read_region(b, t)),
            "one thread",
            "reported",
        )


def permutations() -> None:
    source, target = ramp((SIDE,) * 3, "u2"), np.zeros((SIDE,) * 3, "u2")
    axes = ImageAxes.COLUMN, ImageAxes.ROW, ImageAxes.SLICE
    turned = NumpyInterop.order_from_numpy_array(source, axes)
    box = RegionXu64((0, 0, 0), (SIDE,) * 3)
    row(
        f"XYZ -> ZYX u16 {SIDE}^3",
        *race(lambda: turned.read_region(box, target), lambda: np.copyto(target, source.T), rounds=7),
        "np.copyto",
        "target <= 0.125",
    )
    assert np.array_equal(target, source.T)
    swapped = NumpyInterop.order_from_numpy_array(source, (axes[2], axes[0], axes[1]))

    def ours() -> object:
        return swapped.read_region(box, target)

    what = f"ZYX -> ZXY u16 {SIDE}^3"
    numpy = source.transpose(0, 2, 1)
    row(what, *race(ours, lambda: np.copyto(target, numpy), rounds=7), "np.copyto", "target <= 0.33")
    assert np.array_equal(target, numpy)
    if cv2 is not None:

        def slice_by_slice() -> None:
            for index in range(SIDE):
                cv2.transpose(source[index], target[index])

        row(what, *race(ours, slice_by_slice, rounds=7), "cv2.transpose, slice by slice", "target <= 1.00")


def planes() -> None:
    photo, planar = ramp((PHOTO, PHOTO, 3), "u1"), np.zeros((3, PHOTO, PHOTO), "u1")
    interleaved = np.zeros_like(photo)
    box = RegionXu64((0, 0, 0), (PHOTO, PHOTO, 3))
    kind = AxesInterpretationId.MULTISPECTRAL_IMAGE
    out = NumpyInterop.from_numpy_array(photo, kind)
    back = NumpyInterop.from_numpy_array(np.moveaxis(planar, 0, 2), kind)
    apart, together = np.moveaxis(planar, 0, 2), np.moveaxis(photo, 2, 0)

    def split() -> object:
        return out.read_region(box, apart)

    def merge() -> object:
        return back.read_region(box, interleaved)

    row(
        f"RGB interleaved -> planar u8 {PHOTO}^2",
        *race(split, lambda: np.copyto(planar, together), rounds=7),
        "np.copyto",
        "target <= 0.20",
    )
    if cv2 is not None:
        row("", *race(split, lambda: cv2.split(photo, list(planar)), rounds=7), "cv2.split", "target <= 1.43")
    row(
        f"RGB planar -> interleaved u8 {PHOTO}^2",
        *race(merge, lambda: np.copyto(interleaved, apart), rounds=7),
        "np.copyto",
        "target <= 0.20",
    )
    assert np.array_equal(interleaved, photo)
    if cv2 is not None:
        row("", *race(merge, lambda: cv2.merge(list(planar), interleaved), rounds=7), "cv2.merge", "target <= 1.43")


def conversions() -> None:
    stored, quantity = ramp((SIDE,) * 3, "u2"), np.zeros((SIDE,) * 3, "f4")
    view = NumpyInterop.from_numpy_array(stored, AxesInterpretationId.VOLUME)
    scaled = ImageViewFactory.adapt_dynamic_range(view, DataTypeId.FLOAT, (0, 65536), (1, 65536 * 0.25 + 1))
    box = RegionXu64((0, 0, 0), (SIDE,) * 3)
    factor = np.float32(0.25)
    row(
        f"u16 -> f32 * factor + offset, {SIDE}^3",
        *race(
            lambda: scaled.read_region(box, quantity),
            lambda: np.multiply(stored, factor, out=quantity, dtype="f4", casting="unsafe"),
            rounds=7,
        ),
        "np.multiply(out=), factor only",
        "target <= 0.83",
    )
    scaled.read_region(box, quantity)
    assert np.array_equal(quantity[0], stored[0].astype("f4") * factor + np.float32(1))
    foreign, native = stored.view(">u2"), np.zeros_like(stored)
    swapped = NumpyInterop.from_numpy_array(foreign, AxesInterpretationId.VOLUME)
    row(
        f"byte swap u16, {SIDE}^3",
        *race(lambda: swapped.read_region(box, native), lambda: np.copyto(native, foreign)),
        "np.copyto",
        "target <= 1.11",
    )
    assert np.array_equal(native, foreign)


def stacked_adapters(volume: np.ndarray, view: ImageView) -> None:
    """Ten adapters of every kind that has a map, crops, flips, steps and other axes, against an image over the same samples."""
    ten, same = view, volume
    for x, y, z, size in ((7, 9, 11, (900, 900, 480)), (1, 1, 1, (800, 800, 400)), (4, 5, 6, (700, 600, 300))):
        ten = ImageViewFactory.extract_region(ten, RegionXu64((x, y, z), size))
        same = same[z : z + size[2], y : y + size[1], x : x + size[0]]
    ten = ImageViewFactory.flip_dimension(ImageViewFactory.flip_dimension(ten, ImageAxes.ROW), ImageAxes.SLICE)
    ten = ImageViewFactory.sub_sample(ten, (2, 1, 1))
    ten = ImageViewFactory.reinterpret_axes(ten, [ImageAxes.ROW, ImageAxes.COLUMN, ImageAxes.SLICE])
    ten = ImageViewFactory.flip_dimension(ImageViewFactory.sub_sample(ten, (1, 2, 2)), ImageAxes.SLICE)
    ten = ImageViewFactory.extract_region(ten, RegionXu64((10, 10, 10), (64, 64, 64)))
    same = same[::-1, ::-1, ::2].transpose(0, 2, 1)[::2, ::2][::-1][10:74, 10:74, 10:74]
    one = NumpyInterop.from_numpy_array(same, AxesInterpretationId.VOLUME)
    target, box = np.zeros((64,) * 3, "u2"), RegionXu64((0, 0, 0), (64, 64, 64))
    row(
        "ten stacked adapters, 64^3 region",
        *race(lambda: ten.read_region(box, target), lambda: one.read_region(box, target), 20, 31),
        "an image over the same samples",
        "target <= 1.05",
    )
    assert np.array_equal(ten.read_region(box), one.read_region(box))


def pyramids() -> None:
    stored = ramp((SIDE,) * 3, "u2")
    view = NumpyInterop.from_numpy_array(stored, AxesInterpretationId.VOLUME)

    def numpy_mean() -> object:
        half = SIDE // 2
        return stored.reshape(half, 2, half, 2, half, 2).mean((1, 3, 5))

    def ours() -> object:
        level = LodImageViewFactory.from_image_view(view, "mean").resolution(1)
        return level.read_region(RegionXu64.create_full_region(level.shape()))

    row(f"first pyramid level, mean, u16 {SIDE}^3", *race(ours, numpy_mean, rounds=5), "reshape().mean()", "reported")


def main() -> None:
    peers: list[ModuleType | None] = [itk and __import__("itk"), cv2, vtk and __import__("vtkmodules")]
    header(*peers)
    volume = ramp(VOLUME, "u2")
    view = NumpyInterop.from_numpy_array(volume, AxesInterpretationId.VOLUME)
    boxes(volume, view)
    thin_slices(volume, view)
    stacked_adapters(volume, view)
    del volume, view
    permutations()
    planes()
    conversions()
    pyramids()
    print("through the border against in-process, 64x64 region: see bench/road.py")


if __name__ == "__main__":
    main()
