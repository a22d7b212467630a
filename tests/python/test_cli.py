"""The command line: what it says of plugins and files, what it copies, and what it finds wrong with a bad plugin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
IOLINK = Path(sys.executable).parent / "iolink"


def iolink(*arguments: object, cwd: Path | None = None, status: int = 0, **environment: str) -> str:
    """What the program prints; it must end with this status."""
    done = subprocess.run(
        [IOLINK, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"{done.returncode}: {done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def answer(*arguments: object, **more: object):
    return json.loads(iolink(*arguments, "--json", **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def place():
    """A folder that nobody else may write to: `/tmp` would be refused."""
    folder = ROOT / "build" / f"cli-{os.getpid()}"
    folder.mkdir(parents=True)
    for part in (folder, folder.parent):
        part.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cells(place: Path) -> Path:
    """A plugin in C, as `new-plugin` starts it, built."""
    iolink("new-plugin", "cells", "--c", cwd=place)
    build(place / "cells")
    return place / "cells"


def build(project: Path) -> None:
    subprocess.run(["make", "-C", project], check=True, capture_output=True)


def changed(cells: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of the plugin in which texts of its source are replaced by others."""
    project = cells.parent / name
    shutil.copytree(cells, project)
    source = project / "cells.c"
    text = source.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    source.write_text(text)
    build(project)
    return project


def broken(project: Path, *arguments: str) -> dict[str, str]:
    """Promises that `iolink check` finds broken, with its words."""
    told = answer("check", project, *arguments, status=1)
    return {row["promise"]: row["words"] for row in told["findings"] if row["outcome"] == "broken"}


def test_the_wheel_brings_the_program_and_it_knows_its_plugins():
    listed = {plugin["id"]: plugin for plugin in answer("plugins")}
    assert listed["org.iolink.memory"]["kind"] == "built-in"
    assert listed["org.iolink.tables"]["state"] == "available"
    table = iolink("plugins", "--load")
    assert table.startswith("id ") and "org.iolink.tables" in table and "open data-frame" in table


def test_a_table_is_opened_and_explained(tmp_path: Path):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    facts = answer("info", file)
    assert (facts["kind"], facts["rows"], facts["columns"]) == ("data-frame", 2, 2)
    assert "data-frame" in iolink("info", file)
    assert answer("explain", file)[0]["chosen"] == "org.iolink.tables"
    assert "chosen" in iolink("explain", file, "--as", "pandas")
    assert "no option" in iolink("info", file, "--option", "nothing=1", status=1)


def test_what_cannot_be_opened_says_why_and_the_status_tells(tmp_path: Path):
    assert "there is no file" in iolink("info", tmp_path / "none.csv", status=1)
    (tmp_path / "what.ever").write_bytes(b"????")
    assert "nothing installed opens" in iolink("info", tmp_path / "what.ever", status=1)
    assert answer("explain", tmp_path / "what.ever", status=1)[0]["chosen"] is None
    assert "Usage" in iolink("frobnicate", status=2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_written(shell: str):
    assert "new-plugin" in iolink("completions", shell)


def test_images_are_copied_to_numpy_and_raw(cells: Path, tmp_path: Path):
    sample, plugins = cells / "samples" / "small.cells", {"IOLINK_PLUGIN_PATH": str(cells / "build")}
    expected = (np.arange(35, dtype=np.uint16) * 1000).reshape(5, 7)
    facts = answer("info", sample, **plugins)
    assert (facts["shape"], facts["data type"], facts["axes"]) == ([7, 5], "UINT16", ["COLUMN", "ROW"])
    assert "5 x 7 of UINT16" in iolink("copy", sample, tmp_path / "a.npy", **plugins)
    assert np.array_equal(np.load(tmp_path / "a.npy"), expected)
    told = answer("copy", sample, tmp_path / "a.raw", **plugins)
    assert (told["shape"], told["first_axis_fastest"]) == ([7, 5], True)
    assert np.array_equal(np.fromfile(tmp_path / "a.raw", np.uint16).reshape(5, 7), expected)
    assert "--force" in iolink("copy", sample, tmp_path / "a.raw", status=1, **plugins)
    iolink("copy", sample, tmp_path / "a.raw", "--force", **plugins)
    assert ".npy" in iolink("copy", sample, tmp_path / "a.jpg", status=1, **plugins)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    assert "org.iolink.tables" in iolink("copy", tmp_path / "t.csv", tmp_path / "t.parquet")
    assert answer("info", tmp_path / "t.parquet")["rows"] == 2
    for name in ("t.csv", "t.parquet"):
        (tmp_path / name).unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "a.raw"]


