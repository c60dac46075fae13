"""Analyses of ranges: aggregates by the site's calendar, and gaps. They read page by page."""

from asyncio import sleep
from bisect import bisect_left
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from storage.analysis_model import Bucket, BucketPage, Gap, GapPage
from storage.calendar import buckets, zone_of
from storage.errors import UnknownTimeZone
from storage.grid import SLOT_SECONDS, Gaps, slots_between, slots_of
from storage.live import Live
from storage.model import Series
from storage.series import NOTHING, part
from storage.sites import Sites
from storage.summaries import Totals

ROWS_AT_ONCE = 2_000
BUCKETS_AT_ONCE = 64
"""So many buckets take some 3 ms; then others have their turn."""

MOST_ROWS = 600_000
"""An answer ends after so many readings, which are eleven years of one every ten minutes."""


class Analysis:
    """Analyses the readings of sites. Every method raises UnknownSite and Unavailable."""

    def __init__(self, live: Live, sites: Sites) -> None:
        self._live = live
        self._sites = sites

    async def aggregate(
        self, site_id: int, *, every: str, start: int, end: int, now: int, limit: int
    ) -> BucketPage:
        """Return up to `limit` buckets of [start, end) by the site's calendar; see `buckets`.

        Slots are expected until `now`. Raises UnknownTimeZone, for a site that a newer database of
        time zones has let in.
        """
        time_zone = (await self._sites.get(site_id))["time_zone"]
        zone = zone_of(time_zone)
        if zone is None:
            raise UnknownTimeZone(site_id)
        found: list[Bucket] = []
        last = slots_between(start, end).stop * SLOT_SECONDS
        async with aclosing(self._pages(site_id, start, last)) as pages:
            readings = Readings(pages)
            for begin, following in buckets(every, start, end, zone):
                if len(found) == limit or readings.taken >= MOST_ROWS:
                    return BucketPage(time_zone, found, begin)
                if len(found) % BUCKETS_AT_ONCE == 0:
                    await sleep(0)
                found.append(await _bucket(readings, begin, following, now))
        return BucketPage(time_zone, found, None)

    async def gaps(self, site_id: int, *, start: int, end: int, now: int, limit: int) -> GapPage:
        """Return up to `limit` stretches of [start, end) until `now` that have no readings."""
        await self._sites.get(site_id)
        within = slots_between(start, min(end, now))
        missing, found, taken = Gaps(within), list[Gap](), 0
        first, last = within.start * SLOT_SECONDS, within.stop * SLOT_SECONDS
        async with aclosing(self._pages(site_id, first, last)) as pages:
            async for page in pages:
                for gap in missing.after(page.instants):
                    found.append(gap)
                    if len(found) > limit:
                        return _first_gaps(found, limit)
                taken += len(page.instants)
                if taken >= MOST_ROWS:
                    return GapPage(found, missing.place)
        return _first_gaps([*found, *missing.rest()], limit)

    async def _pages(self, site_id: int, start: int, end: int) -> AsyncGenerator[Series]:
        """Yield the readings of a range, some at a time."""
        place: int | None = start
        while place is not None and place < end:
            page = await self._live.list(
                site_id, start=place, end=end, descending=False, limit=ROWS_AT_ONCE
            )
            yield page.series
            place = page.next


def _first_gaps(found: list[Gap], limit: int) -> GapPage:
    return GapPage(found[:limit], found[limit].start if len(found) > limit else None)


class Readings:
    """The readings of pages that follow each other, taken up to one instant after another."""

    def __init__(self, pages: AsyncIterator[Series]) -> None:
        self._pages = pages
        self._page: Series | None = NOTHING
        self._place = 0
        self.taken = 0

    async def until(self, end: int) -> AsyncGenerator[Series]:
        """Yield the readings before an instant that have not been taken yet."""
        while (following := await self.following()) is not None and following < end:
            page, begin = cast("Series", self._page), self._place
            self._place = bisect_left(page.instants, end, begin)
            self.taken += self._place - begin
            yield part(page, begin, self._place)

    async def following(self) -> int | None:
        """Return the instant of the first reading that has not been taken yet."""
        while self._page is not None:
            if self._place < len(self._page.instants):
                return self._page.instants[self._place]
            self._page, self._place = await anext(self._pages, None), 0
        return None


async def _bucket(readings: Readings, start: int, end: int, now: int) -> Bucket:
    totals, slots = Totals(), set[int]()
    within = slots_between(start, min(end, now))
    async with aclosing(readings.until(end)) as pieces:
        async for piece in pieces:
            totals.add(piece)
            slots.update(slots_of(piece.instants, within))
    # The last slot may end after the bucket does, and have its reading there.
    following = await readings.following()
    if following is not None:
        slots.update(slots_of([following], within))
    return Bucket(start, end, totals.rows, len(slots), len(within), totals.columns())
