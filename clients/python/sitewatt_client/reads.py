"""Calls that read what sites did."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal

from sitewatt_client.calls import Calls
from sitewatt_client.frames import Frame, frame_of
from sitewatt_client.generated import models, operations
from sitewatt_client.request import Request
from sitewatt_client.rows import joined, optional_text, rows_of, text

Moment = datetime | str
MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


class ReadCalls(Calls):
    """The operations that read readings, and the one that deletes them."""

    async def latest(self, site_id: int) -> models.Reading:
        """Return the reading of the latest moment. Raises NotFound when there is none."""
        return (await self.send(operations.get_latest_reading(site_id))).document

    async def latest_all(self) -> AsyncIterator[models.SiteLatest]:
        """Yield each site by rising id, with its latest reading if it has one."""
        async for page in self.pages(operations.list_latest_readings(limit=1000)):
            for site in page["sites"]:
                yield site

    async def readings(
        self,
        site_id: int,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        order: Literal["asc", "desc"] = "asc",
        columns: Sequence[models.ValueColumn] | None = None,
    ) -> AsyncIterator[models.Reading]:
        """Yield the readings from `start` on and before `end`, in the order of their moments.

        With `columns`, each has its stamp and those alone.
        """
        async for page in self.series(site_id, start, end, order=order, columns=columns):
            for row in rows_of(page):
                yield row

    async def series(
        self,
        site_id: int,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        order: Literal["asc", "desc"] = "asc",
        columns: Sequence[models.ValueColumn] | None = None,
        configurations: bool = False,
        page: int = 10_000,
    ) -> AsyncIterator[models.ReadingSeries]:
        """Yield the readings of a range by column, a page of at most 10,000 after the other.

        With `configurations`, each page has those in force in its range.
        """
        request = _ranged(site_id, start, end, order, columns, page, configurations)
        async for series in self.pages(request):
            yield series

    async def columns(
        self,
        site_id: int,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        order: Literal["asc", "desc"] = "asc",
        columns: Sequence[models.ValueColumn] | None = None,
    ) -> models.ReadingSeries:
        """Return all readings of a range by column, as plain lists.

        `push_all` takes them as they are; `push` does too when they are at most 10,000.
        """
        series = self.series(site_id, start, end, order=order, columns=columns)
        return joined([page async for page in series])

    async def frame(
        self,
        site_id: int,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        columns: Sequence[models.ValueColumn] | None = None,
    ) -> Frame:
        """Return all readings of a range as a pandas frame, with the moments (UTC) as its index.

        Raises ImportError where pandas is not installed.
        """
        return frame_of(await self.columns(site_id, start, end, columns=columns))

    async def export(
        self,
        site_id: int,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        format: Literal["csv", "ndjson"] = "csv",  # noqa: A002 - what it is called everywhere
        order: Literal["asc", "desc"] = "asc",
        columns: Sequence[models.ValueColumn] | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield all readings of a range as a table, in lines with their ends, as they come.

        Raises Unreachable when it breaks off in the middle: what ends well is complete.
        """
        request = _ranged(site_id, start, end, order, columns, None, configurations=False)
        async with self._transport.stream(request.accepting(MEDIA_TYPES[format])) as lines:
            async for line in lines:
                yield line

    async def aggregate(
        self, site_id: int, every: Literal["1h", "1d", "1w", "1mo"], start: Moment, end: Moment
    ) -> Sequence[models.Bucket]:
        """Return what the readings of a range came to by hour, day, week or month of the site."""
        request = operations.aggregate_readings(site_id, every, text(start), text(end), limit=1000)
        return [bucket async for page in self.pages(request) for bucket in page["buckets"]]

    async def gaps(self, site_id: int, start: Moment, end: Moment) -> Sequence[models.Gap]:
        """Return where readings are missing, in the order of time."""
        request = operations.list_gaps(site_id, text(start), text(end))
        return [gap async for page in self.pages(request) for gap in page["gaps"]]

    async def delete_readings(self, site_id: int, start: Moment, end: Moment) -> int:
        """Return how many readings of a range were deleted. This cannot be undone."""
        request = operations.delete_readings(site_id, text(start), text(end))
        return (await self.send(request)).document["deleted"]


def _ranged(
    site_id: int,
    start: Moment | None,
    end: Moment | None,
    order: Literal["asc", "desc"],
    columns: Sequence[models.ValueColumn] | None,
    limit: int | None,
    configurations: bool,
) -> Request[models.ReadingSeries]:
    return operations.list_readings(
        site_id,
        start=optional_text(start),
        end=optional_text(end),
        order=order,
        limit=limit,
        columns=list(columns) if columns is not None else None,
        include=["configuration"] if configurations else None,
    )
