"""Live readings: what sites did, the recent ones in `live`, the settled ones in `days`."""

from collections.abc import Mapping, Sequence
from functools import partial

from storage.availability import bounded
from storage.closed_days import ClosedDays
from storage.commits import Commits
from storage.database import Database
from storage.errors import NoReadings, ReadingsConflict, UnknownSite
from storage.model import ReadingPage, Readings, Receipt, Sealed, Values
from storage.newest import Newest
from storage.open_days import insert
from storage.pushing import Pusher
from storage.ranges import Range, Ranges
from storage.receipts import Tally
from storage.removal import Removal
from storage.sealing import Sealer
from storage.sites import Sites
from storage.watching import Watch


class Live:
    """The readings of sites. Every method raises UnknownSite and Unavailable.

    A push takes a site that was there within the last 5 s to be there still; all else looks.
    """

    def __init__(self, database: Database, sites: Sites) -> None:
        self.database = database
        self._sites = sites
        self._commits = Commits(
            partial(insert, database), timeout=database.timeout, measures=database.measures
        )
        closed = ClosedDays(database)
        self._pusher = Pusher(database, self._commits, closed)
        self._ranges = Ranges(database)
        self._removal = Removal(database, closed)
        self._sealer = Sealer(database, sites, closed)
        self._newest = Newest(database)

    async def push(
        self, site_id: int, readings: Readings, *, overwrite: bool = False, dry_run: bool = False
    ) -> Receipt:
        """Store what is not stored yet and return what became of each row.

        A row whose instant has other values stored is a conflict: these stay, all other rows are
        stored, and ReadingsConflict is raised. With `overwrite` it is replaced. A dry run stores
        nothing, raises no ReadingsConflict, and returns the receipt that the push would have had.
        """
        await self._sites.require(site_id)
        take = self._pusher.forecast if dry_run else self._pusher.store
        tally: Tally = await take(site_id, readings, overwrite=overwrite)
        receipt = tally.receipt(readings)
        if dry_run:
            return receipt
        self.database.measures.add_receipt(receipt)
        if receipt.conflicts:
            raise ReadingsConflict(receipt, tally.first_conflicts())
        return receipt

    def watch(self, watch: Watch) -> None:
        """Let somebody watch the calls that callers share."""
        self._commits.watch = self._newest.watch = watch

    @property
    def waiting_rows(self) -> int:
        """How many rows wait to be written."""
        return self._commits.waiting_rows

    @bounded
    async def shares(self, readings: Readings) -> bool:
        """Return whether a push of these rows takes no round trip that others do not share."""
        return await self._pusher.shares(readings)

    @bounded
    async def latest(self, site_id: int) -> tuple[int, Values]:
        """Return the newest reading by its instant, whenever it arrived; raises NoReadings."""
        there, reading = await self._newest.of(site_id)
        if not there:
            raise UnknownSite(site_id)
        if reading is None:
            raise NoReadings(site_id)
        return reading

    @bounded
    async def newest_of(self, site_ids: Sequence[int]) -> Mapping[int, tuple[int, Values] | None]:
        """Return the newest reading of each site that is there, None where it has none."""
        return await self._newest.of_many(site_ids)

    async def list(
        self, site_id: int, *, start: int, end: int, descending: bool, limit: int
    ) -> ReadingPage:
        """Return up to `limit` readings with start <= instant < end, in the order of instants."""
        return await self._ranges.page(Range(site_id, start, end, descending, limit))

    async def unchanged(
        self, site_id: int, mark: str, *, start: int, end: int, descending: bool, limit: int
    ) -> bool:
        """Return whether a page of `list` still has that mark; False for a mark of another page."""
        return await self._ranges.unchanged(Range(site_id, start, end, descending, limit), mark)

    async def delete(self, site_id: int, *, start: int, end: int) -> int:
        """Delete the readings with start <= instant < end; return how many it has deleted.

        Cut short by Unavailable, it has deleted some of them; the same call again goes on. Readings
        that are pushed meanwhile may be deleted too, and are counted then; each reading that goes
        is counted by one deletion.
        """
        await self._sites.look(site_id)
        return await self._removal.remove(site_id, start, end)

    async def seal(self) -> Sealed:
        """Move the readings of settled days into documents of their own; return how many."""
        return await self._sealer.seal()

    async def close(self) -> None:
        """Answer all that waits, and take nothing any more."""
        await self._commits.close()
        await self._newest.close()
