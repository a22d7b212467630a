"""The basic types: data types, vectors, regions, indexers, URIs, typed values."""

from __future__ import annotations

import collections.abc
import copy
import itertools
import math
import operator
import pickle
import re
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iolink
from iolink import DataType, DataTypeId, ImageViewFactory, Indexer, NumpyInterop, RegionXu64, Uri, VectorXd, VectorXu64

KINDS = {
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "i8": (-(2**7), 2**7 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "i64": (-(2**63), 2**63 - 1),
}
VECTORS = [f"Vector{size}{kind}" for size in "234X" for kind in [*KINDS, "f", "d"]]


# Data types


@pytest.mark.parametrize("name", DataTypeId.__members__)
def test_every_data_type_is_described_by_its_id(name):
    member = DataTypeId[name]
    data_type = DataType(member)
    assert data_type == member == data_type.id == data_type.get_id()
    assert DataType(int(member)) == DataType(name) == data_type
    assert data_type.bit_count() == data_type.bit_depth * data_type.element_count
    assert data_type.byte_count() * 8 == data_type.bit_count()
    # The packed id, as docs/spec/data-types.md has it.
    packed = data_type.primitive_type | data_type.bit_depth << 8 | data_type.element_count << 24
    assert packed | data_type.interpretation << 40 == member
    if name != "UNKNOWN":
        fields = (data_type.primitive_type, data_type.element_count, data_type.bit_depth)
        assert DataType(*fields, data_type.interpretation) == data_type
    assert data_type.is_numeric() == (data_type.is_scalar() or data_type.is_vector())
    assert pickle.loads(pickle.dumps(data_type)) == data_type
    assert repr(data_type) == str(data_type) == data_type.to_string() == DataTypeId(int(member)).name


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("UINT8", "u1"),
        ("INT64", "i8"),
        ("FLOAT16", "f2"),
        ("FLOAT", "f4"),
        ("DOUBLE", "f8"),
        ("COMPLEX64", "c8"),
        ("COMPLEX_DOUBLE", "c16"),
        ("BOOL", "?"),
        ("BINARY", "u1"),
        ("LABEL32", "u4"),
        ("VEC2_INT16", ("i2", (2,))),
        ("VEC4_DOUBLE", ("f8", (4,))),
    ],
)
def test_data_types_have_their_numpy_dtype(name, dtype):
    assert DataType(name).dtype == np.dtype(dtype)
    if name not in ("BINARY", "LABEL32"):  # which NumPy has not
        assert DataType(np.dtype(dtype)) == DataTypeId[name]


def test_what_has_no_dtype_says_so():
    for name in ("UNKNOWN", "UTF8_STRING", "UTF16_STRING"):
        with pytest.raises(TypeError, match="no NumPy dtype"):
            DataType(name).dtype
    for wrong in (1, 2**63, -1, 2**70):
        with pytest.raises(TypeError):
            DataType(wrong)
    for wrong in ("UINT7", object(), 1.5, np.dtype("M8[s]"), np.dtype(("u1", (2, 3)))):
        with pytest.raises(TypeError):
            DataType(wrong)
    with pytest.raises(ValueError, match="PrimitiveTypeId"):
        DataType(9, 1, 8)


def test_scalars_ranges_and_conversions_of_data_types():
    assert DataType.extract_scalar_type(DataTypeId.VEC3_INT16) == DataTypeId.INT16
    assert DataType.extract_scalar_type(DataTypeId.COMPLEX64) == DataTypeId.COMPLEX64
    assert DataType.standard_range("UINT16") == (0, 65535)
    assert DataType.standard_range("INT8") == (-128, 127)
    assert DataType.standard_range("FLOAT") == (0, 1)
    with pytest.raises(TypeError, match="no range"):
        DataType.standard_range("UTF8_STRING")
    assert DataType("UINT8").is_convertible_to("DOUBLE") and not DataType("UINT8").is_convertible_to("VEC2_UINT8")
    assert {DataType("UINT8"): 1}[DataTypeId.UINT8] == 1


