"""Providers written in Python: what `open` may return, how they are found and chosen, and that a bad one stops no other."""

from __future__ import annotations

import gc
import io
import itertools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iolink
from iolink import (
    CancelledError,
    CorruptDataError,
    ImageCapability,
    ImageViewFactory,
    InternalError,
    NotFoundError,
    PluginRefusedError,
    UnsupportedFormatError,
    ViewOriginExtension,
    providers,
)
from iolink.providers import Option

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = itertools.count()


@pytest.fixture
def provider(tmp_path):
    """Makes a provider out of a function `open(source)`; gives its id and a file of its own format."""

    def made(function, **members):
        ending = f"own{next(NUMBERS)}"
        members = {
            "formats": ending,
            "id": f"org.example.{ending}",
            "open": lambda self, source: function(source),
            **members,
        }
        iolink.register_provider(type("Own", (), members))
        file = tmp_path / f"x.{ending}"
        file.write_bytes(bytes(range(24)))
        return members["id"], file

    return made


class Lazy:
    """What libraries have: a shape, a dtype, and regions; it notes what was read."""

    def __init__(self, array, chunks=None):
        self.array, self.read = array, []
        self.shape, self.dtype = array.shape, array.dtype
        if chunks:
            self.chunks = chunks

    def __getitem__(self, index):
        self.read.append(index)
        return self.array[index]


# What open returns


def test_an_array_is_shared(provider):
    array = np.arange(24, dtype="u2").reshape(4, 6)
    _, file = provider(lambda source: array)
    view = iolink.open(file)
    assert np.shares_memory(np.asarray(view), array)
    assert tuple(view.shape()) == (4, 6)


def test_an_array_like_object_is_read_by_regions_and_only_there(provider):
    lazy = Lazy(np.arange(2000, dtype="f4").reshape(10, 20, 10))
    _, file = provider(lambda source: providers.as_image(lazy, "ZYX", spacing=(3, 2, 1), unit="mm"))
    view = iolink.open(file)
    assert lazy.read == []
    assert view.capabilities() == ImageCapability.READ
    np.testing.assert_array_equal(view.read_region(((2, 3, 4), (5, 6, 1))), lazy.array[4:5, 3:9, 2:7])
    assert lazy.read == [(slice(4, 5, 1), slice(3, 9, 1), slice(2, 7, 1))]
    np.testing.assert_array_equal(np.asarray(view), lazy.array)
    flipped = ImageViewFactory.flip_dimension(ImageViewFactory.sub_sample(view, (2, 1, 1)), "ROW")
    np.testing.assert_array_equal(np.asarray(flipped), lazy.array[:, ::-1, ::2])


def test_a_mapped_file_stays_mapped_under_what_was_opened_of_an_array_of_it(provider):
    def samples(source):
        return ImageViewFactory.from_random_access(source.bytes, (6, 4), "UINT8")

    id, file = provider(samples)
    mapped = np.memmap(file, "u1", "r+")
    inner, view = mapped._mmap, iolink.open(mapped, provider=id)
    del mapped
    with pytest.raises(BufferError):
        inner.close()
    assert view.read((5, 3)) == 23
    del view
    gc.collect()
    inner.close()


def test_what_is_asked_of_an_opened_image_reads_none_of_its_samples(provider):
    lazy = Lazy(np.zeros((8, 64, 32), "u2"), chunks=(1, 16, 32))
    _, file = provider(lambda source: providers.as_image(lazy, "ZYX", spacing=(3, 2, 1), unit="mm", metadata={"a": 1}))
    view = iolink.open(file)
    assert (
        view.shape() == (32, 64, 8) and view.dtype() == iolink.DataType("UINT16") and view.array.chunks == (1, 16, 32)
    )
    assert list(view.properties().calibration.spacing) == [1, 2, 3]
    assert view.array.dims == ("slice", "row", "column") and view.array.coords["slice"][1][1] == 3
    assert view.capabilities() == ImageCapability.READ and view.metadata()["a"] is not None
    assert view.tiling_info().tile_count() == 32 and view.uri == file.as_uri()
    assert "UINT16" in repr(view) and "slice 8, row 64" in repr(view.array)
    assert ImageViewFactory.flip(view[2:, ::-1].scaled(), 0).shape() == (32, 64, 6)
    assert iolink.explain(view)
    assert lazy.read == []


@pytest.mark.parametrize("returned", ["array", "object", "function"])
def test_an_image_knows_the_uri_that_it_was_opened_by(provider, returned):
    array = np.arange(24, dtype="u2").reshape(4, 6)
    made = {
        "array": lambda source: array,
        "object": lambda source: Lazy(array),
        "function": lambda source: ImageViewFactory.from_function((4, 6), "UINT16", lambda region: array),
    }
    name, file = provider(made[returned])
    view = iolink.open(file)
    for image in (view, view[1:], ImageViewFactory.flip(view, 0), view.scaled()):
        assert image.uri == file.as_uri()
        origin = image.extension(ViewOriginExtension.EXTENSION_ID)
        assert isinstance(origin, ViewOriginExtension) and origin.uri() == file.as_uri()
    nowhere = iolink.open(io.BytesIO(b"x"), provider=name)
    assert nowhere.uri is None and nowhere.extension(ViewOriginExtension.EXTENSION_ID) is None
    assert ImageViewFactory.copy_in_memory(view).uri is None


