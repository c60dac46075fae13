"""The ids of readings: the site in the high half, the instant in the low half of 64 bits."""

from typing import Any

from bson.int64 import Int64

LAST_SITE_ID = 2**31 - 1
LAST_INSTANT = 2**32 - 1
_BITS = 32


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
