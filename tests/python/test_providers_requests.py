"""Requests to providers written in Python beside `open`: saving, converting, options, and the store of a source."""

from __future__ import annotations

import io
import itertools
import os
import pickle
import threading

import numpy as np
import polars
import pyarrow
import pytest

import iolink
from iolink import (
    CancelledError,
    CapabilityError,
    CorruptDataError,
    DataFrameViewFactory,
    DataStorageFactory,
    ImageViewFactory,
    NumpyInterop,
    UnsupportedFormatError,
    providers,
)
from iolink.providers import Option, Target
from iolink.testing import check_provider

NUMBERS = itertools.count()
MAGIC = b"OWN1"


class Own:
    """Arrays as NumPy writes them, behind a magic."""

    options = {"note": Option(str, "none", "a line of text")}  # noqa: RUF012

    def open(self, source):
        with source.file() as file:
            if file.read(4) != MAGIC:
                raise UnsupportedFormatError("it does not start with the magic")
            return np.load(io.BytesIO(file.read()))

    def save(self, view, target):
        with open(target, "wb") as file:
            file.write(MAGIC)
            np.save(file, np.asarray(view))


@pytest.fixture
def own():
    """Registers a subclass of `Own` for an ending of its own, which saves by the function that is given."""

    def register(save=None, offer="open,save", **members):
        ending = f"saved{next(NUMBERS)}"
        signs = {"extensions": ending, "magic": "0:4f574e31", "offer": offer, **members.pop("signs", {})}
        members = {"formats": [signs], "id": f"test.requests.{ending}", **members}
        if save is not None:
            members["save"] = lambda self, view, target: save(view, target)
        made.append(iolink.register_provider(type("OwnFormat", (Own,), members)))
        return members["id"], ending

    made = []
    yield register
    for cls in made:
        # A provider stays for the life of the process, and with it what its functions hold.
        cls.formats, cls.open, cls.save, cls.identify = [{"extensions": "no-such-ending"}], Own.open, Own.save, None
        del cls.identify
        iolink.register_provider(cls)


def image(rows=3, columns=4):
    return NumpyInterop.from_numpy_array(np.arange(rows * columns, dtype="u1").reshape(rows, columns))


# Saving


def test_an_image_that_a_provider_saves_opens_again_equal(own, tmp_path):
    name, ending = own()
    path = tmp_path / f"x.{ending}"
    iolink.save(image(), path)
    again = iolink.open(path)
    assert again.provider == name
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image()))
    iolink.save(image(5, 6), str(path), provider=name)
    iolink.save(iolink.open(path), tmp_path / "other", format=ending.upper())
    assert np.asarray(iolink.open(tmp_path / "other", provider=name)).shape == (5, 6)
    assert sorted(os.listdir(tmp_path)) == ["other", path.name]


def test_a_provider_that_opens_and_saves_keeps_its_promises(own, tmp_path):
    name, ending = own()
    sample = tmp_path / f"sample.{ending}"
    iolink.save(image(), sample)
    findings = check_provider(name, [sample])
    assert [finding for finding in findings if finding.outcome == "broken"] == []
    assert any("sav" in finding.promise and finding.outcome == "held" for finding in findings)


def test_a_target_says_where_and_how_to_save(own, tmp_path):
    seen = []

    def save(view, target):
        assert isinstance(target, Target)
        seen.append(
            (target.uri, target.format, target.options, target.overwrite, target.stream, target.store, target.key)
        )
        assert os.fspath(target) == target.path and os.path.dirname(target.path) == str(tmp_path)
        assert os.path.getsize(target.path) == 0 and not os.path.exists(path)
        Own.save(None, view, target)

    _, ending = own(save)
    path = tmp_path / f"x.{ending}"
    iolink.save(image(), path, note="hello")
    assert seen == [(path.as_uri(), ending.upper(), {"note": "hello"}, True, None, None, None)]


def test_a_data_frame_is_saved_by_save_and_write(own, tmp_path):
    def save(frame, target):
        with open(target, "w") as file:
            file.write("|".join(map(str, frame.to_arrow().column("a").to_pylist())))

    name, ending = own(save, "save", signs={"kind": "data-frame"})
    frame = DataFrameViewFactory.from_columns({"a": [1, 2, 3]})
    for write in (iolink.save, DataFrameViewFactory.write):
        path = tmp_path / f"{write.__name__}.{ending}"
        write(frame, path)
        assert path.read_text() == "1|2|3"
    with pytest.raises(UnsupportedFormatError, match=f"{name} does not write a image"):
        iolink.save(image(), tmp_path / f"x.{ending}", provider=name)


