"""The words of analyses: buckets of a calendar, what a column did in one, and gaps."""

from collections.abc import Mapping
from typing import NamedTuple


class NumberSummary(NamedTuple):
    """What a column of numbers did, in its unit; `first` and `last` are by instant."""

    min: float
    max: float
    mean: float
    first: float
    last: float


class EnergySummary(NamedTuple):
    """What a column of energies did, in kWh; `sum` is that of all readings."""

    min: float
    max: float
    mean: float
    first: float
    last: float
    sum: float


class FlagSummary(NamedTuple):
    """What a column of booleans did: how many were true, and the first and the last by instant."""

    true_count: int
    first: bool
    last: bool


ColumnSummary = NumberSummary | EnergySummary | FlagSummary


class Bucket(NamedTuple):
    """A bucket [start, end) of a calendar, within the range asked for, and what was in it.

    `rows` is the number of readings, `slots` of the grid's slots that have one, `expected` of the
    slots that could have one by now. `columns` is empty where there are no readings.
    """

    start: int
    end: int
    rows: int
    slots: int
    expected: int
    columns: Mapping[str, ColumnSummary]


class BucketPage(NamedTuple):
    """Buckets in the order of time; `next` is the instant the next page starts with."""

    time_zone: str
    buckets: list[Bucket]
    next: int | None


class Gap(NamedTuple):
    """A stretch [start, end) of the grid in which `slots` slots, all there are, have no reading."""

    start: int
    end: int
    slots: int


class GapPage(NamedTuple):
    """Gaps in the order of time; `next` is the instant the next page starts with."""

    gaps: list[Gap]
    next: int | None
