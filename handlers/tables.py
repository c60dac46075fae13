"""Readings as text, a line each: CSV for tables (RFC 4180), and NDJSON. Pure.

The lines are made column by column, for a range may have a million of them. No reply checks them;
tests hold them against the contract, and the CSV against Python's reader.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from handlers.instants import format_column
from storage import COLUMNS, Series

HEADINGS: Mapping[str, str] = {
    "dt-stamp": "dt-stamp",
    "soc": "soc (%)",
    "load_kwh": "load_kwh (kWh)",
    "net_load_kwh": "net_load_kwh (kWh)",
    "pv_notification": "pv_notification",
    "bio_notification": "bio_notification",
    "cro_notification": "cro_notification",
}
"""What stands in the first line of CSV: a column's name, and its unit where it has one."""


class Table(NamedTuple):
    """How readings are written in lines: the first line, and what makes a line of texts."""

    head: str
    line: str
    """A template with a place for each text, the stamp's first."""

    def lines(self, series: Series, columns: Sequence[str]) -> bytes:
        """Return a line for each reading, with its stamp and its values in the named columns."""
        values = [_texts(series.columns[COLUMNS.index(name)]) for name in columns]
        rows = zip(format_column(series.instants), *values, strict=True)
        return "".join(map(self.line.__mod__, rows)).encode()


def csv(columns: Sequence[str]) -> Table:
    """Return the table of CSV: names and units, then a row each, each line ended by CRLF."""
    names = ["dt-stamp", *columns]
    return Table(_line(HEADINGS[name] for name in names), _line("%s" for _ in names))


def ndjson(columns: Sequence[str]) -> Table:
    """Return the table of NDJSON: an object a line, as the schema Reading; it has no first line."""
    members = ['"dt-stamp":"%s"', *(f'"{name}":%s' for name in columns)]
    return Table("", f"{{{','.join(members)}}}\n")


def _line(texts: Iterable[str]) -> str:
    return ",".join(texts) + "\r\n"


def _texts(column: list[Any]) -> list[str]:
    """Return the values of a column as JSON writes them; no number and no boolean has a comma."""
    return orjson.dumps(column)[1:-1].decode().split(",") if column else []
