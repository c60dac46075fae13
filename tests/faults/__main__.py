"""`make faults`: every fault, and the control, with a table of what came of them."""

import argparse
import asyncio
import os
import sys
import time
import traceback
from collections.abc import Sequence

from tests.faults.scene import Fault, Outcome, Pace, run
from tests.faults.table import FAULTS

CONTROL = ("kill-mongod", "kill-all", "kill-ahead")
"""What must lose readings when they are acknowledged before a majority has them on disk."""

ROW = "{:<18} {:>4} {:>9} {:>8} {:>6} {:>7} {:>6} {:>8} {:>7} {:>8}  {}"
HEAD = ("fault", "run", "readings", "requests", "503", "broken", "lost", "doubled", "pause")
HEAD = (*HEAD, "slowest", "verdict")


def main() -> int:
    """Run what was asked for; 1 when a fault was not survived, or the control lost nothing."""
    given = _parser().parse_args()
    for name in os.environ:
        if name.startswith("SITEWATT_"):
            del os.environ[name]
    chosen = [fault for fault in FAULTS if not given.only or fault.name in given.only]
    if given.list:
        for fault in chosen:
            print(f"{fault.name:<18} {fault.about}")
        return 0
    print(ROW.format(*HEAD), flush=True)
    failures = _faults(chosen, given)
    if not given.no_control:
        failures += _control(given)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def _faults(chosen: Sequence[Fault], given: argparse.Namespace) -> list[str]:
    failures: list[str] = []
    total, began = 0, time.monotonic()
    for number in range(1, given.runs + 1):
        for fault in chosen:
            if lack := fault.lacking():
                print(f"{fault.name:<18} skipped: {lack}")
                continue
            outcome = _run(fault, _pace(given), number)
            if isinstance(outcome, str):
                failures.append(f"{fault.name}: {outcome}")
                continue
            total += len(outcome.ledger.acknowledged)
            failures += [f"{fault.name}: {what}" for what in outcome.faults]
    minutes = (time.monotonic() - began) / 60
    print(f"{total:,} readings acknowledged in {minutes:.0f} minutes", flush=True)
    return failures


def _control(given: argparse.Namespace) -> list[str]:
    """Run the faults of the control; they must lose something, together."""
    lost = 0
    for fault in (fault for fault in FAULTS if fault.name in CONTROL):
        outcome = _run(fault, _pace(given)._replace(weak=True), 1, "control: ")
        lost += 0 if isinstance(outcome, str) else outcome.found.lost
    return [] if lost else ["the control lost nothing: the harness proves nothing"]


def _run(fault: Fault, pace: Pace, number: int, word: str = "") -> Outcome | str:
    """Run a fault and print its row; a text for a run that did not come to its end."""
    try:
        outcome = asyncio.run(run(fault, pace, number))
    # Whatever it is, the other faults are tried.
    except Exception as error:  # noqa: BLE001
        where = "".join(traceback.format_tb(error.__traceback__)[-2:])
        print(f"{word}{fault.name} came to no end:\n{where}", flush=True)
        return f"{type(error).__name__}: {str(error)[-500:]}"
    ledger, found = outcome.ledger, outcome.found
    verdict = "; ".join(outcome.faults) or "survived"
    figures = (
        f"{len(ledger.acknowledged):,}",
        f"{sum(ledger.statuses.values()):,}",
        ledger.statuses[503],
        sum(ledger.broken.values()),
        found.lost,
        found.doubled,
        f"{outcome.pause:.1f} s",
        f"{ledger.slowest:.1f} s",
    )
    said = "; ".join([verdict, *outcome.notes])
    print(ROW.format(f"{word}{fault.name}", number, *figures, said), flush=True)
    return outcome


def _pace(given: argparse.Namespace) -> Pace:
    return Pace(election=given.election, mongod=tuple(given.mongod.split()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="of each fault (1)")
    parser.add_argument("--only", nargs="+", metavar="FAULT", help="only these")
    parser.add_argument("--election", type=float, default=10.0, help="timeout in seconds (10)")
    parser.add_argument("--mongod", default="", help="more words for every mongod")
    parser.add_argument("--no-control", action="store_true", help="leave the control out")
    parser.add_argument("--list", action="store_true", help="tell the faults")
    return parser


if __name__ == "__main__":
    sys.exit(main())
