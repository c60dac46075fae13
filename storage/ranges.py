"""Ranges of readings: pages that unite `live` and the settled days, and the marks of pages."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from pymongo import ASCENDING, DESCENDING

from storage.availability import bounded
from storage.database import Database, Document
from storage.documents import reading_of, series_of
from storage.ids import day_id, day_of, day_span, span
from storage.model import ReadingPage, Values
from storage.series import between, part, series_of_rows, turned, united

MOST_DAYS = 72
"""Days that are read at once: 10,000 readings of every ten minutes."""


class Range(NamedTuple):
    """What is asked for: up to `limit` readings of a site with start <= instant < end."""

    site_id: int
    start: int
    end: int
    descending: bool
    limit: int

    @property
    def order(self) -> int:
        """The order of the database's ids."""
        return DESCENDING if self.descending else ASCENDING

    def cover(self, following: int | None) -> "Range":
        """Return the range of what a page shows, and of the reading that the next begins with."""
        if following is None:
            return self
        if self.descending:
            return self._replace(start=following)
        return self._replace(end=following + 1)


class Ranges:
    """Reads ranges; raises Unavailable. `live` is always read before the documents."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @bounded
    async def page(self, asked: Range) -> ReadingPage:
        """Return the first readings of a range in the order asked for."""
        live = await self._live(asked, asked.limit + 1)
        days = await self._days(asked)
        settled = [between(series_of(day), asked.start, asked.end) for day in days]
        series = united(series_of_rows(live), settled)
        if asked.descending:
            series = turned(series)
        more = len(series.instants) > asked.limit
        following = series.instants[asked.limit] if more else None
        page = part(series, 0, asked.limit) if more else series
        versions = {day["_id"]: day["v"] for day in days}
        return ReadingPage(page, following, _mark(asked, following, live, versions))

    @bounded
    async def unchanged(self, asked: Range, mark: str) -> bool:
        """Return whether the page still has the mark; rows are read of open days only."""
        following, known = _following(mark)
        if not known or (following is not None and not asked.start <= following < asked.end):
            return False
        cover = asked.cover(following)
        live = await self._live(cover, asked.limit + 2)
        condition = {"_id": day_span(cover.site_id, cover.start, cover.end)}
        found = self.database.days.find(condition, {"v": 1}).limit(asked.limit + 2)
        versions = {day["_id"]: day["v"] async for day in found}
        return mark == _mark(asked, following, live, versions)

    async def _live(self, asked: Range, limit: int) -> dict[int, Values]:
        condition = {"_id": span(asked.site_id, asked.start, asked.end)}
        found = self.database.live.find(condition).sort("_id", asked.order).limit(limit)
        return dict([reading_of(document) async for document in found])

    async def _days(self, asked: Range) -> list[Document]:
        """Return the documents that hold the first `limit` + 1 readings, in the order of days."""
        days: list[Document] = []
        rows, rest = 0, day_span(asked.site_id, asked.start, asked.end)
        at_once = 2
        while True:
            found = self.database.days.find({"_id": rest}).sort("_id", asked.order)
            some = [document async for document in found.limit(at_once)]
            days += some
            rows += sum(len(day["t"]) for day in some)
            # The first and the last day may lie in the range in part.
            if len(some) < at_once or rows - _outside(days, asked) > asked.limit:
                return days[::-1] if asked.descending else days
            # A day may have 144 readings or 86,400: how many days are needed, those read tell.
            at_once = min(MOST_DAYS, asked.limit * len(days) // max(rows, 1) + 2)
            bound = "$lt" if asked.descending else "$gt"
            rest = {**rest, bound: some[-1]["_id"]}


def next_of(mark: str) -> int | None:
    """Return the instant that the next page starts with, by the mark of a page."""
    return _following(mark)[0]


def _outside(days: list[Document], asked: Range) -> int:
    """Return how many readings of the first and the last document lie outside of the range."""
    return sum(
        len(day["t"]) - len(between(series_of(day), asked.start, asked.end).instants)
        for day in {day["_id"]: day for day in (days[0], days[-1])}.values()
    )


def _mark(
    asked: Range, following: int | None, live: Mapping[int, Values], versions: Mapping[int, Any]
) -> str:
    """Return the mark of a page: where the next one begins, and what the readings come from."""
    start, end = asked.cover(following)[1:3]
    rows = [[i, *live[i]] for i in sorted(live) if start <= i < end]
    first, last = day_id(asked.site_id, day_of(start)), day_id(asked.site_id, day_of(end - 1))
    days = [f"{d} {versions[d]}" for d in sorted(versions) if first <= d <= last]
    digest = hashlib.blake2b(orjson.dumps([rows, days]), digest_size=12).hexdigest()
    return f"{'' if following is None else following}-{digest}"


def _following(mark: str) -> tuple[int | None, bool]:
    """Return where the next page begins by a mark, and whether it is one."""
    word, dash, _ = mark.partition("-")
    if not word:
        return None, bool(dash)
    known = word.isascii() and word.isdigit() and len(word) <= 10
    return (int(word), True) if known else (None, False)
