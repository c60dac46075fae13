"""The ids of readings and of days: the site in the high bits, the time in the low ones."""

from collections.abc import Collection
from typing import Any

from bson.int64 import Int64

LAST_SITE_ID = 2**31 - 1
LAST_INSTANT = 2**32 - 1
DAY_SECONDS = 86_400
LAST_DAY = LAST_INSTANT // DAY_SECONDS
_BITS = 32
_DAY_BITS = 16


def reading_id(site_id: int, instant: int) -> Int64:
    """Return the id of a site's reading at an instant (0 to LAST_INSTANT)."""
    return Int64(site_id << _BITS | instant)


def site_and_instant(reading_id: int) -> tuple[int, int]:
    """Return the site and the instant that an id was made of."""
    return int(reading_id) >> _BITS, int(reading_id) & LAST_INSTANT


def span(site_id: int, start: int = 0, end: int = LAST_INSTANT + 1) -> dict[str, Any]:
    """Return the condition on `_id` of a site's readings with start <= instant < end.

    Both bounds are inclusive: the first id of the site after the last one overflows 64 bits.
    """
    first, last = max(start, 0), min(end - 1, LAST_INSTANT)
    if first > last:
        first, last = 1, 0
    return {"$gte": reading_id(site_id, first), "$lte": reading_id(site_id, last)}


def day_of(instant: int) -> int:
    """Return the number of the UTC day that an instant lies in, 0 for 1970-01-01."""
    return instant // DAY_SECONDS


def day_id(site_id: int, day: int) -> Int64:
    """Return the id of a site's settled day (0 to LAST_DAY)."""
    return Int64(site_id << _DAY_BITS | day)


def site_and_day(day_id: int) -> tuple[int, int]:
    """Return the site and the day that an id was made of."""
    return int(day_id) >> _DAY_BITS, int(day_id) & (2**_DAY_BITS - 1)


def day_span(site_id: int, start: int = 0, end: int = LAST_INSTANT + 1) -> dict[str, Any]:
    """Return the condition on `_id` of a site's days that hold any of start <= instant < end."""
    first, last = day_of(max(start, 0)), day_of(min(end - 1, LAST_INSTANT))
    if start >= end or first > last:
        first, last = 1, 0
    return {"$gte": day_id(site_id, first), "$lte": day_id(site_id, last)}


def ids_after(after: int | None, among: Collection[int] | None) -> dict[str, Any]:
    """Return the condition on `_id` of the sites that follow an id, of those named if any are."""
    first = after or 0
    if among is None:
        return {"$gt": first}
    return {"$in": sorted(site_id for site_id in among if site_id > first)}