def test_a_large_image_is_copied_slab_by_slab(cells: Path, tmp_path: Path):
    width, height = 3001, 2503
    samples = np.arange(width * height, dtype=np.uint32).astype("<u2")
    file = tmp_path / "large.cells"
    file.write_bytes(b"cells\n" + np.array([width, height], "<u4").tobytes() + samples.tobytes())
    iolink("copy", file, tmp_path / "large.npy", IOLINK_PLUGIN_PATH=str(cells / "build"))
    assert np.array_equal(np.load(tmp_path / "large.npy"), samples.reshape(height, width))


def test_the_templates_hold_every_promise(cells: Path):
    told = answer("check", cells, "--strict")
    assert (told["broken"], told["untested"]) == (0, 0) and told["held"] >= 20
    assert "0 broken" in iolink("check", cells / "build" / "libcells.so", "--verbose")


def test_a_name_that_is_none_and_a_folder_that_exists_are_refused(cells: Path):
    assert "lower case letters" in iolink("new-plugin", "Ce lls", status=1)
    assert "exists" in iolink("new-plugin", "cells", cwd=cells.parent, status=1)


def test_a_provider_that_claims_every_file_is_named(cells: Path):
    signs = '.extensions = "cells", .magic = "0:63656c6c730a"'
    manifest = 'extensions = \\"cells\\"\\nmagic = \\"0:63656c6c730a\\"\\n'
    project = changed(cells, "claims", (f", {signs}", ""), (manifest, ""))
    assert "claims files of png" in broken(project)["open: does not claim the files of others"]


def test_a_provider_that_fails_always_is_named(cells: Path):
    project = changed(
        cells,
        "fails",
        ("if (self == NULL)", "free(self);\n  if (bytes || length || done || filled || status || out || MAGIC[0])"),
    )
    seen = broken(project)
    assert any("gives the kind of view" in promise for promise in seen), seen


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (
            "shape",
            "memcpy(out->shape, ((const image *) view)->shape, sizeof ((const image *) view)->shape);",
            "out->shape[0] = 5, out->shape[1] = 7, (void) view;",
        ),
        ("type", "out->data_type = IOLINK_TYPE_UINT16;", "out->data_type = IOLINK_TYPE_FLOAT;"),
    ],
)
def test_a_provider_that_says_the_wrong_shape_or_type_is_named(cells: Path, name: str, old: str, new: str):
    seen = broken(changed(cells, name, (old, new)))
    assert any("READ" in promise for promise in seen), seen


def test_reads_that_disagree_are_named(cells: Path):
    project = changed(
        cells, "disagrees", ("(region->origin[1] + y)", "(region->extent[1] > 2 ? y : region->origin[1] + y)")
    )
    assert any("a region is that part of the whole" in promise for promise in broken(project))


def test_a_provider_that_hangs_is_stopped_named_and_the_others_are_tested(cells: Path):
    project = changed(
        cells,
        "hangs",
        (
            "(void) call;",
            "if (region->extent[0] == 1 && region->extent[1] == 1)\n    for (volatile int i = 1; i;);\n  (void) call;",
        ),
    )
    seen = broken(project, "--timeout", "1")
    assert all("did not end within 1 seconds" in words for words in seen.values()) and len(seen) < 6, seen
    assert any("a region is that part of the whole" in promise for promise in seen)
    assert answer("check", project, "--timeout", "1", status=1)["held"] >= 14


def test_a_provider_that_crashes_is_named_and_the_others_are_tested(cells: Path):
    project = changed(
        cells,
        "crashes",
        (
            "if (status != IOLINK_OK) {",
            "if (status == IOLINK_ERROR_CORRUPT)\n    *(volatile int *) 8 = 1;\n  if (status != IOLINK_OK) {",
        ),
    )
    seen = broken(project)
    assert any("cut off" in promise and "SIGSEGV" in words for promise, words in seen.items()), seen
    assert answer("check", project, status=1)["held"] >= 15


