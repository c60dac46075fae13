"""Instants as text and as numbers: the only place where one becomes the other.

Inside sitewatt an instant is an int: seconds since 1970-01-01T00:00:00Z. On the wire it is RFC 3339
with an offset, or the brief's `YYYY-MM-DD HH:MM:SS`, which means UTC.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

FIRST = 0
"""The earliest instant there is, 1970-01-01T00:00:00Z: "since ever"."""

END = 4_291_747_200
"""The first instant that is too late, 2106-01-01T00:00:00Z; a second fits 32 bits before it."""

_SPELLING = re.compile(
    r"(?P<clock>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,20}))?"
    r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))?"
)


@lru_cache(maxsize=100_000)
def parse(text: str) -> int:
    """Return the instant that the text names, in UTC seconds since 1970.

    Raises ValueError with a sentence that says what is wrong and never repeats the text.
    The cache is there because a fleet repeats the same stamps.
    """
    spelling = _SPELLING.fullmatch(text)
    if spelling is None:
        raise ValueError("is not a time stamp")
    if (spelling["fraction"] or "").strip("0"):
        raise ValueError("has a fraction of a second; only whole seconds are taken")
    return _within_range(_utc_seconds(spelling["clock"]) - _offset(spelling))


@lru_cache(maxsize=100_000)
def format_instant(instant: int) -> str:
    """Return the instant as text in the one form that sitewatt writes: `2023-01-01T00:00:00Z`."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc_seconds(clock: str) -> int:
    try:
        moment = datetime.fromisoformat(clock.upper())
    except ValueError:
        raise ValueError("names a day or a time that no calendar has") from None
    return int(moment.replace(tzinfo=UTC).timestamp())


def _offset(spelling: re.Match[str]) -> int:
    if not spelling["sign"]:
        return 0
    seconds = int(spelling["hours"]) * 3600 + int(spelling["minutes"]) * 60
    return seconds if spelling["sign"] == "+" else -seconds


def _within_range(instant: int) -> int:
    if not FIRST <= instant < END:
        raise ValueError("lies outside the years 1970 to 2105")
    return instant
