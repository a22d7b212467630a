"""Storages: where streams and random access come from, what lies beside it, and how `open` and plugins reach it."""

import gzip
import io
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

import iolink
from iolink import DataStorageFactory, NumpyInterop, RandomAccessFactory, StreamAccessFactory, StreamCapability
from test_plugins import INCLUDE, ROOT, folder  # noqa: F401 - the fixture


@pytest.fixture
def pair(tmp_path):
    """A header and its samples in one folder."""
    (tmp_path / "brain.hdr").write_bytes(b"header")
    (tmp_path / "brain.img").write_bytes(b"samples")
    return tmp_path


def test_a_file_opens_either_way_and_knows_its_neighbours(pair):
    header = DataStorageFactory.from_path(pair / "brain.hdr")
    assert header.source() == str(pair / "brain.hdr")
    assert header.neighbours() == ["brain.hdr", "brain.img"]
    with header.open_stream() as stream:
        assert stream.read() == b"header" and stream.source() == header.source()
    assert header.open_random_access().read_at(4, 9) == b"er"
    samples = header.neighbour("brain.img")
    assert samples.source() == str(pair / "brain.img")
    samples.open_random_access(writable=True).write_at(0, b"S")
    with samples.open_stream("r+b") as stream:
        assert stream.read() == b"Samples"
        stream.write(b"!")
    assert (pair / "brain.img").read_bytes() == b"Samples!"
    with header.neighbour("new.txt").open_stream("xb") as stream:
        stream.write(b"made")
    assert "new.txt" in header.neighbours()
    assert "brain.hdr" in repr(header)


def test_named_bytes_are_neighbours_without_a_folder():
    writable = bytearray(b"abc")
    files = {
        "scan/a.hdr": b"header",
        "scan/raw/a.img": writable,
        "scan/b": io.BytesIO(b"object"),
        "scan/c": StreamAccessFactory.from_buffer(b"stream"),
        "scan/d": RandomAccessFactory.from_buffer(b"random"),
        "elsewhere": b"",
    }
    header = DataStorageFactory.from_files(files, "scan/a.hdr")
    assert header.source() == "scan/a.hdr"
    assert header.neighbours() == ["a.hdr", "b", "c", "d", "raw/a.img"]
    image = header.neighbour("./raw/a.img")
    assert image.source() == "scan/raw/a.img"
    with image.open_stream("r+b") as stream:
        stream.write(b"X")
    assert writable == b"Xbc"
    for name, held in (("b", b"object"), ("c", b"stream"), ("d", b"random")):
        assert header.neighbour(name).open_random_access().read_at(0, 99) == held
    assert header.open_stream().support(StreamCapability.MEMORY_ACCESS)


def test_a_name_that_leads_out_of_the_folder_is_refused(pair):
    named = DataStorageFactory.from_files({"a/b": b"", "c": b""}, "a/b")
    for storage in (DataStorageFactory.from_path(pair / "brain.hdr"), named):
        for name in ("", "/etc/passwd", "../c", "x/../../c", "nul\0"):
            with pytest.raises(ValueError, match="not the name of a neighbour"):
                storage.neighbour(name)
    with pytest.raises(ValueError, match="not the name of a neighbour"):
        DataStorageFactory.from_files({"../x": b""}, "../x")


def test_what_cannot_be_opened_says_why(pair):
    missing = DataStorageFactory.from_path(pair / "brain.hdr").neighbour("missing.img")
    for call in (missing.open_stream, missing.open_random_access):
        with pytest.raises(FileNotFoundError) as refused:
            call()
        assert "missing.img" in str(refused.value)
    named = DataStorageFactory.from_files({"a": b"fixed", "b": bytearray(1)}, "a")
    with pytest.raises(FileNotFoundError, match='no "c" among a, b'):
        named.neighbour("c")
    with pytest.raises(NotImplementedError, match="WRITE"):
        named.open_random_access(writable=True)
    with pytest.raises(NotImplementedError, match="RESIZE"):
        named.neighbour("b").open_stream("wb")
    with pytest.raises(ValueError, match="mode"):
        named.open_stream("rt")
    for call in (
        lambda: DataStorageFactory.from_path(3),
        lambda: DataStorageFactory.from_files({1: b""}, "a"),
        lambda: DataStorageFactory.from_files({"a": 5}, "a"),
    ):
        with pytest.raises(TypeError):
            call()