def test_a_provider_saves_to_keys_of_stores_and_to_streams(own):
    _, ending = own()
    store, stream = DataStorageFactory.allocate(), iolink.StreamAccessFactory.allocate(0)
    iolink.save(image(), store.sibling(f"a.{ending}"))
    iolink.save(image(), stream, format=ending)
    assert store.keys() == [f"a.{ending}"]
    for saved in (store.sibling(f"a.{ending}"), io.BytesIO(store.read(f"a.{ending}"))):
        np.testing.assert_array_equal(np.asarray(iolink.open(saved, format=ending)), np.asarray(image()))
    stream.seek(0)
    assert stream.read() == store.read(f"a.{ending}")

    def fails(view, target):
        raise ValueError("a bad sample")

    _, ending = own(fails)
    with pytest.raises(CorruptDataError):
        iolink.save(image(), store.sibling(f"b.{ending}"))
    assert len(store.keys()) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (lambda: ValueError("a bad sample"), CorruptDataError),
        (lambda: OSError(28, "no space"), iolink.StreamError),
        (lambda: AttributeError("a mistake"), iolink.InternalError),
        (lambda: UnsupportedFormatError("not such an image"), UnsupportedFormatError),
    ],
)
def test_a_save_that_raises_leaves_the_old_file_and_comes_out_with_its_cause(own, tmp_path, error, expected):
    def save(view, target):
        open(target, "wb").write(b"half")
        raised.append(error())
        raise raised[-1]

    raised = []
    name, ending = own(save)
    path = tmp_path / f"x.{ending}"
    for before in (None, b"old"):
        if before is not None:
            path.write_bytes(before)
        with pytest.raises(expected) as caught:
            iolink.save(image(), path)
        assert name in str(caught.value) and caught.value.__cause__ is raised.pop()
        assert os.listdir(tmp_path) == ([] if before is None else [path.name])
    assert path.read_bytes() == b"old"


def test_an_interrupt_of_a_save_comes_out_as_it_was(own, tmp_path):
    stop = KeyboardInterrupt()

    def save(view, target):
        raise stop

    _, ending = own(save)
    with pytest.raises(KeyboardInterrupt) as caught:
        iolink.save(image(), tmp_path / f"x.{ending}")
    assert caught.value is stop and os.listdir(tmp_path) == []


def test_an_exception_of_the_view_comes_out_of_a_save_as_the_cause(own, tmp_path):
    class Broken:
        shape, dtype = (3, 4), np.dtype("u1")

        def __getitem__(self, index):
            raise KeyError("chunk 3")

    _, ending = own()
    with pytest.raises(CorruptDataError) as caught:
        iolink.save(providers.as_image(Broken(), "YX"), tmp_path / f"x.{ending}")
    causes = [caught.value]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    assert isinstance(causes[-1], KeyError) and os.listdir(tmp_path) == []


def test_progress_of_a_save_is_heard_and_stops_it(own, tmp_path):
    def save(view, target):
        for done in range(4):
            target.progress(done, 4)
        Own.save(None, view, target)

    _, ending = own(save)
    heard = []
    iolink.save(image(), tmp_path / f"x.{ending}", progress=lambda done, total: heard.append((done, total)) or True)
    assert heard[0] == (0, 4)
    with pytest.raises(CancelledError):
        iolink.save(image(), tmp_path / f"y.{ending}", progress=lambda done, total: False)
    assert os.listdir(tmp_path) == [f"x.{ending}"]


def test_a_view_that_the_format_cannot_hold_is_rejected_before_save_is_called(own, tmp_path):
    asked = []
    _, ending = own(lambda view, target: asked.append(view), signs={"data_types": "UINT8", "max_dimensions": "2"})
    for view in (ImageViewFactory.allocate((2, 2), "UINT16"), ImageViewFactory.allocate((2, 2, 2), "UINT8")):
        with pytest.raises(UnsupportedFormatError, match="cannot hold the view"):
            iolink.save(view, tmp_path / f"x.{ending}")
    for options in ({"nte": "x"}, {"note": "x", "page": 1}):
        with pytest.raises(ValueError, match="has no option"):
            iolink.save(image(), tmp_path / f"x.{ending}", **options)
    assert asked == [] and os.listdir(tmp_path) == []
    with pytest.raises(TypeError, match="expected an iolink view"):
        iolink.save(np.zeros((2, 2), "u1"), tmp_path / f"x.{ending}")


