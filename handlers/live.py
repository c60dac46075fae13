"""Operations on live readings: what a site does."""

from collections.abc import Mapping
from typing import Any

from handlers import columns as shapes
from handlers import cursors, replies
from handlers.replies import Response
from storage import COLUMNS, Store


async def push_live(
    site_id: int, body: Mapping[str, Any], on_conflict: str, dry_run: bool, *, store: Store
) -> Response:
    """Store one reading or the rows of columns, and answer with a receipt."""
    overwrite = on_conflict == "replace"
    readings = shapes.readings(body)
    receipt = await store.live.push(site_id, readings, overwrite=overwrite, dry_run=dry_run)
    return replies.json(shapes.receipt_members(receipt)) if dry_run else replies.receipt(receipt)


async def get_latest_reading(site_id: int, *, store: Store) -> Response:
    """Return the site's newest reading by its stamp, whenever it arrived."""
    return replies.json(shapes.reading(*await store.live.latest(site_id)))


async def list_readings(
    site_id: int,
    from_: int | None,
    to: int | None,
    order: str,
    limit: int,
    cursor: str | None,
    columns: list[str] | None,
    if_none_match: str | None,
    *,
    store: Store,
) -> Response:
    """Return the readings of a half-open range as columns that can be posted back."""
    span = cursors.span(from_, to, order, cursor)
    page = await store.live.list(
        site_id, start=span.start, end=span.end, descending=order == "desc", limit=limit
    )
    body = shapes.series(page.series, columns or COLUMNS)
    if page.next is None:
        return replies.tagged(body, if_none_match)
    range_ = {"from": replies.instant(from_), "to": replies.instant(to)}
    query = {**range_, "order": order, "limit": limit, "columns": columns}
    link = replies.next_link(**query, cursor=cursors.write(page.next))
    return replies.tagged(body, if_none_match, headers=link)


async def delete_readings(site_id: int, from_: int, to: int, *, store: Store) -> Response:
    """Delete the readings of a half-open range and answer how many there were."""
    return replies.json({"deleted": await store.live.delete(site_id, start=from_, end=to)})
