"""The providers of `iolink.providers`: real files of every format, equal to what the libraries read themselves."""

from __future__ import annotations

import io
import logging
import shutil
import struct
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pydicom
import pytest
import skimage
import tifffile
import zarr
from PIL import Image

import iolink
from iolink import ImageAxes, ImageInterpretation, UnsupportedFormatError
from iolink.testing import check_provider

SKIMAGE = Path(skimage.__file__).parent / "data"
PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
NIBABEL = Path(nibabel.__file__).parent / "tests" / "data"
PROVIDERS = Path(iolink.__file__).parent / "providers"


@pytest.fixture(scope="module")
def camera():
    return np.asarray(Image.open(SKIMAGE / "camera.png"))


@pytest.fixture(scope="module")
def astronaut():
    return np.asarray(Image.open(SKIMAGE / "astronaut.png"))


@pytest.fixture(scope="module")
def brain():
    """A real volume, as (slice, row, column)."""
    return np.asarray(nibabel.load(NIBABEL / "anatomical.nii").dataobj).T


def same(view, expected):
    """Equal samples, whole and in a region; returns the view."""
    whole = np.asarray(view)
    assert whole.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")  # shared samples keep their byte order
    np.testing.assert_array_equal(whole, expected)
    sizes = list(view.shape())
    origin, size = [at // 3 for at in sizes], [max(1, at // 2) for at in sizes]
    part = np.asarray(iolink.ImageViewFactory.extract_region(view, (origin, size)))
    order = iolink.NumpyInterop.to_numpy_array(iolink.ImageViewFactory.copy_in_memory(view))
    cut = iolink.ImageViewFactory.extract_region(iolink.ImageViewFactory.copy_in_memory(view), (origin, size))
    np.testing.assert_array_equal(order, whole)
    np.testing.assert_array_equal(part, np.asarray(cut))
    return view


def opened_by(view, library):
    assert view.provider == f"org.iolink.python.{library}"
    return view


def axes(view):
    return [None if axis is None else axis.name for axis in view.properties().image_info.axes]


def spacing(view):
    return list(view.properties().calibration.spacing)


# Pillow


@pytest.mark.parametrize("name", ["camera.png", "astronaut.png", "horse.png", "retina.jpg", "text.png"])
def test_pictures_are_what_pillow_reads(name):
    view = opened_by(same(iolink.open(SKIMAGE / name), np.asarray(Image.open(SKIMAGE / name))), "pillow")
    assert axes(view)[:2] == ["COLUMN", "ROW"]
    colours = len(view.shape()) == 3
    assert (view.properties().image_info.image_interpretation == ImageInterpretation.COLOR) == colours


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "F", "YCbCr"])
def test_every_mode_of_pillow_is_what_it_reads(tmp_path, camera, mode):
    suffix = {"CMYK": "tif", "F": "tif", "YCbCr": "jpg"}.get(mode, "png")
    grey = Image.fromarray(camera)
    picture = Image.fromarray(camera.astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    picture.save(tmp_path / f"x.{suffix}")
    expected = np.asarray(Image.open(tmp_path / f"x.{suffix}"))
    same(iolink.open(tmp_path / f"x.{suffix}", provider="org.iolink.python.pillow"), expected)


def test_an_animation_is_a_sequence_and_frames_are_decoded_when_they_are_asked_for():
    gif = Image.open(SKIMAGE / "no_time_for_that_tiny.gif")
    frames = []
    for number in range(gif.n_frames):
        gif.seek(number)
        frames.append(np.asarray(gif.convert("RGB")))
    view = opened_by(same(iolink.open(SKIMAGE / "no_time_for_that_tiny.gif"), np.stack(frames)), "pillow")
    assert axes(view) == ["COLUMN", "ROW", "CHANNEL", "SEQUENCE"]


def test_pictures_bring_resolution_and_metadata(tmp_path, camera):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    Image.fromarray(camera).save(tmp_path / "x.png", dpi=(254, 508), exif=exif)
    view = iolink.open(tmp_path / "x.png")
    np.testing.assert_allclose(spacing(view), [0.1, 0.05], rtol=1e-3)
    assert view.metadata()["/EXIF/Make"].value == "A maker"


def test_a_picture_in_memory_is_opened_too(camera):
    file = io.BytesIO()
    Image.fromarray(camera).save(file, "PNG")
    same(iolink.open(file), camera)


# tifffile


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("tile", [None, (64, 64)])
def test_tiffs_are_what_tifffile_reads(tmp_path, camera, byteorder, compression, tile):
    file = tmp_path / "x.tif"
    tifffile.imwrite(file, camera.astype(np.uint16) * 7, byteorder=byteorder, compression=compression, tile=tile)
    view = opened_by(same(iolink.open(file), tifffile.imread(file)), "tifffile")
    plain = compression is None and tile is None
    assert view.support(iolink.ImageCapability.MEMORY_ACCESS) == plain


def test_stacks_of_skimage_are_what_tifffile_reads():
    same(iolink.open(SKIMAGE / "multipage.tif"), tifffile.imread(SKIMAGE / "multipage.tif"))
    colours = iolink.open(SKIMAGE / "multipage_rgb.tif")
    assert axes(colours) == ["COLUMN", "ROW", "SLICE", "CHANNEL"]
    same(colours, np.moveaxis(tifffile.imread(SKIMAGE / "multipage_rgb.tif"), 1, -1))


def test_imagej_hyperstacks_bring_axes_spacing_and_unit(tmp_path, brain):
    file = tmp_path / "x.tif"
    stack = np.stack([brain, brain + 1], axis=1).astype(np.uint16)  # slice, channel, row, column
    known = {"axes": "ZCYX", "spacing": 2.5, "unit": "um"}
    tifffile.imwrite(file, stack, imagej=True, resolution=(4.0, 2.0), metadata=known)
    view = same(iolink.open(file), np.moveaxis(stack, 1, -1))
    assert axes(view) == ["COLUMN", "ROW", "SLICE", "CHANNEL"]
    assert spacing(view)[:3] == [0.25, 0.5, 2.5]
    assert view.metadata()["/ImageJ/spacing"].value == 2.5


def test_ome_tiff_brings_physical_sizes(tmp_path, brain):
    file = tmp_path / "x.ome.tif"
    known = {"axes": "ZYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.3, "PhysicalSizeZ": 1.5}
    tifffile.imwrite(file, brain, metadata=known)
    view = same(iolink.open(file), brain)
    assert spacing(view) == [0.2, 0.3, 1.5]


def test_inches_become_millimetres(tmp_path, camera):
    tifffile.imwrite(tmp_path / "x.tif", camera, resolution=(254, 127), resolutionunit="INCH")
    view = iolink.open(tmp_path / "x.tif")
    np.testing.assert_allclose(spacing(view), [0.1, 0.2])
    assert view.properties().calibration.units == ["mm", "mm"]


def test_ome_tiff_brings_channels_and_times(tmp_path, brain):
    stack = np.stack([brain[:3], brain[1:4]], axis=1)
    channel = {"Name": ["DAPI", "GFP"], "Color": [65535, -16776961], "EmissionWavelength": [461, 510]}
    known = {"axes": "TCYX", "Channel": channel, "TimeIncrement": 0.5, "TimeIncrementUnit": "min"}
    tifffile.imwrite(tmp_path / "x.ome.tif", stack, metadata=known)
    view = iolink.open(tmp_path / "x.ome.tif")
    assert axes(view) == ["COLUMN", "ROW", "CHANNEL", "SEQUENCE"]
    dapi, gfp = view.channels()
    assert dapi == iolink.Channel("DAPI", (0, 0, 255, 255), None, None, 461.0)
    assert (gfp.name, gfp.color, gfp.emission_nm) == ("GFP", (255, 0, 0, 255), 510.0)
    assert (spacing(view)[3], view.properties().calibration.units[3]) == (0.5, "min")
    times = {"DeltaT": [0.0, 0.0, 0.5, 0.5, 2.0, 2.0], "DeltaTUnit": ["s"] * 6}
    tifffile.imwrite(tmp_path / "y.ome.tif", stack, metadata={"axes": "TCYX", "Plane": times})
    view = iolink.open(tmp_path / "y.ome.tif")
    assert view.coordinates("SEQUENCE").tolist() == [0.0, 0.5, 2.0] and view.channels() == []


def test_imagej_brings_the_time_between_frames(tmp_path, brain):
    known = {"axes": "TYX", "finterval": 0.25, "tunit": "sec"}
    tifffile.imwrite(tmp_path / "x.tif", brain[:3].astype(np.uint16), imagej=True, metadata=known)
    view = iolink.open(tmp_path / "x.tif")
    assert (spacing(view)[2], view.properties().calibration.units[2]) == (0.25, "s")


def test_a_tiff_with_levels_is_a_pyramid(tmp_path, camera):
    file = tmp_path / "x.tif"
    with tifffile.TiffWriter(file) as writer:
        options = {"tile": (64, 64), "compression": "zlib", "resolutionunit": "CENTIMETER"}
        writer.write(camera, subifds=2, resolution=(100, 100), **options)
        for step in (2, 4):
            writer.write(camera[::step, ::step], subfiletype=1, resolution=(100 / step, 100 / step), **options)
    view = iolink.open(file)
    assert isinstance(view, iolink.LodImageView)
    assert list(view.level_range()) == [0, 2]
    for level in range(3):
        same(view.resolution(level), camera[:: 1 << level, :: 1 << level])
    np.testing.assert_allclose(spacing(view.resolution(2)), [0.4, 0.4])
    assert view.resolution(2).properties().calibration.units == ["mm", "mm"], "centimetres become millimetres"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file[: len(file) // 2], "incomplete or truncated"),
        (lambda file: file[:4] + b"\xff\xff\xff\x7f" + file[8:], "there is no series 0: the file has 0"),
        (lambda file: file.replace(b"\x01\x01\x04\x00\x01\x00\x00\x00\x40", b"\x01\x01\x04\x00\x01\x00\x00\x00\xff"),
         "does not fit the tiles or strips that the file lists"),
        (lambda file: file.replace(b"\x00\x01\x04\x00\x01\x00\x00\x00\x40", b"\x00\x01\x04\x00\x01\x00\x00\x00\x00"),
         "does not fit the tiles or strips that the file lists"),
        (lambda file: file[:-40] + bytes(40), "decompress|stripp|corrupt|incomplete"),
    ],
)  # fmt: skip
def test_a_damaged_tiff_is_corrupt_and_says_what_is_wrong(tmp_path, camera, damage, words):
    file = tmp_path / "x.tif"
    tifffile.imwrite(
        file, camera[:64, :64], photometric="minisblack", metadata=None, compression="zlib", rowsperstrip=16
    )
    good = file.read_bytes()
    bad = damage(good)
    assert bad != good
    file.write_bytes(bad)
    with pytest.raises(iolink.CorruptDataError, match=words):
        np.asarray(iolink.open(file, provider="org.iolink.python.tifffile"))


def test_the_series_is_chosen_by_number_and_one_that_is_not_there_is_named(tmp_path, camera):
    file = tmp_path / "x.tif"
    with tifffile.TiffWriter(file) as writer:
        writer.write(camera, metadata=None)
        writer.write(camera[:100], metadata=None)
    assert iolink.open(file, series=1).shape() == (512, 100)
    with pytest.raises(iolink.Error, match="there is no series 2: the file has 2, counted from 0"):
        iolink.open(file, series=2, provider="org.iolink.python.tifffile")
    with pytest.raises(ValueError, match=r'the option series is "first", not an integer: which of its series'):
        iolink.open(file, series="first", provider="org.iolink.python.tifffile")
    with pytest.raises(ValueError, match=r"tifffile has no option page; it takes series \(integer\)"):
        iolink.open(file, page=1, provider="org.iolink.python.tifffile")


def test_a_tiff_is_closed_with_its_last_view(tmp_path, camera):
    import gc
    import os

    def open_files():
        return [
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        ]

    file = tmp_path / "x.tif"
    with tifffile.TiffWriter(file) as writer:
        writer.write(camera, subifds=1, tile=(64, 64), compression="zlib")
        writer.write(camera[::2, ::2], subfiletype=1, tile=(64, 64), compression="zlib")
    gc.collect()
    gc.disable()
    try:
        levels = iolink.open(file)
        small = levels.resolution(1)
        del levels
        np.testing.assert_array_equal(np.asarray(small), camera[::2, ::2])
        assert str(file) in open_files()
        del small
        assert str(file) not in open_files()
    finally:
        gc.enable()


# zarr


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_arrays_are_what_zarr_reads(tmp_path, brain, version):
    extra = {"dimension_names": ["z", "y", "x"]} if version == 3 else {}
    array = zarr.create_array(
        tmp_path / "x.zarr", shape=brain.shape, dtype=brain.dtype, chunks=(8, 16, 16), zarr_format=version, **extra
    )
    array[:] = brain
    array.attrs["kind"] = "brain"
    view = opened_by(same(iolink.open(tmp_path / "x.zarr"), array[:]), "zarr")
    assert axes(view) == (["COLUMN", "ROW", "SLICE"] if version == 3 else [None, None, None])
    assert view.metadata()["/Zarr/kind"].value == "brain"


@pytest.mark.parametrize("version", [2, 3])
def test_ome_zarr_multiscales_are_a_pyramid_with_its_calibration(tmp_path, brain, version):
    group = zarr.create_group(tmp_path / "x.ome.zarr", zarr_format=version)
    datasets = []
    for level in range(3):
        step = 1 << level
        coarse = brain[None, :, ::step, ::step]
        array = group.create_array(str(level), shape=coarse.shape, dtype=coarse.dtype, chunks=(1, 8, 16, 16))
        array[:] = coarse
        moves = [
            {"type": "scale", "scale": [1.0, 2.0, 0.5 * step, 0.5 * step]},
            {"type": "translation", "translation": [0.0, 0.0, step / 4, step / 4]},
        ]
        datasets.append({"path": str(level), "coordinateTransformations": moves})
    kinds = {"c": "channel"}
    axis = [{"name": name, "type": kinds.get(name, "space"), "unit": "micrometer"} for name in "czyx"]
    scales = [{"version": "0.4", "name": "brain", "axes": axis, "datasets": datasets}]
    group.attrs.update({"multiscales": scales} if version == 2 else {"ome": {"version": "0.5", "multiscales": scales}})

    view = iolink.open(tmp_path / "x.ome.zarr")
    assert isinstance(view, iolink.LodImageView)
    assert list(view.level_range()) == [0, 2]
    for level in range(3):
        image = view.resolution(level)
        same(image, np.moveaxis(brain[None, :, :: 1 << level, :: 1 << level], 0, -1))
        assert axes(image) == ["COLUMN", "ROW", "SLICE", "CHANNEL"]
        assert spacing(image)[:3] == [0.5 * (1 << level), 0.5 * (1 << level), 2.0]
        assert list(image.properties().calibration.origin)[:2] == [(1 << level) / 4] * 2


def test_a_zarr_group_without_multiscales_says_what_it_holds(tmp_path, camera):
    group = zarr.create_group(tmp_path / "x.zarr")
    group.create_array("photo", data=camera)
    with pytest.raises(UnsupportedFormatError, match="the group holds photo; name one by the option path"):
        iolink.open(tmp_path / "x.zarr")
    same(iolink.open(tmp_path / "x.zarr", path="photo"), camera)


def test_a_region_of_a_zarr_reads_only_its_chunks(tmp_path, camera):
    array = zarr.create_array(tmp_path / "x.zarr", shape=camera.shape, dtype="u1", chunks=(128, 128), zarr_format=2)
    array[:] = camera
    for chunk in (tmp_path / "x.zarr").glob("[0-9]*"):
        if chunk.name != "1.2":
            chunk.write_bytes(b"damaged: whoever reads this chunk fails")
    view = iolink.open(tmp_path / "x.zarr")
    np.testing.assert_array_equal(view.read_region(((130, 260), (20, 30))), camera[130:150, 260:290])
    with pytest.raises(Exception, match=r".+"):
        np.asarray(view)


# nibabel


@pytest.mark.parametrize("step", [np.nan, np.inf, 0])
def test_a_step_that_is_no_number_is_unknown(tmp_path, step):
    volume = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Image(volume.T, np.diag([2.0, 3.0, 4.0, 1.0])), tmp_path / "x.nii")
    stored = bytearray((tmp_path / "x.nii").read_bytes())
    struct.pack_into("<3f", stored, 80, 2, 3, step)
    (tmp_path / "affine.nii").write_bytes(stored)
    assert spacing(iolink.open(tmp_path / "affine.nii")) == [2, 3, 4], "the affine counts"
    struct.pack_into("<2h", stored, 252, 0, 0)  # neither qform nor sform
    (tmp_path / "x.nii").write_bytes(stored)
    view = iolink.open(tmp_path / "x.nii", provider="org.iolink.python.nibabel")
    assert np.array_equal(np.asarray(view), volume)
    assert spacing(view) == [2, 3, 1]