def test_a_lazy_view_of_an_opened_image_that_was_written_to_is_pickled_by_its_samples(provider):
    _, file = provider(lambda source: np.zeros((30, 40), "u1"))
    view = iolink.open(file)
    flipped = ImageViewFactory.flip(view, 0)
    typed = ImageViewFactory.adapt_data_type(view, "UINT16")
    view[3, 4] = 9
    for lazy, total in ((flipped, 9), (flipped[:], 9), (typed, 9 * 257), (typed[2:].scaled(), 9)):
        assert np.asarray(pickle.loads(pickle.dumps(lazy))).sum() == total
        assert lazy.uri == file.as_uri()


@pytest.mark.parametrize(
    "axes",
    ["ZYX", "XYZ", "YXC", "CYX", "TYX", "XTY", "YXS", "yxc", "TZYXC", "CTXYZ", "XY", "X", "", None, "QYX", "??X"],
)
def test_axes_in_any_order_lead_to_one_canonical_image(axes):
    count = 3 if axes is None else len(axes)
    array = np.arange(2 * 3 * 4 * 5 * 6)[: np.prod(range(2, 2 + count), dtype=int)].reshape(tuple(range(2, 2 + count)))
    lazy, shared = providers.as_image(Lazy(array), axes), providers.as_image(array, axes)
    assert lazy.shape() == shared.shape() and lazy.properties() == shared.properties()
    np.testing.assert_array_equal(np.asarray(lazy), np.asarray(shared))
    named = set((axes or "").upper().replace("S", "C"))
    if axes and named <= set("TZYXC") and len(named) == count:
        order = [axes.upper().replace("S", "C").index(letter) for letter in "TZYXC" if letter in named]
        np.testing.assert_array_equal(np.asarray(lazy), array.transpose(order))
    else:
        np.testing.assert_array_equal(np.asarray(lazy), array)


def test_calibration_scale_meaning_and_metadata_are_filled():
    view = providers.as_image(
        np.zeros((2, 3, 4), np.uint8), "ZYX", spacing={"X": 0.5, "Z": 2.0}, origin=(7, 8, 9), unit=["um", None, "mm"],
        value_scale=(2.0, 1.0, "HU"), meaning=iolink.ImageInterpretation.LABEL, direction=np.eye(3)[[1, 0, 2]],
        metadata={"A": {"b": np.float32(1.5), "c/d": [1, 2], "e": None, "f": object}, "g": "text"},
    )  # fmt: skip
    properties = view.properties()
    assert list(properties.calibration.spacing) == [0.5, 1.0, 2.0]
    assert list(properties.calibration.origin) == [9, 8, 7]
    assert list(properties.calibration.units) == ["mm", "", "µm"]
    assert properties.value_scale == (2.0, 1.0, "HU")
    assert properties.image_info.image_interpretation == iolink.ImageInterpretation.LABEL
    found = view.metadata().to_dict()
    assert found == {"/A/b": 1.5, "/A/c_d": [1, 2], "/A/f": str(object), "/g": "text"}


@pytest.mark.parametrize(("axes", "named"), [("YY", "ROW"), ("YXX", "COLUMN"), ("zyxZ", "SLICE"), ("YXCS", "CHANNEL")])
def test_an_axis_that_is_named_twice_is_rejected(provider, axes, named):
    array = np.zeros(range(2, 2 + len(axes)))
    for made in (array, Lazy(array)):
        with pytest.raises(ValueError, match=f"axes: '?\"?{axes}.* names the axis {named} twice"):
            providers.as_image(made, axes)
    name, file = provider(lambda source: providers.as_image(array, axes))
    with pytest.raises(ValueError, match=f"{named} twice(.|\n)*{name}"):
        iolink.open(file)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"spacing": (1.0, float("nan"))}, r"the spacing of axis 0 \(COLUMN\) is NaN"),
        ({"origin": (float("inf"), 0.0)}, r"the origin of axis 1 \(ROW\) is inf"),
        ({"direction": np.zeros((3, 3))}, "the column direction .* has length 0"),
        ({"direction": np.eye(3) * 7}, "the column direction .* has length 7"),
        ({"direction": [[1, 0, 0], [0, 1, 0], [0, 1, 0]]}, "lie in one plane"),
        ({"value_scale": (0.0, 1.0, "")}, "the value scale has slope 0"),
        ({"value_scale": (float("nan"), 0.0, "")}, "the value scale has slope NaN"),
    ],
)
def test_properties_that_no_image_can_have_are_rejected(given, words):
    with pytest.raises(ValueError, match=words):
        providers.as_image(np.zeros((2, 3)), "YX", **given)


def test_a_spacing_of_zero_is_unknown_and_a_negative_one_stays():
    view = providers.as_image(np.zeros((2, 3)), "YX", spacing=(0, -2.0))
    assert list(view.properties().calibration.spacing) == [-2.0, 1.0]


@pytest.mark.parametrize(
    "named", [{"spacing": (1, 2)}, {"origin": (1,)}, {"unit": ["a", "b"]}, {"axes": "YX"}, {"unit": "x" * 40}]
)
def test_words_that_do_not_fit_the_array_are_refused_by_name(named):
    with pytest.raises(ValueError, match=f"{next(iter(named))}"):
        providers.as_image(np.zeros((2, 3, 4)), **named)


