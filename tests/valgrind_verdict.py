"""Says which of the errors that valgrind found in a Python process are ours; fails where there are some.

CPython and its neighbours are not free of errors of their own. CPython's small integers come from digits that were never
written, times zero; the loader reads past the ends of names; each leaves blocks behind at its end. What is ours:

* any access to memory that is not there, or not there any more, whoever makes it, and a look at samples that were never
  written;
* use of what was never written by our code or what it calls;
* memory lost that was taken through our code, and memory that our code itself took in every round and that may be lost:
  Python and `Arc` point into blocks, by which valgrind cannot tell.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import PurePath

# PyO3 makes each class once, and the lists that describe it stay with it until the process ends.
ONCE = "create_type_object"


def frames(error):
    """Function and library of each frame, the innermost first."""
    found = error.find("stack").findall("frame")
    return [(frame.findtext("fn", "?"), PurePath(frame.findtext("obj", "?")).name) for frame in found]


def is_ours(error, stack, rounds):
    kind, libraries = error.findtext("kind"), [library for _, library in stack]
    through_us = any("iolink" in library for library in libraries)
    if kind == "Leak_PossiblyLost":
        taken_by_us = "iolink" in next((library for library in libraries if "vgpreload" not in library), "")
        return taken_by_us and int(error.findtext("xwhat/leakedblocks")) >= rounds
    if kind.startswith("Leak_"):
        return through_us and not any(ONCE in function for function, _ in stack)
    if kind.startswith("Uninit"):
        return through_us
    return not libraries[0].startswith("ld-")


def main(file, rounds):
    ours = 0
    for error in ElementTree.parse(file).getroot().findall("error"):
        stack = frames(error)
        if is_ours(error, stack, rounds):
            ours += 1
            print(f"{error.findtext('kind')}: {error.findtext('what') or error.findtext('xwhat/text')}")
            print(*(f"    {function} ({library})" for function, library in stack), sep="\n")
    return 99 if ours else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
