"""Table files that several threads read and write at once, and writes that are stopped on their way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import iolink
from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")

open_table, write = DataFrameViewFactory.open, DataFrameViewFactory.write
FORMATS = ["csv", "ndjson", "parquet", "arrow"]
ROWS = 20_000


def table_of(number, rows=ROWS):
    numbers = range(number, number + rows)
    parts = [numbers[start : start + 2500] for start in range(0, rows, 2500)]
    return pa.concat_tables(
        pa.table({"x": list(part), "y": [value / 4 for value in part], "s": [f"t{value}" for value in part]})
        for part in parts
    )


def write_table(number, path, **options):
    write(DataFrameViewFactory.from_arrow(table_of(number)), path, **options)


def all_of(tasks):
    """Runs them on as many threads; the first one that fails is raised."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


@pytest.mark.parametrize("ending", FORMATS)
def test_threads_read_one_frame(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    write_table(0, path, **({"row_group_size": 1500} if ending == "parquet" else {}))
    table = table_of(0)
    frame = open_table(path)

    def reading(turn):
        def read():
            for step in range(6):
                name = table.column_names[(turn + step) % 3]
                assert frame[name].to_list() == table[name].to_pylist()
                first = (turn * 3001 + step * 977) % ROWS
                assert frame[first : first + 1600].to_arrow().equals(frame.to_arrow().slice(first, 1600))
                assert frame.at("s", first) == f"t{first}"

        return read

    all_of([reading(turn) for turn in range(4)])


@pytest.mark.parametrize("ending", FORMATS)
def test_of_many_writes_to_one_path_one_is_there_whole(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    write_table(0, path)

    def writing(number):
        def write_often():
            for _ in range(3):
                write_table(number, path)

        return write_often

    def read_often():
        seen = set()
        for _ in range(12):
            values = open_table(path)["x"].to_list()
            assert values == list(range(values[0], values[0] + ROWS))
            seen.add(values[0])
        return seen

    *_, seen = all_of([*[writing(number) for number in (1000, 2000, 3000)], read_often])
    assert seen <= {0, 1000, 2000, 3000}
    last = open_table(path)
    first = last.at("x", 0)
    assert first in (1000, 2000, 3000)
    for name, column in zip(last.columns, table_of(first).columns, strict=True):
        assert last[name].to_list() == column.to_pylist()
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_frame_is_written_over_the_file_that_it_reads(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    write_table(0, path)
    frame = open_table(path)
    write(frame[5000:], path)
    assert open_table(path)["s"].to_list() == [f"t{row}" for row in range(5000, ROWS)]
    whole = open_table(path)
    write(whole, path)
    assert whole["x"].to_list() == open_table(path)["x"].to_list() == list(range(5000, ROWS))
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("call", [1, 2, 5])
def test_a_write_that_is_stopped_leaves_what_was_there(tmp_path, ending, call):
    path = tmp_path / f"a.{ending}"
    write_table(7, path)
    before = path.read_bytes()
    for answer, error in ((lambda: False, iolink.CancelledError), (lambda: 1 / 0, ZeroDivisionError)):
        calls = []

        def progress(done, total, answer=answer, calls=calls):
            calls.append((done, total))
            return answer() if len(calls) == call else None

        with pytest.raises(error):
            write_table(8, path, progress=progress)
        assert len(calls) == call and calls == sorted(calls) and calls[-1][1] == ROWS
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]
