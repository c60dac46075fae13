"""Operations on live readings: what a site does."""

from collections.abc import Mapping
from typing import Any

from handlers import columns as shapes
from handlers import ranges, replies
from handlers.ranges import Asked
from handlers.replies import Response, Stream
from storage import Store


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
    limit: int | None,
    cursor: str | None,
    columns: list[str] | None,
    include: list[str] | None,
    if_none_match: str | None,
    media_type: str,
    *,
    store: Store,
) -> Response | Stream:
    """Return the readings of a half-open range by column, or in lines all that there are."""
    asked = Asked(site_id, from_, to, order, limit, cursor, columns, include, media_type)
    if limit is None:
        return replies.table_in_pieces(media_type, ranges.pages(store, asked), asked.names)
    return await ranges.answer(store, asked, limit, if_none_match)


async def delete_readings(site_id: int, from_: int, to: int, *, store: Store) -> Response:
    """Delete the readings of a half-open range and answer how many there were."""
    return replies.json({"deleted": await store.live.delete(site_id, start=from_, end=to)})