# Vectors


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_a_sequence_of_its_own_numbers(name):
    cls = getattr(iolink, name)
    size = 5 if name[6] == "X" else int(name[6])
    numbers = tuple(range(1, size + 1))
    vector = cls(*numbers)
    assert vector == numbers == cls(numbers) == cls(list(numbers)) == cls(np.array(numbers)) == cls(vector)
    assert hash(vector) == hash(numbers) and {vector: 1}[numbers] == 1
    assert repr(vector) == str(vector) == vector.to_string() == f"{name}({', '.join(map(str, numbers))})"
    assert vector.size() == vector.dimension_count() == len(vector) == size
    assert vector[0] == 1 and vector[-1] == size and vector[1:] == numbers[1:] and list(vector) == list(numbers)
    assert list(reversed(vector)) == list(reversed(numbers))
    assert 2 in vector and 99 not in vector and vector.index(2) == 1 and vector.count(1) == 1
    assert isinstance(vector, collections.abc.Sequence)
    assert np.array_equal(np.array(vector), numbers)
    assert pickle.loads(pickle.dumps(vector)) == copy.deepcopy(vector) == vector
    assert type(pickle.loads(pickle.dumps(vector))) is cls
    assert vector < (*numbers[:-1], 99) and vector >= numbers and vector != numbers[:-1]
    assert vector != set(numbers) and vector != dict.fromkeys(numbers) and vector != bytes(numbers) and vector != "12"
    with pytest.raises(IndexError, match="components"):
        vector[size]
    with pytest.raises(TypeError):
        vector[0] = 7  # vectors do not change
    with pytest.raises((TypeError, AttributeError)):
        vector.extra = 1


@pytest.mark.parametrize("name", VECTORS)
def test_arithmetic_stays_in_the_class(name):
    cls = getattr(iolink, name)
    size = 3 if name[6] == "X" else int(name[6])
    numbers = [2, 3, 4, 5][:size]
    vector = cls(numbers)
    for other in (vector, tuple(numbers), numbers, 2, np.int64(2)):
        values = numbers if np.ndim(other) else [2] * size
        for operation in (operator.add, operator.sub, operator.mul, operator.floordiv):
            result = operation(vector, other)
            assert result == list(map(operation, numbers, values)) and type(result) is cls
        quotient = vector / other
        assert quotient == list(map(operator.truediv, numbers, values)) and type(quotient).__name__ == f"{name[:7]}d"
    assert 10 - vector == [10 - a for a in numbers] and 12 // vector == [12 // a for a in numbers]
    assert [9] * size - vector == [9 - a for a in numbers] and 60 / vector == [60 / a for a in numbers]
    assert 2 * vector == vector + numbers == tuple(numbers) + vector
    assert vector.norm() == math.sqrt(sum(a * a for a in numbers))
    for wrong in ("abc", None, object()):
        with pytest.raises(TypeError):
            vector + wrong
    with pytest.raises(ValueError, match="components"):
        vector + [1] * (size + 1)
    for divide in (operator.truediv, operator.floordiv):
        with pytest.raises(ZeroDivisionError):
            divide(vector, [0, *numbers[1:]])


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_a_vector_cannot_hold_are_refused(kind):
    low, high = KINDS[kind]
    cls, fixed = getattr(iolink, f"VectorX{kind}"), getattr(iolink, f"Vector2{kind}")
    assert cls(low, high) == (low, high)
    for wrong in (low - 1, high + 1):
        with pytest.raises(ValueError):
            cls(wrong)
    for wrong in ((1.5,), ("a",), "12", (None,)):
        with pytest.raises(TypeError):
            cls(wrong)
    with pytest.raises(OverflowError, match=f"VectorX{kind}"):
        cls(high) + 1
    with pytest.raises(OverflowError):
        cls(low) - 1
    with pytest.raises(OverflowError):
        cls(high, 1) * cls(2, 1)
    if low == 0:
        with pytest.raises(OverflowError):
            -cls(1)
    else:
        assert -cls(1, -2) == (-1, 2)
        assert cls(-7) // 2 == (-4,)
    with pytest.raises(ValueError, match="2 components, not 3"):
        fixed(1, 2, 3)


def test_floats_round_and_print():
    assert iolink.Vector2f(0.1, 0.2)[0] == np.float32(0.1)
    assert repr(iolink.Vector2f(0.1, 1)) == "Vector2f(0.1, 1)"
    assert repr(VectorXd(0.1, -2.5)) == "VectorXd(0.1, -2.5)"
    with pytest.raises(ValueError, match="single"):
        iolink.Vector2f(1e300, 0)
    with pytest.raises(OverflowError):
        iolink.Vector2f(3e38, 0) * 10
    assert math.isnan(VectorXd(float("nan"))[0])
    assert VectorXd() == () and repr(VectorXd()) == "VectorXd()"


