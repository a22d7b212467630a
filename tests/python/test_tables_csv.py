"""What the fields of a CSV file are: by the same rule wherever in the file they stand, and nothing changed in silence."""

from __future__ import annotations

import io
import math

import pytest

import iolink
from iolink import DataFrameViewFactory

open_table = DataFrameViewFactory.open


def column_of(tmp_path, rows, local=True):
    """Type and last value of a column; read from a local file, or from an object that has the text."""
    text = "a,b\n" + "".join(f"{row},z\n" for row in rows)
    if local:
        (tmp_path / "t.csv").write_text(text, encoding="utf-8")
        frame = open_table(tmp_path / "t.csv")
    else:
        frame = open_table(io.BytesIO(text.encode()), format="csv")
    return frame.column_arrow_type("a"), frame["a"].to_list()[-1]


INT, FLOAT, TEXT, BOOL = "int64", "double", "large_string", "bool"
# What a field is beside 5, beside 2.5, and beside true.
FIELDS = {
    "007": ((INT, 7), (FLOAT, 7.0), (TEXT, "007")),
    "-0": ((INT, 0), (FLOAT, -0.0), (TEXT, "-0")),
    "+1": ((INT, 1), (FLOAT, 1.0), (TEXT, "+1")),
    " 1": ((INT, 1), (FLOAT, 1.0), (TEXT, " 1")),
    '" 1"': ((INT, 1), (FLOAT, 1.0), (TEXT, " 1")),
    "1 ": ((TEXT, "1 "), (TEXT, "1 "), (TEXT, "1 ")),
    "  ": ((INT, None), (FLOAT, None), (TEXT, "  ")),
    '""': ((INT, None), (FLOAT, None), (BOOL, None)),
    "1e3": ((FLOAT, 1000.0), (FLOAT, 1000.0), (TEXT, "1e3")),
    ".5": ((FLOAT, 0.5), (FLOAT, 0.5), (TEXT, ".5")),
    "nan": ((FLOAT, math.nan), (FLOAT, math.nan), (TEXT, "nan")),
    "NaN": ((FLOAT, math.nan), (FLOAT, math.nan), (TEXT, "NaN")),
    "-inf": ((FLOAT, -math.inf), (FLOAT, -math.inf), (TEXT, "-inf")),
    "Infinity": ((FLOAT, math.inf), (FLOAT, math.inf), (TEXT, "Infinity")),
    "True": ((TEXT, "True"), (TEXT, "True"), (BOOL, True)),
    " true": ((TEXT, " true"), (TEXT, " true"), (TEXT, " true")),
    "0x10": ((TEXT, "0x10"), (TEXT, "0x10"), (TEXT, "0x10")),
    "1_000": ((TEXT, "1_000"), (TEXT, "1_000"), (TEXT, "1_000")),
    '"1,000"': ((TEXT, "1,000"), (TEXT, "1,000"), (TEXT, "1,000")),
    "2020-01-01": ((TEXT, "2020-01-01"), (TEXT, "2020-01-01"), (TEXT, "2020-01-01")),
    "NA": ((TEXT, "NA"), (TEXT, "NA"), (TEXT, "NA")),
    "\u0661": ((TEXT, "\u0661"), (TEXT, "\u0661"), (TEXT, "\u0661")),
    "x\0y": ((TEXT, "x\0y"), (TEXT, "x\0y"), (TEXT, "x\0y")),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_the_same_wherever_it_stands(tmp_path, field):
    for base, (dtype, value) in zip(("5", "2.5", "true"), FIELDS[field], strict=True):
        # The types are guessed by 1000 rows, and read in another way where the file is no local one.
        for rows in ([base, field], [base] * 1500 + [field]):
            for local in (True, False):
                found = column_of(tmp_path, rows, local)
                assert repr(found) == repr((dtype, value)), (base, len(rows), local)
        assert column_of(tmp_path, [field, *[base] * 1500])[0] == dtype


def test_text_columns_keep_what_is_written(tmp_path):
    path, written = tmp_path / "t.csv", ["007", " 1", "+1", "1e400", "nan", "", "9" * 30]
    path.write_text("a,b\n" + "".join(f"{field},1\n" for field in written))
    assert open_table(path, text_columns=["a"])["a"].to_list() == [field or None for field in written]


@pytest.mark.parametrize("field", ["1e400", "-1E309", "1.8e308", " 1e400", "9" * 310 + ".0"])
def test_a_number_beyond_every_float64_is_refused_by_line_and_column(tmp_path, field):
    for rows, line in (([field], 2), (["2.5", "", field], 4), (["5"] * 1500 + [field], 1502)):
        for local in (True, False):
            with pytest.raises(
                ValueError, match=f'line {line}: the column "a" holds .*beyond every float64.*text_columns'
            ) as caught:
                column_of(tmp_path, rows, local)
            assert len(str(caught.value)) < 300


def test_whole_numbers_beyond_their_type_are_refused_however_they_are_spelled(tmp_path):
    for field in ("9223372036854775808", "-9223372036854775809", "+9223372036854775808"):
        with pytest.raises(ValueError, match=r'line 3: the column "a" holds .*neither int64 nor float64'):
            column_of(tmp_path, ["5", field])
    for field in ("9007199254740993", " 9007199254740993", "+9007199254740993", "0009007199254740993"):
        with pytest.raises(ValueError, match=r'line 3: the column "a" holds .*9007199254740993, which neither'):
            column_of(tmp_path, ["2.5", field])
    assert column_of(tmp_path, ["5", "-9223372036854775808"]) == (INT, -(2**63))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a,b\r1,2\r3,4\r", "line 1: a carriage return stands in the middle"),
        ("a,b\n1,2\n".encode("utf-16"), "the text is in UTF-16; save it in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1: the column name .*NUL"),
        ("a,\u00e9\n".encode("latin-1"), "line 1: byte 2 of the file is not UTF-8"),
        (b"", "the file is empty"),
        (b"\n", "line 1: the line is empty"),
        (b"a,a\n1,2\n", 'line 1: two columns are named "a"'),
        (b"a,b\n1,2\n\n3,4\n", "line 3: the line is empty"),
        (b"a\n1,000\n", "line 2: 2 fields"),
    ],
)
def test_a_text_that_is_no_table_is_refused(tmp_path, text, words):
    (tmp_path / "t.csv").write_bytes(text)
    for source in (tmp_path / "t.csv", io.BytesIO(text)):
        with pytest.raises(ValueError, match=words) as caught:
            open_table(source, format="csv")
        assert isinstance(caught.value, iolink.CorruptDataError | iolink.UnsupportedFormatError)


def test_headers_and_fields_are_kept_as_they_are(tmp_path):
    path, long = tmp_path / "t.csv", "x" * 3_000_000
    path.write_bytes(b"\xef\xbb\xbf" + f'"a ""q"""," b ",c\r\n"1\n2", x ,{long}\r\n'.encode())
    frame = open_table(path)
    assert frame.columns == ['a "q"', " b ", "c"]
    assert [frame.at(name, 0) for name in frame.columns] == ["1\n2", " x ", long]
    for text in ("a,b\n", "a,b"):
        path.write_text(text)
        assert tuple(open_table(path).shape()) == (2, 0)
