"""A batch of rows, sent until each of its rows is acknowledged or refused.

One bad row does not hold back the others: the service names it, the rest is sent again. An instant
that stands in a batch twice is sent after the batch, so that what a file says twice is unchanged or
a conflict, as if its rows had been sent one by one.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from handlers.instants import parse
from sitewatt.exchange.batches import Batch, Fleet, Refused
from sitewatt.exchange.errors import ExchangeError
from sitewatt_client import Client, Problem, models, operations
from sitewatt_client.pushes import receipts_of

OnConflict = Literal["reject", "replace"]
COUNTS = ("received", "stored", "unchanged", "replaced", "conflicts")
REPEATED = "x-unique-instants"


@dataclass
class Outcome:
    """What became of rows: the sums of the service's receipts, and the rows that it refused."""

    received: int = 0
    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicts: int = 0
    refused: list[Refused] = field(default_factory=list)

    def add(self, receipt: models.Receipt) -> None:
        """Add a receipt."""
        self.count(cast(dict[str, int], receipt))

    def count(self, counts: Mapping[str, int]) -> None:
        """Add the counts of a receipt, or of other rows."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + counts[name])

    def counts(self) -> dict[str, int]:
        """Return the counts by the names that receipts have for them."""
        return {name: getattr(self, name) for name in COUNTS}

    @property
    def acknowledged(self) -> int:
        """How many rows are stored now as the file has them."""
        return self.stored + self.unchanged + self.replaced


class Pusher:
    """Pushes rows of a file; `site` is where they belong when the file does not say it."""

    def __init__(
        self,
        client: Client,
        site: int | None,
        *,
        on_conflict: OnConflict = "reject",
        dry_run: bool = False,
    ) -> None:
        self.site = site
        self.on_conflict: OnConflict = on_conflict
        self.dry_run = dry_run
        self._client = client

    async def push(self, fleet: Fleet) -> models.FleetReceipts:
        """Return the receipts of a body; raises Problem and the other errors of the client."""
        body = cast(models.FleetReadings, fleet.document)
        request = operations.push_fleet(body, on_conflict=self.on_conflict, dry_run=self.dry_run)
        return receipts_of(await self._client.send(request))

    async def settle(self, batch: Batch) -> Outcome:
        """Return what became of the batch, once each of its rows is acknowledged or refused."""
        outcome = Outcome(refused=[*batch.unread])
        # Of a batch without one readable row nothing is sent.
        waiting: deque[Sequence[int]] = deque([range(len(batch.origins))] if batch.origins else [])
        while waiting:
            for fleet in batch.fleets(waiting.popleft(), self.site):
                waiting += await self._push_apart(batch, fleet, outcome)
        outcome.refused.sort(key=lambda refused: refused.origin.line)
        return outcome

    async def _push_apart(self, batch: Batch, fleet: Fleet, outcome: Outcome) -> list[list[int]]:
        """Push a body and return what of its rows to send again, one after the other."""
        try:
            receipts = await self.push(fleet)
        except Problem as problem:
            return await self._after(problem, batch, fleet, outcome)
        for site in receipts["sites"]:
            outcome.add(site["receipt"])
        return []

    async def _after(
        self, problem: Problem, batch: Batch, fleet: Fleet, outcome: Outcome
    ) -> list[list[int]]:
        if problem.kind == "readings-conflict":
            outcome.add(receipt_of(problem))
            outcome.refused += await self._conflicting(problem, batch, fleet)
            return []
        if problem.kind == "unknown-sites":
            refused = self.of_unknown_sites(problem, batch, fleet)
        else:
            refused = _broken(problem, batch, fleet)
        later = _repeated(problem, batch, fleet) - refused.keys()
        if not refused and not later:
            raise problem
        outcome.refused += refused.values()
        good = [row for row in fleet.all_rows() if row not in refused and row not in later]
        return [rows for rows in (good, sorted(later)) if rows]

    def of_unknown_sites(self, problem: Problem, batch: Batch, fleet: Fleet) -> dict[int, Refused]:
        """Return the rows of sites that are not there; raises ExchangeError for the one given."""
        if self.site is not None:
            raise ExchangeError(f"there is no site {self.site}")
        rows = batch.of_sites(fleet, problem.document.get("site_ids", []))
        return {row: batch.refused(row, "id", "there is no such site") for row in rows}

    async def _conflicting(self, problem: Problem, batch: Batch, fleet: Fleet) -> list[Refused]:
        """Return all rows in conflict; the service names 100 at a time, and keeps what it has."""
        found = _conflicts(problem, batch, fleet)
        while problem.document.get("more"):
            rows = [row for row in fleet.all_rows() if row not in found]
            [fleet] = batch.fleets(rows, self.site)
            try:
                await self.push(fleet)
            except Problem as again:
                if again.kind != "readings-conflict":
                    raise
                problem = again
                found |= _conflicts(problem, batch, fleet)
            else:
                break
        return [*found.values()]


def receipt_of(conflict: Problem) -> models.Receipt:
    """Return the receipt that a 409 carries; raises the problem when it is about something else."""
    receipt = conflict.document.get("receipt")
    if receipt is None:
        raise conflict
    return receipt


def conflict_refusals(problem: Problem, batch: Batch, fleet: Fleet) -> list[Refused]:
    """Return the rows that a 409 names."""
    return [*_conflicts(problem, batch, fleet).values()]


def fault_refusals(problem: Problem, batch: Batch, fleet: Fleet) -> list[Refused]:
    """Return the rows that a 422 names; what is said twice in a batch among them."""
    pairs = [pair for fault in problem.faults for pair in batch.broken(fleet, cast(Any, fault))]
    return [refused for _, refused in pairs]


def _conflicts(problem: Problem, batch: Batch, fleet: Fleet) -> dict[int, Refused]:
    found: dict[int, Refused] = {}
    rows = batch.by_instant(fleet)
    for conflict in problem.conflicts:
        row = rows[conflict.get("id", 0), parse(conflict["dt-stamp"])]
        columns = conflict["columns"]
        said = f"other values are stored for this moment: {', '.join(columns)}"
        found[row] = batch.refused(row, columns[0], said)
    return found


def _broken(problem: Problem, batch: Batch, fleet: Fleet) -> dict[int, Refused]:
    """Return the rows with faults of their own, each with the first of them."""
    found: dict[int, Refused] = {}
    for fault in problem.faults:
        if fault["keyword"] != REPEATED:
            for row, refused in batch.broken(fleet, cast(Any, fault)):
                found.setdefault(row, refused)
    return found


def _repeated(problem: Problem, batch: Batch, fleet: Fleet) -> set[int]:
    faults = [fault for fault in problem.faults if fault["keyword"] == REPEATED]
    return {row for fault in faults for row, _ in batch.broken(fleet, cast(Any, fault))}