def test_a_frame_a_stream_a_list_and_a_pyramid_are_views_of_their_kind(provider):
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    _, file = provider(lambda source: table, formats=[{"extensions": "own-frame", "kind": "data-frame"}])
    frame = iolink.open(file, format="own-frame")
    assert isinstance(frame, iolink.DataFrameView) and frame.at("a", 1) == 2
    import polars

    for made in (polars.DataFrame({"a": [1, 2]}), table):
        _, file = provider(lambda source, made=made: made)
        assert iolink.open(file).at("a", 0) == 1
    _, file = provider(lambda source: io.BytesIO(b"bytes"))
    assert iolink.open(file).read() == b"bytes"
    _, file = provider(lambda source: [np.zeros((2, 2)), Lazy(np.ones((3, 4)))])
    several = iolink.open(file)
    assert [tuple(frame.shape()) for frame in several] == [(2, 2), (3, 4)]
    _, file = provider(lambda source: providers.as_pyramid([np.zeros((8, 8)), np.zeros((4, 4))]))
    assert list(iolink.open(file).level_range()) == [0, 1]
    with pytest.raises(IndexError, match="level 2 is not one of 0 to 1"):
        iolink.open(file).resolution(2)


def test_an_image_of_a_function_is_opened_as_it_is(provider):
    array = np.arange(24, dtype="u2").reshape(6, 4)

    def part(region):
        return array[tuple(slice(at, at + size) for at, size in zip(region.origin(), region.size(), strict=True))]

    _, file = provider(lambda source: ImageViewFactory.from_function((6, 4), "UINT16", part))
    view = iolink.open(file)
    np.testing.assert_array_equal(np.asarray(view), array)
    np.testing.assert_array_equal(np.asarray(view[2:5, 1:3]), array[2:5, 1:3])


def test_big_reads_come_in_pieces_along_chunks_with_progress_and_can_be_stopped():
    lazy = Lazy(np.zeros((96, 1024, 1024), np.uint8), chunks=(10, 512, 512))
    view = providers.as_image(lazy, "ZYX")
    steps = []
    view.read_region(
        ((0, 0, 3), (1024, 1024, 93)), np.empty((93, 1024, 1024), np.uint8), progress=lambda *at: steps.append(at)
    )
    assert [index[0] for index in lazy.read] == [slice(3, 70, 1), slice(70, 96, 1)]
    assert steps[-1] == (93 << 20, 93 << 20)
    with pytest.raises(CancelledError):
        ImageViewFactory.copy_in_memory(view, progress=lambda done, total: False)


def test_chunks_are_the_tiles_of_the_image():
    view = providers.as_image(Lazy(np.zeros((10, 20, 30)), chunks=(5, 8, 16)), "ZYX")
    tiles = view.tiling_info()
    assert (tuple(tiles.max_tile_size()), tiles.tile_count()) == ((16, 8, 5), 2 * 3 * 2)
    assert tiles.read_tile(11).shape == (5, 4, 14)


def test_what_a_source_is(provider, tmp_path):
    seen = []
    speed = {"speed": Option(str)}
    _, file = provider(lambda source: seen.append(source) or np.zeros(1), options=speed)
    iolink.open(file, speed=3)
    (source,) = seen
    assert (source.uri, source.path) == (file.as_uri(), str(file))
    assert (source.options, source.format) == ({"speed": "3"}, None)
    assert os.fspath(source) == str(file)
    assert source.bytes.read_at(2, 3) == b"\2\3\4"
    with source.file() as opened:
        opened.seek(20)
        assert opened.read() == b"\x14\x15\x16\x17"
    iolink.open(io.BytesIO(b"12345"), format=file.suffix[1:])
    in_memory = seen[-1]
    assert in_memory.path is None and in_memory.path_or_file().read() == b"12345"
    with pytest.raises(TypeError, match=r"not a local file: use source.file\(\) or source.bytes"):
        os.fspath(in_memory)


# Options

OPTIONS = {
    "page": Option(int, 0, "which page to open"),
    "scale": Option(float, None, "what samples are multiplied by"),
    "flip": Option(bool, False, "whether rows are stored from bottom to top"),
    "name": Option(str, None, "which of several"),
}


def test_declared_options_come_in_their_types_and_those_not_given_as_declared(provider):
    seen = []
    _, file = provider(lambda source: seen.append(source.options) or np.zeros(1), options=OPTIONS)
    iolink.open(file)
    iolink.open(file, page=3, scale=0.5, flip=True, name="7")
    iolink.open(file, page="3", scale=2, flip="true", name=None)
    assert seen == [
        {"page": 0, "flip": False},
        {"page": 3, "scale": 0.5, "flip": True, "name": "7"},
        {"page": 3, "scale": 2.0, "flip": True},
    ]
    assert [type(value) for value in seen[1].values()] == [int, float, bool, str]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"pages": 3},
            r"has no option pages; it takes page \(integer\), scale \(number\), flip \(boolean\), name \(string\)",
        ),
        ({"page": 1.5}, 'the option page is "1.5", not an integer: which page to open'),
        ({"scale": "much"}, 'the option scale is "much", not a number: what samples are multiplied by'),
        ({"flip": 7}, 'the option flip is "7", not true or false'),
    ],
)
def test_other_options_and_values_of_another_type_are_refused_before_open_is_called(provider, options, words):
    asked = []
    name, file = provider(lambda source: asked.append(source) or np.zeros(1), options=OPTIONS)
    for chosen in (None, name):
        with pytest.raises(ValueError, match=words):
            iolink.open(file, provider=chosen, **options)
    assert asked == []


