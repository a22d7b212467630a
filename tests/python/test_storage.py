"""Storages: where streams and random access come from, their siblings and stores, and how `open` and plugins reach them."""

import gc
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


def test_a_file_opens_either_way_and_knows_its_siblings(pair):
    header = DataStorageFactory.from_path(pair / "brain.hdr")
    assert header.source() == str(pair / "brain.hdr")
    assert header.siblings() == ["brain.hdr", "brain.img"]
    with header.open_stream() as stream:
        assert stream.read() == b"header" and stream.source() == header.source()
    assert header.open_random_access().read_at(4, 9) == b"er"
    samples = header.sibling("brain.img")
    assert samples.source() == str(pair / "brain.img")
    samples.open_random_access(writable=True).write_at(0, b"S")
    with samples.open_stream("r+b") as stream:
        assert stream.read() == b"Samples"
        stream.write(b"!")
    assert (pair / "brain.img").read_bytes() == b"Samples!"
    with header.sibling("new.txt").open_stream("xb") as stream:
        stream.write(b"made")
    assert "new.txt" in header.siblings()
    assert "brain.hdr" in repr(header)


def test_named_bytes_are_siblings_without_a_folder():
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
    assert header.siblings() == ["a.hdr", "b", "c", "d", "raw/a.img"]
    image = header.sibling("./raw/a.img")
    assert image.source() == "scan/raw/a.img"
    with image.open_stream("r+b") as stream:
        stream.write(b"X")
    assert writable == b"Xbc"
    for name, held in (("b", b"object"), ("c", b"stream"), ("d", b"random")):
        assert header.sibling(name).open_random_access().read_at(0, 99) == held
    assert header.open_stream().support(StreamCapability.MEMORY_ACCESS)


def test_a_name_that_leads_out_of_the_folder_is_refused(pair):
    named = DataStorageFactory.from_files({"a/b": b"", "c": b""}, "a/b")
    for storage in (DataStorageFactory.from_path(pair / "brain.hdr"), named):
        for name in ("", "/etc/passwd", "../c", "x/../../c", "nul\0"):
            with pytest.raises(ValueError, match="is not a key"):
                storage.sibling(name)
    with pytest.raises(ValueError, match="is not a key"):
        DataStorageFactory.from_files({"../x": b""}, "../x")


def test_what_cannot_be_opened_says_why(pair):
    missing = DataStorageFactory.from_path(pair / "brain.hdr").sibling("missing.img")
    for call in (missing.open_stream, missing.open_random_access):
        with pytest.raises(FileNotFoundError) as refused:
            call()
        assert "missing.img" in str(refused.value)
    named = DataStorageFactory.from_files({"a": b"fixed", "b": bytearray(1)}, "a")
    with pytest.raises(FileNotFoundError, match='no "c" among a, b'):
        named.sibling("c")
    with pytest.raises(NotImplementedError, match="WRITE"):
        named.open_random_access(writable=True)
    with pytest.raises(NotImplementedError, match="RESIZE"):
        named.sibling("b").open_stream("wb")
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
#include <stdio.h>
#include <string.h>
/* A format in two files: a .qqpair holds the name of the file beside it that holds the bytes. */
static int32_t open_it(const iolink_provider *provider, const iolink_host *host, const iolink_source *source,
                       const iolink_call *call, iolink_view **out, iolink_error *error) {
    const iolink_random_access_vtable *bytes = (const iolink_random_access_vtable *)source->bytes->vtable;
    char name[64] = {0}, key[256] = {0};
    uint64_t done = 0;
    int32_t status = bytes->read_at(source->bytes, 0, name, sizeof name - 1, &done, call, error);
    (void)provider, (void)host;
    if (status != IOLINK_OK) return status;
    if (!source->store) {
        error->kind = IOLINK_ERROR_NOT_IMPLEMENTED;
        snprintf(error->message, sizeof error->message, "the second file needs a store");
        return error->kind;
    }
    /* The name counts from the folder of this file's key. */
    const char *end = strrchr(source->key, '/');
    snprintf(key, sizeof key, "%.*s%s", end ? (int)(end + 1 - source->key) : 0, source->key, name);
    const iolink_store_vtable *store = (const iolink_store_vtable *)source->store->vtable;
    return store->open(source->store, key, IOLINK_STORE_OPEN_READ, call, out, error);
}
static const iolink_offer offer = { .size = sizeof(iolink_offer), .offer = IOLINK_OFFER_OPEN,
    .kind = IOLINK_KIND_RANDOM_ACCESS, .format = "pair", .extensions = "qqpair" };
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = { .size = sizeof(iolink_provider), .offer_count = 1, .id = "org.example.pair",
    .title = "Two files", .offers = offers, .open = open_it };
