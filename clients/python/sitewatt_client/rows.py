"""Readings by row and by column, as they are given and as they are sent.

A stamp is text as the contract has it (**without an offset it means UTC**), or a datetime with a
time zone. The names of the columns are the contract's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, cast

from sitewatt_client.generated import models

COLUMNS = tuple(models.Reading.__annotations__)
"""`dt-stamp`, then the columns of values."""
STAMP = COLUMNS[0]
_values = itemgetter(*COLUMNS)

Row = Mapping[str, Any]
"""A reading: what `Reading` of the contract says; its stamp may be a datetime."""
Columns = Mapping[str, Any]
"""Readings by column: what `ReadingColumns` says; the stamps may be datetimes."""


def text(stamp: Any) -> Any:
    """Return a datetime as the contract's text, anything else as it is.

    Raises ValueError for a datetime without a time zone: it could mean the wall clock or UTC.
    """
    if not isinstance(stamp, datetime):
        return stamp
    if stamp.tzinfo is None:
        raise ValueError(f"{stamp!r} has no time zone; is it datetime.UTC?")
    return stamp.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_text(stamp: datetime | str | None) -> str | None:
    """Return a moment as text, None for none."""
    return cast("str | None", text(stamp))


def is_regular(row: Row) -> bool:
    """Return whether the row has the members of a reading and no others."""
    return len(row) == len(COLUMNS) and all(name in row for name in COLUMNS)


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return rows by column. Raises KeyError for a row that lacks one."""
    if not rows:
        return {name: [] for name in COLUMNS}
    by_column = [list(column) for column in zip(*map(_values, rows), strict=True)]
    by_column[0] = [text(stamp) for stamp in by_column[0]]
    return dict(zip(COLUMNS, by_column, strict=True))


def rows_of(columns: Columns) -> Iterator[models.Reading]:
    """Yield columns by row, those that are there."""
    names = [name for name in COLUMNS if name in columns]
    for values in zip(*(columns[name] for name in names), strict=True):
        yield cast(models.Reading, dict(zip(names, values, strict=True)))


def sent(readings: Row | Columns) -> dict[str, Any]:
    """Return one reading or columns as they are sent: lists for sequences, text for datetimes."""
    body = {name: _plain(values) for name, values in readings.items()}
    if STAMP in body:
        stamps = body[STAMP]
        body[STAMP] = [text(s) for s in stamps] if isinstance(stamps, list) else text(stamps)
    return body


def sent_by_column(readings: Row | Columns) -> dict[str, Any]:
    """Return one reading or columns as columns."""
    body = sent(readings)
    if isinstance(body.get(STAMP), list):
        return body
    return {name: [value] for name, value in body.items()}


def joined(pages: Iterable[models.ReadingSeries]) -> models.ReadingSeries:
    """Return pages of columns as one."""
    whole: dict[str, list[Any]] = {}
    for page in pages:
        for name, values in page.items():
            whole.setdefault(name, []).extend(cast("list[Any]", values))
    return cast(models.ReadingSeries, whole)


def plain(value: Any) -> Any:
    """Return a value of numpy's as Python's. Raises TypeError for what is none."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} is nothing that JSON has")


def _plain(values: Any) -> Any:
    if isinstance(values, str | bytes | list | datetime | bool | int | float) or values is None:
        return values
    if hasattr(values, "tolist"):  # numpy's and pandas's
        return values.tolist()
    return list(values) if isinstance(values, Iterable) else values