def test_one_view_is_saved_from_many_threads(own, tmp_path):
    _, ending = own()
    view, failed = image(64, 64), []

    def save(number):
        try:
            iolink.save(view, tmp_path / f"{number}.{ending}")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert failed == [] and len(os.listdir(tmp_path)) == 8
    for path in tmp_path.iterdir():
        np.testing.assert_array_equal(np.asarray(iolink.open(path)), np.asarray(view))


# Converting


def test_a_conversion_is_chosen_by_preference_and_its_result_is_what_comes_out():
    seen = []

    class Loaded:
        """Loads images into memory."""

        id = "test.requests.loaded"
        formats = [{"offer": "convert", "from_kind": "image", "capabilities": "READ,MEMORY_ACCESS", "cost": "copy"}]  # noqa: RUF012

        def convert(self, view, request):
            seen.append((request.kind, request.capabilities, request.options, tuple(view.shape())))
            request.progress(0, 1)
            return answers.pop()(view)

    def whole(view):
        return providers.as_image(view.read_region(((0, 0), tuple(view.shape()))), "YX")

    def raises(view):
        raise ValueError("not such a view")

    class Lazy:
        shape, dtype = (3, 4), np.dtype("u1")

        def __getitem__(self, index):
            return np.arange(12, dtype="u1").reshape(3, 4)[index]

    lazy = providers.as_image(Lazy(), "YX")
    iolink.register_provider(Loaded)
    iolink.set_provider_priority(["test.requests.loaded"])
    try:
        assert "test.requests.loaded" in iolink.explain(lazy, "numpy")
        answers = [whole]
        np.testing.assert_array_equal(np.asarray(lazy), np.arange(12).reshape(3, 4))
        assert seen == [("image", ("MEMORY_ACCESS",), {}, (4, 3))]
        answers = [raises]
        with pytest.raises(CorruptDataError, match=r"not such a view.*test\.requests\.loaded"):
            np.asarray(lazy)
        answers = [lambda view: DataFrameViewFactory.from_columns({"a": [1]})]
        with pytest.raises(iolink.InternalError, match=r"gave data-frame .* not the promised image"):
            np.asarray(lazy)
    finally:
        iolink.set_provider_priority([])
        Loaded.formats, Loaded.open, Loaded.convert = "no-such-ending", Own.open, None
        iolink.register_provider(Loaded)


def test_a_provider_that_converts_keeps_its_promises():
    class Copied:
        """Copies images into memory."""

        id = "test.requests.copied"
        formats = [{"offer": "convert", "from_kind": "image", "capabilities": "MEMORY_ACCESS"}]  # noqa: RUF012

        def convert(self, view, request):
            return ImageViewFactory.copy_in_memory(view)

    iolink.register_provider(Copied)
    try:
        findings = check_provider(Copied.id)
        assert [finding for finding in findings if finding.outcome == "broken"] == []
        assert any("convert" in finding.promise and finding.outcome == "held" for finding in findings)
    finally:
        Copied.formats, Copied.open, Copied.convert = "no-such-ending", Own.open, None
        iolink.register_provider(Copied)


# Options


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ((list,), TypeError, "type: expected str, int, float or bool, not <class 'list'>"),
        ((int, "first"), TypeError, "default: expected int, not 'first'"),
        ((int, True), TypeError, "default: expected int, not True"),
        ((int, 1.5), TypeError, "default: expected int, not 1.5"),
        ((str, None, 3), TypeError, "description: expected a string, not 3"),
    ],
)
def test_an_option_that_is_declared_wrongly_is_rejected_at_once(given, error, words):
    with pytest.raises(error, match=words):
        Option(*given)


def test_choices_and_lists_are_checked():
    for wrong in (
        {"choices": "ab"},
        {"choices": [1]},
        {"default": "a", "is_list": True},
        {"default": [1], "is_list": True},
    ):
        with pytest.raises(TypeError, match="expected"):
            Option(str, **wrong)
    with pytest.raises(ValueError, match="'a,b' holds a comma"):
        Option(str, choices=["a,b"])
    with pytest.raises(AttributeError):
        Option(int).default = 3
    assert Option(float, 1) == Option(float, 1) and hash(Option(int)) == hash(Option(int))


