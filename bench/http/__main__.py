"""Measure sitewatt beside what one might use in its place; see README.md in this directory."""

import argparse
import os
import sys
import time
from collections import defaultdict
from functools import partial
from itertools import cycle
from pathlib import Path

from bench.common import client
from bench.common.servers import NotStarted, Server, cores, running
from bench.http import check
from bench.http.corpus import Measured, measured, never_seen
from bench.http.report import Results, Slice, markdown
from bench.http.servers import NAMES, start

WARM_UP_SECONDS = 1.0
ENOUGH_TICKS = 120
"""One tick more or less is then under 1 percent."""


def main() -> int:
    """Check that the servers do the same, measure them in turns, and print the tables."""
    given = _arguments()
    requests = [*measured(), *([never_seen()] if given.never_seen else [])]
    core, clients_core = cores()
    os.sched_setaffinity(0, {clients_core})
    try:
        same = _check(given.only, requests, core)
        if given.check:
            return 0 if same else 1
        with running(given.only, partial(start, core=core)) as servers:
            text = markdown(_measure(servers, requests, given))
    except (NotStarted, client.UnexpectedAnswer) as error:
        _say(str(error))
        return 1
    sys.stdout.write(text)
    if given.output:
        given.output.write_text(text)
    return 0 if same else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often all take turns (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn, at least (2)")
    parser.add_argument("--connections", type=int, default=8, help="of the client, kept alive (8)")
    parser.add_argument("--only", type=_names, default=list(NAMES), metavar="NAME,NAME",
                        help=f"servers, of {', '.join(NAMES)}")  # fmt: skip
    parser.add_argument("--never-seen", action="store_true",
                        help="also push rows whose stamps no cache has")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="check only, measure nothing")
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return names


def _check(names: list[str], requests: list[Measured], core: int) -> bool:
    """Say what each server does otherwise; return whether there was nothing."""
    found: dict[str, list[str]] = {}
    with running(names, partial(start, core=core)) as servers:
        for name, server in servers.items():
            found[name] = list(check.findings(server, requests))
            if lax := check.laxities(server):
                _say(f"{name} is laxer than sitewatt, beyond what is asked: {', '.join(lax)}")
    with running(names, partial(start, core=core, broken=True)) as servers:
        for name, server in servers.items():
            found[name] += check.reply_findings(server)
    for name, sentences in found.items():
        _say(f"{name} does the same" if not sentences else f"{name}: " + "; ".join(sentences))
    return not any(found.values())


def _measure(
    servers: dict[str, Server], requests: list[Measured], given: argparse.Namespace
) -> Results:
    """Return a slice of every server under every request in every round, after a warm-up."""
    for server in servers.values():
        for request in requests:
            _slice(server, request, given.connections, WARM_UP_SECONDS)
    results: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for number in range(given.rounds):
        started = time.monotonic()
        for request in requests:
            for name, server in servers.items():
                slice_ = _slice(server, request, given.connections, given.seconds)
                results[name, request.name].append(slice_)
        _say(f"round {number + 1} of {given.rounds}: {time.monotonic() - started:.0f} s")
    return results


def _slice(server: Server, request: Measured, connections: int, seconds: float) -> Slice:
    before = server.ticks()
    seen = client.load(
        server.port,
        cycle(request.messages),
        request.status,
        connections=connections,
        seconds=seconds,
        enough=lambda: server.ticks() - before >= ENOUGH_TICKS,
    )
    return Slice(seen, server.ticks() - before)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
