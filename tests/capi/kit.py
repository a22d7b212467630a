"""What the tests of the C library share: running programs, and watching their memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/capi"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
Build = Callable[..., Path]


def run(*command: object, expect: int | None = 0, **options: object) -> str:
    """Runs a command and gives what it printed; both stand in the failure."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=600, **options)  # type: ignore[call-overload]
    if expect is not None and done.returncode != expect:
        pytest.fail(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def need(tool: str) -> str:
    """The path of a tool that some systems lack."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    return found


def clean_environment(**more: str) -> dict[str, str]:
    """Without the variables that a surrounding make would hand to an inner one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return {**kept, **more}


SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
OURS = re.compile(r"iolink|/examples/|/tests/capi/")
# What CPython and its extensions make once, when a module is imported, and never give back.
IMPORT = re.compile(r"PyImport_ImportModuleLevelObject|PyModule_ExecDef")
LIBRARY = re.compile(r"libiolink|_iolink\.abi3")


def sanitized(*command: object, leaks: bool = True) -> str:
    """Runs a program built with SANITIZE; any finding fails. An embedded Python leaves things behind by design."""
    options = f"detect_leaks={int(leaks)}:halt_on_error=1:abort_on_error=0:exitcode=99"
    return run(*command, env=clean_environment(ASAN_OPTIONS=options, UBSAN_OPTIONS="print_stacktrace=1"))


def valgrind(*command: object, tmp_path: Path) -> str:
    """Runs a program under valgrind: no invalid access at all, and no definite leak with a frame of ours in it."""
    report = tmp_path / "valgrind.xml"
    checked = ["--leak-check=full", "--show-leak-kinds=definite", "--num-callers=60", "--undef-value-errors=no"]
    printed = run(
        *(need("valgrind"), "-q", *checked, "--xml=yes", f"--xml-file={report}", *command),
        env=clean_environment(PYTHONMALLOC="malloc", PYTHONDONTWRITEBYTECODE="1"),
    )
    found = []
    for error in xml.parse(report).getroot().iter("error"):
        kind = error.findtext("kind", "")
        frames = [" ".join(part.text or "" for part in frame) for frame in error.iter("frame")]
        imported = any(IMPORT.search(frame) for frame in frames)
        leak = kind == "Leak_DefinitelyLost"
        # Other packages' imports read ahead and leave things behind; whatever else is wrong counts.
        words = OURS if leak and not imported else LIBRARY if imported and not leak else None
        if any(words.search(frame) for frame in frames) if words else not imported:
            found.append("\n  ".join([kind, error.findtext("what", ""), *frames]))
    assert not found, "\n\n".join(found)
    return printed