def test_a_size_of_elements_that_is_no_number_is_unknown(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("a", data=np.zeros((2, 3), np.uint8))
        data.attrs["element_size_um"] = (np.nan, 2.0)
    view = iolink.open(tmp_path / "x.h5")
    assert spacing(view) == [1, 1]


@pytest.mark.parametrize(
    "name", ["anatomical.nii", "functional.nii", "example4d.nii.gz", "example_nifti2.nii.gz", "test.mgz", "small.mnc",
             "minc2_4d.mnc", "phantom_varscale.PAR", "scaled+tlrc.HEAD", "standard.nii.gz", "row_major.dconn.nii"]
)  # fmt: skip
def test_volumes_are_what_nibabel_reads(name):
    loaded = nibabel.load(NIBABEL / name)
    view = iolink.open(NIBABEL / name, provider="org.iolink.python.nibabel")
    scale = view.properties().value_scale
    found = np.asarray(view if scale[:2] == (1.0, 0.0) else view.scaled())
    np.testing.assert_array_equal(found.T, np.asarray(loaded.dataobj))


def test_a_scaled_volume_keeps_its_stored_samples_and_its_place():
    loaded = nibabel.load(NIBABEL / "functional.nii")
    view = opened_by(iolink.open(NIBABEL / "functional.nii"), "nibabel")
    same(view, loaded.dataobj.get_unscaled().T)
    assert view.properties().value_scale[:2] == (loaded.dataobj.slope, loaded.dataobj.inter)
    assert axes(view) == ["COLUMN", "ROW", "SLICE", "SEQUENCE"]
    np.testing.assert_allclose(spacing(view), loaded.header.get_zooms())
    np.testing.assert_allclose(view.properties().calibration.affine("RAS"), loaded.affine)
    assert "/Nifti1Image/descrip" in view.metadata()


def test_a_volume_lies_where_its_affine_says(tmp_path):
    affine = np.array([[0.0, 0.0, -2.5, 7.0], [-1.5, 0.0, 0.0, 8.0], [0.0, 3.0, 0.0, 9.0], [0.0, 0.0, 0.0, 1.0]])
    stored = nibabel.Nifti1Image(np.zeros((4, 5, 6), "i2"), affine)
    stored.header.set_zooms((1, 1, 1))  # the affine counts
    nibabel.save(stored, tmp_path / "x.nii")
    known = opened_by(iolink.open(tmp_path / "x.nii"), "nibabel").properties().calibration
    assert known.space == "LPS" and list(known.spacing) == [1.5, 3.0, 2.5]
    np.testing.assert_allclose(known.affine("RAS"), affine)
    np.testing.assert_allclose(known.affine("LPS"), np.diag([-1, -1, 1, 1]) @ affine)
    assert list(known.origin) == [-7.0, -8.0, 9.0]
    flat = nibabel.Nifti1Image(np.zeros((4, 5), "i2"), affine)
    nibabel.save(flat, tmp_path / "flat.nii")
    assert list(iolink.open(tmp_path / "flat.nii").properties().calibration.position) == [-7.0, -8.0, 9.0]


def test_a_region_of_a_plain_volume_reads_only_its_place(tmp_path):
    shutil.copy(NIBABEL / "anatomical.nii", tmp_path / "x.nii")
    loaded = nibabel.load(NIBABEL / "anatomical.nii")
    expected = np.asarray(loaded.dataobj)[:5, :4, :3]
    with open(tmp_path / "x.nii", "r+b") as file:
        file.truncate(loaded.dataobj.offset + 33 * 41 * 4 * 2)  # what a whole reading would need is gone
    view = iolink.open(tmp_path / "x.nii")
    np.testing.assert_array_equal(view.read_region(((0, 0, 0), (5, 4, 3))), expected.T)


# pydicom

DECODABLE = [
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "ExplVR_BigEnd.dcm", "JPEG2000.dcm",
    "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit.dcm", "SC_ybr_full_422_uncompressed.dcm", "examples_palette.dcm",
    "examples_ybr_color.dcm", "image_dfl.dcm", "liver_1frame.dcm", "rtdose.dcm", "SC_rgb_jpeg.dcm", "J2K_pixelrep_mismatch.dcm",
]  # fmt: skip


@pytest.mark.parametrize("name", DECODABLE)
@pytest.mark.filterwarnings("ignore")
def test_dicom_images_are_what_pydicom_reads(name):
    view = opened_by(same(iolink.open(PYDICOM / name), pydicom.dcmread(PYDICOM / name).pixel_array), "pydicom")
    assert axes(view)[:2] == ["COLUMN", "ROW"]


def test_dicom_brings_its_place_scale_and_metadata():
    header = pydicom.dcmread(PYDICOM / "CT_small.dcm")
    view = iolink.open(PYDICOM / "CT_small.dcm")
    assert spacing(view) == [float(header.PixelSpacing[1]), float(header.PixelSpacing[0])]
    assert view.properties().value_scale == (1.0, -1024.0, "HU")
    assert np.asarray(view.scaled()).min() == header.pixel_array.min() - 1024
    assert view.metadata()["/DICOM/Modality"].value == "CT"
    assert view.metadata()["/DICOM/Rows"].value == 128


def test_a_dicom_file_without_an_image_says_so():
    with pytest.raises(UnsupportedFormatError, match="holds no image"):
        iolink.open(PYDICOM / "rtplan.dcm")


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_dicom_image_raises_what_pydicom_raises():
    view = iolink.open(PYDICOM / "MR_truncated.dcm")
    with pytest.raises(iolink.CorruptDataError) as refused:
        np.asarray(view)
    assert isinstance(refused.value.__cause__, ValueError)


def dicom(path, samples, sop="1.2.840.10008.5.1.4.1.1.4.1", floats=None, **known):
    """A DICOM file of frames of samples, or of one; ``known`` are elements of its header."""
    header = pydicom.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = sop
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = "1.2.3.4"
    header.Rows, header.Columns = samples.shape[-2:]
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = samples.dtype.itemsize * 8
    if samples.ndim > 2:
        header.NumberOfFrames = len(samples)
    if floats is None:
        header.BitsStored, header.HighBit, header.PixelRepresentation = (
            header.BitsAllocated,
            header.BitsAllocated - 1,
            0,
        )
    header.add_new(floats or "PixelData", {None: "OW", "FloatPixelData": "OF"}.get(floats, "OD"), samples.tobytes())
    for keyword, value in known.items():
        setattr(header, keyword, value)
    header.save_as(path, enforce_file_format=True)
    return path


def group(**sequences):
    """A functional group: sequences of one item each, by their elements."""
    made = pydicom.Dataset()
    for name, elements in sequences.items():
        item = pydicom.Dataset()
        for keyword, value in elements.items():
            setattr(item, keyword, value)
        setattr(made, f"{name}Sequence", [item])
    return made


@pytest.fixture
def frames():
    return np.arange(3 * 4 * 6, dtype="<u2").reshape(3, 4, 6) * 5


def rescale(slope, intercept, kind="HU"):
    return group(PixelValueTransformation={"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": kind})


def test_dicom_takes_the_rescale_that_all_frames_share(tmp_path, frames):
    shared = dicom(tmp_path / "shared.dcm", frames, SharedFunctionalGroupsSequence=[rescale(2, -50)])
    own = dicom(tmp_path / "own.dcm", frames, PerFrameFunctionalGroupsSequence=[rescale(2, -50)] * 3)
    for file in (shared, own):
        view = same(iolink.open(file), frames)
        assert view.properties().value_scale == (2.0, -50.0, "HU")
        np.testing.assert_array_equal(np.asarray(view.scaled()), frames * 2.0 - 50)


@pytest.mark.parametrize("last", [(3, -50), (2, 0), (None, None)])
def test_dicom_has_no_scale_if_its_frames_differ_in_theirs(tmp_path, frames, last):
    groups = [rescale(2, -50), rescale(2, -50), rescale(*last)]
    with pytest.warns(UserWarning, match="rescale slopes or intercepts of their own"):
        view = iolink.open(dicom(tmp_path / "x.dcm", frames, Modality="CT", PerFrameFunctionalGroupsSequence=groups))
    assert same(view, frames).properties().value_scale == (1.0, 0.0, "")


def test_dicom_without_a_rescale_has_no_unit(tmp_path, frames):
    view = iolink.open(dicom(tmp_path / "x.dcm", frames, Modality="CT"))
    assert view.properties().value_scale == (1.0, 0.0, "")
    view = iolink.open(
        dicom(tmp_path / "x.dcm", frames, Modality="CT", RescaleSlope=3, RescaleIntercept=1, RescaleType="US")
    )
    assert view.properties().value_scale == (3.0, 1.0, "")


def test_dicom_doses_count_by_their_grid(tmp_path, frames):
    known = {"DoseGridScaling": "0.25", "DoseUnits": "GY", "GridFrameOffsetVector": [0, -4, -8], "PixelSpacing": [2, 1]}
    known |= {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [7, 8, 9], "SliceThickness": None}
    view = same(iolink.open(dicom(tmp_path / "x.dcm", frames, **known)), frames)
    calibration = view.properties().calibration
    assert view.properties().value_scale == (0.25, 0.0, "Gy")
    assert spacing(view) == [1, 2, 4] and list(calibration.units) == ["mm"] * 3
    assert list(calibration.directions.slice_direction()) == [0, 0, -1]


def positions(*places):
    return [group(PlanePosition={"ImagePositionPatient": place}) for place in places]


MEASURED = {
    "PixelMeasures": {"PixelSpacing": [0.5, 0.25], "SliceThickness": 9},
    "PlaneOrientation": {"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]},
}


def test_dicom_frames_lie_at_their_positions(tmp_path, frames):
    places = positions([10, 1, 2], [12.5, 1, 2], [15, 1, 2])
    known = {"SharedFunctionalGroupsSequence": [group(**MEASURED)], "PerFrameFunctionalGroupsSequence": places}
    view = same(iolink.open(dicom(tmp_path / "x.dcm", frames, **known)), frames)
    calibration = view.properties().calibration
    assert spacing(view) == [0.25, 0.5, 2.5] and list(calibration.units) == ["mm"] * 3
    assert list(calibration.origin)[:3] == [10, 1, 2] and calibration.space == "LPS"
    assert list(calibration.directions.slice_direction()) == [1, 0, 0]


@pytest.mark.parametrize(
    ("known", "coordinates"),
    [
        ({"GridFrameOffsetVector": [0, 5, 6]}, [0, 5, 6]),
        ({"GridFrameOffsetVector": [0, 5]}, None),
        ({"PerFrameFunctionalGroupsSequence": positions([10, 1, 2], [12, 1, 2], [18, 1, 2])}, [10, 12, 18]),
        ({"PerFrameFunctionalGroupsSequence": positions([10, 1, 2], [12, 3, 2], [14, 5, 2])}, None),
        ({"PerFrameFunctionalGroupsSequence": positions([10, 1, 2], [10, 1, 2], [10, 1, 2])}, None),
        ({"PerFrameFunctionalGroupsSequence": positions([10, 1, 2], [12, 1, 2], None)}, None),
    ],
    ids=["offsets", "too few offsets", "positions", "sheared", "one place", "a place is missing"],
)
def test_uneven_dicom_frames_have_coordinates_and_no_distance(tmp_path, frames, known, coordinates):
    known = {"SharedFunctionalGroupsSequence": [group(**MEASURED)], "SpacingBetweenSlices": 2, **known}
    view = same(iolink.open(dicom(tmp_path / "x.dcm", frames, **known)), frames)
    np.testing.assert_equal(spacing(view), [0.25, 0.5, 1 if coordinates is None else np.nan])
    assert list(view.properties().calibration.units) == ["mm", "mm", "" if coordinates is None else "mm"]
    found = view.coordinates("SLICE")
    assert (None if found is None else found.tolist()) == coordinates


def test_a_single_oblique_dicom_frame_keeps_its_place(tmp_path, frames):
    shared = group(**MEASURED, PlanePosition={"ImagePositionPatient": [10, 1, 2]})
    view = same(iolink.open(dicom(tmp_path / "x.dcm", frames[0], SharedFunctionalGroupsSequence=[shared])), frames[0])
    calibration = view.properties().calibration
    assert spacing(view) == [0.25, 0.5] and list(calibration.units)[:2] == ["mm", "mm"]
    assert list(calibration.directions.row_direction()) == [0, 0, 1]
    assert calibration.space == "LPS" and list(calibration.position) == [10, 1, 2]
    np.testing.assert_allclose(calibration.affine("RAS")[:3, 3], [-10, -1, 2])


@pytest.mark.parametrize(("times", "step", "at"), [([0, 40, 40], 40, None), ([0, 40, 70], np.nan, [0, 40, 110])])
def test_dicom_times_of_frames_are_even_or_coordinates(tmp_path, frames, times, step, at):
    view = iolink.open(dicom(tmp_path / "x.dcm", frames, FrameTimeVector=times))
    assert axes(view) == ["COLUMN", "ROW", "SEQUENCE"]
    np.testing.assert_equal(spacing(view)[2], step)
    assert view.properties().calibration.units[2] == "ms"
    found = view.coordinates("SEQUENCE")
    assert (None if found is None else found.tolist()) == at


@pytest.mark.parametrize(("kind", "element"), [("<f4", "FloatPixelData"), ("<f8", "DoubleFloatPixelData")])
def test_dicom_samples_may_be_floats(tmp_path, frames, kind, element):
    maps = frames.astype(kind) / 7
    file = dicom(tmp_path / "x.dcm", maps, floats=element)
    for view in (iolink.open(file), iolink.open(io.BytesIO(file.read_bytes()))):
        same(view, maps)
        assert f"/DICOM/{element}" not in view.metadata()


NUMBERS = (
    "RescaleSlope", "RescaleIntercept", "FrameTime", "FrameTimeVector", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
    "ImagePositionPatient", "ImageOrientationPatient", "DoseGridScaling", "GridFrameOffsetVector",
)  # fmt: skip


@pytest.mark.parametrize("keyword", NUMBERS)
def test_an_empty_dicom_element_is_as_none(tmp_path, frames, keyword):
    known = {"PixelSpacing": [2, 3], "SpacingBetweenSlices": 4, "RescaleSlope": 2}
    without = iolink.open(dicom(tmp_path / "x.dcm", frames, **{key: known[key] for key in known if key != keyword}))
    empty = same(iolink.open(dicom(tmp_path / "y.dcm", frames, **known | {keyword: None})), frames)
    assert axes(empty) == axes(without) and spacing(empty) == spacing(without)
    assert list(empty.properties().calibration.units) == list(without.properties().calibration.units)
    assert empty.properties().value_scale == without.properties().value_scale


def test_dicom_without_a_preamble_is_read(tmp_path, frames):
    stored = dicom(tmp_path / "x.dcm", frames, PixelSpacing=[2, 3]).read_bytes()
    (tmp_path / "bare.dcm").write_bytes(stored[132:])
    assert spacing(same(iolink.open(tmp_path / "bare.dcm"), frames))[:2] == [3, 2]


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_dicom_without_its_first_group_is_read(tmp_path, frames, implicit, little):
    header = pydicom.Dataset(pydicom.dcmread(dicom(tmp_path / "x.dcm", frames, PixelSpacing=[2, 3])))
    header.PixelData = frames.astype("<u2" if little else ">u2").tobytes()
    pydicom.dcmwrite(tmp_path / "bare.dcm", header, implicit_vr=implicit, little_endian=little)
    assert spacing(same(iolink.open(tmp_path / "bare.dcm"), frames))[:2] == [3, 2]


def test_a_file_that_is_not_dicom_says_so_without_foreign_advice(tmp_path):
    (tmp_path / "x.dcm").write_bytes(b"an ordinary letter " * 20)
    with pytest.raises(UnsupportedFormatError, match="neither the preamble of DICOM nor a DICOM element") as refused:
        iolink.open(tmp_path / "x.dcm")
    assert "force" not in str(refused.value)


# h5py


@pytest.fixture
def linked(tmp_path, camera):
    """Files that hold a picture or lead to it: by a hard, a soft and an external link."""
    with h5py.File(tmp_path / "photo.h5", "w") as file:
        file["deep/photo"] = camera
        file["again"] = file["deep/photo"]
        file["soft"] = h5py.SoftLink("/deep/photo")
    with h5py.File(tmp_path / "master.h5", "w") as file:
        file["run/photo"] = h5py.ExternalLink("photo.h5", "/deep/photo")
        file["run/group"] = h5py.ExternalLink("photo.h5", "/deep")
    with h5py.File(tmp_path / "broken.h5", "w") as file:
        file["lost"] = h5py.ExternalLink("gone.h5", "/deep/photo")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "name"),
    [("photo.h5", "again"), ("photo.h5", "soft"), ("photo.h5", None), ("master.h5", "run/photo"),
     ("master.h5", "/run/group/photo"), ("master.h5", None)],
)  # fmt: skip
def test_hdf5_links_lead_to_their_dataset(linked, camera, file, name):
    same(iolink.open(linked / file, **({"dataset": name} if name else {})), camera)


