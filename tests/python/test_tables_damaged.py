"""Files of tables made to end the process: deep ones, and such as claim more than they hold. Each is opened in a child."""

from __future__ import annotations

import base64
import io
import json
import struct
import subprocess
import sys

import pytest

import iolink
from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

open_table, write = DataFrameViewFactory.open, DataFrameViewFactory.write

CHILD = """
import resource, sys, iolink
limit = 6 << 30
try:
    frame = iolink.open(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print("opened", tuple(frame.shape()), len(frame.to_arrow()))
except iolink.Error as error:
    print(type(error).__name__, error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def in_child(path, content):
    """Opens a file in a child process, reads it, and returns what it says; it must take less than 1 GiB of memory."""
    path.write_bytes(content)
    ended = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, f"{ended.returncode}: {ended.stderr[-500:]}"
    assert "panicked" not in ended.stderr
    said, megabytes = ended.stdout.rsplit("\n", 2)[:2]
    assert int(megabytes) < 1024, said
    return said


# Depth.


def deep_type(levels, kind="list"):
    made = pa.int8()
    for _ in range(levels):
        made = pa.struct([("x", made)]) if kind == "struct" else pa.list_(made)
    return made


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("last", ["1", ""])
def test_json_is_read_to_64_levels_below_its_line(tmp_path, opening, closing, last):
    levels = opening.count("[") + opening.count("{")
    last = "null" if opening.endswith(":") and not last else last
    for count, fine in [(64 // levels, True), (64 // levels + 1, False), (100_000, False)]:
        text = f'{{"n":1}}\n\n{{"n":2,"deep":{opening * count}{last}{closing * count}}}\n'
        said = in_child(tmp_path / "a.jsonl", text.encode())
        if fine:
            # pyarrow takes 63 levels at most over its C interface.
            assert said.startswith("opened") or "ecursion" in said
            (tmp_path / "a.jsonl").write_text(text)
            assert open_table(tmp_path / "a.jsonl").shape() == (2, 2)
        else:
            assert said.startswith("LimitError") and "line 3" in said and "64 levels" in said


def test_brackets_in_strings_of_json_are_not_levels(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": "[{" * 1000, "b\\": '\\"' + "[" * 1000}))
    assert open_table(tmp_path / "a.jsonl").at("a", 0) == "[{" * 1000


def test_open_brackets_of_many_lines_are_no_depth(tmp_path):
    said = in_child(tmp_path / "a.jsonl", b'{"a":[[[[\n' * 100_000)
    assert said.startswith("CorruptDataError") and "line 1" in said


def written_stream(schema):
    out = io.BytesIO()
    pa.ipc.new_stream(out, schema).close()
    return out.getvalue()


def written_file(schema):
    out = io.BytesIO()
    pa.ipc.new_file(out, schema).close()
    return out.getvalue()


def parquet_of(footer):
    return b"PAR1" + footer + struct.pack("<i", len(footer)) + b"PAR1"


def deep_parquet(levels, kind):
    """A file without rows, whose only column lies below groups of one child each."""
    root = bytes([0x48, 1, ord("r"), 0x15, 2, 0])  # a name, and one child
    repetition = 2 if kind == "list" else 1
    group = bytes([0x35, 2 * repetition, 0x18, 1, ord("g"), 0x15, 2, 0])
    leaf = bytes([0x15, 2, 0x25, 2, 0x18, 1, ord("x"), 0])
    count = levels + 2
    head = bytes([count << 4 | 12]) if count < 15 else bytes([0xFC]) + unsigned(count)
    schema = bytes([0x15, 2, 0x19]) + head + root + group * levels + leaf
    return parquet_of(schema + bytes([0x16, 0, 0x19, 0x0C, 0]))


def unsigned(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


@pytest.mark.parametrize("kind", ["list", "struct"])
@pytest.mark.parametrize("made", [written_file, written_stream])
def test_arrow_ipc_is_read_to_64_levels(tmp_path, made, kind):
    name = "a.arrow"
    for levels in (64, 65, 500):
        (tmp_path / name).write_bytes(made(pa.schema([("flat", pa.int8()), ("deep", deep_type(levels, kind))])))
        if levels == 64:
            assert open_table(tmp_path / name).shape() == (2, 0)
        else:
            with pytest.raises(iolink.LimitError, match='column "deep".*64 levels'):
                open_table(tmp_path / name)


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_parquet_is_read_to_64_levels(tmp_path, kind):
    path = tmp_path / "a.parquet"
    for levels in (64, 65):
        path.write_bytes(deep_parquet(levels, kind))
        if levels == 64:
            assert open_table(path).shape() == (1, 0)
        else:
            with pytest.raises(iolink.LimitError, match="64 levels"):
                open_table(path)
    for levels in (1000, 300_000):
        assert "LimitError" in in_child(path, deep_parquet(levels, kind))


def test_the_schema_of_arrow_in_parquet_is_read_to_64_levels(tmp_path):
    table = pa.table({"a": [1]}).replace_schema_metadata(
        {"ARROW:schema": base64.b64encode(pa.schema([("deep", deep_type(65))]).serialize().to_pybytes())}
    )
    pq.write_table(table, tmp_path / "a.parquet", store_schema=False)
    with pytest.raises(iolink.LimitError, match='column "deep".*64 levels'):
        open_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl", "csv"])
@pytest.mark.parametrize("kind", ["list", "struct"])
def test_a_frame_is_written_to_64_levels(tmp_path, ending, kind):
    def frame(levels):
        value = 1
        for _ in range(levels):
            value = {"x": value} if kind == "struct" else [value]
        array = pa.array([None], deep_type(levels, kind))
        return DataFrameViewFactory.from_arrow(pa.table({"flat": [1], "deep": array}))

    with pytest.raises(iolink.LimitError, match='column "deep".*64 levels'):
        write(frame(65), tmp_path / f"a.{ending}")
    assert not list(tmp_path.iterdir())
    if ending != "csv":
        write(frame(60), tmp_path / f"a.{ending}")
        assert open_table(tmp_path / f"a.{ending}").shape() == (2, 1)


# Names.


def test_a_name_for_each_line_of_json_is_limited(tmp_path):
    path = tmp_path / "a.jsonl"
    for text in (
        "".join(f'{{"c{at}":1}}\n' for at in range(30_000)),
        '{"a":[' + ",".join(f'{{"c{at}":1}}' for at in range(30_000)) + "]}",
        '{"a":{"b":[' + ",".join(f'[{{"c{at}":1}}]' for at in range(30_000)) + "]}}",
    ):
        said = in_child(path, text.encode())
        assert said.startswith("LimitError") and "bytes of text may have" in said
    sparse = [{f"c{at % 500}": at} for at in range(10_000)]
    path.write_text("\n".join(map(json.dumps, sparse)))
    assert open_table(path).shape() == (500, 10_000)


def test_many_names_of_one_object_keep_their_order(tmp_path):
    path = tmp_path / "a.jsonl"
    values = {f"name {at}": at for at in range(50_000)}
    path.write_text(f"{json.dumps(values)}\n{json.dumps(dict(reversed(values.items())))}\n")
    frame = open_table(path)
    assert frame.columns == list(values)
    assert frame.at("name 40000", 1) == 40_000
    chosen = open_table(path, columns="name 49999,name 3")
    assert chosen.columns == ["name 49999", "name 3"]
    path.write_text(json.dumps(values).replace('"name 777"', '"name 778"'))
    with pytest.raises(iolink.CorruptDataError, match='line 1: "name 778" is there twice'):
        open_table(path)


# Claims.

LONG = pa.table({"i": pa.array(range(1000), pa.int64()), "text": [f"text {at}" for at in range(1000)]})


def arrow_file(table=LONG, codec=None, stream=False):
    out = io.BytesIO()
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(table)
    return out.getvalue()


def number(value):
    return struct.pack("<q", value)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("claimed", [-2, 0, 7999, 1 << 33, 1 << 45, 1 << 62])
def test_a_packed_buffer_of_arrow_claims_what_it_holds(tmp_path, stream, codec, claimed):
    whole = arrow_file(codec=codec, stream=stream)
    assert in_child(tmp_path / "a.arrow", whole) == "opened (2, 1000) 1000"
    start = {"zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}[codec]
    assert number(8000) + start in whole
    said = in_child(tmp_path / "a.arrow", whole.replace(number(8000) + start, number(claimed) + start))
    assert said.startswith("CorruptDataError")


def test_zeros_that_are_packed_well_are_read(tmp_path):
    for codec in ("zstd", "lz4"):
        table = pa.table({"zeros": pa.array(bytes(8 * 3_000_000), pa.binary()).view(pa.binary())})
        table = pa.table({"zeros": pa.array([0] * 3_000_000, pa.int64())})
        assert in_child(tmp_path / "a.arrow", arrow_file(table, codec)) == "opened (1, 3000000) 3000000"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("claimed", [-1000, 1001, 1 << 40, 1 << 44, 2**63 - 1])
def test_rows_of_arrow_have_buffers(tmp_path, stream, claimed):
    whole = arrow_file(stream=stream).replace(number(1000), number(claimed))
    assert "Error" in in_child(tmp_path / "a.arrow", whole)
    both = whole.replace(number(8000), number(claimed * 8 % 2**63))
    assert "Error" in in_child(tmp_path / "a.arrow", both)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("claimed", [-8, 1 << 20, 1 << 45, 2**63 - 1])
def test_buffers_of_arrow_lie_in_their_body(tmp_path, stream, claimed):
    whole = arrow_file(stream=stream)
    assert whole.count(number(8000)) >= 1
    assert "CorruptDataError" in in_child(tmp_path / "a.arrow", whole.replace(number(8000), number(claimed)))


def test_blocks_of_arrow_lie_in_their_file_and_apart(tmp_path):
    out = io.BytesIO()
    with pa.ipc.new_file(out, LONG.schema) as writer:
        writer.write_table(LONG, max_chunksize=500)
    whole = out.getvalue()
    footer = len(whole) - 10 - int.from_bytes(whole[-10:-6], "little")
    blocks = [at for at in range(footer, len(whole) - 24) if whole[at : at + 8] == number(at_first(whole))]
    assert len(blocks) == 1
    first = blocks[0]
    second = first - 24 if whole[first - 24 : first - 16] not in (number(0),) else first + 24
    for at, claimed in [(first, -8), (first, 1 << 40), (second, at_first(whole)), (first + 8, -1), (first + 8, 2**31 - 1)]:
        width = 8 if at in (first, second) else 4
        damaged = bytearray(whole)
        damaged[at : at + width] = (claimed % 256**width).to_bytes(width, "little")
        assert "CorruptDataError" in in_child(tmp_path / "a.arrow", bytes(damaged)), (at - first, claimed)


def at_first(whole):
    """Where the first record batch of a file begins: behind the magic and the schema."""
    length = int.from_bytes(whole[12:16], "little")
    return 16 + length


def test_a_stream_of_very_many_dictionaries_is_read(tmp_path):
    table = pa.table({"words": pa.array(["a", "b", "a"]).dictionary_encode()})
    messages = [message.serialize().to_pybytes() for message in pa.ipc.MessageReader.open_stream(arrow_file(table, stream=True))]
    assert len(messages) == 3
    content = messages[0] + messages[1] * 100_000 + messages[2] + b"\xff\xff\xff\xff\0\0\0\0"
    assert in_child(tmp_path / "a.arrows", content) == "opened (1, 3) 3"


def test_a_list_of_a_footer_has_the_items_that_it_claims(tmp_path):
    path = tmp_path / "a.parquet"
    for field in (0x29, 0x49, 0x59, 0x79):
        claimed = bytes([field, 0xFC]) + unsigned(2**31 - 1) + bytes(10)
        said = in_child(path, parquet_of(bytes([0x15, 2]) + claimed))
        assert said.startswith("CorruptDataError") and "claims 2147483647 items" in said
    # polars would take bytes for the schema's list.
    hidden = b"\xfc" + unsigned(2**31 - 1)
    said = in_child(path, parquet_of(bytes([0x15, 2, 0x18, len(hidden)]) + hidden + bytes(10)))
    assert said.startswith("CorruptDataError") and "cannot be" in said


def signed(number):
    return unsigned(number << 1)


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4", "brotli"])
def test_a_page_claims_what_it_can_hold(tmp_path, codec):
    path = tmp_path / "a.parquet"
    table = pa.table({"i": pa.array([at % 7 for at in range(3_000_000)], pa.int64())})
    options = {"use_dictionary": False, "write_statistics": False, "data_page_size": 1 << 30}
    pq.write_table(table, path, compression=codec, row_group_size=2**30, **options)
    whole = path.read_bytes()
    size = signed(24_000_000 + 6)
    at = whole.index(b"\x15\0\x15")
    assert whole[at + 3 : at + 3 + len(size)] or True
    end = at + 3
    while whole[end] & 128:
        end += 1
    # The header's own size must not change: the largest number of as many bytes.
    largest = unsigned(2 ** (7 * (end + 1 - at - 3)) - 2)
    assert len(largest) == end + 1 - at - 3
    assert in_child(path, whole).startswith("opened")
    assert "Error" in in_child(path, whole[: at + 3] + largest + whole[end + 1 :])


# Times.

TIMES = ["9999-12-31T23:59:59", "1000-01-01T00:00:00", "1677-01-01T00:00:00", "2262-04-12T00:00:00"]


def stamps(*texts):
    return pa.array([None, *texts, "2024-06-01T12:00:00"], pa.string()).cast(pa.timestamp("us"))


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("inside", ["plain", "list", "struct"])
def test_times_of_int96_beyond_nanoseconds_are_refused_by_name_or_read_in_another_unit(tmp_path, time, inside):
    path, array = tmp_path / "a.parquet", stamps(time)
    if inside == "list":
        array = pa.ListArray.from_arrays([0, 2, 3], array)
    elif inside == "struct":
        array = pa.StructArray.from_arrays([array, array.cast(pa.int64())], ["time", "count"])
    table = pa.table({"other": range(len(array)), "when": array})
    pq.write_table(table, path, use_deprecated_int96_timestamps=True, store_schema=False)
    with pytest.raises(iolink.OutOfRangeError, match='column "when".*option int96'):
        open_table(path).to_arrow()
    assert open_table(path, columns="other")["other"].to_list() == list(range(len(array)))
    for unit in ("us", "ms"):
        read = open_table(path, int96=unit).to_arrow()["when"].combine_chunks()
        assert read.to_pylist() == array.to_pylist()
    with pytest.raises(iolink.InvalidArgumentError, match="int96"):
        open_table(path, int96="day")


def test_times_of_int96_within_nanoseconds_keep_them(tmp_path):
    path = tmp_path / "a.parquet"
    array = pa.array([None, 1, -1, 2**62, -(2**62), 1_700_000_000_123_456_789], pa.timestamp("ns"))
    pq.write_table(pa.table({"when": array}), path, use_deprecated_int96_timestamps=True, store_schema=False)
    assert open_table(path).to_arrow()["when"].combine_chunks().cast(pa.int64()) == array.cast(pa.int64())


@pytest.mark.parametrize("stored", ["ms", "us", "ns"])
@pytest.mark.parametrize("told", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_are_read_in_the_unit_in_which_they_are_stored(tmp_path, stored, told, zone):
    """The schema of Arrow in a file tells another unit, in which some are beyond 64 bits or lose digits."""
    path = tmp_path / "a.parquet"
    counts = [None, 1, -1, 2**62 + 1, -(2**62) - 1]
    schema = pa.schema([("when", pa.timestamp(told, zone)), ("list", pa.list_(pa.timestamp(told, zone)))])
    when = pa.array(counts, pa.timestamp(stored, zone))
    table = pa.table({"when": when, "list": pa.array([[one] for one in counts], pa.list_(pa.timestamp(stored, zone)))})
    facts = {"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes())}
    pq.write_table(table.replace_schema_metadata(facts), path, store_schema=False, version="2.6")
    read = open_table(path).to_arrow()
    for array in (read["when"].combine_chunks(), read["list"].combine_chunks().flatten()):
        assert array.type.unit == stored
        assert array.cast(pa.int64()).to_pylist() == counts


@pytest.mark.parametrize("stored", ["us", "ns"])
def test_clocks_are_read_in_the_unit_in_which_they_are_stored(tmp_path, stored):
    path = tmp_path / "a.parquet"
    clocks = pa.array([None, 0, 86_399_999_999], pa.int64()).cast(pa.time64(stored))
    told = pa.schema([("clock", pa.time64("ns" if stored == "us" else "us"))])
    facts = {"ARROW:schema": base64.b64encode(told.serialize().to_pybytes())}
    pq.write_table(pa.table({"clock": clocks}).replace_schema_metadata(facts), path, store_schema=False, version="2.6")
    read = open_table(path).to_arrow()["clock"].combine_chunks()
    assert read.type == clocks.type and read.to_pylist() == clocks.to_pylist()


@pytest.mark.parametrize("told", ["int8", "int16", "uint8", "uint16", "uint32"])
def test_integers_are_read_as_they_are_stored(tmp_path, told):
    path = tmp_path / "a.parquet"
    counts = [None, 1, -1, 2**31 - 1]
    facts = {"ARROW:schema": base64.b64encode(pa.schema([("n", told)]).serialize().to_pybytes())}
    pq.write_table(pa.table({"n": pa.array(counts, pa.int32())}).replace_schema_metadata(facts), path, store_schema=False)
    assert open_table(path)["n"].to_list() == counts


def test_a_panic_of_polars_is_an_error_of_damaged_data_and_says_nothing_else(tmp_path):
    """The buffers of a dictionary's keys are cut to 8 bytes: polars panics where it slices them."""
    said = in_child(tmp_path / "a.parquet", parquet_of(bytes([0x15, 2, 0x19, 0x0C, 0x16, 0, 0x19, 0x0C, 0])))
    assert said.startswith("CorruptDataError")
