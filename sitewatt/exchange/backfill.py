"""`sitewatt import`: readings of a file of any length, in batches, from where it was left."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from os import fstat
from pathlib import Path

from sitewatt.exchange.batches import Batch, Refused
from sitewatt.exchange.checkpoints import Checkpoint, Checkpoints
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.lines import Lines, Mark
from sitewatt.exchange.rejects import Rejects
from sitewatt.exchange.settling import Outcome, Pusher
from sitewatt.exchange.sources import Rows, Source
from sitewatt.exchange.telling import Progress


@dataclass(frozen=True)
class Plan:
    """How to import; `checkpoints` and `rejects` are None where nothing may be written."""

    batch: int
    most_refused: int
    checkpoints: Checkpoints | None
    rejects: Path | None
    told: Callable[[Refused], None]
    """Is told each row that is refused, where there is no file for them."""


@dataclass
class State:
    """How far the import is; all rows before the mark are acknowledged or told as refused."""

    mark: Mark
    whole: Outcome
    refused: int
    of_this_run: int = 0


async def run(source: Source, pusher: Pusher, plan: Plan) -> State:
    """Return the state at the end of the file; raises ExchangeError when it stops before.

    However it stops, the checkpoint says what is done by then.
    """
    lines, rows = source.rows()
    check_site(rows, pusher.site)
    state, rejects = _begin(lines, plan)
    try:
        with Progress(_size(source)) as progress:
            async with aclosing(_outcomes(rows, pusher, plan.batch)) as outcomes:
                async for batch, outcome in outcomes:
                    _take(state, batch, outcome, rejects, plan)
                    progress.show(state.mark.offset, state.of_this_run, state.refused)
                    _stop_if_wrong(state, plan)
    finally:
        _save(state, rejects, plan)
        if rejects is not None:
            rejects.close()
    if plan.checkpoints is not None:
        plan.checkpoints.forget()
    return state


def check_site(rows: Rows, site: int | None) -> None:
    """Promise that it is known once and not twice which site a row is of."""
    if rows.names_sites and site is not None:
        raise ExchangeError("the file says which site a row is of: leave --site away")
    if not rows.names_sites and site is None:
        raise ExchangeError("the file does not say which site its rows are of: give --site ID")


def _begin(lines: Lines, plan: Plan) -> tuple[State, Rejects | None]:
    kept = None if plan.checkpoints is None else plan.checkpoints.load()
    if kept is None:
        rejects = None if plan.rejects is None else Rejects(plan.rejects)
        return State(Mark(0, 0, ""), Outcome(), 0), rejects
    lines.go_on(kept.mark)
    whole = Outcome()
    whole.count(kept.counts)
    rejects = None if plan.rejects is None else Rejects(plan.rejects, kept.rejects_size)
    return State(kept.mark, whole, kept.counts["refused"]), rejects


def _take(
    state: State, batch: Batch, outcome: Outcome, rejects: Rejects | None, plan: Plan
) -> None:
    """Make what became of the next batch part of the state."""
    # First of all: where it fails, the state must not be past rows that are nowhere.
    if rejects is not None:
        rejects.write(outcome.refused)
    else:
        for refused in outcome.refused:
            plan.told(refused)
    state.whole.count(outcome.counts())
    state.refused += len(outcome.refused)
    state.of_this_run += len(batch.origins) + len(batch.unread)
    state.mark = batch.end
    if plan.checkpoints is not None and plan.checkpoints.due():
        _save(state, rejects, plan)


def _save(state: State, rejects: Rejects | None, plan: Plan) -> None:
    if plan.checkpoints is None or not state.of_this_run:
        return
    size = 0 if rejects is None else rejects.size
    asked = plan.checkpoints.asked
    counted = {**state.whole.counts(), "refused": state.refused}
    plan.checkpoints.save(Checkpoint(asked, state.mark, counted, size))


def _stop_if_wrong(state: State, plan: Plan) -> None:
    if state.refused > plan.most_refused:
        raise ExchangeError(
            f"{state.refused:,} rows are refused by line {state.mark.line:,}: is it the right file?"
            " Give --most-refused to go on"
        )


async def _outcomes(rows: Rows, pusher: Pusher, size: int) -> AsyncGenerator[tuple[Batch, Outcome]]:
    """Yield what became of each batch, in the order of the file; the next is read meanwhile.

    One batch is under way at a time: of what a file says twice, the first is stored. When the file
    cannot be read on, what was read before it is still sent.
    """
    batches = rows.batches(size)
    batch = await _next(batches)
    while isinstance(batch, Batch):
        settling = asyncio.create_task(pusher.settle(batch))
        try:
            following = await _next(batches)
            outcome = await settling
        except BaseException:
            settling.cancel()
            raise
        yield batch, outcome
        batch = following
    if batch is not None:
        raise batch


async def _next(batches: Iterator[Batch]) -> Batch | ExchangeError | None:
    """Return the next batch, None at the end, or why there is none.

    Reading is a thread's, so that what is under way goes on meanwhile.
    """
    try:
        return await asyncio.to_thread(next, batches, None)
    except ExchangeError as error:
        return error


def _size(source: Source) -> int | None:
    with suppress(OSError, AttributeError):
        return fstat(source.stream.fileno()).st_size or None
    return None