def test_vectors_are_taken_wherever_tuples_are():
    image = ImageViewFactory.allocate(iolink.Vector2u64(6, 4), "UINT8")
    assert image.shape() == (6, 4) and isinstance(image.shape(), VectorXu64)
    assert image.read(image.shape() - 1) == 0
    assert RegionXu64(iolink.Vector2u64(0, 0), image.shape()).element_count() == 24
    assert ImageViewFactory.sub_sample(image, VectorXu64(2, 2)).shape() == image.shape() // 2
    ranges = DataType.standard_range("UINT8"), [0, 1]
    assert ImageViewFactory.adapt_dynamic_range(image, "FLOAT", *ranges).read((0, 0)) == 0
    with pytest.raises(ValueError, match="inputRange: expected two numbers"):
        ImageViewFactory.adapt_dynamic_range(image, "FLOAT", (0, 1, 2), (0, 1))
    with pytest.raises(TypeError, match="outputRange"):
        ImageViewFactory.adapt_dynamic_range(image, "FLOAT", (0, 1), 7)
    frame = iolink.DataFrameViewFactory.allocate(iolink.Vector2u64(1, 3), ["a"], ["INT64"])
    assert frame.shape() == iolink.Vector2u64(1, 3)
    assert image.indexer().offset(iolink.Vector2u8(5, 3)) == 23


# Regions


def test_a_region_is_a_box():
    region = RegionXu64((1, 2, 3), (4, 5, 6))
    assert region == RegionXu64(region) == RegionXu64(((1, 2, 3), (4, 5, 6)))
    assert repr(region) == region.to_string() == "RegionXu64((1, 2, 3), (4, 5, 6))"
    assert (region.origin(), region.size(), region.min(), region.max()) == ((1, 2, 3), (4, 5, 6), (1, 2, 3), (4, 6, 8))
    assert region.dimension_count() == 3 and region.element_count() == 120 and not region.is_empty()
    assert region.contains((4, 6, 8)) and not region.contains((5, 6, 8)) and region.contains(region)
    assert not region.contains((1, 2)), "of another dimension"
    assert region.extract_slice_from_axis(1, 4) == RegionXu64((1, 4, 3), (4, 1, 6))
    assert RegionXu64.from_index((7, 8)) == RegionXu64((7, 8), (1, 1))
    assert RegionXu64.create_full_region((7, 8)) == RegionXu64((0, 0), (7, 8))
    assert RegionXu64(3).is_empty() and RegionXu64(3).dimension_count() == 3
    assert len({region, RegionXu64(region)}) == 1 and pickle.loads(pickle.dumps(region)) == region


def test_intersections():
    one, two = RegionXu64((0, 0), (4, 4)), RegionXu64((2, 3), (9, 9))
    assert one.intersect(two) and one.intersection(two) == RegionXu64((2, 3), (2, 1))
    assert not one.intersect(((4, 0), (1, 1))) and one.intersection(((4, 0), (1, 1))).is_empty()
    with pytest.raises(ValueError, match="dimensions"):
        one.intersection(RegionXu64((0,), (1,)))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((0, 0), (1,)), ValueError),
        (((2**63, 0), (2**63, 1)), ValueError),
        (((0,) * 9, (1,) * 9), ValueError),
        ((9,), ValueError),
        ((-1,), ValueError),
        ((2**70,), ValueError),
        (((-1, 0), (1, 1)), IndexError),
        (((0, 0), (-1, 1)), ValueError),
        (("ab", (1, 1)), TypeError),
        ((None,), TypeError),
        ((1.5,), TypeError),
    ],
)
def test_impossible_regions_are_refused(arguments, error):
    with pytest.raises(error):
        RegionXu64(*arguments)


def test_an_empty_region_has_no_highest_index():
    with pytest.raises(IndexError, match="highest"):
        RegionXu64(2).max()
    for axis, index in ((2, 0), (0, 4)):
        with pytest.raises(IndexError):
            RegionXu64((0, 0), (4, 4)).extract_slice_from_axis(axis, index)
    with pytest.raises(OverflowError):
        RegionXu64((0, 0), (2**40, 2**40)).element_count()


# Indexers