def test_an_hdf5_link_that_leads_nowhere_is_named(linked):
    for options in ({}, {"dataset": "lost"}):
        with pytest.raises(iolink.Error, match=r"but lost [(]a link to something missing"):
            iolink.open(linked / "broken.h5", **options)


def test_an_hdf5_stream_follows_no_link_into_other_files(linked):
    for options in ({}, {"dataset": "run/photo"}):
        with pytest.raises(iolink.Error, match="name one of its datasets"):
            iolink.open(io.BytesIO((linked / "master.h5").read_bytes()), **options)


def test_an_hdf5_dataset_that_is_no_image_is_named(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["cells"] = np.zeros(2, [("area", "f4"), ("round", "u1")])
    with pytest.raises(UnsupportedFormatError, match="it has none of numbers, but cells"):
        iolink.open(tmp_path / "x.h5")


@pytest.mark.parametrize(
    ("stored", "labels", "expected", "units"),
    [
        (0.25, None, [0.25, 0.25, 0.25], ["µm"] * 3),
        ([0.25], "czy", [0.25, 0.25, 1], ["µm", "µm", ""]),
        ([3, 2, 1], "zyx", [1, 2, 3], ["µm"] * 3),
        ([3, 2], None, [1, 1, 1], [""] * 3),
        ("large", None, [1, 1, 1], [""] * 3),
        (h5py.Empty("f4"), None, [1, 1, 1], [""] * 3),
    ],
)
def test_hdf5_sizes_of_elements_are_for_each_axis_or_one_for_all(tmp_path, stored, labels, expected, units):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("a", data=np.zeros((2, 3, 4), "u1"))
        data.attrs["element_size_um"] = stored
        for dimension, label in zip(data.dims, labels or ""):
            dimension.label = label
    view = iolink.open(tmp_path / "x.h5")
    assert spacing(view) == expected
    assert list(view.properties().calibration.units) == units


def test_the_only_dataset_is_the_image(tmp_path, brain):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("deep/brain", data=brain, chunks=(8, 16, 16), compression="gzip")
        data.attrs["element_size_um"] = [2.0, 0.5, 0.25]
        data.attrs["subject"] = "one"
        for dimension, label in zip(data.dims, "zyx", strict=True):
            dimension.label = label
    view = opened_by(same(iolink.open(tmp_path / "x.h5"), brain), "h5py")
    assert axes(view) == ["COLUMN", "ROW", "SLICE"]
    assert spacing(view) == [0.25, 0.5, 2.0]
    assert view.metadata()["/HDF5/subject"].value == "one"
    assert view.metadata()["/dataset"].value == "/deep/brain"


def test_one_of_several_datasets_is_named(tmp_path, brain, camera):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["brain"], file["photo"], file["name"] = brain, camera.astype(">u2"), "text"
    with pytest.raises(UnsupportedFormatError, match=r"by the option dataset: brain .*, photo "):
        iolink.open(tmp_path / "x.h5")
    same(iolink.open(tmp_path / "x.h5", dataset="/photo"), camera.astype(np.uint16))


# All of them


def test_each_provider_has_at_most_forty_lines():
    files = sorted(PROVIDERS.glob("[a-z]*.py"))
    assert [file.stem for file in files] == ["h5py", "nibabel", "pillow", "pydicom", "tifffile", "zarr"]
    for file in files:
        assert len(file.read_text().splitlines()) <= 40, file.name


@pytest.mark.parametrize("ending", ["png", "tif", "nii", "dcm", "h5"])
def test_a_file_of_another_kind_is_refused_with_the_librarys_own_words(tmp_path, ending):
    file = tmp_path / f"x.{ending}"
    file.write_bytes(b"nothing that any of them knows" + struct.pack("<100I", *range(100)))
    with pytest.raises(iolink.Error):
        iolink.open(file)


def test_regions_come_from_threads_at_once(tmp_path, camera):
    from concurrent.futures import ThreadPoolExecutor

    tifffile.imwrite(tmp_path / "x.tif", camera, tile=(64, 64), compression="zlib")
    Image.fromarray(camera).save(tmp_path / "x.png")
    for file in ("x.tif", "x.png"):
        view = iolink.open(tmp_path / file)

        def tile(at, view=view):
            column, row = at % 8 * 64, at // 8 * 64
            found = view.read_region(((column, row), (64, 64)))
            return np.array_equal(found, camera[row : row + 64, column : column + 64])

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(tile, range(64)))


