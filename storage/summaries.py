"""What the readings of a bucket come to, column by column, from pieces of them in order. Pure."""

from collections.abc import Mapping, Sequence
from math import fsum

from storage.analysis_model import ColumnSummary, EnergySummary, FlagSummary, NumberSummary
from storage.model import COLUMNS, Series


class NumberTotals:
    """What is known of a column of numbers after each piece."""

    def __init__(self) -> None:
        self._count = 0
        self._min = self._max = self._first = self._last = 0.0
        self._sum: list[float] = []
        """The exact sum, as numbers each of which is what rounding left of the one before."""

    def add(self, values: Sequence[float]) -> None:
        """Take the next values, of which there is at least one."""
        least, most = min(values), max(values)
        if not self._count:
            self._min, self._max, self._first = least, most, values[0]
        self._min, self._max = min(self._min, least), max(self._max, most)
        self._last = values[-1]
        self._count += len(values)
        self._sum = _exact([*self._sum, *values])

    def number(self) -> NumberSummary:
        """Return the summary."""
        # Rounding may not put the mean of equal numbers beside them.
        mean = min(max(fsum(self._sum) / self._count, self._min), self._max)
        return NumberSummary(self._min, self._max, mean, self._first, self._last)

    def energy(self) -> EnergySummary:
        """Return the summary with the sum."""
        return EnergySummary(*self.number(), fsum(self._sum))


class FlagTotals:
    """What is known of a column of booleans after each piece."""

    def __init__(self) -> None:
        self._true = 0
        self._first: bool | None = None
        self._last = False

    def add(self, values: Sequence[bool]) -> None:
        """Take the next values, of which there is at least one."""
        self._true += sum(values)
        self._first = values[0] if self._first is None else self._first
        self._last = values[-1]

    def flag(self) -> FlagSummary:
        """Return the summary."""
        return FlagSummary(self._true, bool(self._first), self._last)


class Totals:
    """What is known of all columns after each piece; sums do not depend on how it is cut."""

    def __init__(self) -> None:
        self.rows = 0
        self._columns = tuple(
            FlagTotals() if name.endswith("_notification") else NumberTotals() for name in COLUMNS
        )

    def add(self, piece: Series) -> None:
        """Take the next readings."""
        if piece.instants:
            self.rows += len(piece.instants)
            for totals, values in zip(self._columns, piece.columns, strict=True):
                totals.add(values)

    def columns(self) -> Mapping[str, ColumnSummary]:
        """Return the summary of each column, none when there were no readings."""
        if not self.rows:
            return {}
        named = zip(COLUMNS, self._columns, strict=True)
        return {name: _summary(name, totals) for name, totals in named}


def _summary(name: str, totals: NumberTotals | FlagTotals) -> ColumnSummary:
    if isinstance(totals, FlagTotals):
        return totals.flag()
    return totals.energy() if name.endswith("_kwh") else totals.number()


def _exact(values: Sequence[float]) -> list[float]:
    """Return a few numbers whose exact sum is that of the values."""
    parts: list[float] = []
    while left := fsum([*values, *(-part for part in parts)]):
        parts.append(left)
    return parts
