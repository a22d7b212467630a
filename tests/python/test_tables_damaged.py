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
def peak():
    # Not ru_maxrss, which a child takes over from the process that started it.
    status = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) >> 10
for path in sys.argv[1:]:
    try:
        frame = iolink.open(path)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        said = f"opened {tuple(frame.shape())}"
        said += f" {len(frame.to_arrow())}"
    except iolink.Error as error:
        said = f"{type(error).__name__} {error}"
    except ValueError as error:  # pyarrow's own
        said += f" {error}"
    print(said.replace(chr(10), " "), peak(), flush=True)
"""


def in_child(folder, ending, *contents):
    """Opens files in a child process, reads them, and returns what it says of each; it must take less than 1 GiB of memory."""
    paths = [folder / f"{at}.{ending}" for at in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    ended = subprocess.run([sys.executable, "-c", CHILD, *map(str, paths)], capture_output=True, text=True, timeout=200)
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, f"file {len(lines)}: {ended.returncode}: {ended.stderr[-500:]}"
    assert "panicked" not in ended.stderr
    said = [line.rsplit(" ", 1) for line in lines]
    assert all(int(megabytes) < 1024 for _, megabytes in said), lines
    return [words for words, _ in said]


def with_arrow_schema(path, table, schema, **options):
    """Writes Parquet in which a schema of Arrow stands that is not that of the table."""
    encoded = base64.b64encode(schema.serialize().to_pybytes())
    with pq.ParquetWriter(path, table.schema, store_schema=False, **options) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": encoded.decode()})
    assert path.read_bytes().count(b"ARROW:schema") == 1


# Depth.


def deep_type(levels, kind="list"):
    made = pa.int8()
    for _ in range(levels):
        made = pa.struct([("x", made)]) if kind == "struct" else pa.list_(made)
    return made


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("last", ["1", "null"])
def test_json_is_read_to_64_levels_below_its_line(tmp_path, opening, closing, last):
    levels = opening.count("[") + opening.count("{")
    texts = []
    for count in (30 // levels, 64 // levels, 64 // levels + 1, 100_000):
        texts.append(f'{{"n":1}}\n\n{{"n":2,"deep":{opening * count}{last}{closing * count}}}\n'.encode())
    flat, deepest, *deeper = in_child(tmp_path, "jsonl", *texts)
    assert flat == "opened (2, 2) 2"
    # pyarrow takes fewer levels over its C interface.
    assert deepest.startswith("opened (2, 2)")
    for said in deeper:
        assert said.startswith("LimitError") and "line 3" in said and "64 levels" in said


def test_brackets_in_strings_of_json_are_not_levels(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": "[{" * 1000, "b\\": '\\"' + "[" * 1000}))
    assert open_table(tmp_path / "a.jsonl").at("a", 0) == "[{" * 1000


def test_open_brackets_of_many_lines_are_no_depth(tmp_path):
    (said,) = in_child(tmp_path, "jsonl", b'{"a":[[[[\n' * 100_000)
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
            with pytest.raises(iolink.LimitError, match=r'column "deep".*64 levels'):
                open_table(tmp_path / name)


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_parquet_is_read_to_64_levels(tmp_path, kind):
    # A group that is repeated is a list of structs.
    most = {"list": 32, "struct": 64}[kind]
    deepest, *deeper = in_child(
        tmp_path, "parquet", *(deep_parquet(levels, kind) for levels in (most, most + 1, 1000, 300_000))
    )
    assert deepest.startswith("opened (1, 0)")
    assert all(said.startswith("LimitError") and "64" in said for said in deeper)


def test_the_schema_of_arrow_in_parquet_is_read_to_64_levels(tmp_path):
    with_arrow_schema(tmp_path / "a.parquet", pa.table({"a": [1]}), pa.schema([("deep", deep_type(65))]))
    with pytest.raises(iolink.LimitError, match=r'column "deep".*64 levels'):
        open_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl", "csv"])
@pytest.mark.parametrize("kind", ["list", "struct"])
def test_a_frame_is_written_to_64_levels(tmp_path, ending, kind):
    def save(levels):
        array = pa.array([None], deep_type(levels, kind))
        frame = DataFrameViewFactory.from_arrow(pa.table({"flat": [1], "deep": array}))
        write(frame, tmp_path / f"a.{ending}")

    for levels in (65, 500):
        with pytest.raises((iolink.Error, pa.ArrowInvalid), match=r"nest|deep|level|ecursion|within each other"):
            save(levels)
    assert not list(tmp_path.iterdir())
    if ending != "csv":
        save(55)
        assert open_table(tmp_path / f"a.{ending}").shape() == (2, 1)


# Names.


def test_a_name_for_each_line_of_json_is_limited(tmp_path):
    texts = [
        "".join(f'{{"c{at}":1}}\n' for at in range(30_000)),
        '{"a":[' + ",".join(f'{{"c{at}":1}}' for at in range(30_000)) + "]}",
        '{"a":{"b":[' + ",".join(f'[{{"c{at}":1}}]' for at in range(30_000)) + "]}}",
    ]
    for said in in_child(tmp_path, "jsonl", *(text.encode() for text in texts)):
        assert said.startswith("LimitError") and "bytes of text may have" in said
    sparse = [{f"c{at % 500}": at} for at in range(10_000)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, sparse)))
    assert open_table(tmp_path / "a.jsonl").shape() == (500, 10_000)


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
def test_a_packed_buffer_of_arrow_claims_what_it_holds(tmp_path, stream, codec):
    whole = arrow_file(codec=codec, stream=stream)
    start = {"zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}[codec]
    assert number(8000) + start in whole
    claims = [-2, -(2**63), 0, 7992, 1 << 26, 1 << 33, 1 << 45, 1 << 62]
    lies = [whole.replace(number(8000) + start, number(claimed) + start) for claimed in claims]
    fine, *damaged = in_child(tmp_path, "arrow", whole, *lies)
    assert fine == "opened (2, 1000) 1000"
    assert all(said.split()[0] in ("CorruptDataError", "opened") and "1000) 1000" not in said for said in damaged), (
        damaged
    )
    assert all("CorruptDataError" in said for said in damaged[-3:])


def test_zeros_that_are_packed_well_are_read(tmp_path):
    table = pa.table({"zeros": pa.array([0] * 3_000_000, pa.int64())})
    for said in in_child(tmp_path, "arrow", arrow_file(table, "zstd"), arrow_file(table, "lz4")):
        assert said == "opened (1, 3000000) 3000000"


@pytest.mark.parametrize("stream", [False, True])
def test_rows_of_arrow_have_buffers(tmp_path, stream):
    lies = []
    for claimed in (-1000, 1001, 1 << 40, 1 << 44, 2**63 - 1):
        lies.append(arrow_file(stream=stream).replace(number(1000), number(claimed)))
        lies.append(lies[-1].replace(number(8000), number(claimed * 8 % 2**63)))
    assert all("CorruptDataError" in said for said in in_child(tmp_path, "arrow", *lies))


@pytest.mark.parametrize("stream", [False, True])
def test_buffers_of_arrow_lie_in_their_body(tmp_path, stream):
    whole = arrow_file(stream=stream)
    assert whole.count(number(8000)) >= 1
    lies = [whole.replace(number(8000), number(claimed)) for claimed in (-8, 1 << 20, 1 << 45, 2**63 - 1)]
    assert all("CorruptDataError" in said for said in in_child(tmp_path, "arrow", *lies))


def test_blocks_of_arrow_lie_in_their_file_and_apart(tmp_path):
    out = io.BytesIO()
    with pa.ipc.new_file(out, LONG.schema) as writer:
        writer.write_table(LONG, max_chunksize=500)
    whole = out.getvalue()
    footer = len(whole) - 10 - int.from_bytes(whole[-10:-6], "little")
    first = whole.index(number(at_first(whole)), footer)
    # A block has 24 bytes: where it is, the length of its metadata, and that of its body.
    second = first + 24 if int.from_bytes(whole[first + 24 : first + 32], "little") > at_first(whole) else first - 24
    lies = []
    for at, width, claimed in [
        (first, 8, -8),
        (first, 8, 1 << 40),
        (second, 8, at_first(whole)),
        (first + 8, 4, -1),
        (first + 8, 4, 2**31 - 1),
    ]:
        lies.append(whole[:at] + (claimed % 256**width).to_bytes(width, "little") + whole[at + width :])
    fine, *damaged = in_child(tmp_path, "arrow", whole, *lies)
    assert fine == "opened (2, 1000) 1000"
    assert all("CorruptDataError" in said for said in damaged), damaged


def at_first(whole):
    """Where the first record batch of a file begins: behind the magic and the schema."""
    length = int.from_bytes(whole[12:16], "little")
    return 16 + length


def test_a_stream_of_very_many_dictionaries_is_read(tmp_path):
    table = pa.table({"words": pa.array(["a", "b", "a"]).dictionary_encode()})
    messages = [
        message.serialize().to_pybytes() for message in pa.ipc.MessageReader.open_stream(arrow_file(table, stream=True))
    ]
    assert len(messages) == 3
    content = messages[0] + messages[1] * 100_000 + messages[2] + b"\xff\xff\xff\xff\0\0\0\0"
    assert in_child(tmp_path, "arrows", content) == ["opened (1, 3) 3"]


def test_a_list_of_a_footer_has_the_items_that_it_claims(tmp_path):
    claims = b"\xfc" + unsigned(2**31 - 1)
    footers = [bytes([0x15, 2, field]) + claims + bytes(10) for field in (0x19, 0x39, 0x49, 0x69)]
    for said in in_child(tmp_path, "parquet", *map(parquet_of, footers)):
        assert said.startswith("CorruptDataError") and "claims 2147483647 items" in said
    # polars would take bytes for the schema's list.
    (said,) = in_child(tmp_path, "parquet", parquet_of(bytes([0x15, 2, 0x18, len(claims)]) + claims + bytes(10)))
    assert said.startswith("CorruptDataError") and "cannot be" in said


def test_a_boolean_that_is_a_number_is_an_error_and_no_panic(tmp_path):
    """polars panics, unless the types of fields are looked at before."""
    pq.write_table(pa.table({"a": pa.array([1], pa.uint8())}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    # The type of an integer: 8 bits, no sign.
    assert whole.count(b"\x13\x08\x12\0") >= 1
    (said,) = in_child(tmp_path, "parquet", whole.replace(b"\x13\x08\x12\0", b"\x13\x08\x15\0"))
    assert said.startswith("CorruptDataError")


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4", "brotli"])
def test_a_page_claims_what_it_can_hold(tmp_path, codec):
    path = tmp_path / "a.parquet"
    table = pa.table({"i": pa.array([at % 7 for at in range(3_000_000)], pa.int64())})
    options = {"use_dictionary": False, "write_statistics": False, "data_page_size": 1 << 30}
    pq.write_table(table, path, compression=codec, row_group_size=2**30, **options)
    whole = path.read_bytes()
    # The header of a page: its kind, and its size before and after packing.
    assert whole[4:7] == b"\x15\0\x15"
    end = next(at for at in range(7, 20) if whole[at] < 128) + 1
    # The header's own size must not change: the largest number of as many bytes.
    largest = unsigned(2 ** (7 * (end - 7)) - 2)
    assert len(largest) == end - 7
    fine, damaged = in_child(tmp_path, "parquet", whole, whole[:7] + largest + whole[end:])
    assert fine == "opened (1, 3000000) 3000000"
    assert "CorruptDataError" in damaged


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
    with pytest.raises(iolink.OutOfRangeError, match=r'column "when".*option int96'):
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
    with_arrow_schema(path, table, schema, version="2.6")
    read = open_table(path).to_arrow()
    for array in (read["when"].combine_chunks(), read["list"].combine_chunks().flatten()):
        assert array.type.unit == stored
        assert array.cast(pa.int64()).to_pylist() == counts


@pytest.mark.parametrize("stored", ["us", "ns"])
def test_clocks_are_read_in_the_unit_in_which_they_are_stored(tmp_path, stored):
    path = tmp_path / "a.parquet"
    clocks = pa.array([None, 0, 86_399_999_999], pa.int64()).cast(pa.time64(stored))
    told = pa.schema([("clock", pa.time64("ns" if stored == "us" else "us"))])
    with_arrow_schema(path, pa.table({"clock": clocks}), told, version="2.6")
    read = open_table(path).to_arrow()["clock"].combine_chunks()
    assert read.type == clocks.type and read.to_pylist() == clocks.to_pylist()


@pytest.mark.parametrize("told", ["int8", "int16", "uint8", "uint16", "uint32"])
def test_integers_are_read_as_they_are_stored(tmp_path, told):
    path = tmp_path / "a.parquet"
    counts = [None, 1, -1, 2**31 - 1]
    with_arrow_schema(path, pa.table({"n": pa.array(counts, pa.int32())}), pa.schema([("n", told)]))
    assert open_table(path)["n"].to_list() == counts