def h5(path, volume):
    with h5py.File(path, "w") as file:
        file.create_dataset("volume", data=volume, chunks=(1, *volume.shape[1:]), compression="gzip")


READERS = {  # a format: who writes it, and what of its library is called for samples alone
    "h5": (h5, h5py.Dataset, "__getitem__"),
    "zarr": (lambda path, volume: zarr.create_array(path, data=volume), zarr.Array, "__getitem__"),
    "nii.gz": (
        lambda path, volume: nibabel.save(nibabel.Nifti1Image(volume.T, np.diag((1.0, 2.0, 3.0, 1.0))), path),
        nibabel.arrayproxy.ArrayProxy,
        "__getitem__",
    ),
    "tif": (
        lambda path, volume: tifffile.imwrite(path, volume, tile=(16, 16), photometric="minisblack"),
        zarr.Array,
        "__getitem__",
    ),
}


@pytest.mark.parametrize("ending", READERS)
def test_shape_type_chunks_and_spacing_are_told_without_a_sample(tmp_path, brain, monkeypatch, ending):
    def refuse(*arguments, **options):
        raise LookupError("a sample was read")

    write, owner, name = READERS[ending]
    path = tmp_path / f"x.{ending}"
    write(path, brain)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, refuse)
        view = iolink.open(path)
        assert view.array.shape == brain.shape and view.array.dtype.itemsize == brain.dtype.itemsize
        assert view.array.chunks is None or len(view.array.chunks) == 3
        assert len(spacing(view)) == 3 and view.uri == path.as_uri() and repr(view)
        with pytest.raises(Exception, match="a sample was read"):
            np.asarray(view)
    np.testing.assert_array_equal(np.asarray(view), brain)


