"""Ranges of readings: pages that unite `live` and the settled days, and the marks of pages."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from pymongo import ASCENDING, DESCENDING

from storage.availability import bounded
from storage.database import Database, Document
from storage.days import last_removable
from storage.documents import reading_of, series_of
from storage.errors import UnknownSite
from storage.ids import DAY_SECONDS, day_id, day_of, day_span, site_and_day, span
from storage.model import ReadingPage, Values
from storage.series import between, part, series_of_rows, turned, united
from storage.unions import Question, ask, sites_there

MOST_DAYS = 72
"""Days that are read at once: 10,000 readings of every ten minutes."""

_FIRST_DAYS = 2
"""Days that are read together with `live`; a local day lies in two of UTC."""


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


class _Found(NamedTuple):
    """What there is of a range: readings of `live`, and documents of days in the order asked."""

    live: dict[int, Values]
    days: list[Document]


class Ranges:
    """Reads ranges; raises UnknownSite and Unavailable.

    `live` is always read before the documents, so that what moves is met in one of the two. What is
    met in `live` alone, although its day is closed or was, may have been replaced and removed: it
    counts if it is still there afterwards.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @bounded
    async def page(self, asked: Range) -> ReadingPage:
        """Return the first readings of a range in the order asked for."""
        live, days = await self._at_one_time(asked)
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
        known = known and (following is None or asked.start <= following < asked.end)
        cover = asked.cover(following) if known else asked._replace(end=asked.start)
        live, days = await self._look(cover, asked.limit + 2, asked.limit + 2, {"v": 1})
        versions = {day["_id"]: day["v"] for day in days}
        return known and mark == _mark(asked, following, live, versions)

    async def _at_one_time(self, asked: Range) -> _Found:
        """Return the rows of `live` and the documents as they were together."""
        found = await self._first(asked)
        while unsure := _unsure(found, last_removable(await self.database.clock())):
            again = await self._first(asked)
            if unsure.items() <= again.live.items():
                break
            found = again
        return found

    async def _first(self, asked: Range) -> _Found:
        """Return the rows and the documents that hold the first `limit` + 1 readings."""
        live, first = await self._look(asked, asked.limit + 1, _FIRST_DAYS)
        return _Found(live, await self._go_on(asked, first))

    async def _look(
        self, asked: Range, rows: int, days: int, told: Document | None = None
    ) -> _Found:
        """Return the first rows and days, in one round trip; raises UnknownSite."""
        site_id, start, end, *_ = asked
        questions = (
            sites_there([site_id]),
            Question("live", {"_id": span(site_id, start, end)}, asked.order, rows),
            Question("days", {"_id": day_span(site_id, start, end)}, asked.order, days, told),
        )
        found = await ask(self.database, questions)
        if not found or found[0]["_id"] != site_id:
            raise UnknownSite(site_id)
        settled = [document for document in found[1:] if "v" in document]
        live = found[1 : len(found) - len(settled)]
        return _Found(dict(map(reading_of, live)), settled)

    async def _go_on(self, asked: Range, first: list[Document]) -> list[Document]:
        """Return the documents that hold the first `limit` + 1 readings, in the order of days."""
        days, some, at_once = [*first], first, _FIRST_DAYS
        rows = sum(len(day["t"]) for day in days)
        within = day_span(asked.site_id, asked.start, asked.end)
        last, bound = (within["$gte"], "$lt") if asked.descending else (within["$lte"], "$gt")
        # The first and the last day may lie in the range in part.
        while (
            len(some) == at_once
            and days[-1]["_id"] != last
            and rows - _outside(days, asked) <= asked.limit
        ):
            # A day may have 144 readings or 86,400: how many days are needed, those read tell.
            at_once = min(MOST_DAYS, asked.limit * len(days) // max(rows, 1) + 2)
            rest = {**within, bound: days[-1]["_id"]}
            found = self.database.days.find({"_id": rest}).sort("_id", asked.order)
            some = await found.limit(at_once).to_list()
            days += some
            rows += sum(len(day["t"]) for day in some)
        return days[::-1] if asked.descending else days


def next_of(mark: str) -> int | None:
    """Return the instant that the next page starts with, by the mark of a page."""
    return _following(mark)[0]


def _unsure(found: _Found, removable: int) -> dict[int, Values]:
    """Return the rows of `live` that a document may have hidden: it stands, or has been removed.

    A day more than removable is allowed for, as another clock may be ahead by one.
    """
    stamps = {site_and_day(day["_id"])[1]: day["t"] for day in found.days}
    if not found.live or day_of(min(found.live)) > max([removable + 1, *stamps]):
        return {}
    return {
        instant: row
        for instant, row in found.live.items()
        if (day := day_of(instant)) in stamps or day <= removable + 1
        if instant % DAY_SECONDS not in stamps.get(day, ())
    }


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
