"""What pushed rows are, compared with the stored ones: new, unchanged or different."""

from typing import NamedTuple

from storage.model import COLUMNS, Readings, Values


class Classified(NamedTuple):
    """Pushed rows by what they are; `different` maps an instant to the pushed values."""

    new: Readings
    unchanged: Readings
    different: Readings


def classify(rows: Readings, stored: Readings) -> Classified:
    """Return the rows, each in one class. Equality is of values: 400 equals 400.0."""
    if not stored:
        return Classified(rows, {}, {})
    if rows == stored:
        return Classified({}, rows, {})
    new, unchanged, different = dict[int, Values](), dict[int, Values](), dict[int, Values]()
    for instant, values in rows.items():
        known = stored.get(instant)
        if known is None:
            new[instant] = values
        elif known == values:
            unchanged[instant] = values
        else:
            different[instant] = values
    return Classified(new, unchanged, different)


def differing(one: Values, other: Values) -> tuple[str, ...]:
    """Return the columns in which two readings differ."""
    return tuple(column for column, a, b in zip(COLUMNS, one, other, strict=True) if a != b)
