"""Plugins as Python sees them: found without being opened, loaded when needed, refused with a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import iolink
from iolink import _iolink

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "sdk" / "include"

SOURCE = """
#include "iolink_abi.h"
static const iolink_offer offer = {{ .size = sizeof(iolink_offer), .offer = IOLINK_OFFER_OPEN,
    .kind = IOLINK_KIND_IMAGE, .format = "{format}", .extensions = "{format}" }};
static const iolink_offer *const offers[] = {{ &offer }};
static int32_t open_source(const iolink_provider *self, const iolink_host *host, const iolink_source *source,
                           const iolink_call *call, iolink_view **out, iolink_error *error) {{
    (void)self; (void)host; (void)source; (void)call; (void)out;
    return iolink_fail(error, IOLINK_ERROR_CORRUPT, "this is a test");
}}
static const iolink_provider provider = {{ .size = sizeof(iolink_provider), .offer_count = 1,
    .id = "org.example.{format}", .title = "A test", .offers = offers, .open = open_source }};
static const iolink_provider *const providers[] = {{ &provider }};
IOLINK_PLUGIN("org.example.{format}", "1.0", providers,
    "[[provider]]\\nid = \\"org.example.{format}\\"\\ntitle = \\"A test\\"\\n"
    "[[provider.offer]]\\noffer = \\"open\\"\\nkind = \\"image\\"\\ncapabilities = 0\\n"
    "format = \\"{format}\\"\\nextensions = \\"{format}\\"\\n");
"""


def build(folder: Path, plugin_format: str) -> Path:
    """A plugin in C that claims files of a format and can open none."""
    source, library = folder / f"{plugin_format}.c", folder / f"lib{plugin_format}.so"
    source.write_text(SOURCE.format(format=plugin_format))
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{INCLUDE}", "-o", library, source], check=True)
    library.chmod(0o755)
    return library


@pytest.fixture
def folder():
    """A folder that nobody else may write to, with no folder above it that everybody may: `/tmp` is one."""
    path = ROOT / "build" / f"plugins-{os.getpid()}"
    path.mkdir(parents=True)
    for part in (path, path.parent):
        part.chmod(0o755)
    yield path
    shutil.rmtree(path)


def in_child(code: str, **environment: str) -> str:
    """What a fresh Python prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_extension_exports_one_symbol():
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", _iolink.__file__], capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[-1] for line in listed.splitlines()] == ["PyInit__iolink"]


def test_import_brings_neither_numpy_nor_pandas():
    code = "import sys, iolink; print(sorted({'numpy', 'pandas', 'polars', 'pyarrow'} & set(sys.modules)))"
    assert in_child(code) == "[]"


def test_listing_opens_no_library(folder):
    build(folder, "qqa")
    code = (
        "import iolink; found = {p.id: p.state for p in iolink.plugins()}; maps = open('/proc/self/maps').read(); "
        "print(found['org.example.qqa'], 'libqqa.so' in maps, 'libiolink_tables' in maps)"
    )
    assert in_child(code, IOLINK_PLUGIN_PATH=str(folder)) == "available False False"


