"""Readings as CSV: a row each, the columns in any order, by the names of the contract.

A site column (`id`, `site` or `site_id`) makes it a file of many sites. Units in brackets are
passed over, so what the service and `sitewatt export` write can be read. What is not spelt as its
column asks for is handed on as the text that it is: the service says what is wrong with it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import orjson

from sitewatt.contract.faults import shown
from sitewatt.exchange.batches import Batch, Origin, Refused
from sitewatt.exchange.errors import FileFault, FileFaults, Place
from sitewatt.exchange.kinds import columns, heading, suggestion
from sitewatt.exchange.lines import Lines

DELIMITERS = (",", ";", "\t")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}

Record = tuple[Origin, list[str]]


class CsvRows:
    """The rows of a CSV file whose heading has been read; raises FileFaults for a wrong one."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        first = next(iter(lines), "")
        self._delimiter = max(DELIMITERS, key=first.count)
        self.names = self._names(first, self._titles(first))
        lines.take()

    @property
    def names_sites(self) -> bool:
        """Whether the file says which site a row is of."""
        return "id" in self.names

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield the rows, `size` at a time."""
        records = self._records()
        while chunk := [*islice(records, size)]:
            whole = [one for one in chunk if len(one[1]) == len(self.names)]
            unread = [self._uneven(one) for one in chunk if len(one[1]) != len(self.names)]
            by_column = zip(*(values for _, values in whole), strict=True) if whole else ()
            named = zip(self.names, by_column, strict=bool(whole))
            values = {name: _values(name, texts) for name, texts in named}
            origins = [origin for origin, _ in whole]
            yield Batch(values, origins, unread, self._lines.mark(), self._place)

    def _records(self) -> Iterator[Record]:
        lines = self._lines
        reader = csv.reader(iter(lines), delimiter=self._delimiter, strict=True)
        while True:
            first = lines.line + 1
            try:
                values = next(reader, None)
            except csv.Error as error:
                raise self._fault(first, 0, f"is not CSV: {error}") from None
            if values is None:
                return
            origin = Origin(first, lines.take())
            if values:
                yield origin, values

    def _titles(self, line: str) -> list[str]:
        """Return the cells of the first line."""
        if "\r" in line.rstrip("\r\n"):
            said = "the lines end with CR alone: they must end with LF, or CR and LF"
            raise self._fault(1, line.index("\r"), said)
        try:
            return next(csv.reader([line], delimiter=self._delimiter))
        except csv.Error as error:
            raise self._fault(1, 0, f"is not CSV: {error}") from None

    def _names(self, line: str, titles: Sequence[str]) -> list[str]:
        names: list[str] = []
        for number, title in enumerate(titles):
            name = heading(title)
            if name is None or name in names:
                said = f"`{shown(title.strip())}` is not a column of readings"
                said = said if name is None else f"`{name}` is here a second time"
                hint = suggestion(title) if name is None else None
                raise self._fault(1, _cell_at(line, self._delimiter, number), said, hint)
            names.append(name)
        if missing := [column.name for column in columns() if column.name not in names]:
            said = f"the first line names the columns, and has no `{missing[0]}`"
            raise self._fault(1, 0, said)
        return names

    def _place(self, origin: Origin, name: str) -> Place:
        number = self.names.index(name) if name in self.names else 0
        offset = _cell_at(origin.text, self._delimiter, number)
        before = origin.text.rfind("\n", 0, offset)
        return Place(origin.line + origin.text.count("\n", 0, offset), offset - before)

    def _uneven(self, record: Record) -> Refused:
        origin, values = record
        said = f"the row has {len(values)} fields, the first line has {len(self.names)}"
        return Refused(origin, FileFault(Place(origin.line, 1), said))

    def _fault(self, line: int, offset: int, said: str, hint: str | None = None) -> FileFaults:
        fault = FileFault(Place(line, offset + 1), said, hint)
        return FileFaults(self._lines.name, [fault])


def _values(name: str, texts: Sequence[str]) -> list[Any]:
    """Return the values of a column, each of its type where the text can be read so."""
    kind = next((column.type for column in columns() if column.name == name), "integer")
    if kind == "string":
        return [text.strip() for text in texts]
    if kind == "boolean":
        found = [BOOLEANS.get(text) for text in texts]
        return [_boolean(text) for text in texts] if None in found else found
    return _numbers(texts)


def _numbers(texts: Sequence[str]) -> list[Any]:
    """Return the numbers of the texts, all at once where they are spelt as in JSON."""
    joined = ",".join(texts)
    if joined.count(",") == len(texts) - 1 and "[" not in joined:
        with suppress(orjson.JSONDecodeError):
            found = list(orjson.loads(f"[{joined}]"))
            # Quotes of two cells may have made one text of all between them.
            if len(found) == len(texts) and {*map(type, found)} <= {int, float}:
                return found
    return [_number(text.strip()) for text in texts]


def _number(text: str) -> Any:
    if NUMBER.fullmatch(text) is None:
        return text
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1 << 53 else _finite(value, text)


def _finite(value: float, text: str) -> Any:
    """Return the number, or the text where it is too big for one."""
    return value if abs(value) != float("inf") else text


def _boolean(text: str) -> Any:
    return BOOLEANS.get(text.strip().lower(), text)


def _cell_at(text: str, delimiter: str, number: int) -> int:
    """Return the offset at which the numbered cell of a record begins."""
    quoted, left = False, number
    for offset, character in enumerate(text):
        if left == 0:
            return offset
        quoted ^= character == '"'
        left -= character == delimiter and not quoted
    return len(text.rstrip()) if left else len(text)
