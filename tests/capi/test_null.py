"""Every function of iolink.h with NULL for each of its pointers: an error code, and never a crash.

The calls are written from the header, so that no function is missed: an argument may be NULL where its comment says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from kit import SANITIZE, Build, run, sanitized

DECLARED = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*((?:const )?\w+ \*?)(iolink_\w+)\(([^;]*?)\);", re.DOTALL)
# The kind of view that functions of a name take.
VIEWS = {
    "iolink_image_": "a_image",
    "iolink_multi_image_": "a_set",
    "iolink_lod_image_": "a_image",
    "iolink_frame_": "a_frame",
    "iolink_stream_": "a_stream",
    "iolink_random_access_": "a_bytes",
    "iolink_store_": "a_store",
}
FIXTURE = r"""
#include <iolink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#undef iolink_view_release

static iolink_registry *registry;
static iolink_view *a_image, *a_set, *a_frame, *a_stream, *a_bytes, *a_store;

static void put_text(void *context, const char *text, size_t length) { (void) context, (void) text, (void) length; }
static void put_plugin(void *context, const iolink_plugin_info *plugin) { (void) context, (void) plugin; }
static int32_t put_value(void *context, const iolink_metadata_value *value) { return (void) context, (void) value, 0; }
static int32_t put_channel(void *context, const iolink_channel *channel) { return (void) context, (void) channel, 0; }
static int32_t put_entry(void *context, const iolink_store_entry *entry) { return (void) context, (void) entry, 0; }
static void visit(void *context, const iolink_metadata_sink *sink) { (void) context, (void) sink; }
static void schema_gone(struct ArrowSchema *schema) { schema->release = NULL; }

static void check(int holds, const char *what)
{
  if (!holds) {
    printf("NOT SO: %s\n", what);
    exit(1);
  }
}

static void make(void)
{
  iolink_image_description wanted = { sizeof wanted, 1, IOLINK_TYPE_UINT8, { 4 } };
  iolink_create_request random = { .size = sizeof random, .kind = IOLINK_KIND_RANDOM_ACCESS, .length = 4 };
  struct ArrowSchema child = { .format = "l", .name = "n", .release = schema_gone }, *children = &child;
  struct ArrowSchema schema = { .format = "+s", .name = "", .n_children = 1, .children = &children, .release = schema_gone };
  check(iolink_registry_create(NULL, &registry, NULL) == IOLINK_OK, "registry");
  check(iolink_image_allocate(registry, &wanted, NULL, &a_image, NULL) == IOLINK_OK, "image");
  check(iolink_multi_image_allocate(registry, &a_set, NULL) == IOLINK_OK, "set");
  check(iolink_multi_image_insert_frame(a_set, 0, a_image, "a", NULL, NULL) == IOLINK_OK, "image in set");
  check(iolink_frame_allocate(registry, &schema, 2, &a_frame, NULL) == IOLINK_OK, "frame");
  check(iolink_stream_allocate(registry, 0, &a_stream, NULL) == IOLINK_OK, "stream");
  check(iolink_registry_create_view(registry, &random, NULL, &a_bytes, NULL) == IOLINK_OK, "bytes");
  check(iolink_store_allocate(registry, &a_store, NULL) == IOLINK_OK, "store");
}

