"""Operations on the live readings of many sites."""

from collections.abc import Collection, Mapping
from typing import Any

from handlers import columns as shapes
from handlers import cursors, replies
from handlers.replies import Response
from storage import LatestEntry, Store


async def push_fleet(
    body: Mapping[str, Any], on_conflict: str, dry_run: bool, *, store: Store
) -> Response:
    """Store the readings of many sites, and answer with a receipt for each."""
    pushes = {entry["id"]: shapes.readings(entry) for entry in body["sites"]}
    overwrite = on_conflict == "replace"
    receipts = await store.fleet.push(pushes, overwrite=overwrite, dry_run=dry_run)
    sites = [{"id": site, "receipt": shapes.receipt_members(r)} for site, r in receipts.items()]
    stored = not dry_run and any(receipt.stored for receipt in receipts.values())
    return replies.json({"sites": sites}, 201 if stored else 200)


async def list_latest_readings(
    limit: int, cursor: str | None, own_sites: Collection[int] | None, *, store: Store
) -> Response:
    """Return the latest reading of each site, a page of sites at a time."""
    after = cursors.read(cursor)
    entries, last = await store.fleet.latest(limit=limit, after=after, among=own_sites)
    sites = [_latest_members(entry) for entry in entries]
    if last is None:
        return replies.json({"sites": sites})
    following = cursors.write(last)
    link = replies.next_link(limit=limit, cursor=following)
    return replies.json({"sites": sites, "next": following}, headers=link)


def _latest_members(entry: LatestEntry) -> dict[str, Any]:
    reading = {} if entry.reading is None else {"reading": shapes.reading(*entry.reading)}
    return {"id": entry.site_id, **reading}
