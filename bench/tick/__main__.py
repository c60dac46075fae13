"""Let a fleet report on one tick, for real; see README.md here."""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.capacity.simulation import reports
from bench.common.servers import BASE, TICK, Server, cores, resident_mb
from bench.common.tables import table
from bench.stored.check import create_sites
from bench.stored.pushes import Singles
from bench.stored.report import surroundings
from bench.stored.servers import running_on
from bench.stored.turns import say
from bench.tick.gateways import LOST, REFUSED, Gateways, Seen
from bench.tick.replicas import Replicas, running_replicas

AT_MOST = 120.0


class Cost(NamedTuple):
    """Processor seconds of the service, the primary and the other members; memory in MB."""

    service: float
    primary: float
    others: float
    memory: float


def main() -> int:
    """Start a set and a service, let the fleet report as often as asked, print a table."""
    given = _arguments()
    core, other = cores()
    os.sched_setaffinity(0, {other})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with running_replicas(given.directory, given.members) as replicas:
        sys.stdout.write(f"{surroundings(replicas.version)}\n\n")
        _open_files(given.descriptors or most, most)
        with running_on(replicas, [BASE], core=core) as servers:
            _open_files(most, most)
            _measure(servers[BASE], replicas, given)
    return 0


def _open_files(number: int, most: int) -> None:
    """Let this process, and those it starts from now on, have so many open files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, most))


def _arguments() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("--sites", type=int, default=6_944, help="that report (6944: a million readings a day)")
    add("--within", default="2", help="seconds after the tick in which they do, a list (2)")
    add("--rounds", type=int, default=3, help="of each (3)")
    add("--members", type=int, default=1, help="of the replica set (1)")
    add("--kill", type=float, help="seconds after the last tick when the primary is killed")
    add("--descriptors", type=int, help="that the service may have open (as many as there may be)")
    add("--directory", type=Path, help="where the members' files go (the temporary directory)")
    return made.parse_args()


def _measure(server: Server, replicas: Replicas, given: argparse.Namespace) -> None:
    create_sites(server, given.sites)
    messages = Singles(range(1, given.sites + 1)).new(BASE)
    ticks = [float(text) for text in given.within.split(",") for _ in range(given.rounds)]
    rows: list[list[str]] = []
    for number, within in enumerate(ticks):
        last = number == len(ticks) - 1
        kill = given.kill if last else None
        offsets = reports(given.sites, within, seed=number)
        gateways = Gateways(server.port, list(islice(messages, given.sites)), offsets)
        before = _cost(server, replicas)
        seen = gateways.report(at_most=AT_MOST, meanwhile=_killing(replicas, kill))
        after = before if kill is not None else _cost(server, replicas)
        rows.append(_row(within, given.sites, seen, before, after))
        say(f"tick {number + 1} of {len(ticks)}")
        time.sleep(1)
    sys.stdout.write(f"{table(HEAD, rows)}\n\n")
    stored = replicas.database(BASE)["live"].count_documents({})
    sys.stdout.write(f"acknowledged: {len(ticks) * given.sites:,}, stored: {stored:,}\n")


HEAD = [
    *("within s", "acknowledged", "p50 ms", "p99 ms", "last s", "503", "no answer", "between s"),
    *("service us", "primary us", "others us", "service MB"),
]


def _row(within: float, sites: int, seen: Seen, before: Cost, after: Cost) -> list[str]:
    cpu = [(b - a) / sites * 1e6 for a, b in zip(before[:3], after[:3], strict=True)]
    lost = f"{seen.first_loss:.1f} to {seen.last_loss:.1f}" if seen.first_loss else "-"
    return [
        f"{within:g}",
        f"{len(seen.latencies):,}",
        *(f"{1000 * seen.latency(share):,.1f}" for share in (0.5, 0.99)),
        f"{seen.absorbed:.2f}",
        *(f"{seen.statuses.get(status, 0):,}" for status in (REFUSED, LOST)),
        lost,
        *(f"{figure:.0f}" for figure in cpu),
        f"{after.memory:.0f}",
    ]


def _killing(replicas: Replicas, at: float | None) -> Callable[[float], None]:
    """Return what kills the primary once, so many seconds after the tick."""
    killed = at is None

    def meanwhile(now: float) -> None:
        nonlocal killed
        if at is not None and not killed and now >= at:
            killed = True
            replicas.kill_primary()

    return meanwhile


def _cost(server: Server, replicas: Replicas) -> Cost:
    ticks = (server.ticks(), replicas.ticks(), replicas.secondaries_ticks())
    service, primary, others = (number * TICK for number in ticks)
    return Cost(service, primary, others, resident_mb(server.pid))


if __name__ == "__main__":
    sys.exit(main())