def test_axes_that_nothing_names_keep_their_order(tmp_path, brain):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["brain"] = brain
    view = iolink.open(tmp_path / "x.h5")
    assert tuple(view.shape()) == brain.shape
    assert ImageAxes.ROW not in view.properties().image_info.axes


@pytest.mark.parametrize("library", ["tifffile", "nibabel", "pillow", "pydicom", "h5py", "zarr"])
@pytest.mark.filterwarnings("ignore")
def test_every_promise_is_held(tmp_path, brain, library):
    """The conformance suite, as for a provider in a library. The samples are small: each of their bytes is damaged once."""
    cube = np.ascontiguousarray(brain[:3, :5, :4], "i2")
    samples = {
        "pillow": [tmp_path / "x.png"],
        "pydicom": [PYDICOM / "SC_rgb_small_odd.dcm"],
        "nibabel": [tmp_path / "x.nii"],
        "h5py": [tmp_path / "x.h5"],
        "zarr": [],  # a folder has no bytes to cut and damage
        "tifffile": [tmp_path / "plain.tif", tmp_path / "deflated.tif"],
    }
    tifffile.imwrite(tmp_path / "plain.tif", cube[0], photometric="minisblack", metadata=None)
    tifffile.imwrite(tmp_path / "deflated.tif", cube, photometric="minisblack", metadata=None, compression="zlib")
    Image.fromarray(cube[0].astype("u1")).save(tmp_path / "x.png")
    nibabel.save(nibabel.Nifti1Image(cube.T, np.diag([2, 3, 4, 1.0])), tmp_path / "x.nii")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=cube, chunks=(1, 5, 4), compression="gzip")
    logging.disable(logging.CRITICAL)
    try:
        findings = check_provider(f"org.iolink.python.{library}", samples[library])
    finally:
        logging.disable(logging.NOTSET)
    assert [finding for finding in findings if finding.outcome == "broken"] == []
