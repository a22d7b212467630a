"""The three C++ blocks of the page that iolink follows compile and run as they stand there.

They are taken from the page itself, in a folder `shared/spec` beside the project or above it, so that none of its text is
in the project. Where that folder is absent the test says so and is not run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kit import ROOT, WARNINGS, Build, run

# What each block is given: a name and how it is made, and what it leaves in `instance`, checked against it.
CASES = {
    "image": (
        "auto image = registry.allocate({4, 3}, IOLINK_TYPE_UINT16);",
        "instance->buffer().at<uint16_t>({3, 2}) = 7; return image->read<uint16_t>().back() == 7;",
    ),
    "stack": (
        "auto stack = registry.multiImage();",
        "instance->addFrame(registry.allocate({2}, IOLINK_TYPE_UINT8)); return stack->frameCount() == 1;",
    ),
    "frame": (
        'auto frame = registry.frame({{"n", "l"}}, 2);',
        "instance->write<int64_t>(0, 1, {9}); return frame->read<int64_t>(0, 0, 2) == std::vector<int64_t>({0, 9});",
    ),
}
PROGRAM = """
#include <Python.h>
#define IOLINKRS_AS_IOLINK
#include <iolink.hpp>
#include <cstdio>

{functions}
int main(int, char **arguments) {{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyConfig_SetBytesString(&config, &config.program_name, arguments[1]);
    if (PyStatus_Exception(Py_InitializeFromConfig(&config))) return 2;
    const iolink::Registry registry;
    std::printf("{format}\\n", {calls});
    return 0;
}}
"""


def blocks() -> list[str]:
    """Each run of lines after a line that says C++ and before an empty one."""
    pages = [page for folder in ROOT.parents for page in sorted((folder / "shared/spec").glob("000_*.txt"))]
    if not pages:
        pytest.skip("the page is not here: no folder shared/spec with it above the project")
    found, inside = [], False
    for line in pages[0].read_text(encoding="utf-8").splitlines():
        if line.strip() == "++":
            found.append("")
            inside = True
        elif inside and line.strip():
            found[-1] += line + "\n"
        else:
            inside = False
    return found


def test_the_blocks_of_the_page_compile_and_run_unchanged(
    build: Build, python_flags: list[str], tmp_path: Path
) -> None:
    found = blocks()
    assert len(found) == len(CASES)
    functions = ""
    for block, (name, (given, checked)) in zip(found, CASES.items(), strict=True):
        functions += f"static bool {name}_block(const iolink::Registry &registry) {{\n{given}\n{block}{checked}\n}}\n"
    source = tmp_path / "page.cpp"
    calls = ", ".join(f"{name}_block(registry)" for name in CASES)
    source.write_text(PROGRAM.format(functions=functions, format=" ".join("%d" for _ in CASES), calls=calls))
    assert "-Werror" in WARNINGS
    assert run(build(source, *python_flags), sys.executable) == "1 1 1\n"