PLUGIN = r"""
#include "iolink_abi.h"
/* A format in two files: the first line of a .qqpair names the file that holds the bytes. */
static int32_t open_it(const iolink_host *host, const iolink_source *source, iolink_view **out, iolink_error *error) {
    const iolink_random_access_vtable *bytes = (const iolink_random_access_vtable *)source->bytes->vtable;
    char name[64] = {0};
    uint64_t done = 0;
    iolink_view *service = 0;
    int32_t status = bytes->read_at(source->bytes, 0, name, sizeof name - 1, &done, error);
    (void)host;
    if (status == IOLINK_OK) {
        status = bytes->head.extension(source->bytes, IOLINK_EXTENSION_NEIGHBOURS, &service, error);
    }
    if (status != IOLINK_OK) return status;
    const iolink_extension_vtable *extension = (const iolink_extension_vtable *)service->vtable;
    const iolink_neighbours *neighbours = (const iolink_neighbours *)extension->table(service);
    status = neighbours->open(service, name, out, error);
    service->vtable->release(service);
    return status;
}
static const iolink_offer offer = { sizeof(iolink_offer), IOLINK_OFFER_OPEN, IOLINK_KIND_RANDOM_ACCESS, 0, 0, 0, 0, 0,
    "pair", "qqpair", 0, 0, 0 };
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = { sizeof(iolink_provider), 1, "org.example.pair", "Two files", offers,
    0, open_it, 0, 0, 0 };
static const iolink_provider *const providers[] = { &provider };
IOLINK_MANIFEST("abi = 1\nid = \"org.example.pair\"\nversion = \"1.0\"\n"
    "[[provider]]\nid = \"org.example.pair\"\ntitle = \"Two files\"\n"
    "[[provider.offer]]\noffer = \"open\"\nkind = \"random access\"\ncapabilities = 0\n"
    "format = \"pair\"\nextensions = \"qqpair\"\n");
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = { IOLINK_PLUGIN_MAGIC, sizeof(iolink_plugin),
    IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR, IOLINK_PANIC_NONE, "org.example.pair", "1.0", 1, 0, providers };
"""


def test_a_plugin_in_c_finds_the_second_file_of_its_format(folder, tmp_path):  # noqa: F811
    source, library = folder / "pair.c", folder / "libpair.so"
    source.write_text(PLUGIN)
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{INCLUDE}", "-o", library, source], check=True)
    library.chmod(0o755)
    iolink.load_plugin(library)
    files = {"a.qqpair": b"a.raw", "a.raw": b"bytes", "bad.qqpair": b"../x", "lost.qqpair": b"gone"}
    for name, held in files.items():
        (tmp_path / name).write_bytes(held)
    for given in (
        tmp_path / "a.qqpair",
        DataStorageFactory.from_path(tmp_path / "a.qqpair"),
        DataStorageFactory.from_files(files, "a.qqpair"),
        RandomAccessFactory.open_file(tmp_path / "a.qqpair"),
    ):
        assert iolink.open(given).read_at(0, 9) == b"bytes"
    for storage in (
        DataStorageFactory.from_path(tmp_path / "a.qqpair"),
        DataStorageFactory.from_files(files, "a.qqpair"),
    ):
        with pytest.raises(ValueError, match="not the name of a neighbour"):
            iolink.open(storage.neighbour("bad.qqpair"))
        with pytest.raises(FileNotFoundError):
            iolink.open(storage.neighbour("lost.qqpair"))
    with pytest.raises(iolink.Error, match="extension"):
        iolink.open(memoryview(b"a.raw"), provider="org.example.pair")


@pytest.fixture
def unpacked(tmp_path):
    """A folder as an archive of somebody else may leave it, with links that stay in it and links that do not."""
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").write_bytes(b"secret")
    (inside / "a.hdr").write_bytes(b"header")
    (inside / "sub" / "real").write_bytes(b"real")
    (inside / "stays").symlink_to("sub/real")
    (inside / "leaves").symlink_to("../out/secret")
    (inside / "absolute").symlink_to(tmp_path / "out" / "secret")
    (inside / "away").symlink_to("../out")
    (inside / "magic").symlink_to("/proc/self/root")
    os.mkfifo(inside / "fifo")
    return inside


LEAVING = ["leaves", "absolute", "away/secret", "magic/etc/passwd"]