def test_more_than_one_exported_symbol_is_named(cells: Path):
    project = changed(
        cells,
        "exports",
        (
            "static uint64_t number",
            "IOLINK_EXPORT int helper(void);\nint helper(void) { return 1; }\nstatic uint64_t number",
        ),
    )
    assert "helper" in broken(project)["exports: iolink_plugin_v1 and nothing else"]


def test_a_broken_manifest_and_another_platform_are_told_and_stop_nobody(cells: Path):
    folder = cells.parent / "bad"
    folder.mkdir()
    library = (cells / "build" / "libcells.so").read_bytes()
    (folder / "libcells.so").write_bytes(library)
    (folder / "libmanifest.so").write_bytes(library.replace(b"capabilities = 1", b"capabilities =-1"))
    elsewhere = bytearray(library)
    elsewhere[18:20] = b"\xf3\x00"  # RISC-V
    (folder / "libelsewhere.so").write_bytes(elsewhere)
    listed = {Path(plugin["path"] or "").name: plugin for plugin in answer("plugins", IOLINK_PLUGIN_PATH=str(folder))}
    assert listed["libcells.so"]["state"] == "available"
    assert "provider[0].offer[0].capabilities is -1" in listed["libmanifest.so"]["reason"]
    assert "is for riscv" in listed["libelsewhere.so"]["reason"]
    for name in ("libmanifest.so", "libelsewhere.so"):
        told = answer("check", folder / name, status=1)
        assert (told["broken"], len(told["findings"])) == (1, 2), told


