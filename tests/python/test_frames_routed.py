"""Frames between pandas and the others go by the router: whichever plugin offers the cheaper or the preferred conversion."""

from __future__ import annotations

import subprocess

import pytest

from test_plugins import INCLUDE, folder, in_child  # noqa: F401

pytest.importorskip("pandas")

# A plugin that makes a frame in memory of any frame that can be read: it keeps the one it gets and asks it.
SOURCE = """
#include "iolink_abi.h"
#include <stdlib.h>
#define ID "org.example.turn"
#define WHOLE (IOLINK_FRAME_READ | IOLINK_FRAME_WRITE | IOLINK_FRAME_RESHAPE | IOLINK_FRAME_ARROW)

typedef struct { iolink_view view; iolink_view *inner; int references; } turned;

static const iolink_frame_vtable *inner(const iolink_view *view, const iolink_view **out)
{
    *out = ((const turned *)view)->inner;
    return (const iolink_frame_vtable *)(*out)->vtable;
}
static void retain(iolink_view *view) { __atomic_add_fetch(&((turned *)view)->references, 1, __ATOMIC_RELAXED); }
static void release(iolink_view *view)
{
    turned *this = (turned *)view;
    if (__atomic_sub_fetch(&this->references, 1, __ATOMIC_ACQ_REL) == 0) {
        view->magic = IOLINK_VIEW_DEAD;
        this->inner->vtable->release(this->inner);
        free(this);
    }
}
static uint64_t capabilities(const iolink_view *view) { (void)view; return WHOLE; }
static int32_t shape(const iolink_view *view, uint64_t *columns, uint64_t *rows, const iolink_call *call,
                     iolink_error *error)
{
    return inner(view, &view)->shape(view, columns, rows, call, error);
}
static int32_t schema(const iolink_view *view, const iolink_call *call, struct ArrowSchema *out, iolink_error *error)
{
    return inner(view, &view)->schema(view, call, out, error);
}
static int32_t export_stream(const iolink_view *view, const iolink_frame_request *request, const iolink_call *call,
                             struct ArrowArrayStream *out, iolink_error *error)
{
    return inner(view, &view)->export_stream(view, request, call, out, error);
}
static const iolink_frame_vtable table = {
    .base = { .size = sizeof(iolink_frame_vtable), .kind = IOLINK_KIND_DATA_FRAME, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE,
              .retain = retain, .release = release, .capabilities = capabilities },
    .shape = shape, .schema = schema, .export_stream = export_stream,
};

static int32_t convert(const iolink_provider *self, const iolink_host *host, iolink_view *view,
                       const iolink_convert_request *request, const iolink_call *call, iolink_view **out,
                       iolink_error *error)
{
    turned *made = calloc(1, sizeof(turned));
    (void)self; (void)host; (void)request; (void)call;
    if (made == NULL)
        return iolink_fail(error, IOLINK_ERROR_LIMIT, "no memory");
    view->vtable->retain(view);
    made->view.magic = IOLINK_VIEW_MAGIC;
    made->view.vtable = &table.base;
    made->inner = view;
    made->references = 1;
    *out = &made->view;
    return IOLINK_OK;
}
static const iolink_offer offer = { .size = sizeof(iolink_offer), .offer = IOLINK_OFFER_CONVERT,
    .kind = IOLINK_KIND_DATA_FRAME, .cost = IOLINK_COST_SHARED, .capabilities = WHOLE,
    .from_kind = IOLINK_KIND_DATA_FRAME, .from_capabilities = IOLINK_FRAME_READ };
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = { .size = sizeof(iolink_provider), .offer_count = 1, .id = ID,
    .title = "Turns frames", .offers = offers, .convert = convert };
static const iolink_provider *const providers[] = { &provider };
IOLINK_PLUGIN(ID, "1.0", providers, "[[provider]]\\nid = \\"" ID "\\"\\n"
    "title = \\"Turns frames\\"\\n[[provider.offer]]\\noffer = \\"convert\\"\\nkind = \\"data-frame\\"\\n"
    "capabilities = 15\\ncost = \\"shared\\"\\nfrom_kind = \\"data-frame\\"\\nfrom_capabilities = 1\\n");
"""