def test_options_are_listed_and_explained(provider):
    name, file = provider(lambda source: np.zeros(1), options=OPTIONS)
    (info,) = (info for info in iolink.plugins() if info.id == name)
    assert info.options[:2] == (
        "page: integer, 0 by default: which page to open",
        "scale: number: what samples are multiplied by",
    )
    explained = iolink.explain(file)
    assert all(f"{line}\n" in f"{explained}\n" for line in info.options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["page"], "options: expected a dict, such as .* not list"),
        ({"page": 3}, r'options\["page"\]: expected an iolink.providers.Option, such as .* not 3'),
        ({"page": (int, 0, "which page")}, r'options\["page"\]: expected an iolink.providers.Option'),
        ({"": Option(int)}, r'options\[""\]: the name is empty'),
        ({"order": Option(str, "xy", choices=["zyx"])}, r'options\["order"\]: the default: .* is "xy", not one of zyx'),
    ],
)
def test_options_that_are_declared_wrongly_are_named(options, words):
    members = {"formats": "x", "open": lambda self, source: None, "options": options}
    with pytest.raises((TypeError, ValueError), match=words):
        iolink.register_provider(type("Bad", (), members))


def test_an_installed_provider_declares_its_options_in_its_static_file(tmp_path):
    folder = site(tmp_path, "[iolink.providers]\nqopt = qoptions:Raw\n")
    package = folder / "qoptions"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import numpy\nclass Raw:\n    def open(self, source):\n        return numpy.full(source.options['size'], 7, 'u1')\n"
    )
    (package / "iolink-providers.toml").write_text(
        "[qopt]\nid = 'org.example.qopt'\n[[qopt.options]]\nname = 'size'\ntype = 'integer'\ndefault = '4'\n"
        "description = 'how many samples'\n"
    )
    file = tmp_path / "x.qopt"
    file.write_bytes(b"1")
    code = f"""
    import sys, iolink
    def known(): return next(p.options for p in iolink.plugins() if p.id == "org.example.qopt")
    print(known(), "options size: integer" in iolink.explain({str(file)!r}), "qoptions" in sys.modules)
    for options in ({{"length": 3}}, {{"size": "long"}}):
        try:
            iolink.open({str(file)!r}, **options)
        except ValueError as refused:
            print(refused)
    print(iolink.open({str(file)!r}).shape(), iolink.open({str(file)!r}, size=2).shape(), known())
    """
    line = "('size: integer, 4 by default: how many samples',)"
    assert in_child(folder, code) == [
        f"{line} True False",
        "org.example.qopt has no option length; it takes size (integer) [org.example.qopt]",
        'the option size is "long", not an integer: how many samples [org.example.qopt]',
        f"VectorXu64(4) VectorXu64(2) {line}",
    ]


def test_an_installed_provider_declares_in_its_static_file_what_it_saves(tmp_path):
    folder = site(tmp_path, "[iolink.providers]\nqsave = qsaves:Raw\n")
    package = folder / "qsaves"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import numpy\nclass Raw:\n    def open(self, source):\n        return numpy.fromfile(source, 'u1')\n"
        "    def save(self, view, target):\n        (numpy.asarray(view) + target.options['more']).tofile(target)\n"
    )
    (package / "iolink-providers.toml").write_text(
        "[qsave]\nid = 'org.example.qsave'\n[[qsave.formats]]\nformat = 'QSAVE'\nextensions = 'qsave'\n"
        "offer = 'open,save'\ndata_types = 'UINT8'\nmax_dimensions = 1\n"
        "[[qsave.formats.options]]\nname = 'more'\ntype = 'integer'\ndefault = '1'\n"
    )
    code = f"""
    import sys, iolink
    def known(): return next(p for p in iolink.plugins() if p.id == "org.example.qsave")
    print(known().offers, "qsaves" in sys.modules)
    view = iolink.ImageViewFactory.uniform((4,), "UINT8", 7)
    iolink.save(view, {str(tmp_path / "x.qsave")!r})
    print(known().state, iolink.open({str(tmp_path / "x.qsave")!r}).read((3,)))
    try:
        iolink.save(iolink.ImageViewFactory.uniform((4, 4), "UINT8", 7), {str(tmp_path / "y.qsave")!r})
    except ValueError as refused:
        print(refused)
    """
    assert in_child(folder, code) == [
        "('open image: QSAVE (qsave)', 'save image: QSAVE (qsave)') False",
        "loaded 8",
        "QSAVE cannot hold the view: it takes images of 0 to 1 axes, not 2",
    ]
    assert not (tmp_path / "y.qsave").exists()


# Which one is asked


def test_it_is_listed_explained_and_named_by_its_view(provider):
    name, file = provider(lambda source: np.zeros(3), title="My own", version="2.1")
    (info,) = (info for info in iolink.plugins() if info.id == name)
    assert (info.kind, info.state, info.version) == ("python", "loaded", "2.1")
    assert info.offers == (f"open image: {file.suffix[1:].upper()} ({file.suffix[1:]})",)
    assert f"chosen  {name}" in iolink.explain(file)
    assert iolink.open(file).provider == name


