"""Random runs of operations: every kind of stream against ``io.BytesIO`` and a real file."""

import io
import os

import pytest

import iolink
from iolink import StreamAccessFactory

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

COUNTS = st.integers(-1, 300)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), COUNTS),
        st.tuples(st.just("readinto"), st.integers(0, 300)),
        st.tuples(st.just("write"), st.binary(max_size=300)),
        st.tuples(st.just("seek"), st.integers(0, 600), st.just(0)),
        st.tuples(st.just("seek"), st.integers(-300, 300), st.sampled_from([1, 2])),
        st.tuples(st.just("tell")),
        st.tuples(st.just("truncate"), st.integers(0, 500)),
        st.tuples(st.just("readline")),
        st.tuples(st.just("readall")),
    ),
    max_size=40,
)


class Peer(io.BytesIO):
    """``io.BytesIO`` without its two oddities: it does not lengthen, and stops at 0 where a seek goes before it."""

    def truncate(self, size):
        here = self.tell()
        if size > len(self.getbuffer()):
            super().seek(0, 2)
            self.write(bytes(size - self.tell()))
            super().seek(here)
        return super().truncate(size)

    def seek(self, offset, whence=0):
        start = (0, self.tell(), len(self.getbuffer()))[whence]
        if start + offset < 0:
            raise ValueError("before the first byte")
        return super().seek(offset, whence)

    def readall(self):
        return self.read()


def run(file, operation):
    name, *arguments = operation
    try:
        if name == "readinto":
            target = bytearray(arguments[0])
            count = file.readinto(target)
            return count, bytes(target[:count])
        return getattr(file, name)(*arguments)
    except (ValueError, OSError):
        return "refused"


MAKERS = {
    "memory": lambda path: StreamAccessFactory.allocate(),
    "file": lambda path: StreamAccessFactory.open_file(path, "w+b"),
    "temporary file": lambda path: StreamAccessFactory.temporary_file(),
    "file object": lambda path: StreamAccessFactory.from_file_object(Peer()),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_stream_does_what_bytesio_and_a_file_do(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer")

    @hypothesis.settings(max_examples=150, deadline=None)
    @hypothesis.given(OPERATIONS)
    def compare(operations):
        raw = make(folder / "ours").to_raw_io()
        peer = Peer()
        with raw, open(folder / "theirs", "w+b", buffering=0) as file:
            for operation in operations:
                expected = run(peer, operation)
                assert run(raw, operation) == expected
                assert run(file, operation) == expected
                assert raw.tell() == peer.tell()
            raw.seek(0)
            assert raw.readall() == peer.getvalue()

    compare()


@pytest.mark.parametrize("wrap", [io.BufferedRandom, lambda raw: io.BufferedRandom(raw, 7)], ids=["8192", "7"])
def test_a_buffered_stream_over_ours_does_what_bytesio_does(wrap):
    @hypothesis.settings(max_examples=150, deadline=None)
    @hypothesis.given(OPERATIONS)
    def compare(operations):
        peer = Peer()
        with wrap(StreamAccessFactory.allocate().to_raw_io()) as ours:
            for operation in operations:
                if operation[0] in ("readall", "truncate"):
                    continue
                assert run(ours, operation) == run(peer, operation)
            ours.seek(0)
            assert ours.read() == peer.getvalue()

    compare()


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.binary(max_size=500), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=20))
def test_random_access_is_slicing(data, reads):
    accesses = [
        iolink.RandomAccessFactory.from_buffer(data),
        iolink.RandomAccessFactory.from_stream(io.BytesIO(data)),
    ]
    for at, count in reads:
        for access in accesses:
            assert access.read_at(at, count) == data[at : at + count]


def test_the_peers_agree_with_the_system():
    # The comparison above is worth nothing if the Peer is wrong itself.
    peer = Peer()
    peer.write(b"abc")
    assert peer.truncate(5) == 5 and peer.getvalue() == b"abc\0\0"
    with pytest.raises(ValueError):
        peer.seek(-4, 1)
    assert os.name == "posix"
