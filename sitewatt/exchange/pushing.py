"""`sitewatt push`: the documents and rows of a file, refused as a whole where they break a rule."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from sitewatt.exchange import documents, rehearsal
from sitewatt.exchange.backfill import check_site
from sitewatt.exchange.batches import Batch, Fleet
from sitewatt.exchange.documents import Document
from sitewatt.exchange.errors import FileFault, FileFaults
from sitewatt.exchange.kinds import most_rows
from sitewatt.exchange.line_rows import is_id
from sitewatt.exchange.settling import (
    Outcome,
    Pusher,
    conflict_refusals,
    fault_refusals,
    receipt_of,
)
from sitewatt.exchange.sources import Source
from sitewatt.exchange.telling import note, say
from sitewatt_client import Client, Problem, models, operations

OF_A_SITE = ("push_configuration", "push_live")
STAYS = "These keep the values that are stored; the other readings are stored."


class Push(NamedTuple):
    """How to push: through which client, to which site, and whether to store anything."""

    client: Client
    pusher: Pusher
    strict: bool
    batch: int
    created: set[int]
    """The sites that the file would create, while nothing is stored."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing is stored."""
        return self.pusher.dry_run


async def run(source: Source, push: Push) -> bool:
    """Push all of a file, and return whether it is all as the file says now.

    Raises ExchangeError where the service or the contract refuses something; what stands before it
    in the file has been pushed by then.
    """
    if source.format != "json":
        return await _rows(source, push)
    read = documents.read(source.name, source.text(), strict=push.strict)
    for notice in read.notices:
        note(notice)
    # What a document is and where it belongs is looked at before anything is pushed.
    for document in read.documents:
        if document.kind.operation in OF_A_SITE:
            _site_of(document, push)
    return all([await _document(document, push) for document in read.documents])


async def _document(document: Document, push: Push) -> bool:
    if push.dry_run and rehearsal.is_for_new_sites(document, push.created, push.pusher.site):
        return rehearsal.of_new_sites(document, push.pusher.site)
    try:
        return await PUSHES[document.kind.operation](document, push)
    except Problem as problem:
        raise _refused(document, problem) from None


def _refused(document: Document, problem: Problem, first: int = 0) -> FileFaults:
    """Return a refusal as faults of the file; `first` is the number of the first row sent."""
    found = [
        document.fault(
            _further(fault.get("pointer", ""), first),
            fault["keyword"],
            fault["detail"],
            fault.get("hint"),
        )
        for fault in problem.faults
        if fault["in"] == "body"
    ]
    whole = document.fault("", "", f"{problem.document['title']}: {problem.detail}")
    return FileFaults(document.file, found or [whole])


def _further(at: str, first: int) -> str:
    """Return the pointer to a value of long columns, of which a part was sent."""
    name, _, row = at.rpartition("/")
    return f"{name}/{int(row) + first}" if first and row.isdecimal() else at


async def _sites(document: Document, push: Push) -> bool:
    if push.dry_run:
        return await rehearsal.sites(push.client, document, push.created)
    request = operations.create_sites(cast(models.NewSiteOrSites, document.value))
    answer = await push.client.send(request)
    created = cast(Any, answer.document)
    for site in created.get("sites", [created]):
        say(f"site {site['id']} ({site['name']}) is there")
    return True


async def _configuration(document: Document, push: Push) -> bool:
    site = _site_of(document, push)
    if push.dry_run:
        return await rehearsal.configuration(push.client, document, site)
    new = cast(models.NewConfiguration, document.value)
    answer = await push.client.send(operations.push_configuration(site, new))
    revision = answer.document
    done = "is recorded" if answer.status == 201 else "is in force already"
    say(f"site {site}: configuration {done}, revision {revision.get('revision')}")
    return True


async def _live(document: Document, push: Push) -> bool:
    site = _site_of(document, push)
    outcome, conflicts = Outcome(), list[FileFault]()
    for value, first in _parts(document.value):
        body = cast(models.ReadingOrColumns, value)
        dry_run, on_conflict = push.dry_run, push.pusher.on_conflict
        request = operations.push_live(site, body, on_conflict=on_conflict, dry_run=dry_run)
        try:
            outcome.add((await push.client.send(request)).document)
        except Problem as problem:
            if problem.kind != "readings-conflict":
                raise _refused(document, problem, first) from None
            outcome.add(receipt_of(problem))
            conflicts += _conflicts(document, problem, "", first, value)
    return _told(outcome, conflicts, document.file, push)