def test_polars_is_mapped_when_a_table_file_is_opened_and_not_before(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,x\n2,y\n")
    code = f"""
import iolink, numpy, pandas
from iolink.pandas_interop import PandasInterop
mapped = lambda: 'libiolink_tables' in open('/proc/self/maps').read()
PandasInterop.to_pandas(PandasInterop.from_pandas(pandas.DataFrame({{'a': [1, 2]}})))
iolink.NumpyInterop.from_numpy_array(numpy.zeros(3)); iolink.plugins()
before = mapped()
frame = iolink.open({str(table)!r})
print(before, mapped(), tuple(frame.shape()), frame.at('a', 1))
"""
    assert in_child(code) == "False True (2, 2) 2"


def test_a_plugin_is_loaded_when_a_file_of_its_own_is_opened(folder, tmp_path):
    build(folder, "qqb")
    file = tmp_path / "x.qqb"
    file.write_bytes(b"1")
    code = f"""
import iolink
print('org.example.qqb' in iolink.explain({str(file)!r}))
try:
    iolink.open({str(file)!r})
except iolink.CorruptDataError as refused:
    print('this is a test' in str(refused), 'org.example.qqb' in str(refused))
print([p.state for p in iolink.plugins() if p.id == 'org.example.qqb'])
"""
    assert in_child(code, IOLINK_PLUGIN_PATH=str(folder)).splitlines() == ["True", "True True", "['loaded']"]


def test_bad_plugins_are_refused_with_a_reason_and_the_others_load(folder):
    build(folder, "qqc")
    (folder / "libtext.so").write_text("not a library")
    (folder / "libempty.so").touch()
    good = (folder / "libqqc.so").read_bytes()
    (folder / "libcut.so").write_bytes(good[: len(good) // 2])
    writable = build(folder, "qqd")
    writable.chmod(0o777)
    for name in ("libtext.so", "libempty.so", "libcut.so"):
        (folder / name).chmod(0o644)
    code = (
        "import iolink\nfor p in iolink.plugins(check=True):\n"
        f"    if p.path and str(p.path).startswith({str(folder)!r}) or p.state == 'refused': "
        "print((p.path.name if p.path else p.id), p.state, len((p.reason or '').splitlines()))"
    )
    seen = dict(line.split(" ", 1) for line in in_child(code, IOLINK_PLUGIN_PATH=f"{folder}:relative/dir").splitlines())
    assert seen["libqqc.so"] == "loaded 0"
    for name in ("libtext.so", "libempty.so", "libcut.so", "libqqd.so"):
        assert seen[name] == "refused 1", name
    assert "refused 1" in [seen[name] for name in seen if "relative" in name or name == "dir"]


def test_a_distribution_declares_its_plugins_by_an_entry_point(folder):
    package = folder / "site" / "qqe_plugin"
    package.mkdir(parents=True)
    build(package, "qqe")
    info = folder / "site" / "qqe_plugin-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[iolink.plugins]\nqqe = qqe_plugin\nnothing = qqe_missing\n")
    for path in (folder / "site", package, info):
        path.chmod(0o755)
    code = (
        "import sys, iolink; found = {p.id: p.state for p in iolink.plugins()}; "
        "print(found['org.example.qqe'], [p.state for p in iolink.plugins() if 'qqe_missing' in str(p.reason)], "
        "'qqe_plugin' in sys.modules)"
    )
    assert in_child(code, PYTHONPATH=f"{folder / 'site'}:{os.environ.get('PYTHONPATH', '')}") == (
        "available ['refused'] False"
    )


def test_an_unknown_file_lists_what_can_be_opened(tmp_path):
    file = tmp_path / "what.ever"
    file.write_bytes(b"????")
    with pytest.raises(iolink.UnsupportedFormatError, match=r"(?s)what\.ever.*CSV"):
        iolink.open(file)
    with pytest.raises(FileNotFoundError, match=r"missing\.csv"):
        iolink.open(tmp_path / "missing.csv")
    with pytest.raises(iolink.PluginRefusedError):
        iolink.load_plugin(file)


def test_a_uri_does_wherever_a_path_does(folder, tmp_path):
    library = build(folder, "qqu")
    file = tmp_path / "x.qqu"
    file.write_bytes(b"1")
    code = f"""
import iolink
print(iolink.load_plugin(iolink.Uri.from_path({str(library)!r})).id)
print(iolink.explain(iolink.Uri.from_path({str(file)!r})) == iolink.explain({str(file)!r}))
try:
    iolink.load_plugin(iolink.Uri("https://example.org/libx.so"))
except ValueError as refused:
    print(refused)
"""
    assert in_child(code).splitlines() == [
        "org.example.qqu",
        "True",
        "path: https://example.org/libx.so is no local file; copy the plugin to a disk",
    ]