@pytest.mark.parametrize(
    "layout",
    [lambda a: a, np.asfortranarray, lambda a: a[::2, :, 1:], lambda a: a[:, ::-1], lambda a: a.transpose(1, 2, 0)],
    ids=["C", "F", "strided", "negative", "permuted"],
)
@pytest.mark.parametrize("dtype", ["u1", "f4", ">c16"])
def test_an_indexer_is_the_layout_of_an_array(layout, dtype):
    array = layout(np.zeros((4, 6, 5), dtype))
    indexer = NumpyInterop.from_numpy_array(array).indexer()
    assert indexer.shape() == array.shape and indexer.byte_stride() == array.strides
    assert indexer.stride() == [step // array.itemsize for step in array.strides]
    assert [indexer.stride(axis) for axis in range(3)] == list(indexer.stride())
    assert (indexer.dimension_count(), indexer.element_count(), indexer.byte_count()) == (3, array.size, array.nbytes)
    assert indexer.layout() == np.argsort(np.abs(array.strides))
    assert indexer.dtype() == DataType(array.dtype)
    base = array.__array_interface__["data"][0]
    for index in itertools.product((0, 1), (0, 2), (0, 3)):
        address = array[tuple(slice(at, at + 1) for at in index)].__array_interface__["data"][0]
        assert indexer.byte_offset(index) == address - base == indexer.offset(index) * array.itemsize
    assert indexer.is_continuous() == array.transpose(np.argsort(array.strides)[::-1]).flags.c_contiguous


def test_indexers_are_made_and_compared():
    usual = Indexer((2, 2), "UINT16")
    assert usual.stride() == (1, 2) and usual.layout() == (0, 1)
    c_array = Indexer((2, 2), "UINT16", (1, 0))
    assert c_array.stride() == (2, 1) and c_array.layout() == (1, 0)
    assert usual != c_array and c_array == Indexer((2, 2), "UINT16", byte_strides=(4, 2))
    assert hash(c_array) == hash(Indexer((2, 2), "UINT16", byte_strides=(4, 2)))
    assert usual != Indexer((2, 2), "INT16") and pickle.loads(pickle.dumps(c_array)) == c_array
    vectors = Indexer((2, 2), "VEC3_UINT8")
    assert vectors.stride(1) == 2 and vectors.byte_stride(1) == 6
    image = ImageViewFactory.allocate((4, 3), "UINT16")
    assert ImageViewFactory.flip_dimension_index(image, 0).indexer().byte_stride(0) == -image.indexer().byte_stride(0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((2, 2), "UINT8", (0, 0)), ValueError),
        (((2, 2), "UINT8", (0,)), ValueError),
        (((2, 2), "UTF8_STRING"), TypeError),
        (((2**62, 2**62), "UINT8"), ValueError),
        (((2**62, 8), "DOUBLE"), MemoryError),
        (((2,) * 9, "UINT8"), ValueError),
    ],
)
def test_impossible_layouts_are_refused(arguments, error):
    with pytest.raises(error):
        Indexer(*arguments)


def test_an_index_outside_is_refused():
    indexer = Indexer((4, 3), "UINT16", byte_strides=(3, 100))
    for call in (
        lambda: indexer.offset((4, 0)),
        lambda: indexer.stride(2),
        lambda: indexer.shape(2),
        lambda: indexer.layout(2),
    ):
        with pytest.raises(IndexError):
            call()
    with pytest.raises(ValueError, match="index of 1 axes"):
        indexer.offset((1,))
    with pytest.raises(ValueError, match="byte_stride"):
        indexer.stride(0)
    with pytest.raises(ValueError, match="byte_offset"):
        indexer.offset((1, 0))
    with pytest.raises(TypeError, match="not both"):
        Indexer((2,), "UINT8", (0,), byte_strides=(1,))
    lazy = ImageViewFactory.adapt_data_type(ImageViewFactory.allocate((2, 2), "UINT8"), "UINT16")
    with pytest.raises(iolink.CapabilityError, match="MEMORY_ACCESS"):
        lazy.indexer()


# URIs


def test_a_uri_has_the_parts_of_the_rfc():
    uri = Uri("foo://user:secret@example.com:8042/over/there?name=ferret#nose")
    assert (uri.scheme, uri.authority, uri.path) == ("foo", "user:secret@example.com:8042", "/over/there")
    assert (uri.userinfo, uri.host, uri.port) == ("user:secret", "example.com", 8042)
    assert (uri.query, uri.fragment) == ("name=ferret", "nose")
    urn = Uri("urn:example:animal:ferret:nose")
    assert (urn.scheme, urn.authority, urn.host, urn.port, urn.path) == (
        "urn",
        None,
        None,
        None,
        "example:animal:ferret:nose",
    )
    assert (urn.query, urn.fragment) == (None, None)
    empty = Uri("file:///a?#")
    assert (empty.authority, empty.host, empty.query, empty.fragment) == ("", "", "", "")
    assert Uri("http://[2001:db8::7]/c").host == "[2001:db8::7]"
    relative = Uri("../b")
    assert relative.scheme is None and not relative.is_absolute() and uri.is_absolute()
    assert str(uri) == uri.to_string() and Uri(uri) == uri and hash(Uri(str(uri))) == hash(uri)
    assert pickle.loads(pickle.dumps(uri)) == uri and repr(Uri("a:b'")) == """Uri("a:b'")"""