static void end(void)
{
  iolink_view_release(a_image), iolink_view_release(a_set), iolink_view_release(a_frame);
  iolink_view_release(a_stream), iolink_view_release(a_bytes), iolink_view_release(a_store);
  iolink_registry_release(registry);
}
"""
# A variable for each type of argument that is no view: its declaration, and how it is passed.
PLACES = {
    "iolink_registry **": ("iolink_registry *made = NULL;", "&made"),
    "iolink_view **": ("iolink_view *out = NULL;", "&out"),
    "char *": ("", '"x"'),
    "char *const *": ('static const char *const ids[] = { "x" };', "ids"),
    "void *": ("char buffer[64] = { 0 };", "buffer"),
    "uint64_t *": ("uint64_t number[2] = { 0, 0 };", "number"),
    "int64_t *": ("int64_t level[2] = { 0, 0 };", "level"),
    "int32_t *": ("int32_t number[2] = { 0, 0 };", "number"),
    "double *": ("double number[2] = { 0, 0 };", "number"),
}
SINKS = {"text_sink": "write = put_text", "plugin_sink": "write = put_plugin", "metadata_sink": "write = put_value"}
SINKS |= {"metadata_source": "visit = visit", "channel_sink": "write = put_channel", "store_sink": "write = put_entry"}


class Argument(NamedTuple):
    type: str
    name: str
    may_be_null: bool

    @property
    def pointer(self) -> bool:
        return self.type.endswith("*")

    def place(self, function: str) -> tuple[str, str]:
        """What has to be declared, and what is passed."""
        if self.type == "iolink_registry *":
            return "", "registry"
        if self.type == "iolink_view *":
            views = [view for start, view in VIEWS.items() if function.startswith(start)]
            return "", {"frame": "a_image", "bytes": "a_stream"}.get(self.name) or (views or ["a_image"])[0]
        if self.type in PLACES:
            declared, passed = PLACES[self.type]
            return declared.replace("number", self.name).replace("level", self.name), passed.replace(
                "number", self.name
            ).replace("level", self.name)
        if match := re.fullmatch(r"(iolink_\w+) \*(?:const )?\*", self.type):  # a list of one struct
            struct, one = match[1], f"{self.name}_one"
            constant = "" if self.type.endswith("*const *") and "put" in struct else "const "
            return f"IOLINK_SIZED({struct}, {one}); {constant}{struct} *const {self.name}[] = {{ &{one} }};", self.name
        if self.type == "iolink_byte_range *":
            return f"iolink_byte_range {self.name} = {{ 0, 1 }};", f"&{self.name}"
        if self.pointer:
            struct = self.type.removesuffix(" *")
            if struct.startswith("struct Arrow"):
                return f"{struct} {self.name} = {{ 0 }};", f"&{self.name}"
            more = SINKS.get(struct.removeprefix("iolink_"))
            return f"IOLINK_SIZED({struct}, {self.name});" + (f" {self.name}.{more};" if more else ""), f"&{self.name}"
        return "", "1"


class Function(NamedTuple):
    name: str
    result: str
    arguments: list[Argument]

    def call(self, null: set[str]) -> str:
        passed = [argument.place(self.name)[1] for argument in self.arguments]
        named = zip(self.arguments, passed, strict=True)
        return f"{self.name}({', '.join('NULL' if one.name in null else value for one, value in named)})"

    def test(self, null: set[str], refused: bool) -> str:
        """A block of C: the call, and what must come of it."""
        declared = {argument.place(self.name)[0] for argument in self.arguments if argument.name not in null}
        lines = ["make();", *sorted(declared - {""})]
        if "release" in self.name and self.arguments[0].type == "iolink_view *":
            lines.append("iolink_view_retain(a_image);")
        if "iolink_registry_release" == self.name:
            lines.append("iolink_registry_retain(registry);")
        call = self.call(null)
        lines.append(f"check({call} != IOLINK_OK, {quoted(call)});" if refused else f"(void) {call};")
        if "release" in self.name and null and self.arguments[0].type == "iolink_view *":
            lines.append("if (iolink_view_get_kind(a_image) == 0) return 1;")
        lines += [f"iolink_view_release({place});" for place in ["out"] if any("*out " in one for one in declared)]
        lines += [
            f"iolink_registry_release({place});" for place in ["made"] if any("*made " in one for one in declared)
        ]
        return "  {\n    " + "\n    ".join([*lines, "end();", "calls++;"]) + "\n  }\n"


def quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def functions(header: str) -> list[Function]:
    """Every function that the header declares, with what its comment says of its arguments."""
    found = []
    for words, result, name, listed in DECLARED.findall(header):
        comment = re.sub(r"\s*\n\s*\*\s*", " ", words)
        arguments = []
        for one in [] if listed.strip() == "void" else re.split(r",\s*", re.sub(r"\s+", " ", listed)):
            match = re.fullmatch(r"(?:const )?(?:struct (?=iolink))?(.*?[ *])(\w+)", one.strip())
            assert match, one
            kind, argument = match[1].strip(), match[2]
            arguments.append(Argument(kind, argument, argument == "error" or f"`{argument}` may be NULL" in comment))
        found.append(Function(name, result.strip(), arguments))
    return found


def program(header: str) -> tuple[str, int]:
    """The program that makes every call, and how many those are."""
    blocks = []
    for function in functions(header):
        pointers = [argument for argument in function.arguments if argument.pointer]
        for argument in pointers:
            refused = function.result == "int32_t" and not argument.may_be_null
            blocks.append(function.test({argument.name}, refused))
        if pointers:
            required = any(not pointer.may_be_null for pointer in pointers)
            blocks.append(
                function.test({pointer.name for pointer in pointers}, function.result == "int32_t" and required)
            )
    parts = "".join(
        f"static int part{index}(void)\n{{\n  int calls = 0;\n{block}  return calls;\n}}\n"
        for index, block in enumerate(blocks)
    )
    calls = "".join(f"  calls += part{index}();\n" for index in range(len(blocks)))
    return (
        f'{FIXTURE}\n{parts}\nint main(void)\n{{\n  int calls = 0;\n{calls}  printf("%d calls\\n", calls);\n  return 0;\n}}\n',
        len(blocks),
    )


def test_null_is_an_error_code_and_never_a_crash(
    prefix: Path, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, count = program((prefix / "include/iolinkrs/iolink.h").read_text())
    assert count > 200
    source = tmp_path / "null.c"
    source.write_text(text)
    monkeypatch.chdir(tmp_path)  # one of the calls opens a file named "x"
    assert f"{count} calls" in run(build(source))
    assert f"{count} calls" in sanitized(build(source, *SANITIZE), leaks=False)  # it drops what it is given
