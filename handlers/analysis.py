"""Operations that analyse live readings: aggregates by the calendar, and gaps."""

from typing import Any

from handlers import cursors, replies
from handlers.instants import format_instant
from handlers.ports import Clock
from handlers.replies import Response
from storage import Bucket, Gap, Store


async def aggregate_readings(
    site_id: int,
    every: str,
    from_: int,
    to: int,
    limit: int,
    cursor: str | None,
    *,
    store: Store,
    clock: Clock,
) -> Response:
    """Return what the columns came to in each bucket of the site's calendar."""
    start, end = cursors.span(from_, to, "asc", cursor)
    page = await store.analysis.aggregate(
        site_id, every=every, start=start, end=end, now=clock(), limit=limit
    )
    buckets = [_bucket_members(bucket) for bucket in page.buckets]
    body = {"every": every, "time_zone": page.time_zone, "buckets": buckets}
    return replies.page(body, page.next, every=every, **_range(from_, to), limit=limit)


async def list_gaps(
    site_id: int,
    from_: int,
    to: int,
    limit: int,
    cursor: str | None,
    *,
    store: Store,
    clock: Clock,
) -> Response:
    """Return the stretches of the grid in which readings are missing."""
    start, end = cursors.span(from_, to, "asc", cursor)
    page = await store.analysis.gaps(site_id, start=start, end=end, now=clock(), limit=limit)
    body = {"gaps": [_gap_members(gap) for gap in page.gaps]}
    return replies.page(body, page.next, **_range(from_, to), limit=limit)


def _bucket_members(bucket: Bucket) -> dict[str, Any]:
    return {
        **_range(bucket.start, bucket.end),
        "rows": bucket.rows,
        "slots": bucket.slots,
        "expected": bucket.expected,
        **{name: summary._asdict() for name, summary in bucket.columns.items()},
    }


def _gap_members(gap: Gap) -> dict[str, Any]:
    return {**_range(gap.start, gap.end), "slots": gap.slots}


def _range(start: int, end: int) -> dict[str, str]:
    return {"from": format_instant(start), "to": format_instant(end)}