async def _fleet(document: Document, push: Push) -> bool:
    outcome, conflicts = Outcome(), list[FileFault]()
    entries = document.value["sites"] if isinstance(document.value.get("sites"), list) else []
    try:
        receipts = await push.pusher.push(Fleet(document.value, []))
    except Problem as problem:
        if problem.kind != "readings-conflict":
            raise
        outcome.add(receipt_of(problem))
        for number, entry in enumerate(entries):
            conflicts += _conflicts(document, problem, f"/sites/{number}", 0, entry)
    else:
        for site in receipts["sites"]:
            outcome.add(site["receipt"])
    return _told(outcome, conflicts, document.file, push)


PUSHES = {
    "create_sites": _sites,
    "push_configuration": _configuration,
    "push_live": _live,
    "push_fleet": _fleet,
}


async def _rows(source: Source, push: Push) -> bool:
    """Push the rows of CSV or NDJSON, a batch after the other; a fault ends it."""
    _, rows = source.rows()
    check_site(rows, push.pusher.site)
    outcome, conflicts = Outcome(), list[FileFault]()
    for batch in rows.batches(push.batch):
        if batch.unread:
            faults = [refused.fault for refused in batch.unread]
            raise FileFaults(source.name, faults, _so_far(outcome))
        for fleet in batch.fleets(range(len(batch.origins)), push.pusher.site):
            conflicts += await _strictly(source, batch, fleet, push, outcome)
    return _told(outcome, conflicts, source.name, push)


async def _strictly(
    source: Source, batch: Batch, fleet: Fleet, push: Push, outcome: Outcome
) -> list[FileFault]:
    try:
        receipts = await push.pusher.push(fleet)
    except Problem as problem:
        if problem.kind == "readings-conflict":
            outcome.add(receipt_of(problem))
            return [one.fault for one in conflict_refusals(problem, batch, fleet)]
        if problem.kind == "unknown-sites":
            refused = [*push.pusher.of_unknown_sites(problem, batch, fleet).values()]
        else:
            refused = fault_refusals(problem, batch, fleet)
        faults = [one.fault for one in refused]
        if not faults:
            raise
        raise FileFaults(source.name, faults, _so_far(outcome)) from None
    for site in receipts["sites"]:
        outcome.add(site["receipt"])
    return []


def _site_of(document: Document, push: Push) -> int:
    """Return the site of a configuration or of readings: the one given, else the `id` in it."""
    site = push.pusher.site
    if site is None and document.kind.operation == "push_configuration":
        site = document.value.get("id")
    if site is None or not is_id(site):
        said = "does not say which site it is of: give --site ID"
        raise FileFaults(document.file, [document.fault("", "", said)])
    return int(site)


def _parts(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield long columns in parts that one request takes, each with the number of its first row."""
    lengths = {len(column) for column in value.values() if isinstance(column, list)}
    rows = max(lengths, default=0)
    if rows <= most_rows() or len(lengths) > 1:
        yield value, 0
        return
    for first in range(0, rows, most_rows()):
        part = {
            name: column[first : first + most_rows()] if isinstance(column, list) else column
            for name, column in value.items()
        }
        yield part, first


def _conflicts(
    document: Document, problem: Problem, below: str, first: int, value: Any
) -> Iterator[FileFault]:
    """Yield the conflicts of a site as faults of the document, at the first column that differs."""
    rows = rehearsal.rows_by_instant(value["dt-stamp"])
    for conflict in problem.conflicts:
        row = rows.get(rehearsal.instant(conflict["dt-stamp"]))
        if row is None or conflict.get("id", value.get("id")) != value.get("id"):
            continue
        columns = conflict["columns"]
        at = f"{below}/{columns[0]}"
        if isinstance(value["dt-stamp"], list):
            at += f"/{first + row}"
        said = f"other values are stored for this moment: {', '.join(columns)}"
        yield document.fault(at, "", said)


def _told(outcome: Outcome, conflicts: list[FileFault], name: str, push: Push) -> bool:
    """Say what became of readings, and return whether all are stored as the file has them."""
    would = "would be " if push.dry_run else ""
    counts = [f"{outcome.stored:,} {would}stored", f"{outcome.unchanged:,} unchanged"]
    counts += [f"{outcome.replaced:,} {would}replaced"] if outcome.replaced else []
    counts += [f"{outcome.conflicts:,} in conflict"] if outcome.conflicts else []
    say(f"{outcome.received:,} readings: {', '.join(counts)}")
    if outcome.conflicts:
        for fault in conflicts:
            note(fault.line(name))
        note(STAYS)
    return not outcome.conflicts


def _so_far(outcome: Outcome) -> str:
    if not outcome.received:
        return "Nothing of the file is stored."
    return f"{outcome.acknowledged:,} readings before these are stored; of the rest none is."
