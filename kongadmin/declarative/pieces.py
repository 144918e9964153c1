"""Long texts in pieces: compressed, then encrypted, one of them in memory at a time.

So nothing of a document is ever on a disk in clear, be it on its way or where it stays.
"""

import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import SEEK_CUR, SEEK_END, BufferedReader, RawIOBase

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from kongadmin.fields import keyring

PIECE = 1 << 20


def sealed(piece: bytes) -> bytes:
    return keyring.encrypt_bytes(zlib.compress(piece, 1))


def opened(data: bytes) -> bytes:
    return zlib.decompress(keyring.decrypt_bytes(data))


def cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of PIECE; only the last may be shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def reading(load: Callable[[int], bytes], count: int) -> BufferedReader:
    """Return what was cut into `count` pieces as a file; `load` returns one of them."""
    return BufferedReader(Pieces(load, count), PIECE)


class Pieces(RawIOBase):
    """The pieces beneath a file that is read: the last one used stays open."""

    def __init__(self, load: Callable[[int], bytes], count: int) -> None:
        self.load, self.place, self.number = load, 0, -1
        last = max(count - 1, 0)
        self.size = last * PIECE + len(self.piece(last)) if count else 0

    def piece(self, number: int) -> bytes:
        if number != self.number:
            self.number, self.open = number, self.load(number)
        return self.open

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        start = {SEEK_CUR: self.place, SEEK_END: self.size}.get(whence, 0)
        self.place = max(0, start + offset)
        return self.place

    def readinto(self, buffer) -> int:
        if self.place >= self.size:
            return 0
        number, start = divmod(self.place, PIECE)
        given = self.piece(number)[start : start + len(buffer)]
        buffer[: len(given)] = given
        self.place += len(given)
        return len(given)


class Spool:
    """A document on its way in: written once, on disk if it is long, then read.

    Raises RequestDataTooBig for more than `most` bytes.
    """

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self.file = tempfile.SpooledTemporaryFile(PIECE)  # noqa: SIM115
        self.held, self.ends = bytearray(), [0]

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self.most:
            raise RequestDataTooBig
        self.held += data
        while len(self.held) >= PIECE:
            self.put(bytes(self.held[:PIECE]))
            del self.held[:PIECE]

    def put(self, piece: bytes) -> None:
        self.ends.append(self.ends[-1] + self.file.write(sealed(piece)))

    def reading(self) -> BufferedReader:
        """Return what was written, from its start."""
        if self.held:
            self.put(bytes(self.held))
            self.held.clear()
        return reading(self.load, len(self.ends) - 1)

    def load(self, number: int) -> bytes:
        start, end = self.ends[number : number + 2]
        self.file.seek(start)
        return opened(self.file.read(end - start))


class DocumentHandler(FileUploadHandler):
    """Takes the document in a form; `is_too_large` says that it was left out."""

    chunk_size = 1 << 18

    def __init__(self, request, most: int) -> None:
        super().__init__(request)
        self.most, self.is_too_large = most, False

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        self.spool = Spool(self.most)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            self.spool.write(raw_data)
        except RequestDataTooBig:
            self.is_too_large = True
            raise SkipFile from None  # the rest of the form is read on

    def file_complete(self, file_size: int) -> UploadedFile:
        return UploadedFile(
            self.spool.reading(), self.file_name, self.content_type, file_size
        )