def test_no_link_leads_a_neighbour_out_of_the_folder(unpacked):
    storage = DataStorageFactory.from_path(unpacked / "a.hdr")
    assert storage.neighbour("stays").open_stream().read() == b"real"
    assert storage.neighbour("sub/real").neighbour("./real").open_random_access().read_at(0, 9) == b"real"
    for name in LEAVING:
        beside = storage.neighbour(name)
        for use in (
            beside.open_stream,
            lambda beside=beside: beside.open_stream("r+b"),
            lambda beside=beside: beside.open_stream("wb"),
            beside.open_random_access,
            lambda beside=beside: beside.open_random_access(writable=True),
            lambda beside=beside: iolink.open(beside),
        ):
            with pytest.raises(ValueError, match="leads out of"):
                use()
    assert (unpacked.parent / "out" / "secret").read_bytes() == b"secret"
    for use in (storage.neighbour("fifo").open_stream, storage.neighbour("fifo").open_random_access):
        with pytest.raises(ValueError, match="is a FIFO"):
            use()
    with pytest.raises(IsADirectoryError):
        storage.neighbour("sub").open_stream()
    with storage.neighbour("sub/new").open_stream("xb") as stream:
        stream.write(b"new")
    assert (unpacked / "sub" / "new").read_bytes() == b"new"


def test_a_plugin_reaches_no_neighbour_through_a_link_that_leaves(folder, unpacked):  # noqa: F811
    source, library = folder / "links.c", folder / "liblinks.so"
    source.write_text(PLUGIN.replace("org.example.pair", "org.example.links").replace("qqpair", "qqlinks"))
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{INCLUDE}", "-o", library, source], check=True)
    library.chmod(0o755)
    iolink.load_plugin(library)
    header = unpacked / "h.qqlinks"
    ways = (lambda: header, lambda: DataStorageFactory.from_path(header), lambda: RandomAccessFactory.open_file(header))
    header.write_bytes(b"stays")
    for way in ways:
        assert iolink.open(way()).read_at(0, 9) == b"real"
    for name in [*LEAVING, "fifo"]:
        header.write_text(name)
        for way in ways:
            with pytest.raises(ValueError, match=r"leads out of|is a FIFO"):
                iolink.open(way())


# ---------------------------------------------------------------- whatever opens a path opens a stream


NIFTI = ROOT / "examples" / "nifti-plugin" / "target" / "release" / "libiolink_nifti.so"


def volume() -> tuple[np.ndarray, bytes]:
    """A NIfTI-1 volume of 4 x 3 x 2 samples."""
    samples = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 4, 3, 2, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return samples, bytes(header) + samples.tobytes()


def ways(path: Path):
    """The same bytes as everything that `open` takes."""
    data = path.read_bytes()
    yield "path", path
    yield "text", str(path)
    yield "uri", path.as_uri()
    yield "bytes-like object", memoryview(data)  # `bytes` themselves are a path, as for the built-in open
    yield "memory stream", StreamAccessFactory.from_buffer(data)
    yield "file stream", StreamAccessFactory.open_file_read(path)
    yield "raw stream", StreamAccessFactory.open_file_read(path).to_raw_io()
    yield "python object", io.BytesIO(data)
    yield "python file", open(path, "rb")
    yield "random access", RandomAccessFactory.open_file(path)
    yield "storage", DataStorageFactory.from_path(path)
    yield "named bytes", DataStorageFactory.from_files({path.name: data}, path.name)


def close(given) -> None:
    if hasattr(given, "close"):
        given.close()


def test_a_table_opens_from_anything_that_holds_its_bytes(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("cell,area\na,1.5\nb,2.5\n")
    for way, given in ways(path):
        frame = iolink.open(given, format="CSV")
        assert tuple(frame.shape()) == (2, 2) and frame.at("area", 1) == 2.5, way
        close(given)


@pytest.mark.skipif(not NIFTI.exists(), reason="`make build` makes the NIfTI plugin")
def test_a_volume_opens_from_anything_that_holds_its_bytes(tmp_path):
    iolink.load_plugin(NIFTI)
    samples, data = volume()
    for name, content in (("v.nii", data), ("v.nii.gz", gzip.compress(data))):
        path = tmp_path / name
        path.write_bytes(content)
        for way, given in ways(path):
            view = iolink.open(given, format="NIfTI")
            assert view.shape() == (4, 3, 2), way
            assert (NumpyInterop.to_numpy_array(view, copy=True) == samples).all(), way
            close(given)


def test_a_stream_that_cannot_seek_says_what_to_do():
    out, into = os.pipe()
    os.close(into)
    with StreamAccessFactory.from_file_descriptor(out) as stream:
        with pytest.raises(NotImplementedError, match="read it into memory"):
            iolink.open(stream)
