"""Readings between the wire and the store: one reading has scalars, many have columns.

On the wire a row's instant is its `dt-stamp`; for the store it is the key of its values. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from handlers.instants import format_column, format_instant
from storage import COLUMNS, Conflict, Readings, Receipt, Series, Values


def readings(body: Mapping[str, Any]) -> Readings:
    """Return the readings of a body by instant: one of scalars, or one a row of columns."""
    instants, values = body["dt-stamp"], [body[name] for name in COLUMNS]
    if isinstance(instants, int):
        return {instants: cast("Values", tuple(values))}
    rows = cast("Iterable[Values]", zip(*values, strict=True))
    return dict(zip(instants, rows, strict=True))


def reading(instant: int, values: Values) -> dict[str, Any]:
    """Return one reading in the wire's shape: the seven members of the brief, as scalars."""
    return {"dt-stamp": format_instant(instant), **dict(zip(COLUMNS, values, strict=True))}


def series(rows: Series, columns: Iterable[str]) -> dict[str, list[Any]]:
    """Return rows as the brief's columns: `dt-stamp` and the named ones, all of the same length."""
    return {
        "dt-stamp": format_column(rows.instants),
        **{name: rows.columns[COLUMNS.index(name)] for name in columns},
    }


def receipt_members(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt in the wire's shape; `first` and `last` are left out when nothing came."""
    members: dict[str, Any] = {
        "received": receipt.received,
        "stored": receipt.stored,
        "unchanged": receipt.unchanged,
        "replaced": receipt.replaced,
        "conflicts": receipt.conflicts,
    }
    if receipt.first is not None and receipt.last is not None:
        members["first"] = format_instant(receipt.first)
        members["last"] = format_instant(receipt.last)
    return members


def conflict_members(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict in the wire's shape: the stamp, and which columns differ."""
    return {"dt-stamp": format_instant(conflict.instant), "columns": list(conflict.columns)}
