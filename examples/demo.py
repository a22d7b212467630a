"""iolink in a minute, on real data: run by `make demo`, from the root of the repository.

A provider that nobody linked in is loaded at run time and opens brains; what it opens goes through NumPy, a table, a
stack of several GiB, a picture and a stream; at the end a broken plugin is refused.
"""

from __future__ import annotations

import io
import random
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

import demo_tools as tools
import iolink
from demo_tools import DATA, ROOT, check, say, step, title
from iolink.pandas_interop import PandasInterop

NIFTI = ROOT / "examples/nifti-plugin/target/release/libiolink_nifti.so"
MNI = "nilearn/datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
TISSUES = {"grey": "gm", "white": "wm"}


def plugins() -> None:
    title("1. A third-party plugin is loaded at run time")
    say(iolink.load_plugin(NIFTI))
    for plugin in iolink.plugins():
        say(f"{plugin.id:28} {plugin.state:10} {'; '.join(plugin.offers[:2])}")


def brain() -> iolink.ImageView:
    title("2. It opens a brain (the MNI152 average), and says why it was chosen")
    path = DATA / MNI.format("t1")
    say(iolink.explain(path))
    with step("open"):
        view = iolink.open(path)
    say(view)
    calibration = view.properties().calibration
    say(f"spacing {calibration.spacing}, origin {calibration.origin}")
    say(affine(view))
    return view


def sharing(lazy: iolink.ImageView) -> None:
    title("3. Memory is shared with NumPy")
    say(iolink.explain(lazy, "numpy"))
    with step("copy the volume into memory") as progress:
        view = iolink.ImageViewFactory.copy_in_memory(lazy, progress=progress)
    array = iolink.NumpyInterop.to_numpy_array(view, copy=False)
    again = iolink.NumpyInterop.to_numpy_array(view, copy=False)
    say(f"array of shape {array.shape} (z, y, x) and type {array.dtype}")
    check("two exports are one memory", np.shares_memory(array, again))
    array[94, 116, 98] += 1
    check("what one writes the view reads", view.read((98, 116, 94)) == array[94, 116, 98] == again[94, 116, 98])
    check("the samples sum up as nibabel reads them", int(array.sum(dtype=np.int64)) - 1 == 333_468_829)
    start = time.perf_counter()
    for _ in range(1000):
        iolink.NumpyInterop.to_numpy_array(view, copy=False)
    say(f"one export of {array.nbytes / 1e6:.0f} MB takes {(time.perf_counter() - start) * 1e3:.1f} µs")


def tissues(t1: iolink.ImageView) -> None:
    title("4. Volume and mean brightness of each tissue, as a table")
    values = np.asarray(t1)
    rows: dict[str, list[object]] = {"tissue": [], "volume_cm3": [], "mean": []}
    voxel = float(np.prod(t1.properties().calibration.spacing))
    for tissue, name in TISSUES.items():
        with step(f"mask by the map of {tissue} matter"):
            mask = np.asarray(iolink.open(DATA / MNI.format(name))) > 127
        rows["tissue"].append(tissue)
        rows["volume_cm3"].append(mask.sum() * voxel / 1000)
        rows["mean"].append(values[mask].mean())
    frame = iolink.DataFrameViewFactory.from_columns(
        {"tissue": rows["tissue"], "volume_cm3": np.array(rows["volume_cm3"]), "mean": np.array(rows["mean"])}
    )
    say(frame)
    say(PandasInterop.to_pandas(frame))
    say(frame.to_polars())
    check("volumes are nibabel's: 1079.599 and 632.004 cm³", rows["volume_cm3"] == [1079.599, 632.004])
    check("means are nibabel's", np.allclose(rows["mean"], [166.44768103712582, 214.02622293529788], rtol=1e-14))


def referee() -> None:
    title("5. Stored and scaled values, byte order and affine, against nibabel")
    import nibabel  # type: ignore[import-untyped]

    folder = DATA / "nibabel/tests/data"
    anatomical = iolink.open(folder / "anatomical.nii")
    say(anatomical)
    array = iolink.NumpyInterop.to_numpy_array(anatomical, copy=False)
    other = nibabel.load(folder / "anatomical.nii")
    check(f"big-endian samples are shared from the file as they are, {array.dtype.str}", array.dtype.str == ">i2")
    check("and mean the same", (array.T == np.asarray(other.dataobj)).all())
    check("regions arrive in native order", (anatomical.read_region(whole(anatomical)) == array).all())
    check("the affine is the same", np.allclose(affine(anatomical), other.affine, rtol=1e-12, atol=0))

    functional = iolink.open(folder / "functional.nii")
    say(functional)
    other = nibabel.load(folder / "functional.nii")
    stored, scaled = np.asarray(functional), np.asarray(functional.scaled())
    check("stored values are the same", (stored.T == other.dataobj.get_unscaled()).all())
    check("scaled values are the same, bit for bit", (scaled.T == np.asarray(other.dataobj)).all())


