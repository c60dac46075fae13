"""Calls that push readings."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from itertools import islice
from typing import Any, Literal, cast

from sitewatt_client.calls import Calls
from sitewatt_client.errors import Conflict, UnexpectedAnswer
from sitewatt_client.frames import Frame, columns_of_frame, is_frame
from sitewatt_client.generated import models, operations
from sitewatt_client.receipts import Receipt
from sitewatt_client.request import Answer
from sitewatt_client.rows import Columns, Row, rows_of, sent, sent_by_column
from sitewatt_client.splitting import push_apart

OnConflict = Literal["reject", "replace"]


class PushCalls(Calls):
    """The operations that push readings."""

    async def push(
        self,
        site_id: int,
        readings: Row | Columns | Frame,
        *,
        on_conflict: OnConflict = "reject",
        dry_run: bool = False,
    ) -> Receipt:
        """Return the receipt of one reading, or of up to 10,000 by column or in a pandas frame.

        Readings in conflict with stored ones are told in the receipt; the others are stored. A
        fault anywhere raises InvalidBody, and nothing is stored; see push_all.
        """
        body = columns_of_frame(readings) if is_frame(readings) else sent(cast(Row, readings))
        request = operations.push_live(
            site_id,
            cast(models.ReadingOrColumns, body),
            on_conflict=on_conflict,
            dry_run=dry_run,
        )
        try:
            return Receipt.of((await self.send(request)).document)
        except Conflict as conflict:
            return _told(conflict)

    async def push_all(
        self,
        site_id: int,
        rows: Iterable[Row] | AsyncIterable[Row] | Columns | Frame,
        *,
        batch: int = 5000,
        on_conflict: OnConflict = "reject",
        dry_run: bool = False,
    ) -> AsyncIterator[Receipt]:
        """Yield the receipt of each batch; readings may be many and come from anywhere.

        A bad reading does not block the rest: it is in `refused` of its batch's receipt, with its
        faults. No more than one batch is held at a time.
        """

        async def push(body: Mapping[str, Any]) -> Receipt:
            return await self.push(site_id, body, on_conflict=on_conflict, dry_run=dry_run)

        async for part in _batches(_rows(rows), batch):
            yield await push_apart(push, part)

    async def push_fleet(
        self,
        readings: Mapping[int, Row | Columns],
        *,
        on_conflict: OnConflict = "reject",
        dry_run: bool = False,
    ) -> Receipt:
        """Return the receipt of readings of 1 to 1,000 sites, by their ids, 10,000 in all.

        `by_site` of it has that of each site, unless there are conflicts. A fault anywhere raises
        InvalidBody, a site that is not there NotFound; then nothing is stored.
        """
        sites = [{"id": site_id, **sent_by_column(of)} for site_id, of in readings.items()]
        fleet = cast(models.FleetReadings, {"sites": sites})
        request = operations.push_fleet(fleet, on_conflict=on_conflict, dry_run=dry_run)
        try:
            return Receipt.of_fleet(receipts_of(await self.send(request)))
        except Conflict as conflict:
            return _told(conflict)


def receipts_of(answer: Answer[models.FleetReceipts]) -> models.FleetReceipts:
    """Return the receipts of a fleet. Raises UnexpectedAnswer when there is not one for each site.

    That a receipt is one is told by `shapes` before; a list of none acknowledges nothing.
    """
    sites = answer.request.body["sites"]
    if len(answer.document["sites"]) != len(sites):
        raise UnexpectedAnswer(answer.status, answer.body)
    return answer.document


def _told(conflict: Conflict) -> Receipt:
    """Return the receipt of a 409. Raises it when it has none."""
    if "receipt" not in conflict.document:
        raise conflict
    return Receipt.of_conflict(conflict.document)


def _rows(
    rows: Iterable[Row] | AsyncIterable[Row] | Columns | Frame,
) -> Iterable[Row] | AsyncIterable[Row]:
    if is_frame(rows):
        return cast(Iterable[Row], rows_of(columns_of_frame(rows)))
    if isinstance(rows, Mapping):
        columns = cast(Columns, rows)
        return cast(Iterable[Row], rows_of(sent_by_column(columns)))
    return cast("Iterable[Row] | AsyncIterable[Row]", rows)


async def _batches(rows: Iterable[Row] | AsyncIterable[Row], size: int) -> AsyncIterator[list[Row]]:
    if isinstance(rows, AsyncIterable):
        part: list[Row] = []
        async for row in rows:
            part.append(row)
            if len(part) == size:
                yield part
                part = []
        if part:
            yield part
        return
    following = iter(rows)
    while part := list(islice(following, size)):
        yield part
