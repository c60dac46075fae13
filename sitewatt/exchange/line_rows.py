"""Readings as NDJSON: an object a line, as the schema Reading; `id` says the site."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from typing import Any

import orjson

from sitewatt.contract import NotJson, strict_json
from sitewatt.contract.faults import Fault
from sitewatt.contract.schema import Schema
from sitewatt.contract.vocabulary import UNTIMED
from sitewatt.exchange.batches import Batch, Origin, Refused
from sitewatt.exchange.errors import ExchangeError, FileFault, Place
from sitewatt.exchange.kinds import columns, contract, kinds
from sitewatt.exchange.lines import Lines
from sitewatt.exchange.outline import Outline, place

Record = tuple[Origin, Any]


class LineRows:
    """The rows of an NDJSON file; whether they name sites is as the first line says."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._first = [*islice(self._records(), 1)]
        if not self._first:
            raise ExchangeError(f"{lines.name} is empty")
        value = self._first[0][1]
        self.names_sites = isinstance(value, Mapping) and "id" in value
        names = [column.name for column in columns()]
        self.names = ["id", *names] if self.names_sites else names

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield the rows, `size` at a time."""
        # After a jump in the file its first line is not the next one.
        first = self._first if self._lines.line == self._first[0][0].line else []
        records = chain(first, self._records())
        while chunk := [*islice(records, size)]:
            whole = [one for one in chunk if self._is_whole(one[1])]
            unread = [self._unread(*one) for one in chunk if not self._is_whole(one[1])]
            values = {name: [value[name] for _, value in whole] for name in self.names}
            origins = [origin for origin, _ in whole]
            yield Batch(values, origins, unread, self._lines.mark(), _place)

    def _records(self) -> Iterator[Record]:
        for text in self._lines:
            raw = self._lines.take().rstrip().encode()
            if not raw:
                continue
            origin = Origin(self._lines.line, text)
            try:
                value = strict_json.parse(raw)
                strict_json.check(raw, value, depth=contract().limits["body_depth"])
            except NotJson as error:
                yield origin, error
            else:
                yield origin, value

    def _is_whole(self, value: Any) -> bool:
        if not isinstance(value, dict) or value.keys() != {*self.names}:
            return False
        return not self.names_sites or is_id(value["id"])

    def _unread(self, origin: Origin, value: Any) -> Refused:
        if isinstance(value, NotJson):
            return Refused(origin, _broken(origin, value))
        fault = self._misfit(value)
        spot = Outline(origin.text).spot(fault.place)
        name = fault.place.removeprefix("/")
        said = f"{name}: {fault.detail}" if name else fault.detail
        offset = spot.name if fault.keyword == "additionalProperties" else spot.value
        return Refused(origin, FileFault(place(origin.text, offset, origin.line), said, fault.hint))

    def _misfit(self, value: Any) -> Fault:
        """Return the first thing wrong with the members of a line, by the contract."""
        if isinstance(value, dict) and self.names_sites and "id" not in value:
            return Fault("body", "", "required", "`id` is missing, which the first line has")
        if isinstance(value, dict) and self.names_sites and not is_id(value["id"]):
            return Fault("body", "/id", "type", "must be an integer")
        if isinstance(value, dict) and self.names_sites:
            value = {name: member for name, member in value.items() if name != "id"}
        return self._schema.faults(value, UNTIMED, most=1)[0]

    @cached_property
    def _schema(self) -> Schema:
        return Schema(next(kind.schema for kind in kinds() if kind.title == "Reading"))


def is_reading(value: Any) -> bool:
    """Return whether a line is one reading, and not another document."""
    return isinstance(value, dict) and isinstance(value.get("dt-stamp"), str)


def is_id(value: Any) -> bool:
    """Return whether rows can be told apart by it: `true` is 1 to Python, and a list is no key."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _place(origin: Origin, name: str) -> Place:
    spot = Outline(origin.text).spot(f"/{name}")
    return place(origin.text, spot.value, origin.line)


def _broken(origin: Origin, error: NotJson) -> FileFault:
    """Return what is wrong with a line that is not JSON, or ambiguous."""
    text = origin.text.rstrip()
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as found:
        said = f"is not JSON: {found.msg}"
        return FileFault(Place(origin.line, found.colno), said, error.hint)
    repeated = Outline(text).repeated
    column = repeated[0][1] + 1 if repeated else 1
    return FileFault(Place(origin.line, column), error.detail, error.hint)