def test_lists_choices_and_secrets_come_in_their_types(own, tmp_path):
    seen = []

    def opened(self, source):
        seen.append(source.options)
        return np.zeros((2, 2), "u1")

    options = {
        "pages": Option(int, [1, 2], is_list=True),
        "names": Option(str, is_list=True),
        "order": Option(str, "zyx", "order of the axes", choices=["zyx", "xyz"]),
        "key": Option(int, None, "a key", secret=True),
    }
    name, ending = own(open=opened, options=options)
    path = tmp_path / f"x.{ending}"
    path.write_bytes(MAGIC)
    iolink.open(path)
    iolink.open(path, pages=[3], names=["a", "b,c", 'd"e', ""], order="xyz", key=1234)
    iolink.open(path, pages=[], names="a")
    assert seen == [
        {"pages": [1, 2], "order": "zyx"},
        {"pages": [3], "names": ["a", "b,c", 'd"e', ""], "order": "xyz", "key": 1234},
        {"pages": [], "names": ["a"], "order": "zyx"},
    ]
    for given, words in (
        ({"pages": ["x"]}, 'the option pages is "x", not a list, separated by commas, of an integer'),
        ({"order": "yx"}, 'the option order is "yx", not one of zyx,xyz'),
    ):
        with pytest.raises(ValueError, match=words):
            iolink.open(path, **given)
    with pytest.raises(ValueError, match="the value of the option key is not an integer") as refused:
        iolink.open(path, key="password")
    assert "password" not in str(refused.value)
    (info,) = (info for info in iolink.plugins() if info.id == name)
    assert "order: one of zyx,xyz, zyx by default: order of the axes" in info.options


def test_a_secret_is_not_pickled_with_a_view(own, tmp_path):
    def opened(self, source):
        samples = np.full((200, 200), source.options.get("key", 0), "u1")
        samples.setflags(write=False)
        return samples

    options = {"key": Option(int, secret=True), "page": Option(int)}
    _, ending = own(open=opened, options=options)
    path = tmp_path / f"x.{ending}"
    path.write_bytes(MAGIC)
    view = iolink.open(path, key=77, page=11)
    pickled = pickle.dumps(view)
    assert len(pickled) < 1000 and b"page" in pickled and b"key" not in pickled and b"77" not in pickled
    assert pickle.loads(pickled).read((0, 0)) == 0


def test_options_of_one_format_are_not_those_of_another(own, tmp_path):
    seen = []

    def save(self, view, target):
        seen.append(target.options)
        Own.save(self, view, target)

    formats = [
        {"extensions": f"one{next(NUMBERS)}", "offer": "save", "options": {"level": Option(int, 5)}},
        {"extensions": f"two{next(NUMBERS)}", "offer": "save"},
    ]
    own(formats=formats, save=None, options={"note": Option(str)}, **{"id": "test.requests.formats"})
    cls = type("Two", (Own,), {"formats": formats, "id": "test.requests.formats", "save": save, "options": Own.options})
    iolink.register_provider(cls)
    one, two = (tmp_path / f"x.{form['extensions']}" for form in formats)
    iolink.save(image(), one, level=7)
    iolink.save(image(), two)
    assert seen == [{"note": "none", "level": 7}, {"note": "none"}]
    with pytest.raises(ValueError, match="has no option level; it takes note"):
        iolink.save(image(), two, level=7)


# The store of a source


def test_a_provider_reads_other_files_of_its_format_through_the_store(own, tmp_path):
    def opened(self, source):
        assert source.store.key() == source.key
        stem = source.key.rsplit(".", 1)[0]
        assert source.store.siblings() == sorted(["a.img", source.key])
        samples = source.store.read(f"{stem}.img")
        with source.store.sibling(f"{stem}.img").open_stream() as stream:
            assert stream.read() == samples
        with pytest.raises(ValueError):
            source.store.sibling("../a.img")
        return np.frombuffer(samples, "u1").reshape(2, 3)

    name, ending = own(open=opened)
    files = {f"a.{ending}": b"header", "a.img": bytes(range(6))}
    for key, data in files.items():
        (tmp_path / key).write_bytes(data)
    in_memory = DataStorageFactory.from_files(files, f"a.{ending}")
    key = f"a.{ending}"
    for source in (tmp_path / key, DataStorageFactory.from_path(tmp_path / key), in_memory):
        assert iolink.open(source, provider=name).read((1, 2)) == 5