def test_the_id_and_title_follow_from_the_class():
    class Plain:
        """One line for people.

        More lines.
        """

        formats = "plainending"

        def open(self, source):
            return np.zeros(1)

    iolink.register_provider(Plain)
    known = [info.id for info in iolink.plugins() if info.kind == "python"]
    assert any(name.endswith("Plain") and " " not in name for name in known)
    with pytest.raises(UnsupportedFormatError, match=r"(?s)Plain.*One line for people\.\) opens PLAINENDING"):
        iolink.open(io.BytesIO(b"1"), format="nobody knows this")


def test_a_class_that_comes_again_takes_the_place_of_the_one_before(provider):
    name, file = provider(lambda source: np.zeros(1))
    first = iolink.open(file)
    ending = file.suffix[1:]
    iolink.register_provider(
        type("Own", (), {"formats": f"{ending},other", "id": name, "open": lambda self, s: np.ones(2)})
    )
    assert len([info for info in iolink.plugins() if info.id == name]) == 1
    assert iolink.open(file).shape() == (2,)
    assert np.asarray(first) == [0.0]
    other = file.with_suffix(".other")
    other.write_bytes(b"1")
    assert iolink.open(other).shape() == (2,)


def test_of_two_that_claim_a_file_the_surer_opens_it_and_the_user_can_choose(tmp_path):
    file = tmp_path / "x.twice"
    file.write_bytes(b"TWICE")
    for name, answer in [("b", 60), ("a", None), ("c", 90)]:
        members = {
            "formats": [{"format": "Twice", "extensions": "twice", "magic": "0:5457494345"}],
            "id": f"org.example.twice.{name}",
        }
        members["open"] = lambda self, source, name=name: np.full(1, ord(name))
        if answer is not None:
            members["identify"] = lambda self, source, answer=answer: answer
        iolink.register_provider(type("Twice", (), members))
    # By its magic and ending a is at 95; b and c say for themselves 60 and 90.
    assert iolink.open(file).provider == "org.example.twice.a"
    assert iolink.open(file, provider="org.example.twice.b").provider == "org.example.twice.b"
    explained = iolink.explain(file)
    assert "best of 3" in explained and "all are asked before one opens" in explained
    assert [explained.index(f"org.example.twice.{name}  ") for name in "abc"] == sorted(
        explained.index(f"org.example.twice.{name}  ") for name in "abc"
    )
    iolink.set_provider_priority(["org.example.twice.c"])
    try:
        assert iolink.open(file).provider == "org.example.twice.c"
        assert "chosen  org.example.twice.c" in iolink.explain(file)
    finally:
        iolink.set_provider_priority([])


def test_equally_sure_ones_are_taken_in_the_order_of_their_ids(tmp_path):
    file = tmp_path / "x.evenly"
    file.write_bytes(b"1")
    for name in ("z", "m", "q"):
        iolink.register_provider(
            type(
                "Even", (), {"formats": "evenly", "id": f"org.example.even.{name}", "open": lambda self, s: np.zeros(1)}
            )
        )
    assert {iolink.open(file).provider for _ in range(5)} == {"org.example.even.m"}


@pytest.mark.parametrize("answer", [101, -1, "sure", 0.5])
def test_a_score_that_is_none_is_named_and_passed_over(provider, tmp_path, answer):
    name, file = provider(lambda source: np.zeros(1))
    provider(lambda source: np.ones(1), formats=file.suffix[1:], identify=lambda self, source: answer)
    assert iolink.open(file).provider == name
    with pytest.raises(Exception, match=r"identify\(\) of .* expected None, True, False or an integer from 0 to 100"):
        provider(lambda source: 1, formats=file.suffix[1:], id=name, identify=lambda self, source: answer)
        iolink.open(file)


# Bad ones


def test_one_that_claims_every_file_does_not_keep_others_from_theirs(provider, tmp_path):
    greedy, _ = provider(lambda source: 1 / 0, formats=[], identify=lambda self, source: 100)
    try:
        name, file = provider(lambda source: np.zeros(5))
        view = iolink.open(file)  # the greedy one is surer, fails, and is passed over
        assert view.provider == name
        table = tmp_path / "t.csv"
        table.write_text("a,b\n1,2\n")
        assert iolink.open(table).at("b", 0) == 2
        with pytest.raises(iolink.Error, match=f"ZeroDivisionError.*{greedy}"):
            iolink.open(io.BytesIO(b"of nobody"))
    finally:
        iolink.register_provider(
            type("Own", (), {"formats": "nothing", "id": greedy, "open": lambda self, source: np.zeros(1)})
        )


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("bad header"), CorruptDataError),
        (EOFError("short"), CorruptDataError),
        (OSError("not one of mine"), CorruptDataError),
        (AttributeError("a mistake"), InternalError),
        (NameError("another"), InternalError),
        (FileNotFoundError(2, "gone"), NotFoundError),
        (UnsupportedFormatError("not mine"), UnsupportedFormatError),
        (NotImplementedError("not yet"), iolink.CapabilityError),
        (OSError(5, "disk"), iolink.StreamError),
        (MemoryError("large"), iolink.LimitError),
        (SystemExit("bye"), InternalError),
    ],
)
def test_one_that_raises_is_an_error_with_its_exception_as_the_cause(provider, raised, expected):
    def open_it(source):
        raise raised

    name, file = provider(open_it)
    with pytest.raises(expected) as caught:
        iolink.open(file)
    assert name in str(caught.value)
    assert caught.value.__cause__ is (raised if isinstance(raised, Exception) else None)


