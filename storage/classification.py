"""What pushed rows are, compared with the stored ones: new, unchanged or different."""

from collections.abc import Mapping
from typing import NamedTuple

from storage.model import COLUMNS, Values

Rows = dict[int, Values]
"""Reading id to values."""


class Classified(NamedTuple):
    """Pushed rows by what they are; `different` maps an id to the pushed values."""

    new: Rows
    unchanged: Rows
    different: Rows


def classify(rows: Mapping[int, Values], stored: Mapping[int, Values]) -> Classified:
    """Return the rows, each in one class. Equality is of values: 400 equals 400.0."""
    classified = Classified({}, {}, {})
    for row, values in rows.items():
        known = stored.get(row)
        if known is None:
            classified.new[row] = values
        elif known == values:
            classified.unchanged[row] = values
        else:
            classified.different[row] = values
    return classified


def differing(one: Values, other: Values) -> tuple[str, ...]:
    """Return the columns in which two readings differ."""
    return tuple(column for column, a, b in zip(COLUMNS, one, other, strict=True) if a != b)
