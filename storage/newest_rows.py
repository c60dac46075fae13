"""The newest rows of sites in `live` and in `days`, many in one round trip."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import DESCENDING

from storage.database import Database, Document
from storage.documents import STORED_NAMES
from storage.ids import DAY_SECONDS, day_span, reading_id, site_and_day, site_and_instant, span
from storage.unions import Question, ask, sites_there

_LAST: Document = {
    "f": 1,
    **{field: {"$last": f"${field}"} for field in ("t", *STORED_NAMES.values())},
}
"""What is told of a day: only its last reading."""


class NewestRows(NamedTuple):
    """Which of the sites there are, and by site the newest rows, all as documents of `live`."""

    present: set[int]
    live: dict[int, Document]
    days: dict[int, Document]


async def newest_rows(
    database: Database, sites: Sequence[int], settled: Mapping[int, int]
) -> NewestRows:
    """Return what there is of the sites, and of the settled ones' days from an instant on.

    `live` is read before `days`, so that a row is seen that goes from the one to the other. A day's
    document that has no row is passed over.
    """
    found = NewestRows(set(), {}, {})
    if questions := [*_of_sites(sites), *_of_days(settled)]:
        for document in await ask(database, questions):
            _sort_in(document, found)
    return found


def _of_sites(sites: Sequence[int]) -> Iterator[Question]:
    if sites:
        yield sites_there(sites)
    for site_id in sites:
        yield Question("live", {"_id": span(site_id)}, DESCENDING, 1)


def _of_days(settled: Mapping[int, int]) -> Iterator[Question]:
    for site_id, since in settled.items():
        filled = {"_id": day_span(site_id, since), "t.0": {"$exists": True}}
        yield Question("days", filled, DESCENDING, 1, _LAST)


def _sort_in(document: Document, found: NewestRows) -> None:
    if "t" in document:
        site_id, day = site_and_day(document["_id"])
        row = {field: _last(value) for field, value in document.items()}
        found.days[site_id] = {**row, "_id": reading_id(site_id, day * DAY_SECONDS + row["t"])}
    elif "s" in document:
        found.live[site_and_instant(document["_id"])[0]] = document
    else:
        found.present.add(document["_id"])


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, list) else value