@pytest.mark.parametrize("returned", [None, 3, "text", object(), {"a": 1}])
def test_one_that_returns_something_else_says_what_was_expected(provider, returned):
    _, file = provider(lambda source: returned)
    with pytest.raises(iolink.Error, match=f"returned {type(returned).__name__}; an array, an object with shape"):
        iolink.open(file)


class Liar(Lazy):
    def __init__(self, array, answer):
        super().__init__(array)
        self.answer = answer

    def __getitem__(self, index):
        return self.answer(self.array[index])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda part: part[..., :-1], r"gave an array of shape \[4, 5\]"),
        (lambda part: part[0], r"gave an array of shape \[6\]"),
        (lambda part: part.astype("f8"), "type float64 for a region of shape"),
        (lambda part: part.astype("i2"), "type int16"),
        (lambda part: 7, r"gave an array of shape \[\]"),
        (lambda part: np.array(["a"]), "type <U1"),
    ],
)
def test_a_wrong_shape_or_type_is_an_error_and_never_data(answer, words):
    view = providers.as_image(Liar(np.zeros((4, 6), "u2"), answer), "YX")
    with pytest.raises(CorruptDataError, match=words):
        view.read_region(((0, 0), (6, 4)), np.empty((4, 6), "u2"))
    with pytest.raises(CorruptDataError, match=words):
        np.asarray(view)


def test_a_region_with_a_mask_is_refused_and_the_mask_not_dropped():
    masked = np.ma.masked_equal(np.arange(24, dtype="u2").reshape(4, 6), 7)
    view = providers.as_image(Liar(masked, lambda part: part), "YX")
    for read in (lambda: np.asarray(view), lambda: view.read_region(((1, 1), (1, 1)))):
        with pytest.raises(TypeError, match=r"Liar\[\.\.\.\]: .*mask.*filled\(value\)"):
            read()


def test_an_array_with_a_mask_is_refused_when_it_is_opened(provider):
    _, file = provider(lambda source: np.ma.masked_equal(np.arange(24, dtype="u2").reshape(4, 6), 7))
    with pytest.raises(TypeError, match=r"mask.*filled\(value\)"):
        iolink.open(file)


def test_byte_order_is_no_wrong_type():
    view = providers.as_image(Liar(np.arange(6, dtype="<u2").reshape(2, 3), lambda part: part.astype(">u2")), "YX")
    np.testing.assert_array_equal(np.asarray(view), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("dtype", ["O", "U4", "M8[s]", [("a", "u1"), ("b", "f4")]])
def test_a_dtype_that_no_image_has_is_refused_when_it_is_opened(provider, dtype):
    _, file = provider(lambda source: Lazy(np.zeros((2, 2), dtype)))
    with pytest.raises(iolink.Error, match="is no type of image samples"):
        iolink.open(file)


def test_a_region_that_raises_comes_out_as_it_is():
    class Failing(Lazy):
        def __getitem__(self, index):
            raise KeyError("chunk 3")

    view = providers.as_image(Failing(np.zeros((2, 2))))
    with pytest.raises(KeyError, match="chunk 3"):
        view.read_region(((0, 0), (2, 2)), np.empty((2, 2)))
    with pytest.raises(CorruptDataError) as refused:
        np.asarray(view)
    assert isinstance(refused.value.__cause__, KeyError)


def interrupted_after(seconds, body):
    """Runs `body` with a KeyboardInterrupt coming, as by Ctrl-C."""
    timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            body()
    finally:
        timer.cancel()
        timer.join()


def test_one_that_hangs_is_stopped_by_ctrl_c_and_no_other_is_tried(provider):
    def hang(source):
        while True:
            time.sleep(0.01)

    name, file = provider(hang)
    asked = []
    provider(lambda source: asked.append(source) or np.zeros(1), formats=file.suffix[1:], id="zzz.last")
    interrupted_after(0.2, lambda: iolink.open(file))
    assert asked == []
    interrupted_after(0.2, lambda: iolink.open(file, provider=name))
    slow = Liar(np.zeros((2, 2)), lambda part: hang(None))
    interrupted_after(0.2, lambda: np.asarray(providers.as_image(slow)))
    assert np.asarray(iolink.open(file, provider="zzz.last")) == [0.0]


def test_one_that_tells_its_progress_is_stopped_by_whoever_listens(provider):
    def slow(source):
        for done in range(1000):
            source.progress(done, 1000)
        return np.zeros(1)

    _, file = provider(slow)
    seen = []
    iolink.open(file, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 1000) and len(seen) == 1000
    with pytest.raises(CancelledError):
        iolink.open(file, progress=lambda done, total: done < 3)
    with pytest.raises(LookupError, match="of the listener"):
        iolink.open(
            file,
            progress=lambda done, total: [][0] if done < 0 else (_ for _ in ()).throw(LookupError("of the listener")),
        )


def test_files_are_opened_from_many_threads_and_inside_one_another(provider):
    _, inner = provider(lambda source: Lazy(np.arange(6)))
    _, outer = provider(lambda source: iolink.open(inner))
    failures = []

    def work():
        try:
            for _ in range(50):
                assert np.asarray(iolink.open(outer)).sum() == 15
        except BaseException as failed:
            failures.append(failed)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_one_that_goes_in_circles_is_stopped(provider):
    files = []
    _, file = provider(lambda source: iolink.open(files[0]))
    files.append(file)
    with pytest.raises((iolink.Error, RecursionError)):
        iolink.open(file)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"formats": None}, "formats"),
        ({"formats": {"PGM": "pgm"}}, "formats: {.*} is a dict; give a list"),
        ({"formats": [3]}, r"formats\[0\]: expected a dict"),
        ({"formats": [{"ending": "x"}]}, r"formats\[0\]: \"ending\" is not one of format, extensions"),
        ({"formats": [{"extensions": 3}]}, r"formats\[0\].extensions: 3 is not a string"),
        ({"formats": [{"kind": "picture"}]}, r'formats\[0\].kind is "picture", not one of image'),
        ({"formats": [{"magic": "zz"}]}, r'formats\[0\].magic: "zz" is not of the form OFFSET:HEX'),
        ({"formats": [{"offer": "create"}]}, r'formats\[0\].offer is "create", not one of open, save, convert'),
        ({"formats": [{"offer": "save"}]}, r"has no method save\(view, target\), by which it saves"),
        ({"formats": [{"offer": "convert", "from_kind": "image"}]}, r"has no method convert\(view, request\)"),
        ({"formats": [{"options": {"page": 3}}]}, r'formats\[0\].options\["page"\]: expected an iolink.prov'),
        ({"formats": "x", "id": "a b"}, '"a b" is not an id'),
        ({"formats": "x", "id": "x" * 64}, "is longer than 63 bytes"),
        ({"formats": "x", "id": "org.iolink.memory"}, "already is linked in"),
        ({"formats": "x", "open": None}, r"has no method open\(source\)"),
    ],
)
def test_a_class_that_cannot_be_a_provider_says_why(members, words):
    members = {"open": lambda self, source: None, **members}
    if members["formats"] is None:
        del members["formats"]
    with pytest.raises((TypeError, ValueError, PluginRefusedError), match=words):
        iolink.register_provider(type("Bad", (), members))


