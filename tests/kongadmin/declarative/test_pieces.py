"""However long a document is, a piece of it is in memory, and none of it in clear."""

import io
import random
import tracemalloc

import pytest
from django.core.exceptions import RequestDataTooBig

from kongadmin.declarative.models import Import
from kongadmin.declarative.pieces import PIECE, Spool, cut
from kongadmin.declarative.staging import pieces_of
from realms.models import ControlPlane

LONG = 20 * PIECE
MOST = 10 * PIECE


def spooled(text: bytes, chunk: int = 70_000) -> Spool:
    spool = Spool(most=len(text))
    for start in range(0, len(text), chunk):
        spool.write(text[start : start + chunk])
    return spool


def kept(pieces) -> Import:
    record = Import(scope_id=ControlPlane.called("default").pk, actor="ada")
    record.save()
    record.keep_document(pieces)
    return record


def lines(size: int) -> bytes:
    made = (b"%d: a key that nobody may find\n" % n for n in range(size // 30))
    return b"".join(made)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_what_was_spooled_is_read_as_it_was(size: int) -> None:
    text = random.Random(size).randbytes(size)

    stream = spooled(text).reading()

    assert stream.read() == text
    assert stream.seek(0, io.SEEK_END) == size


def test_a_spooled_text_is_read_from_anywhere_and_by_lines() -> None:
    text = lines(3 * PIECE)
    stream, plain = spooled(text).reading(), io.BytesIO(text)

    for place in (2 * PIECE + 5, 0, PIECE - 3, len(text) + 9):
        stream.seek(place)
        plain.seek(place)

        assert stream.readline() == plain.readline()
        assert stream.read(PIECE) == plain.read(PIECE)
        assert stream.tell() == plain.tell()


def test_nothing_on_disk_is_in_clear() -> None:
    spool = spooled(lines(2 * PIECE))
    spool.reading()

    spool.file.seek(0)

    assert b"a key that" not in spool.file.read()


def test_more_than_may_come_is_refused() -> None:
    spool = Spool(most=100)
    spool.write(b"x" * 100)

    with pytest.raises(RequestDataTooBig):
        spool.write(b"x")


def test_chunks_of_any_size_are_cut_alike() -> None:
    chunks = [b"a" * 5, b"", b"b" * (2 * PIECE), b"c"]

    pieces = list(cut(chunks))

    assert [len(piece) for piece in pieces] == [PIECE, PIECE, 6]
    assert b"".join(pieces) == b"".join(chunks)


@pytest.mark.django_db
def test_a_long_document_is_never_whole_in_memory() -> None:
    chunk = lines(70_000)
    tracemalloc.start()

    spool = Spool(most=LONG)
    for _ in range(LONG // len(chunk)):
        spool.write(chunk)
    record = kept(pieces_of(spool.reading()))
    read = sum(len(piece) for piece in pieces_of(record.document))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read == LONG // len(chunk) * len(chunk)
    assert peak < MOST
