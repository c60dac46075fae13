"""The commands, run: from the words that were given to an exit code.

0 is for all done, 1 for what could not be done, 3 for an import of which some rows are refused.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from sitewatt.exchange import backfill, exporting, getting, pushing
from sitewatt.exchange.batches import Refused
from sitewatt.exchange.checkpoints import Checkpoints
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.exporting import Export
from sitewatt.exchange.service import SHORT, Address, address, connected
from sitewatt.exchange.settling import Pusher
from sitewatt.exchange.sources import Source, opened
from sitewatt.exchange.telling import note, say
from sitewatt.simulation import running as simulation

SOME_REFUSED = 3
STOPPED = "stopped; the same command goes on from there"


def push(given: argparse.Namespace) -> int:
    """Push a file."""
    with opened(given.file, given.format) as source:
        return asyncio.run(_push(source, address(given.url, given.key_file), given))


def import_(given: argparse.Namespace) -> int:
    """Import a file."""
    with opened(given.file, given.format) as source:
        if source.format == "json":
            raise ExchangeError(
                f"{source.name}:1:1: this is neither the first line of CSV, which names the"
                " columns, nor a reading; JSON documents are for sitewatt push"
            )
        try:
            return asyncio.run(_import(source, address(given.url, given.key_file), given))
        except KeyboardInterrupt:
            said = STOPPED if _is_kept(given) else "stopped"
            raise ExchangeError(said) from None


def get(given: argparse.Namespace) -> int:
    """Get something."""
    as_json = given.json or not (given.table or sys.stdout.isatty())

    async def run() -> None:
        async with connected(address(given.url, given.key_file), SHORT) as client:
            await getting.run(client, given, as_json=as_json)

    asyncio.run(run())
    return 0


def export(given: argparse.Namespace) -> int:
    """Export readings."""
    chosen = Export(given.site or [], given.format, given.start, given.end)

    async def run() -> int:
        async with connected(address(given.url, given.key_file), SHORT) as client:
            return await exporting.run(client, chosen, given.output)

    rows = asyncio.run(run())
    if given.output not in (None, "-"):
        say(f"{rows:,} readings are in {given.output}")
    return 0


def simulate(given: argparse.Namespace) -> int:
    """Simulate a fleet."""
    return simulation.run(given, address(given.url, given.key_file))


async def _push(source: Source, to: Address, given: argparse.Namespace) -> int:
    async with connected(to, SHORT) as client:
        pusher = Pusher(client, given.site, on_conflict=given.on_conflict, dry_run=given.dry_run)
        whole = await pushing.run(
            source, pushing.Push(client, pusher, given.strict, given.batch, set())
        )
    if given.dry_run:
        say("Nothing is stored: this was a dry run.")
    return 0 if whole else 1


async def _import(source: Source, to: Address, given: argparse.Namespace) -> int:
    plan = _plan(source, to, given)
    began = time.monotonic()
    async with connected(to) as client:
        pusher = Pusher(client, given.site, on_conflict=given.on_conflict, dry_run=given.dry_run)
        state = await backfill.run(source, pusher, plan)
    seconds = time.monotonic() - began
    say(_summary(state, seconds, given.dry_run))
    if state.refused:
        rows = "1 row is" if state.refused == 1 else f"{state.refused:,} rows are"
        note(f"{rows} refused" + (f": {plan.rejects}" if plan.rejects else ""))
    return SOME_REFUSED if state.refused or state.whole.conflicts else 0


def _plan(source: Source, to: Address, given: argparse.Namespace) -> backfill.Plan:
    """Return how to import: with a checkpoint where there is a file, and rejects if not dry."""
    checkpoints, rejects = None, None
    if not given.dry_run:
        again = _can_be_read_again(given.file)
        base = Path(given.file if again else "stdin")
        rejects = Path(given.rejects or base.with_name(f"{base.name}.rejected.csv"))
        if again:
            asked = {"url": to.url, "site": given.site, "on_conflict": given.on_conflict}
            checkpoints = Checkpoints(base.with_name(f"{base.name}.import-state"), asked)
            if given.from_start:
                checkpoints.forget()

    def told(refused: Refused) -> None:
        note(refused.fault.line(source.name))

    return backfill.Plan(given.batch, given.most_refused, checkpoints, rejects, told)


def _can_be_read_again(file: str) -> bool:
    """Return whether it is a regular file: a pipe is read once, and has no place beside it."""
    return file != "-" and Path(file).is_file()


def _is_kept(given: argparse.Namespace) -> bool:
    """Return whether an import keeps how far it is."""
    return not given.dry_run and _can_be_read_again(given.file)


def _summary(state: backfill.State, seconds: float, dry_run: bool) -> str:
    whole, would = state.whole, "would be " if dry_run else ""
    counts = [f"{whole.stored:,} {would}stored", f"{whole.unchanged:,} unchanged"]
    counts += [f"{whole.replaced:,} {would}replaced"] if whole.replaced else []
    # Of a dry run the service only counts them; else they are among the rows that are refused.
    counts += [f"{whole.conflicts:,} would be in conflict"] if whole.conflicts and dry_run else []
    rate = state.of_this_run / seconds if seconds else 0
    rows = whole.acknowledged + state.refused + (whole.conflicts if dry_run else 0)
    return f"{rows:,} rows: {', '.join(counts)}; {seconds:.1f} s, {rate:,.0f} rows/s in this run"
