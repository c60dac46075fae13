"""The calendar of a time zone: where its hours, days, weeks and months begin, as instants. Pure.

A day begins at the first instant of its date: where clocks skip midnight, at the change; where they
show it twice, the first time. An hour ends where the wall clock's hour or its offset does, so that
an hour which is shown twice is two, and a change of half an hour makes short ones.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

HOUR = 3600


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of that name; None where there is none here."""
    try:
        return ZoneInfo(name)
    # A name that is no path, a directory, or none of the names.
    except (ValueError, OSError, KeyError):
        return None


def buckets(every: str, start: int, end: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """Yield the buckets that tile [start, end), in order; the first and the last may be cut.

    `every` is 1h, 1d, 1w (from Monday on) or 1mo.
    """
    begin = start
    while begin < end:
        following = min(_FOLLOWING[every](begin, zone), end)
        yield begin, following
        begin = following


def _next_hour(instant: int, zone: tzinfo) -> int:
    offset = _offset(instant, zone)
    following = instant + HOUR - (instant + offset) % HOUR
    if _offset(following - 1, zone) == offset:
        return following
    span = range(instant, following)
    return span[bisect_left(span, True, key=lambda moment: _offset(moment, zone) != offset)]


def _next_date(of: Callable[[date], date]) -> Callable[[int, tzinfo], int]:
    """Return the function that finds where the date `of` a moment's own date begins."""

    def following(instant: int, zone: tzinfo) -> int:
        begins = of(datetime.fromtimestamp(instant, zone).date())
        # A clock that was put back over midnight shows the day before for a second time.
        while (begin := _midnight(begins, zone)) <= instant:
            begins = of(begins)
        return begin

    return following


def _midnight(day: date, zone: tzinfo) -> int:
    """Return the first instant of a date; for a skipped midnight Python goes on in the old time."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(4)).replace(day=1)


def _offset(instant: int, zone: tzinfo) -> int:
    return round((datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()).total_seconds())


_FOLLOWING: Mapping[str, Callable[[int, tzinfo], int]] = {
    "1h": _next_hour,
    "1d": _next_date(lambda day: day + timedelta(1)),
    "1w": _next_date(lambda day: day + timedelta(7 - day.weekday())),
    "1mo": _next_date(_next_month),
}
