"""Instants as text and as numbers: the only place where one becomes the other.

Inside sitewatt an instant is an int: seconds since 1970-01-01T00:00:00Z. On the wire it is RFC 3339
with an offset, or the brief's `YYYY-MM-DD HH:MM:SS`, which means UTC.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

FIRST = 0
"""The earliest instant there is, 1970-01-01T00:00:00Z: "since ever"."""

END = 4_291_747_200
"""The first instant that is too late, 2106-01-01T00:00:00Z; a second fits 32 bits before it."""

_SPELLING = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,20}))?"
    r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))?"
)
_LONGEST = 40
_DAY = 86_400
_FIRST_YEAR, _LAST_YEAR = 1970, 2105
_NOT_THERE = "names a day or a time that no calendar has"
_OUT_OF_RANGE = f"lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}"


@lru_cache(maxsize=100_000)
def parse(text: str) -> int:
    """Return the instant that the text names, in UTC seconds since 1970.

    Raises ValueError with a sentence that says what is wrong and never repeats the text.
    The cache is there because a fleet repeats the same stamps; those that it has never seen are
    put together of a day and a time of day that it has.
    """
    spelling = _SPELLING.fullmatch(text)
    if spelling is None or len(text) > _LONGEST:
        raise ValueError("is not a time stamp")
    day, time, fraction, _, sign, hours, minutes = spelling.groups()
    if fraction and fraction.strip("0"):
        raise ValueError("has a fraction of a second; only whole seconds are taken")
    instant = _midnight(day) + _since_midnight(time)
    return _within_range(instant - _offset(sign, hours, minutes) if sign else instant)


@lru_cache(maxsize=100_000)
def format_instant(instant: int) -> str:
    """Return the instant as text in the one form that sitewatt writes: `2023-01-01T00:00:00Z`.

    The cache, and what it is made of, are there for the same reason as those of `parse`.
    """
    return _date(instant // _DAY) + _time(instant % _DAY)


def format_column(instants: Iterable[int]) -> list[str]:
    """Return the instants as text, each in the form of `format_instant`."""
    return list(map(format_instant, instants))


@lru_cache(maxsize=50_000)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).strftime("%Y-%m-%dT")


@lru_cache(maxsize=100_000)
def _time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


@lru_cache(maxsize=50_000)
def _midnight(day: str) -> int:
    try:
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(_NOT_THERE) from None
    if not _FIRST_YEAR <= midnight.year <= _LAST_YEAR:
        raise ValueError(_OUT_OF_RANGE)
    return int(midnight.timestamp())


@lru_cache(maxsize=100_000)
def _since_midnight(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(_NOT_THERE)
    return hours * 3600 + minutes * 60 + seconds


def _offset(sign: str, hours: str, minutes: str) -> int:
    seconds = int(hours) * 3600 + int(minutes) * 60
    return seconds if sign == "+" else -seconds


def _within_range(instant: int) -> int:
    if not FIRST <= instant < END:
        raise ValueError(_OUT_OF_RANGE)
    return instant
