"""What has the name of a file and is none: an error at once, never a hang. Refused plugins, none of which runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import iolink
from iolink import RandomAccessFactory
from test_plugins import INCLUDE, ROOT, folder  # noqa: F401

#: Far longer than anything here takes: a hang is the fault, not slowness.
HANG = 120


def in_child(code: str, **environment: str) -> str:
    """What a fresh Python prints that must come to an end."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def special(tmp_path):
    """A FIFO, a socket, a link to a device and one to the FIFO, each with the name of a table."""
    os.mkfifo(tmp_path / "fifo.csv")
    here = os.getcwd()
    os.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.csv")
        os.chdir(here)
        (tmp_path / "device.csv").symlink_to("/dev/zero")
        (tmp_path / "link.csv").symlink_to("fifo.csv")
        yield tmp_path


def test_a_source_that_is_not_a_file_is_an_error_at_once(special):
    code = f"""
import iolink, pathlib
for path in sorted(pathlib.Path({str(special)!r}).glob('*.csv')):
    said = [iolink.explain(path)]
    for source in (path, path.as_uri(), iolink.DataStorageFactory.from_path(path)):
        try:
            iolink.open(source)
        except iolink.UnsupportedFormatError as refused:
            said.append(str(refused))
    for text in said:
        print(path.name, 'StreamAccess' in text, text.split(' is ')[1].split(',')[0])
"""
    expected = {"device": "a device", "fifo": "a FIFO", "link": "a FIFO", "socket": "a socket"}
    assert in_child(code).splitlines() == [
        f"{name}.csv True {word}" for name, word in expected.items() for _ in range(4)
    ]


def test_random_access_of_a_fifo_is_an_error_at_once(special):
    code = f"""
import iolink
for name in ("fifo.csv", "link.csv"):
    for more in ({{}}, {{"writable": True}}, {{"mapped": True}}):
        try:
            iolink.RandomAccessFactory.open_file({str(special)!r} + "/" + name, **more)
        except iolink.CapabilityError:
            print("refused")
"""
    assert in_child(code).split() == ["refused"] * 6
    with pytest.raises(FileNotFoundError):
        RandomAccessFactory.open_file(special / "gone.csv")


def test_loading_a_fifo_neither_hangs_nor_holds_the_registry(folder):  # noqa: F811
    os.mkfifo(folder / "fifo.so")
    code = f"""
import iolink, threading
def load():
    try:
        iolink.load_plugin({str(folder / "fifo.so")!r})
    except iolink.PluginRefusedError as refused:
        print("it is a FIFO, not a regular file" in str(refused))
thread = threading.Thread(target=load)
thread.start()
iolink.plugins()
thread.join()
"""
    assert in_child(code, IOLINK_PLUGIN_PATH=str(folder)) == "True"


def test_entry_points_that_are_not_a_file_are_refused(folder):  # noqa: F811
    for number, make in enumerate((os.mkfifo, lambda path: os.symlink("/dev/zero", path))):
        info = folder / f"x{number}-1.dist-info"
        info.mkdir()
        make(info / "entry_points.txt")
    code = (
        "import iolink\nfor p in iolink.plugins():\n"
        "    if p.state == 'refused' and 'entry_points.txt' in str(p.path): print(p.reason.split('it is ')[1])"
    )
    path = f"{folder}:{os.environ.get('PYTHONPATH', '')}"
    assert in_child(code, PYTHONPATH=path).splitlines() == [
        "a FIFO, not a regular file",
        "a device, not a regular file",
    ]


def saboteur(folder: Path, name: str) -> Path:  # noqa: F811
    library = folder / f"{name}.so"
    source = ROOT / "tests" / "saboteurs" / f"{name}.c"
    flags = ["-std=c11", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{INCLUDE}"]
    subprocess.run(["cc", *flags, "-o", library, source], check=True)
    library.chmod(0o755)
    return library


@pytest.mark.parametrize(
    "name",
    ["wrong_magic", "other_major", "short_struct", "panic_abort", "other_panic", "disagrees", "hidden_twin"],
)
def test_no_constructor_of_a_refused_plugin_runs(folder, tmp_path, name):  # noqa: F811
    good, refused = saboteur(folder, "good"), saboteur(folder, name)
    code = f"""
import iolink
print(iolink.load_plugin({str(good)!r}).state)
try:
    iolink.load_plugin({str(refused)!r})
except iolink.PluginRefusedError:
    print("refused")
"""
    notes = tmp_path / "notes"
    assert in_child(code, IOLINK_SABOTEUR_NOTES=str(notes)).split() == ["loaded", "refused"]
    assert notes.read_text().split() == ["good"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize(("owner", "group", "mode"), [(1234, 0, 0o755), (0, 1234, 0o775), (1234, 0, 0o1777)])
def test_a_folder_above_of_somebody_else_is_refused(folder, tmp_path, owner, group, mode):  # noqa: F811
    inside = folder / "above" / "between" / "plugins"
    inside.mkdir(parents=True)
    for part in (inside, inside.parent, inside.parent.parent):
        part.chmod(0o755)
    library = saboteur(inside, "good")
    os.chown(folder / "above", owner, group)
    (folder / "above").chmod(mode)
    notes = tmp_path / "notes"
    code = f"""
import iolink
try:
    iolink.load_plugin({str(library)!r})
except iolink.PluginRefusedError as refused:
    print({str(folder / "above")!r} + " above it" in str(refused))
"""
    assert in_child(code, IOLINK_SABOTEUR_NOTES=str(notes)) == "True"
    assert not notes.exists()


def test_a_plugin_finds_its_libraries_beside_it(folder):  # noqa: F811
    """`$ORIGIN` in a run path is the folder of the plugin: it is loaded by its path."""
    beside = folder / "libbeside.so"
    (folder / "beside.c").write_text("int beside(void); int beside(void) { return 3; }")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", beside, folder / "beside.c"], check=True)
    beside.chmod(0o755)
    more = folder / "needs.c"
    more.write_text(
        '#define NAME "needs"\n#include "common.h"\nint beside(void);\nconst void *keep_it(void);\n'
        "const void *keep_it(void) { return (const void *)beside; }\n"
        "__attribute__((constructor)) static void use_it(void) { beside(); }\n"
    )
    library = folder / "needs.so"
    flags = ["-std=c11", "-fPIC", "-shared", "-fvisibility=hidden", f"-I{INCLUDE}", f"-I{ROOT / 'tests' / 'saboteurs'}"]
    needs = [f"-L{folder}", "-lbeside", "-Wl,-rpath,$ORIGIN"]
    subprocess.run(["cc", *flags, "-o", library, more, *needs], check=True)
    library.chmod(0o755)
    code = f"import iolink; print(iolink.load_plugin({str(library)!r}).state)"
    assert in_child(code) == "loaded"


def test_what_a_fifo_is_called_is_in_the_words_of_the_error(special):
    with pytest.raises(iolink.UnsupportedFormatError, match=r"fifo\.csv is a FIFO"):
        iolink.open(special / "fifo.csv")
