"""Options of opening and saving: rejected by the provider that fits best, and never the reason that another opens something else."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory, providers
from iolink.providers import Option


@pytest.fixture
def register():
    """Registers a provider; afterwards it opens nothing any more."""
    made = []

    def register(name, formats, open, **members):
        members = {
            "id": f"test.options.{name}",
            "formats": formats,
            "open": lambda self, source: open(source),
            **members,
        }
        made.append(iolink.register_provider(type(name, (), members)))
        return members["id"]

    yield register
    for known in made:
        known.formats = [{"extensions": "no-such-ending"}]
        iolink.register_provider(known)


def page(source):
    number = source.options["page"]
    if number > 3:
        raise ValueError(f"there is no page {number}")
    return np.full((2, 2), number, np.uint8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pages": 1}, r"has no option pages; it takes page \(integer\)"),
        ({"page": "two"}, 'the option page is "two", not an integer'),
        ({"page": 1.5}, 'the option page is "1.5", not an integer'),
        ({"page": 7}, "there is no page 7"),
        ({"page": 1, "provder": "x"}, "has no option provder"),
    ],
)
def test_no_other_provider_opens_a_source_whose_options_the_best_one_rejects(register, tmp_path, options, words):
    options_of = {"page": Option(int, 1, "which page to open")}
    best = register("best", [{"extensions": "optpages", "magic": "0:4f505431"}], page, options=options_of)
    register("other", "optpages", lambda source: np.full((5, 5), 99, np.uint8))
    file = tmp_path / "a.optpages"
    file.write_bytes(b"OPT1")
    assert iolink.open(file, page=3).read((0, 0)) == 3
    for source in (file, io.BytesIO(b"OPT1")):
        with pytest.raises(ValueError, match=words) as refused:
            iolink.open(source, **options)
        assert best in str(refused.value)
    for chosen in ({"format": "optpages"}, {"provider": best}):
        with pytest.raises(ValueError, match=words):
            iolink.open(file, **chosen, **options)


def test_a_source_of_another_format_goes_to_the_next_provider_with_its_options(register, tmp_path):
    def another(source):
        raise iolink.UnsupportedFormatError("it is of another format")

    kind = {"page": Option(int, 1, "which page to open")}
    register("no", [{"extensions": "optnext", "magic": "0:4f505431"}], another, options=kind)
    register("next", "optnext", page, options=kind)
    file = tmp_path / "a.optnext"
    file.write_bytes(b"OPT1")
    assert iolink.open(file, page=2).read((0, 0)) == 2


def test_a_provider_that_declares_that_it_has_no_option_takes_none(register, tmp_path):
    name = register("none", "optnone", lambda source: np.zeros(1), options={})
    (tmp_path / "a.optnone").touch()
    with pytest.raises(ValueError, match=f"{name} has no option provder; it takes none"):
        iolink.open(tmp_path / "a.optnone", provder="x")


def test_what_ships_declares_its_options_and_rejects_others(tmp_path):
    made = {
        "a.png": ("PIL.Image", lambda module, path: module.fromarray(np.zeros((4, 4), np.uint8)).save(path)),
        "a.nii": (
            "nibabel",
            lambda module, path: module.save(module.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4)), path),
        ),
        "a.tif": ("tifffile", lambda module, path: module.imwrite(path, np.zeros((4, 4), np.uint8))),
        "a.h5": ("h5py", lambda module, path: module.File(path, "w").create_dataset("a", data=np.zeros((4, 4)))),
        "a.zarr": ("zarr", lambda module, path: module.create_array(path, shape=(4, 4), dtype="u1")),
    }
    for name, (module, write) in made.items():
        path = str(tmp_path / name)
        write(pytest.importorskip(module), path)
        iolink.open(path)
        for options in ({"provder": "x"}, {"frame": 3}):
            with pytest.raises(ValueError, match=f"has no option {next(iter(options))}; it takes"):
                iolink.open(path, **options)


def test_a_wrong_series_of_a_tiff_is_not_opened_by_pillow(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("zarr")
    pytest.importorskip("PIL")
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(np.zeros((8, 6), np.uint8))
        file.write(np.zeros((5, 4), np.uint16))
    assert iolink.open(path, series=1).shape() == iolink.VectorXu64(4, 5)
    for options in ({"series": 7}, {"series": "two"}, {"serie": 1}, {"page": 1}, {"series": 7, "format": "TIFF"}):
        with pytest.raises(ValueError, match=r"series?|page"):
            iolink.open(path, **options)


def test_a_dataset_that_is_not_there_is_an_argument_that_is_wrong(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", data=np.zeros((4, 4)))
    with pytest.raises(iolink.InvalidArgumentError, match="by the option dataset: a "):
        iolink.open(tmp_path / "a.h5", dataset="b")


def test_tables_declare_what_they_take(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    frame = DataFrameViewFactory.open(path)
    explained = iolink.explain(path)
    assert all(f"{name}: " in explained for name in ("separator", "first_row", "text_columns"))
    for options in ({"provder": "x"}, {"seperator": ";"}, {"first_row": "one"}, {"has_header": "maybe"}):
        for opened in (iolink.open, DataFrameViewFactory.open):
            with pytest.raises(ValueError, match=next(iter(options))):
                opened(path, **options)
    for options in ({"provder": "x"}, {"compresion": "zstd"}, {"row_group_size": "many"}, {"columns": "a"}):
        with pytest.raises(ValueError, match=next(iter(options))):
            DataFrameViewFactory.write(frame, tmp_path / "a.parquet", **options)
    assert not (tmp_path / "a.parquet").exists()


def test_an_image_over_an_array_takes_no_unknown_argument():
    with pytest.raises(TypeError, match="spacin"):
        providers.as_image(np.zeros((2, 2)), "YX", spacin=(1, 1))


def test_explain_lists_the_providers_that_were_refused(tmp_path):
    site = tmp_path / "site"
    for name, requires in (("lacking", "no_such_module"), ("plain", "")):
        package = site / f"opt_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("class Raw:\n    def open(self, source):\n        return None\n")
        (package / "iolink-providers.toml").write_text(
            f"[{name}]\nid = 'test.options.{name}'\nrequires = '{requires}'\n"
            f"formats = [{{ format = 'Refused', extensions = 'optrefused' }}]\n"
            f"options = [{{ name = '{name}_option', type = 'string' }}]\n"
        )
        info = site / f"opt_{name}-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[iolink.providers]\n{name} = opt_{name}:Raw\n")
    file = tmp_path / "a.optrefused"
    file.touch()
    code = (
        f"import iolink\nprint(iolink.explain({str(file)!r}))\n"
        f"try:\n    iolink.open({str(file)!r}, lacking_option='x')\nexcept ValueError as refused:\n    print(refused)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert said.returncode == 0, said.stderr
    words = said.stdout
    assert "chosen  test.options.plain" in words
    assert "test.options.lacking would be a candidate and was refused" in words
    assert "it needs no_such_module, not installed" in words
    assert "test.options.plain has no option lacking_option" in words
    assert "test.options.lacking has it, but was refused" in words
