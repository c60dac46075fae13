"""The lines of a file, counted and hashed, so that reading can go on where it was left."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from sitewatt.exchange.errors import ExchangeError, FileFault, FileFaults, Place

LONGEST_LINE = 1 << 20
"""In bytes. A line that is longer is no reading, and would fill the memory."""

_BLOCK = 1 << 20


class Mark(NamedTuple):
    """How far a file has been read: bytes, lines, and the SHA-256 of all that."""

    offset: int
    line: int
    digest: str


class Lines:
    """The lines of a stream as text, ends included; raises FileFaults for what is not UTF-8."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self.line = 0
        """The number of the line that was read last."""
        self._stream = stream
        self._offset = 0
        self._hash = hashlib.sha256()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        while raw := self._stream.readline(LONGEST_LINE + 1):
            self.line += 1
            self._offset += len(raw)
            self._hash.update(raw)
            text = self._text(raw)
            self._taken.append(text)
            yield text

    def take(self) -> str:
        """Return what has been read since the last time."""
        text = "".join(self._taken)
        self._taken.clear()
        return text

    def mark(self) -> Mark:
        """Return how far the stream has been read."""
        return Mark(self._offset, self.line, self._hash.hexdigest())

    def go_on(self, mark: Mark) -> None:
        """Read on from a mark; raises ExchangeError when the file before it is another by now."""
        self._stream.seek(0)
        self._hash = hashlib.sha256()
        left = mark.offset
        while left and (block := self._stream.read(min(left, _BLOCK))):
            self._hash.update(block)
            left -= len(block)
        if left or self._hash.hexdigest() != mark.digest:
            raise ExchangeError(
                f"{self.name} is not the file whose import was begun: it differs before line"
                f" {mark.line:,}; give --from-start to import it anew"
            )
        self._offset, self.line = mark.offset, mark.line
        self._taken.clear()

    def _text(self, raw: bytes) -> str:
        if len(raw) > LONGEST_LINE:
            raise self._fault(f"the line is longer than {LONGEST_LINE:,} bytes", LONGEST_LINE)
        try:
            return raw.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            column = len(raw[: error.start].decode("utf-8", "replace"))
            raise self._fault("the file is not UTF-8", column) from None

    def _fault(self, said: str, column: int) -> FileFaults:
        return FileFaults(self.name, [FileFault(Place(self.line, column + 1), said)])