static const iolink_provider *const providers[] = { &provider };
IOLINK_MANIFEST("abi = 0\nabi_minor = 2\nid = \"org.example.pair\"\nversion = \"1.0\"\n"
    "[[provider]]\nid = \"org.example.pair\"\ntitle = \"Two files\"\n"
    "[[provider.offer]]\noffer = \"open\"\nkind = \"random-access\"\ncapabilities = 0\n"
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
        DataStorageFactory.from_folder(tmp_path).sibling("a.qqpair"),
        RandomAccessFactory.open_file(tmp_path / "a.qqpair"),
        StreamAccessFactory.open_file_read(tmp_path / "a.qqpair"),
    ):
        assert iolink.open(given).read_at(0, 9) == b"bytes"
    for storage in (
        DataStorageFactory.from_path(tmp_path / "a.qqpair"),
        DataStorageFactory.from_files(files, "a.qqpair"),
    ):
        with pytest.raises(ValueError, match="is not a key"):
            iolink.open(storage.sibling("bad.qqpair"))
        with pytest.raises(FileNotFoundError):
            iolink.open(storage.sibling("lost.qqpair"))
    with pytest.raises(iolink.Error, match="needs a store"):
        iolink.open(memoryview(b"a.raw"), provider="org.example.pair")
    memory = DataStorageFactory.allocate()
    for name, held in files.items():
        memory.write(f"deep/{name}", held)
    assert iolink.open(memory.sibling("deep/a.qqpair")).read_at(0, 9) == b"bytes"


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


def test_no_link_leads_a_sibling_out_of_the_folder(unpacked):
    storage = DataStorageFactory.from_path(unpacked / "a.hdr")
    assert storage.sibling("stays").open_stream().read() == b"real"
    assert storage.sibling("sub/real").sibling("./real").open_random_access().read_at(0, 9) == b"real"
    for name in LEAVING:
        beside = storage.sibling(name)
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
    for use in (storage.sibling("fifo").open_stream, storage.sibling("fifo").open_random_access):
        with pytest.raises(ValueError, match="is a FIFO"):
            use()
    with pytest.raises(IsADirectoryError):
        storage.sibling("sub").open_stream()
    with storage.sibling("sub/new").open_stream("xb") as stream:
        stream.write(b"new")
    assert (unpacked / "sub" / "new").read_bytes() == b"new"


def test_a_plugin_reaches_no_sibling_through_a_link_that_leaves(folder, unpacked):  # noqa: F811
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