def test_two_that_claim_the_same_file_are_explained_and_can_be_chosen(cells: Path):
    other = changed(cells, "twin", ("org.example.cells", "org.example.twin"))
    folders = {"IOLINK_PLUGIN_PATH": f"{other / 'build'}:{cells / 'build'}"}
    sample = cells / "samples" / "small.cells"
    told = answer("explain", sample, **folders)[0]
    assert [row["provider"] for row in told["candidates"]] == ["org.example.cells", "org.example.twin"]
    assert told["chosen"] == "org.example.cells" and "best of 2" in told["why"]
    assert answer("info", sample, **folders)["provider"] == "org.example.cells"
    assert answer("info", sample, "--provider", "org.example.twin", **folders)["provider"] == "org.example.twin"
    code = (
        f"import iolink; path = {str(sample)!r}; iolink.set_provider_priority(['org.example.twin']); iolink.open(path); "
        "print({p.id: p.state for p in iolink.plugins()}['org.example.twin'], "
        "'org.example.twin' in iolink.explain(path).splitlines()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **folders}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["loaded", "True"]


def test_the_examples_hold_every_promise(place: Path, tmp_path: Path):
    out = place / "pgm"
    out.mkdir()
    subprocess.run(["make", "-C", ROOT / "examples" / "c-plugin", f"OUT={out}"], check=True, capture_output=True)
    samples = [tmp_path / "eight.pgm", tmp_path / "sixteen.pgm"]
    samples[0].write_bytes(b"P5\n# small\n13 7\n255\n" + bytes(range(91)))
    samples[1].write_bytes(b"P5 13 7 65535\n" + (np.arange(91) * 700).astype(">u2").tobytes())
    chosen = [part for sample in samples for part in ("--sample", sample)]
    told = answer("check", out, "--strict", *chosen)
    assert told["broken"] == 0, [row for row in told["findings"] if row["outcome"] != "held"]
    nifti = ROOT / "examples" / "nifti-plugin" / "target" / "release" / "libiolink_nifti.so"
    volume = tmp_path / "small.nii"
    volume.write_bytes(nifti_volume())
    told = answer("check", nifti, "--strict", "--sample", volume)
    assert told["broken"] == 0, [row for row in told["findings"] if row["outcome"] != "held"]


def test_the_plugin_of_table_files_holds_every_promise(tmp_path: Path):
    import polars

    rows = range(40)
    table = polars.DataFrame(
        {
            "count": [None if row == 2 else row * 3 for row in rows],
            "share": [row / 4 - 1 for row in rows],
            "name": [f"row é {row * 37 % 101}" for row in rows],
            "flag": [row % 3 == 0 for row in rows],
        }
    )
    table.write_csv(tmp_path / "t.csv")
    table.write_csv(tmp_path / "t.tsv", separator="\t")
    table.write_parquet(tmp_path / "t.parquet", row_group_size=16)
    table.write_ipc(tmp_path / "t.arrow")
    table.write_ndjson(tmp_path / "t.jsonl")
    import iolink as package

    library = Path(package.__file__).parent / "plugins" / "libiolink_tables.so"
    chosen = [part for sample in sorted(tmp_path.iterdir()) for part in ("--sample", sample)]
    told = answer("check", library, "--strict", "--timeout", "120", *chosen)
    assert told["broken"] == 0, [row for row in told["findings"] if row["outcome"] != "held"]
    promises = " ".join(row["promise"] for row in told["findings"])
    for name in ("CSV", "TSV", "JSON lines", "Parquet", "Arrow IPC"):
        assert f"save {name} (data-frame): what is saved opens again equal" in promises, promises


def nifti_volume() -> bytes:
    """A NIfTI-1 file of 5 x 4 x 3 samples of 16 bits."""
    head = bytearray(352)
    head[0:4] = (348).to_bytes(4, "little")
    head[40:48] = np.array([3, 5, 4, 3], "<i2").tobytes()
    head[48:56] = np.ones(4, "<i2").tobytes()
    head[70:74] = np.array([4, 16], "<i2").tobytes()
    head[76:108] = np.array([1, 0.5, 0.5, 2, 1, 1, 1, 1], "<f4").tobytes()
    head[108:112] = np.array([352], "<f4").tobytes()
    head[344:348] = b"n+1\0"
    return bytes(head) + np.arange(60, dtype="<i2").tobytes()


def test_a_provider_written_in_python_is_held_to_the_same_promises(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    import iolink
    from iolink import testing

    class Nines:
        id = "org.test.nines"
        formats = ({"format": "NINES", "extensions": "nines", "magic": "0:6e696e6573"},)
        shift = 0

        def open(self, source):
            size = source.bytes.size()
            content = source.bytes.read_at(0, size)
            if content[:5] != b"nines":
                raise iolink.UnsupportedFormatError("it does not start with the word nines")
            if size != 5 + 63:
                raise iolink.CorruptDataError("it has not 63 samples")
            return np.frombuffer(content, np.uint8, offset=5).reshape(9, 7) + np.uint8(self.shift)

    sample = tmp_path / "small.nines"
    sample.write_bytes(b"nines" + bytes(range(63)))
    iolink.register_provider(Nines)
    assert testing._main(["org.test.nines", str(sample)]) == 0, capsys.readouterr().out
    assert "0 broken, 0 untested" in capsys.readouterr().out

    class Moody(Nines):
        @property
        def shift(self):
            Nines.shift += 1
            return Nines.shift

    iolink.register_provider(Moody)
    seen = testing.check_provider("org.test.nines", [sample])
    assert any("from a path and from bytes" in finding.promise for finding in seen if finding.outcome == "broken"), seen

    class Regions:
        """Samples that differ from one reading to the next, or between a region and the whole."""

        shape, dtype = (9, 7), np.dtype("u1")
        samples = np.arange(63, dtype="u1").reshape(9, 7)

        def __init__(self, twice: bool):
            self.twice, self.reads = twice, 0

        def __getitem__(self, index):
            self.reads += 1
            part = self.samples[index]
            return part + np.uint8(self.reads if self.twice else part.size < 63)

    for twice, words in ((True, "read twice it differs"), (False, "is not that part of the whole")):
        iolink.register_provider(
            type("Disagrees", (Nines,), {"open": lambda self, source, twice=twice: Regions(twice)}),
        )
        seen = testing.check_provider("org.test.nines", [sample])
        told = {finding.promise: finding.words for finding in seen if finding.outcome == "broken"}
        (caught,) = (promise for promise in told if "a region is that part of the whole" in promise)
        assert words in told[caught]
        assert testing._main(["org.test.nines", str(sample)]) == 1
        assert f"broken: {caught}" in capsys.readouterr().out
    assert testing._main([]) == 2
