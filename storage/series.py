"""Readings by column: joined, cut and turned round. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from storage.model import COLUMNS, Series, Values

NOTHING = Series([], tuple([] for _ in COLUMNS))


def series_of_rows(rows: Mapping[int, Values]) -> Series:
    """Return rows, which may be in any order, by column in the order of instants."""
    if not rows:
        return NOTHING
    instants = sorted(rows)
    columns = zip(*(rows[instant] for instant in instants), strict=True)
    return Series(instants, tuple(map(list, columns)))


def rows_of(series: Series) -> dict[int, Values]:
    """Return the rows by instant."""
    return dict(zip(series.instants, zip(*series.columns, strict=True), strict=True))


def joined(pieces: Sequence[Series]) -> Series:
    """Return pieces that follow each other as one."""
    if len(pieces) == 1:
        return pieces[0]
    whole = Series([], tuple([] for _ in COLUMNS))
    for instants, columns in pieces:
        whole.instants.extend(instants)
        for column, piece in zip(whole.columns, columns, strict=True):
            column.extend(piece)
    return whole


def between(series: Series, start: int, end: int) -> Series:
    """Return the readings with start <= instant < end."""
    instants = series.instants
    if not instants or (start <= instants[0] and instants[-1] < end):
        return series
    return part(series, bisect_left(instants, start), bisect_left(instants, end))


def part(series: Series, begin: int, end: int) -> Series:
    """Return the readings from one place on and before another."""
    return Series(series.instants[begin:end], tuple(c[begin:end] for c in series.columns))


def turned(series: Series) -> Series:
    """Return the readings in the opposite order."""
    return Series(series.instants[::-1], tuple(column[::-1] for column in series.columns))


def united(live: Series, settled: Sequence[Series]) -> Series:
    """Return the readings of `live` and of documents in the order of days; documents go first."""
    of_days = joined(settled) if settled else NOTHING
    if not live.instants:
        return of_days
    if not of_days.instants or of_days.instants[-1] < live.instants[0]:
        return joined([of_days, live])
    return series_of_rows({**rows_of(live), **rows_of(of_days)})
