"""The latest readings of sites; who asks at the same time shares the round trips."""

import time
from collections.abc import Callable, Sequence

from storage.batches import batched
from storage.database import Database, Document
from storage.days import first_fresh
from storage.documents import reading_of
from storage.ids import day_of, site_and_instant
from storage.model import Values
from storage.newest_rows import newest_rows
from storage.sharing import Asking, Waiter

MOST_SITES = 200
"""So many sites are asked for in one round trip; the server takes 15 ms for them."""

_MOST_SILENT = 100_000

Reading = tuple[int, Values]
Latest = tuple[bool, Reading | None]
"""Whether there is such a site, and its newest reading if it has any."""

Found = dict[int, Document | None]
"""The sites there are, with the newest rows as documents of `live`."""


class _Look(Waiter[Latest]):
    """Somebody who wants the latest reading of a site."""

    __slots__ = ("site_id",)

    def __init__(self, site_id: int, since: float) -> None:
        super().__init__(since)
        self.site_id = site_id


class Newest(Asking[_Look, Found]):
    """The latest reading of a site: the newest in `live` or in `days`, whichever is later.

    A row in `live` of a fresh day is later than all of `days`; only for sites without one is `days`
    asked. Where both have the same instant the document in `days` is right.
    """

    most = MOST_SITES

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database
        self._silent: set[int] = set()
        """Sites that had no fresh row when seen last: their days are asked for at once."""

    async def of(self, site_id: int) -> Latest:
        """Return whether there is such a site, and its latest reading if it has any.

        It is what it was at some instant after the call. Raises Unavailable after the database's
        timeout, UnknownFormat, and what the database raised.
        """
        latest: Latest = await self._ask(_Look(site_id, self._clock()))
        return latest

    async def of_many(self, site_ids: Sequence[int]) -> dict[int, Reading | None]:
        """Return the latest readings of those of the sites that there are, in no order.

        The caller bounds the time; the round trips, one for 200 sites, are its own. Raises
        UnknownFormat, and what the database raised.
        """
        readings: dict[int, Reading | None] = {}
        for some in batched(site_ids, MOST_SITES):
            found = await self._find(some)
            readings |= {
                site_id: reading_of(row) if row else None for site_id, row in found.items()
            }
        return readings

    async def _call(self, chosen: list[_Look]) -> Found:
        return await self._find([*{look.site_id: None for look in chosen}])

    def _see(self, waiter: _Look, result: Found) -> None:
        """Answer by what was found; a row that cannot be read is the trouble of its site alone."""
        waiter.resolve((waiter.site_id in result, _reading(result.get(waiter.site_id))))

    async def _find(self, site_ids: Sequence[int]) -> Found:
        """Return the newest rows; what only `live` has of settled days is looked at again."""
        found, unsure = await self._look(site_ids)
        while unsure:
            live = (await newest_rows(self.database, [*unsure], {})).live
            changed = [site_id for site_id, row in unsure.items() if live.get(site_id) != row]
            again, unsure = await self._look(changed)
            found = {site_id: row for site_id, row in found.items() if site_id not in changed}
            found |= again
        return found

    async def _look(self, site_ids: Sequence[int]) -> tuple[Found, dict[int, Document]]:
        """Return the newest rows, by a second round trip only where the first does not say.

        And those of `live` that a document may have hidden when they were read: whoever removed
        the reading has cleared `live` before.
        """
        fresh = first_fresh(await self.database.clock())
        silent = dict.fromkeys(self._silent.intersection(site_ids), 0)
        present, live, days = await newest_rows(self.database, site_ids, silent)
        starts = {site_id: _instant(live.get(site_id)) for site_id in present}
        settled = {site_id: start for site_id, start in starts.items() if day_of(start) < fresh}
        self._remember(site_ids, settled)
        unasked = {site_id: start for site_id, start in settled.items() if site_id not in silent}
        days |= (await newest_rows(self.database, [], unasked)).days
        found = {site_id: later(live.get(site_id), days.get(site_id)) for site_id in present}
        alone = {site_id: live[site_id] for site_id in settled.keys() & live.keys()}
        return found, {site_id: row for site_id, row in alone.items() if found[site_id] is row}

    def _remember(self, site_ids: Sequence[int], settled: dict[int, int]) -> None:
        """Keep in mind which of the sites are silent."""
        if len(self._silent) > _MOST_SILENT:
            self._silent.clear()
        self._silent.difference_update(site_ids)
        self._silent.update(settled)


def later(live: Document | None, day: Document | None) -> Document | None:
    """Return the later of two rows of a site, that of `days` where both have one instant."""
    if live is None or day is None:
        return live or day
    return live if live["_id"] > day["_id"] else day


def _reading(row: Document | None) -> Reading | None:
    """Return the reading that a row is; raises UnknownFormat."""
    return reading_of(row) if row else None


def _instant(row: Document | None) -> int:
    """Return the instant of a row, and the first of all for none."""
    return site_and_instant(row["_id"])[1] if row else 0