def test_random_access_to_a_file_is_resized(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    access = RandomAccessFactory.open_file(path, writable=True)
    assert access.support(StreamCapability.RESIZE)
    access.resize(12)
    access.write_at(11, b"!")
    access.flush()
    assert access.size() == 12 and path.read_bytes() == b"0123456789\0!"
    access.resize(2)
    with pytest.raises(iolink.errors.OutOfRangeError):
        access.write_at(2, b"x")
    with pytest.raises(ValueError, match="negative"):
        access.resize(-1)
    for fixed in (RandomAccessFactory.open_file(path), RandomAccessFactory.allocate(4)):
        assert not fixed.support(StreamCapability.RESIZE)
        with pytest.raises(NotImplementedError, match="RESIZE"):
            fixed.resize(1)
        fixed.flush()


# ---------------------------------------------------------------- the store


def storages(tmp_path):
    """An empty storage of each kind that can be written."""
    (tmp_path / "store").mkdir()
    (tmp_path / "file").mkdir()
    yield "folder", DataStorageFactory.from_folder(tmp_path / "store")
    yield "file", DataStorageFactory.from_path(tmp_path / "file" / "a.hdr")
    yield "memory", DataStorageFactory.allocate()


def test_a_store_writes_reads_lists_and_removes_values(tmp_path):
    for kind, storage in storages(tmp_path):
        assert storage.keys() == [], kind
        for key, data in (("a.b", b"1"), ("a/c/d", bytearray(b"22")), ("a/b", memoryview(b"")), ("ä", b"x" * 100_000)):
            storage.write(key, data)
            assert storage.read(key) == bytes(data), kind
            entry = storage.stat(key)
            assert (entry.key, entry.size) == (key, len(data)), kind
            assert entry.version and entry.modified_ns > 0, kind
        assert storage.keys() == ["a.b", "a/b", "a/c/d", "ä"], kind
        assert storage.keys(recursive=False) == ["a.b", "a/", "ä"], kind
        assert storage.keys("a/", recursive=False) == ["a/b", "a/c/"], kind
        assert storage.keys("gone/") == [], kind
        version = storage.stat("a.b").version
        with pytest.raises(FileExistsError):
            storage.write("a.b", b"2", overwrite=False)
        storage.write("a.b", b"2")
        assert storage.stat("a.b").version != version, kind
        storage.remove("a.b")
        for use in (storage.read, storage.stat, storage.remove, storage.open):
            with pytest.raises(FileNotFoundError):
                use("a.b")
            with pytest.raises(FileNotFoundError):
                use("a")
        storage.write("a.b", b"3", overwrite=False)
        assert storage.read("a.b") == b"3", kind
    assert "size" not in repr(entry) and "100000 bytes" in repr(entry)


def test_a_store_rejects_what_is_not_a_key(tmp_path):
    named = DataStorageFactory.from_files({"a": b""}, "a")
    for kind, storage in [*storages(tmp_path), ("named", named)]:
        for key in ("", "/etc/passwd", "../x", "a/../x", "a//b", "./a", "a/", "nul\0", "x" * 70_000):
            uses = [storage.read, storage.stat, storage.remove, storage.open, lambda key, s=storage: s.write(key, b"")]
            for use in uses[:2] if storage is named else uses:
                with pytest.raises(ValueError):
                    use(key)
        with pytest.raises(ValueError, match="prefix"):
            storage.keys("a")
        assert storage.keys() == (["a"] if kind == "named" else []), kind
    for use in (lambda: named.write("a", b""), lambda: named.remove("a"), lambda: named.open("a", "wb")):
        with pytest.raises(NotImplementedError, match="WRITE"):
            use()


def test_a_stream_of_a_store_commits_when_it_is_closed(tmp_path):
    for kind, storage in storages(tmp_path):
        with storage.open("deep/a", "xb") as stream:
            stream.write(b"01234567")
            stream.seek(2)
            stream.write(b"x")
            assert storage.keys() == [], kind
        assert storage.read("deep/a") == b"01x34567", kind
        with pytest.raises(FileExistsError):
            storage.open("deep/a", "xb")
        with storage.open("deep/a", "r+b") as stream:
            stream.write(b"!")
        with storage.open("deep/a") as stream:
            assert stream.read() == b"!1x34567", kind
        with pytest.raises(ZeroDivisionError), storage.open("deep/a", "wb") as stream:
            stream.write(b"half")
            1 / 0  # noqa: B018
        assert stream.closed and storage.read("deep/a") == b"!1x34567", kind
        with pytest.warns(ResourceWarning, match="is not written"):
            stream = storage.open("deep/b", "wb")
            stream.write(b"half")
            del stream
            gc.collect()
        assert storage.keys() == ["deep/a"], kind
        for mode in ("ab", "w+b", "x+b"):
            with pytest.raises(NotImplementedError, match="mode"):
                storage.open("deep/a", mode)
        with pytest.raises(ValueError, match="mode"):
            storage.open("deep/a", "rt")
    for where in (tmp_path / "store", tmp_path / "file"):
        assert sorted(path.name for path in where.rglob("*")) == ["a", "deep"]


def test_a_folder_and_a_store_are_sources_with_siblings(tmp_path):
    for kind, storage in storages(tmp_path):
        if kind == "file":
            assert storage.key() == "a.hdr"
            continue
        assert storage.key() == "", kind
        storage.write("a.hdr", b"header")
        storage.write("sub/b", b"b")
        storage.write("sub/c", b"c")
        assert storage.siblings() == ["a.hdr"], kind
        header = storage.sibling("a.hdr")
        assert header.key() == "a.hdr" and header.open_stream().read() == b"header", kind
        deep = storage.sibling("./sub/b")
        assert deep.siblings() == ["b", "c"] and deep.sibling("c").open_random_access().read_at(0, 9) == b"c", kind
        assert deep.keys() == ["a.hdr", "sub/b", "sub/c"], kind
        with pytest.raises((IsADirectoryError, ValueError)):
            storage.open_stream()
        with pytest.raises((IsADirectoryError, ValueError, NotImplementedError)):
            storage.open_random_access()


def test_no_link_leads_a_store_out_of_its_folder(unpacked):
    storage = DataStorageFactory.from_folder(unpacked)
    assert storage.keys() == ["a.hdr", "stays", "sub/real"]
    assert storage.read("stays") == b"real"
    for name in [*LEAVING, "fifo"]:
        for use in (
            storage.read,
            storage.stat,
            storage.remove,
            storage.open,
            lambda name: storage.open(name, "r+b"),
            lambda name: storage.open(name, "wb"),
            lambda name: storage.write(name, b"x"),
        ):
            with pytest.raises(ValueError, match=r"leads out of|is a FIFO"):
                use(name)
    assert (unpacked.parent / "out" / "secret").read_bytes() == b"secret"


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