PROLOGUE = """
import iolink, numpy as np, pandas as pd
from iolink.pandas_interop import PandasInterop as P
from pandas.testing import assert_frame_equal
df = pd.DataFrame({"i": [1, 2, 3], "b": [True, False, True], "s": ["a", None, "c"],
                   "t": np.array(["2020-01-01", "NaT", "2021-01-01"], "M8[ns]")}, index=[7, 8, 9])
state = lambda: {p.id: p.state for p in iolink.plugins()}["org.example.turn"]
chosen = lambda words: next(line.split()[1] for line in words.splitlines() if line.startswith("chosen"))
"""


@pytest.fixture
def turning(folder):  # noqa: F811
    """A folder with the plugin."""
    source, library = folder / "turn.c", folder / "libturn.so"
    source.write_text(SOURCE)
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", "-shared", "-fPIC", *warnings, f"-I{INCLUDE}", "-o", library, source], check=True)
    library.chmod(0o755)
    return folder


def test_from_pandas_takes_the_conversion_that_is_preferred(turning):
    code = (
        PROLOGUE
        + """
print(state(), chosen(iolink.explain(df)))
assert_frame_equal(P.to_pandas(P.from_pandas(df)), df)
print(state())
iolink.set_provider_priority(["org.example.turn"])
print(chosen(iolink.explain(df)), "'i': shared" in iolink.explain(df))
frame = P.from_pandas(df)
print(state(), frame.column_arrow_type("b"), frame["t"].to_list()[1])
assert_frame_equal(P.to_pandas(frame), df)
df.loc[7, "i"] = 100
print(frame.at("i", 0))
iolink.set_provider_priority([])
print(chosen(iolink.explain(df)))
"""
    )
    assert in_child(code, IOLINK_PLUGIN_PATH=str(turning)).splitlines() == [
        "available org.iolink.dataframe",
        "available",
        "org.example.turn True",
        "loaded bool None",
        "1",
        "org.iolink.dataframe",
    ]


@pytest.mark.parametrize("reshapes", [True, False])
def test_columns_that_stay_are_asked_for_once(folder, reshapes):  # noqa: F811
    source, library = folder / "turn.c", folder / "libturn.so"
    counting = SOURCE.replace(
        "{\n    return inner(view, &view)->schema(", "{\n    asked++;\n    return inner(view, &view)->schema("
    )
    counting = counting.replace("typedef struct {", "IOLINK_EXPORT int asked = 0;\ntypedef struct {", 1)
    if not reshapes:
        counting = counting.replace(" | IOLINK_FRAME_RESHAPE", "").replace("capabilities = 15", "capabilities = 11")
    source.write_text(counting)
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{INCLUDE}", "-o", library, source], check=True)
    library.chmod(0o755)
    code = (
        PROLOGUE
        + f"""
import ctypes
iolink.set_provider_priority(["org.example.turn"])
frame = P.from_pandas(df.reset_index(drop=True))
asked = ctypes.c_int.in_dll(ctypes.CDLL({str(library)!r}), "asked")
assert frame.columns == ["i", "b", "s", "t"]
before = asked.value
for name in frame.columns * 3:
    column = frame[name]
    assert (column.arrow_type, name in frame, frame.column_index(name)) == (frame.column_arrow_type(name), True, frame.columns.index(name))
    assert column.to_list() == frame[[name]][name].to_list()
try:
    frame["z"]
except KeyError as error:
    assert "there are: i, b, s, t" in str(error), error
print(state(), asked.value - before)
"""
    )
    loaded, asked = in_child(code, IOLINK_PLUGIN_PATH=str(folder)).split()
    assert loaded == "loaded"
    assert int(asked) > 12 if reshapes else int(asked) == 0


def test_to_pandas_takes_the_conversion_that_copies_least(turning, tmp_path):
    code = (
        PROLOGUE
        + f"""
path = {str(tmp_path / "t.parquet")!r}
iolink.DataFrameViewFactory.write(P.from_pandas(df), path)
lazy = iolink.open(path)
print(state(), chosen(iolink.explain(lazy, "pandas")))
assert_frame_equal(P.to_pandas(lazy), df)
print(state())
"""
    )
    assert in_child(code, IOLINK_PLUGIN_PATH=str(turning)).splitlines() == ["available org.example.turn", "loaded"]
    without = code.replace("print(state(), chosen", "print(chosen").replace("print(state())", "")
    assert in_child(without) == "org.iolink.dataframe"