@pytest.mark.parametrize(
    ("reference", "expected"),
    # Some of the examples of RFC 3986, section 5.4.
    [
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("", "http://a/b/c/d;p?q"),
        ("..", "http://a/b/"),
        ("../../../g", "http://a/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g;x=1/../y", "http://a/b/c/y"),
    ],
)
def test_references_are_resolved(reference, expected):
    assert Uri("http://a/b/c/d;p?q").resolve(reference) == Uri(expected)


def test_paths_become_uris_and_come_back(tmp_path):
    path = tmp_path / "a b#ü.txt"
    uri = Uri(path)
    assert uri.scheme == "file" and uri.fragment is None and uri.to_path() == path
    assert Uri.from_path(str(path)) == uri and Uri("file:///a%20b").to_path() == Path("/a b")
    assert Uri(Path("x")).to_path() == Path.cwd() / "x"
    path.write_bytes(b"sample,area\na,1\n")
    with pytest.raises(iolink.UnsupportedFormatError):
        iolink.open(uri)  # found and read, but nobody opens it


@pytest.mark.parametrize("text", ["a b", "http://[1::2", "%zz", "a:b\n", "http://a:b:c/", ":x", "h\x00"])
def test_what_is_no_uri_is_refused(text):
    with pytest.raises(ValueError, match="is not a URI"):
        Uri(text)


def test_uris_refuse_what_they_cannot_do():
    with pytest.raises(ValueError, match="relative reference"):
        Uri("a/b").resolve("c")
    with pytest.raises(ValueError, match="65535"):
        Uri("http://a:99999/").port
    for text in ("http://a/b", "file://elsewhere/b", "b"):
        with pytest.raises(ValueError):
            Uri(text).to_path()
    with pytest.raises(TypeError, match="PathLike"):
        Uri(3)


# Typed values