# Distributions


def site(tmp_path, entry_points, **files):
    """A folder as pip leaves it, with modules and a distribution that declares entry points."""
    folder = tmp_path / "site"
    info = folder / "own_dist-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(textwrap.dedent(entry_points))
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return folder


def in_child(folder, code):
    """What a fresh Python prints that finds the folder's distributions."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}"}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


RAW = """
    import numpy
    class Raw:
        def open(self, source):
            return numpy.fromfile(source.path, "u1")
"""


def test_an_installed_provider_is_listed_without_import_and_available_until_first_use(tmp_path):
    folder = site(tmp_path, "[iolink.providers]\nqraw = qraw_module:Raw\n", qraw_module_py=RAW)
    file = tmp_path / "x.qraw"
    file.write_bytes(b"\1\2\3")
    code = f"""
    import sys, iolink
    def state(): return next((p.kind, p.state, p.version, p.offers) for p in iolink.plugins() if p.id == "qraw_module.Raw")
    print(state(), "qraw_module" in sys.modules, "numpy" in sys.modules)
    print("qraw_module.Raw" in iolink.explain({str(file)!r}), "qraw_module" in sys.modules)
    view = iolink.open({str(file)!r})
    print(view.provider, view.shape(), state()[1], "qraw_module" in sys.modules)
    """
    assert in_child(folder, code) == [
        "('python', 'available', '1.5', ('open image: QRAW (qraw)',)) False False",
        "True False",
        "qraw_module.Raw VectorXu64(3) loaded True",
    ]


def test_a_static_file_says_more(tmp_path):
    folder = site(
        tmp_path,
        "[iolink.providers]\nraw = qpackage:Raw\n",
        qpackage____init___py=RAW,
    )
    package = folder / "qpackage"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(textwrap.dedent(RAW))
    (package / "iolink-providers.toml").write_text(
        "[raw]\nid = 'org.example.qraw'\ntitle = 'Raw'\n[[raw.formats]]\nformat = 'RAW'\nmagic = '0:51524157'\n"
    )
    code = """
    import io, iolink, tempfile, pathlib
    file = pathlib.Path(tempfile.mkdtemp(), "no-ending")
    file.write_bytes(b"QRAW")
    print(iolink.open(file).provider)
    """
    assert in_child(folder, code) == ["org.example.qraw"]


BAD = """
[iolink.providers]
good = qgood:Raw
qa = qmissing_module:Raw
qb = qgood:Missing
qc = qraises:Raw
qd = qexits:Raw
qe = qgood
qf = qnoopen:Raw
qg = qbroken:Raw
qh = qbadinit:Raw
"""


def test_bad_distributions_are_refused_with_a_reason_and_the_good_one_opens(tmp_path):
    folder = site(
        tmp_path, BAD, qgood_py=RAW, qraises_py="1 / 0", qexits_py="import sys; sys.exit(3)", qnoopen_py="class Raw: pass",
        qbadinit_py="class Raw:\n    def __init__(self): raise OSError('no licence')\n    def open(self, source): pass",
    )  # fmt: skip
    (folder / "qbroken").mkdir()
    (folder / "qbroken" / "__init__.py").write_text(textwrap.dedent(RAW))
    (folder / "qbroken" / "iolink-providers.toml").write_text("[qg]\ntitle = 'Broken'\n[[qg.formats]]\nmagic = 'zz'\n")
    (tmp_path / "x.good").write_bytes(b"12")
    code = f"""
    import iolink
    for check in (False, True):
        for info in iolink.plugins(check=check):
            if info.state == "refused":
                print(check, info.id, "|", info.reason)
    print(iolink.open({str(tmp_path / "x.good")!r}).shape())
    """
    lines = in_child(folder, code)
    assert lines.pop() == "VectorXu64(2)"

    def reason(check, name):
        (line,) = (line for line in lines if line.startswith(f"{check} {name} | "))
        return line.split(" | ", 1)[1]

    assert len([line for line in lines if line.startswith("False")]) == 3  # known without an import
    assert "qa = qmissing_module:Raw" in reason(False, "qmissing_module.Raw")
    assert "there is no module qmissing_module in " in reason(False, "qmissing_module.Raw")
    assert "is not of the form package.module:Class" in reason(False, "qgood")
    assert 'iolink-providers.toml: qg.formats[0].magic: "zz" is not of the form' in reason(False, "qbroken.Raw")
    assert "there is no Missing in qgood:Missing" in reason(True, "qgood.Missing")
    assert "ZeroDivisionError" in reason(True, "qraises.Raw")
    assert "SystemExit: 3" in reason(True, "qexits.Raw")
    assert "Raw has no method open(source)" in reason(True, "qnoopen.Raw")
    assert "no licence" in reason(True, "qbadinit.Raw")
    assert len([line for line in lines if line.startswith("True")]) == 8


def test_a_provider_whose_library_is_missing_says_what_to_install(tmp_path):
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    code = f"""
    import sys
    import iolink
    sys.path[:] = [entry for entry in sys.path if entry != "hidden"]
    try:
        iolink.open({str(tmp_path / "x.h5")!r})
    except iolink.UnsupportedFormatError as refused:
        print([line.strip() for line in str(refused).splitlines() if "h5py" in line][0])
    """
    # Only iolink and NumPy are there.
    folder = tmp_path / "few"
    folder.mkdir()
    package = Path(iolink.__file__).parent
    for part in (package, *package.parent.glob("iolink_rs-*.dist-info"), Path(np.__file__).parent):
        (folder / part.name).symlink_to(part)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, check=True
    )
    assert "org.iolink.python.h5py would, but was refused" in done.stdout
    assert "it needs h5py, not installed; run pip install 'iolink-rs[h5py]'" in done.stdout


# A program in C


def test_a_program_in_c_that_embeds_python_opens_files_through_it(tmp_path):
    include = sysconfig.get_path("include")
    if not Path(include, "Python.h").exists() or shutil.which("cc") is None:
        pytest.skip("a C compiler and Python.h are needed for a program that embeds Python")
    library = sysconfig.get_config_var("LDLIBRARY")
    where = sysconfig.get_config_var("LIBDIR")
    program = tmp_path / "host"
    compiled = subprocess.run(
        ["cc", "-o", program, ROOT / "tests" / "python" / "embedding_host.c", f"-I{include}",
         f"-I{ROOT / 'sdk' / 'include'}", f"-L{where}", f"-Wl,-rpath,{where}", f"-l:{library}",
         *(sysconfig.get_config_var("LIBS") or "").split(), *(sysconfig.get_config_var("SYSLIBS") or "").split(),
         "-lm", "-rdynamic"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
    lazy = """
        import numpy
        class Samples:
            def __init__(self, path, first):
                self.samples = numpy.fromfile(path, "u1")[first:]
                self.shape, self.dtype = self.samples.shape, self.samples.dtype
            def __getitem__(self, index):
                return self.samples[index]
        class Raw:
            def open(self, source):
                return Samples(source.path, source.options["first"])
    """
    folder = site(tmp_path, "[iolink.providers]\nqemb = qemb_package:Raw\n")
    (folder / "qemb_package").mkdir()
    (folder / "qemb_package" / "__init__.py").write_text(textwrap.dedent(lazy))
    (folder / "qemb_package" / "iolink-providers.toml").write_text(
        "[qemb]\noptions = [{ name = 'first', type = 'integer', default = '0', description = 'the first sample' }]\n"
    )
    file = tmp_path / "x.qemb"
    file.write_bytes(bytes([5, 6, 7]))
    paths = [str(folder), str(Path(iolink.__file__).parents[1]), str(Path(np.__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([program, file], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.split()) == (0, ["1", "axis,", "3", "samples:", "5", "6", "7"]), done.stderr
    assert "the interpreter has ended" in done.stderr

    def with_option(key, value):
        return subprocess.run(
            [program, file, key, value], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    assert with_option("first", "2").stdout.split() == ["1", "axis,", "1", "samples:", "7"]
    refused = with_option("first", "one")
    assert refused.returncode == 1 and 'the option first is "one", not an integer' in refused.stderr
    assert "has no option last; it takes first (integer)" in with_option("last", "1").stderr
    missing = subprocess.run(
        [program, tmp_path / "absent.qemb"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert missing.returncode == 1 and "there is no file" in missing.stderr


def test_the_picture_of_a_file_without_chunks_asks_for_its_plane_at_once(provider):
    asked = []

    class Plane:
        shape, dtype = (40, 600, 500), np.dtype("u2")

        def __getitem__(self, key):
            asked.append(tuple((part.start, part.stop) for part in key))
            return np.arange(40 * 600 * 500, dtype="u2").reshape(40, 600, 500)[key]

    _, file = provider(lambda source: providers.as_image(Plane(), "ZYX"))
    view = iolink.open(file)
    assert view._repr_png_() is not None
    assert len(asked) == 1 and asked[0][0] == (20, 21)
    assert view._repr_png_() == ImageViewFactory.copy_in_memory(view)._repr_png_()