def test_a_folder_is_its_own_store_and_a_lone_stream_has_none(own, tmp_path):
    seen = []

    def opened(self, source):
        seen.append((source.key, source.store.keys()))
        return np.frombuffer(source.store.read("c/0"), "u1")

    _, ending = own(open=opened, signs={"magic": "", "keys": "own.json"})
    folder = tmp_path / f"x.{ending}"
    (folder / "c").mkdir(parents=True)
    (folder / "own.json").write_text("{}")
    (folder / "c" / "0").write_bytes(bytes([7, 8, 9]))
    assert np.asarray(iolink.open(folder)).tolist() == [7, 8, 9]
    assert seen == [("", ["c/0", "own.json"])]
    with pytest.raises(CapabilityError, match="store"):
        iolink.open(io.BytesIO(MAGIC), format=ending.upper())


# Many, and many at once


def test_there_is_no_limit_to_the_number_of_providers(tmp_path):
    made = []
    for number in range(300):
        members = {
            "formats": f"many{number}",
            "id": f"test.requests.many{number}",
            "number": number,
            "open": lambda self, source: np.full((2, 2), self.number % 251, "u1"),
        }
        made.append(iolink.register_provider(type(f"Many{number}", (), members)))
    try:
        for number in (0, 255, 256, 257, 299):
            path = tmp_path / f"x.many{number}"
            path.touch()
            assert iolink.open(path).read((0, 0)) == number % 251
            assert iolink.open(path).provider == f"test.requests.many{number}"
    finally:
        for cls in made:
            cls.formats = "no-such-ending"
            iolink.register_provider(cls)


ROWS = 400_000


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """A table in many pieces, which are read one after the other."""
    path = tmp_path_factory.mktemp("numbers") / "numbers.parquet"
    DataFrameViewFactory.write(DataFrameViewFactory.from_columns({"a": np.arange(ROWS)}), path, row_group_size=5000)
    return path.read_bytes()


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
@pytest.mark.parametrize("method", ["open", "identify", "save", "getitem"])
def test_a_library_that_gives_up_the_gil_reads_a_lazy_frame_inside_a_provider(own, tmp_path, numbers, library, method):
    class File(io.BytesIO):
        def read(self, size=-1):
            reads.append(threading.get_ident())
            return super().read(size)

    def total(frame):
        if library == "polars":
            return polars.DataFrame(frame)["a"].sum()
        return pyarrow.RecordBatchReader.from_stream(frame).read_all().column("a").to_numpy().sum()

    def look():
        # The frame reads its file, by calls into Python, when the library has given up the GIL.
        frame = DataFrameViewFactory.open(File(numbers), format="parquet")
        before = len(reads)
        seen.append(int(total(frame)))
        assert len(reads) > before + 10
        return np.zeros((2, 2), "u1")

    class Looks:
        shape, dtype = (2, 2), np.dtype("u1")

        def __getitem__(self, index):
            return look()[index]

    reads, seen, failed = [], [], []
    members = {"open": lambda self, source: np.zeros((2, 2), "u1")}
    if method == "open":
        members["open"] = lambda self, source: look()
    if method == "getitem":
        members["open"] = lambda self, source: Looks()
    if method == "identify":
        members["identify"] = lambda self, source: look() is not None
        own()  # Only one of several is asked.
    name, ending = own(save=lambda view, target: look(), **members)
    source = tmp_path / f"x.{ending}"
    source.write_bytes(MAGIC)
    steps = {
        "open": lambda number: iolink.open(source, provider=name),
        "identify": lambda number: iolink.open(source),
        "save": lambda number: iolink.save(image(), tmp_path / f"{number}.{ending}"),
        "getitem": lambda number: np.asarray(iolink.open(source, provider=name)),
    }

    def run(number):
        try:
            steps[method](number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert failed == [] and not any(thread.is_alive() for thread in threads)
    assert len(seen) >= 3 and set(seen) == {ROWS * (ROWS - 1) // 2}