@pytest.mark.parametrize(
    ("given", "dtype", "name", "value"),
    [
        (3, None, "INT64", 3),
        (2**63, None, "UINT64", 2**63),
        (2.5, None, "DOUBLE", 2.5),
        (True, None, "BOOL", True),
        ("ü", None, "UTF8_STRING", "ü"),
        ([1, 2], None, "INT64", [1, 2]),
        ([1, 2.5], None, "DOUBLE", [1.0, 2.5]),
        (np.float32(0.5), None, "FLOAT", 0.5),
        (np.array([1, 2], ">u2"), None, "UINT16", [1, 2]),
        (1 + 2j, None, "COMPLEX_DOUBLE", 1 + 2j),
        ((1, 2, 3), "VEC3_UINT8", "VEC3_UINT8", [1, 2, 3]),
        ([(1, 2), (3, 4)], "VEC2_INT16", "VEC2_INT16", [[1, 2], [3, 4]]),
        (0.1, "FLOAT", "FLOAT", float(np.float32(0.1))),
        (1, "LABEL16", "LABEL16", 1),
        (b"\x01\x00", "UINT8", "UINT8", [1, 0]),
        ([], "DOUBLE", "DOUBLE", []),
        ([0.5, 1.5], "FLOAT16", "FLOAT16", [0.5, 1.5]),
    ],
)
def test_values_keep_their_type(given, dtype, name, value):
    made = iolink.VariantDataValueFactory.create(given, dtype)
    assert made.type() == DataTypeId[name] and made.value == value
    assert made.count() == (1 if isinstance(value, str) else len(made.raw()) // made.type().byte_count())
    assert made == made.clone() == pickle.loads(pickle.dumps(made)) == iolink.VariantDataValue(made)
    node = iolink.MetadataNode("key", given, dtype)
    assert node.value == value and node.dtype == made.type() and node.variant() == made


@pytest.mark.parametrize(
    ("given", "dtype", "error"),
    [
        (256, "UINT8", ValueError),
        (-1, "UINT64", ValueError),
        (1.5, "INT32", ValueError),
        (float("nan"), "INT32", ValueError),
        (2, "BOOL", ValueError),
        (1e300, "FLOAT", ValueError),
        (1j, "DOUBLE", TypeError),
        ("3", "INT32", TypeError),
        ([1, 2], "VEC3_UINT8", ValueError),
        (b"123", "UINT16", TypeError),
        (b"123", None, TypeError),
        (2**64, None, ValueError),
        (object(), None, TypeError),
        (None, "UINT8", TypeError),
        ([1, "a"], None, TypeError),
        (1, "UNKNOWN", TypeError),
    ],
)
def test_values_that_do_not_fit_are_refused(given, dtype, error):
    with pytest.raises(error):
        iolink.VariantDataValueFactory.create(given, dtype)


def test_values_are_converted():
    create, to = iolink.VariantDataValueFactory.create, iolink.VariantDataValueConverter
    assert to.to_int(create(7, "UINT8")) == 7 and to.to_int(create(2**64 - 1)) == 2**64 - 1
    assert to.to_float(create(7)) == 7.0 and to.to_float(create(0.5, "FLOAT16")) == 0.5
    assert to.to_string(create("a")) == "a" and to.to_string(create([1, 2])) == "[1, 2]"
    assert to.to_list(create(7)) == [7] and to.to_list(create("a")) == ["a"]
    assert to.to_numpy(create([1, 2], "FLOAT")).dtype == "f4" and not to.to_numpy(create([1])).flags.writeable
    with pytest.raises(ValueError, match="2 numbers"):
        to.to_int(create([1, 2]))
    for wrong in (create(0.5), create("7")):
        with pytest.raises(TypeError, match="integer"):
            to.to_int(wrong)
    with pytest.raises(TypeError):
        to.to_numpy(create("a"))


# Against Python's own


def test_the_table_of_ids_is_the_enumeration():
    page = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "data-types.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"\| `(\w+)`(?: \(`\w+`\))? \| `(0x[0-9A-F]+)`", page))
    named = {name: member for name, member in DataTypeId.__members__.items() if member.name == name}
    assert {name for name in named if not name.startswith("VEC")} == set(listed)
    assert all(named[name] == int(number, 16) for name, number in listed.items())
    aliases = dict(re.findall(r"`(\w+)` \(`(\w+)`\)", page))
    assert all(DataTypeId[alias] is DataTypeId[name] for name, alias in aliases.items())


numbers = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(numbers, numbers, st.sampled_from([operator.add, operator.sub, operator.mul, operator.floordiv]))
def test_arithmetic_is_pythons_or_an_overflow(left, right, operation):
    try:
        expected = list(map(operation, left, right))
    except ZeroDivisionError:
        expected = ZeroDivisionError
    if expected is not ZeroDivisionError and not all(-(2**63) <= value < 2**63 for value in expected):
        expected = OverflowError
    vector = iolink.Vector3i64(left)
    if isinstance(expected, list):
        assert operation(vector, right) == expected == operation(left, iolink.Vector3i64(right))
    else:
        with pytest.raises(expected):
            operation(vector, right)


boxes = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=2)


@settings(max_examples=200, deadline=None)
@given(boxes, boxes)
def test_regions_are_sets_of_positions(one, two):
    def positions(box):
        return set(itertools.product(*(range(first, first + size) for first, size in box)))

    left, right = (RegionXu64(*zip(*box)) for box in (one, two))
    both = positions(one) & positions(two)
    assert left.element_count() == len(positions(one)) and left.is_empty() == (not positions(one))
    assert left.intersect(right) == bool(both) and left.intersection(right).element_count() == len(both)
    if both:
        assert left.contains(right) == (positions(two) <= positions(one))
        assert min(both) == left.intersection(right).min() and max(both) == left.intersection(right).max()


@settings(max_examples=300, deadline=None)
@given(st.text("ab:/?#@[]%.2é\x00 ", max_size=12))
def test_any_text_is_a_uri_of_its_parts_or_refused(text):
    try:
        uri = Uri(text)
    except ValueError:
        return
    parts = ["" if uri.scheme is None else f"{uri.scheme}:", "" if uri.authority is None else f"//{uri.authority}"]
    parts += [
        uri.path,
        "" if uri.query is None else f"?{uri.query}",
        "" if uri.fragment is None else f"#{uri.fragment}",
    ]
    assert "".join(parts) == text == str(uri)
    split = urllib.parse.urlsplit(text)
    assert (split.scheme, split.path) == ((uri.scheme or "").lower(), uri.path)
    assert uri.normalized().normalized() == uri.normalized()
