"""The newest rows of sites in `live` and in `days`, many in one round trip."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import DESCENDING

from storage.database import Database, Document
from storage.documents import PRESENT, STORED_NAMES
from storage.ids import DAY_SECONDS, day_span, reading_id, site_and_day, site_and_instant, span

_NEWEST: Sequence[Document] = ({"$sort": {"_id": DESCENDING}}, {"$limit": 1})
_LAST = {field: {"$last": f"${field}"} for field in ("t", *STORED_NAMES.values())}
_TOLD: Mapping[str, Sequence[Document]] = {
    "sites": [{"$project": {"_id": 1}}],
    "live": [],
    "days": [{"$project": {"f": 1, **_LAST}}],
}
"""Collection to what is told of its documents: of a day only the last reading."""

_ALL_AT_ONCE = 100_000
"""More documents than are ever asked for: without it a reply is cut after the first 101."""


class NewestRows(NamedTuple):
    """Which of the sites there are, and by site the newest rows, all as documents of `live`."""

    present: set[int]
    live: dict[int, Document]
    days: dict[int, Document]


class _Question(NamedTuple):
    """Which documents of a collection; with `newest`, the one of the greatest `_id` of them."""

    collection: str
    condition: Document
    newest: bool = True


async def newest_rows(
    database: Database, sites: Sequence[int], settled: Mapping[int, int]
) -> NewestRows:
    """Return what there is of the sites, and of the settled ones' days from an instant on.

    `live` is read before `days`, so that a row is seen that goes from the one to the other. A day's
    document that has no row is passed over.
    """
    found = NewestRows(set(), {}, {})
    ask = _one_by_one if database.plain else _together
    if questions := [*_of_sites(sites), *_of_days(settled)]:
        for document in await ask(database, questions):
            _sort_in(document, found)
    return found


def _of_sites(sites: Sequence[int]) -> Iterator[_Question]:
    if sites:
        yield _Question("sites", {"_id": {"$in": [*sites]}, **PRESENT}, newest=False)
    for site_id in sites:
        yield _Question("live", {"_id": span(site_id)})


def _of_days(settled: Mapping[int, int]) -> Iterator[_Question]:
    for site_id, since in settled.items():
        yield _Question("days", {"_id": day_span(site_id, since), "t.0": {"$exists": True}})


async def _together(database: Database, questions: Sequence[_Question]) -> list[Document]:
    """Ask in one round trip; the server reads for one question after the other.

    A $lookup by a range of `_id` instead costs the server half as much again a site: decision 26.
    """
    first, *others = questions
    pipeline = _pipeline(first)
    for other in others:
        pipeline.append({"$unionWith": {"coll": other.collection, "pipeline": _pipeline(other)}})
    found = await database.raw[first.collection].aggregate(pipeline, batchSize=_ALL_AT_ONCE)
    return await found.to_list()


def _pipeline(question: _Question) -> list[Document]:
    newest = _NEWEST if question.newest else ()
    return [{"$match": question.condition}, *newest, *_TOLD[question.collection]]


async def _one_by_one(database: Database, questions: Sequence[_Question]) -> list[Document]:
    """Ask a server that has no $unionWith."""
    documents: list[Document] = []
    for question in questions:
        found = database.raw[question.collection].find(question.condition)
        found = found.sort("_id", DESCENDING).limit(1) if question.newest else found
        documents += [document async for document in found]
    return documents


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
