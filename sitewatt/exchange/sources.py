"""A file or standard input, opened as what it is: CSV, NDJSON or JSON."""

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

import orjson

from sitewatt.exchange.batches import Batch
from sitewatt.exchange.csv_rows import CsvRows
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.line_rows import LineRows, is_reading
from sitewatt.exchange.lines import LONGEST_LINE, Lines

FORMATS = ("json", "ndjson", "csv")
LONGEST_TEXT = 256 << 20
"""In bytes. JSON is read whole; a longer file has to be CSV or NDJSON."""

_SUFFIXES = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}


class Rows(Protocol):
    """The rows of a file."""

    @property
    def names_sites(self) -> bool:
        """Whether the file says which site a row is of."""
        ...

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield the rows, `size` at a time."""
        ...


class Source(NamedTuple):
    """A stream of bytes, what it is called, and what it is."""

    name: str
    stream: BinaryIO
    format: str

    def rows(self) -> tuple[Lines, Rows]:
        """Return the rows of a CSV or NDJSON file, and the lines that they are read from."""
        lines = Lines(self.name, self.stream)
        return lines, CsvRows(lines) if self.format == "csv" else LineRows(lines)

    def text(self) -> str:
        """Return the whole text; raises ExchangeError when it is too long or not UTF-8."""
        raw = self.stream.read(LONGEST_TEXT + 1)
        if len(raw) > LONGEST_TEXT:
            raise ExchangeError(f"{self.name} is longer than {LONGEST_TEXT:,} bytes of JSON")
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            before = raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start]
            column = len(before.decode("utf-8-sig")) + 1
            raise ExchangeError(f"{self.name}:{line}:{column}: the file is not UTF-8") from None


@contextmanager
def opened(file: str, format_: str | None = None) -> Generator[Source]:
    """Give the file, or standard input for `-`; raises ExchangeError when it cannot be read."""
    if file == "-":
        yield _source("standard input", cast(BufferedReader, sys.stdin.buffer), format_)
        return
    try:
        with Path(file).open("rb") as stream:
            yield _source(file, stream, format_ or _SUFFIXES.get(Path(file).suffix.lower()))
    except OSError as error:
        if error.filename != file:
            raise
        raise ExchangeError(f"{file} cannot be read: {error.strerror}") from None


def _source(name: str, stream: BufferedReader, format_: str | None) -> Source:
    if format_ in ("json", "csv"):
        return Source(name, stream, format_)
    head = stream.peek(1)[:LONGEST_LINE]
    return Source(name, stream, _format_of(head, format_ == "ndjson"))


def _format_of(head: bytes, by_lines: bool) -> str:
    """Return what a file is, by how it begins; NDJSON is of readings, else it is JSON by lines."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first, _, rest = start.partition(b"\n")
    if not by_lines and not start.startswith((b"{", b"[", b'"', b"---")):
        return "csv" if b"dt-stamp" in first else "json"
    if by_lines and not start:
        return "ndjson"
    if by_lines:
        return "ndjson" if is_reading(_value(first)) else "json"
    second = rest.lstrip().partition(b"\n")[0]
    return "ndjson" if is_reading(_value(first)) and is_reading(_value(second)) else "json"


def _value(line: bytes) -> Any:
    """Return the value of a line, None when it is not JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
