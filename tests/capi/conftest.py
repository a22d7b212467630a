"""An installed copy of the C library, and how programs are built against it."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from kit import ROOT, WARNINGS, Build, clean_environment, run

STANDARD = {".c": ("cc", "-std=c99"), ".cpp": ("c++", "-std=c++17")}


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `make install PREFIX=` put the library."""
    folder = tmp_path_factory.mktemp("prefix")
    run("make", "install", f"PREFIX={folder}", f"PYTHON={sys.executable}", cwd=ROOT, env=clean_environment())
    return folder


@pytest.fixture(scope="session")
def nifti() -> Path:
    """The example plugin, loaded by hosts at run time."""
    return ROOT / "examples/nifti-plugin/target/release/libiolink_nifti.so"


@pytest.fixture(scope="session")
def brain() -> Path:
    """A real volume: an anatomical scan of 33 x 41 x 25 samples that comes with nibabel."""
    import nibabel  # type: ignore[import-untyped]

    return Path(nibabel.__file__).parent / "tests/data/anatomical.nii"


@pytest.fixture(scope="session")
def python_flags() -> list[str]:
    """How to compile and link a program that embeds this Python."""
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        pytest.skip("Python.h is not installed")
    known = sysconfig.get_config_var
    folder, version = known("LIBDIR"), known("LDVERSION")
    libraries = [known("LIBS"), known("SYSLIBS")]
    if not list(Path(folder).glob(f"libpython{version}.*")):
        pytest.skip("libpython is not installed")
    return [
        f"-I{sysconfig.get_path('include')}",
        f"-L{folder}",
        f"-Wl,-rpath,{folder}",
        "-Wl,-export-dynamic",
        f"-lpython{version}",
        *" ".join(filter(None, libraries)).split(),
    ]


@pytest.fixture(scope="session")
def build(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compiles and links a program against the installed library, every warning an error."""

    def compile(source: Path, *flags: str, debug: bool = True) -> Path:
        program = tmp_path_factory.mktemp("program") / source.stem
        compiler, standard = STANDARD[source.suffix]
        library = prefix / "lib"
        include = prefix / "include/iolinkrs"
        run(
            *(compiler, standard, *WARNINGS, "-g", "-O1", *([] if debug else ["-DNDEBUG"]), "-pthread", "-o", program),
            *(source, f"-I{include}", f"-L{library}", "-liolinkrs", f"-Wl,-rpath,{library}", "-ldl", "-lm", *flags),
        )
        return program

    return compile


@pytest.fixture(scope="session")
def build_plugin(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compiles the C files of a plugin against the installed header, every warning an error."""

    def compile(*sources: Path) -> Path:
        library = tmp_path_factory.mktemp("plugin") / f"lib{sources[0].stem}.so"
        quiet = "-Wno-missing-field-initializers"
        flags = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", *WARNINGS, quiet, "-O1", "-g", "-shared", "-fPIC"]
        run("cc", *flags, "-fvisibility=hidden", f"-I{prefix / 'include/iolinkrs'}", *sources, "-o", library)
        return library

    return compile