def affine(view: iolink.ImageView) -> np.ndarray:
    return view.properties().calibration.affine("RAS")


def whole(view: iolink.ImageView) -> iolink.RegionXu64:
    return iolink.RegionXu64([0] * view.dimension_count(), view.shape())


def stack(t1: iolink.ImageView) -> None:
    title("6. Hundreds of lazy copies as one image; random slices in flat memory")
    before = tools.resident()
    series = iolink.ImageViewFactory.stack([t1] * 500)
    size = np.prod([float(axis) for axis in series.shape()])
    say(f"{series}: {size / 2**30:.1f} GiB")
    values, chance = np.asarray(t1), random.Random(152)
    columns, rows, slices, times = series.shape()
    with step("300 random slices"):
        for _ in range(300):
            z, t = chance.randrange(slices), chance.randrange(times)
            region = iolink.RegionXu64((0, 0, z, t), (columns, rows, 1, 1))
            if (np.squeeze(series.read_region(region)) != values[z]).any():
                raise SystemExit(f"   slice {z} of copy {t} is another one")
    grown = tools.resident() - before
    check(f"memory grew by {grown:.0f} MiB of {size / 2**20:.0f}", grown < 64)


def picture(t1: iolink.ImageView) -> None:
    title("7. A picture of the middle slices")
    volume = np.asarray(t1)[::-1, ::-1]  # head up
    z, y, x = volume.shape
    planes = [volume[z // 2], volume[:, y // 2], volume[:, :, x // 2]]
    height = max(plane.shape[0] for plane in planes)
    padded = [np.pad(plane, ((0, height - plane.shape[0]), (0, 4))) for plane in planes]
    path = ROOT / "demo-out" / "brain.png"
    tools.write_png(path, np.hstack(padded))
    say(path.relative_to(ROOT))


def streams() -> None:
    title("8. Streams are Python files; a table from a file")
    raw = iolink.StreamAccessFactory.allocate().to_raw_io()
    check("a stream is an io.RawIOBase", isinstance(raw, io.RawIOBase))
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("brain.txt", "grey and white")
    raw.seek(0)
    check("zipfile wrote and reads it", zipfile.ZipFile(raw).read("brain.txt") == b"grey and white")

    csv = DATA / "palmerpenguins/data/penguins.csv"
    tables = [plugin for plugin in iolink.plugins() if "tables" in plugin.id]
    say(f"the table plugin is {tables[0].state}, polars is {'' if mapped('libiolink_tables') else 'not '}in memory")
    with step("open penguins.csv"):
        penguins = iolink.open(csv, null_values="NA")
    say(f"now polars is {'' if mapped('libiolink_tables') else 'not '}in memory")
    frame = PandasInterop.to_pandas(penguins)
    say(frame.groupby("species")["body_mass_g"].mean())
    check("344 penguins, two of unknown weight", len(frame) == 344 and frame["body_mass_g"].isna().sum() == 2)


def mapped(library: str) -> bool:
    return library in Path("/proc/self/maps").read_text()


def refusals() -> None:
    title("9. Bad plugins are refused, with the reason, before any of their code runs")
    with tempfile.TemporaryDirectory() as folder:
        text, cut, anyone = (Path(folder, f"lib{name}.so") for name in ("text", "cut", "anyone"))
        text.write_text("no library at all")
        cut.write_bytes(NIFTI.read_bytes()[:20_000])
        anyone.write_bytes(NIFTI.read_bytes())
        text.chmod(0o755)
        cut.chmod(0o755)
        anyone.chmod(0o777)
        for path in (text, cut, anyone):
            try:
                iolink.load_plugin(path)
            except iolink.PluginRefusedError as refusal:
                say(f"{path.name}: {refusal}".replace(folder, "..."))
            else:
                check(f"{path.name} is refused", False)
    check("the host is alive and the others still open files", iolink.open(DATA / MNI.format("gm")).shape())


def main() -> None:
    started = time.monotonic()
    title("iolink: a tour on real data")
    tools.fetch()
    plugins()
    t1 = brain()
    sharing(t1)
    tissues(t1)
    referee()
    stack(t1)
    picture(t1)
    streams()
    refusals()
    title(f"Done in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
