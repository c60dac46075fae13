"""Measure how fast readings come out, beside what one might write instead; see README.md here."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import median

from bench.common.client import exchange
from bench.common.servers import Server
from bench.common.tables import table
from bench.stored.command import checked_servers, parser, run, with_servers
from bench.stored.fleet import Fleet
from bench.stored.loading import checkpoint, histories, store
from bench.stored.mongod import Stores
from bench.stored.report import ALL_NAMES, comparison, particulars
from bench.stored.servers import LIMIT
from bench.stored.turns import Kind, Results, Slice, asking, say, take_turns

COMPARED = 5
"""Of each kind, so many answers are compared before it is measured."""


def main() -> int:
    """Fill the stores, compare the answers, measure the servers in turns, and print the tables."""
    given = _arguments()
    return run(given, lambda stores, core: _measure(stores, core, given))


def _arguments() -> argparse.Namespace:
    made = with_servers(parser(__doc__, rounds=5, seconds=2))
    made.add_argument("--sites", type=int, default=100, help="that report until now (100)")
    made.add_argument("--days", type=int, default=40, help="of readings of each site (40)")
    return made.parse_args()


def _measure(stores: Stores, core: int, given: argparse.Namespace) -> Iterator[str]:
    silent = range(given.sites + 1, given.sites + 1 + max(1, given.sites // 5))
    fleet = Fleet(range(1, given.sites + 1), given.days, silent)
    kinds = _kinds(fleet)
    with checked_servers(stores, given, core=core, sites=fleet.silent[-1]) as servers:
        real = {name: server for name, server in servers.items() if name != LIMIT}
        _fill(real.values(), fleet)
        checkpoint(stores)
        for kind in kinds:
            compare(real.values(), kind)
        results = take_turns(servers, kinds, stores, rounds=given.rounds, seconds=given.seconds)
    readings = sum(map(len, fleet.readings.values()))
    yield f"Each store has {readings:,} readings."
    yield from _tables(results, kinds)


def _kinds(fleet: Fleet) -> list[Kind]:
    latest, day, month = fleet.latest(fleet.reporting), fleet.ranges(1), fleet.ranges(30)
    return [
        asking("latest, 1 connection", latest, 1),
        asking("latest, 64 connections", latest, 64),
        asking("latest of silent sites, 64", fleet.latest(fleet.silent), 64),
        asking("1 day, 1 connection", day, 1),
        asking("30 days, 1 connection", month, 1),
        asking("1 day, 8 connections", day, 8),
        asking("30 days, 8 connections", month, 8),
        asking("last 24 h, 8 connections", fleet.until_now(1), 8),
        asking("last 30 days, 8 connections", fleet.until_now(30), 8),
    ]


def _fill(servers: Iterable[Server], fleet: Fleet) -> None:
    for number, (site, _, text) in enumerate(histories(fleet.readings)):
        for server in servers:
            store(server, site, text)
        if number % 20 == 19:
            say(f"filled: {number + 1} batches in each store")


def compare(servers: Iterable[Server], kind: Kind) -> None:
    """Promise that the servers give the same answers; else exit."""
    messages = kind.messages("")
    for _ in range(COMPARED):
        message = next(messages)
        answers = [(server.name, exchange(server.port, message)) for server in servers]
        bodies = {name: json.loads(answer.body) for name, answer in answers}
        if any(answer.status != 200 for _, answer in answers) or not _are_equal(bodies):
            raise SystemExit(f"{kind.name}: {bodies!r:.2000}")


def _are_equal(bodies: Mapping[str, object]) -> bool:
    first, *others = bodies.values()
    return all(other == first for other in others)


def _tables(results: Results, kinds: list[Kind]) -> list[str]:
    rates = [
        comparison(results, some, "requests/s", lambda slice_: slice_.rate, more=True)
        for some in (kinds[:3], kinds[3:])
    ]
    return [*rates, _costs(results), *(particulars(results, kind, "requests/s") for kind in kinds)]


def _costs(results: Results) -> str:
    """Return by how much thirty days cost more than one, each server against itself."""
    figures: Mapping[str, tuple[str, Callable[[Slice], float]]] = {
        "p50": ("1 connection", lambda slice_: slice_.latency(0.5)),
        "server CPU": ("8 connections", lambda slice_: slice_.server_cpu),
        "server and mongod CPU": ("8 connections", lambda s: s.server_cpu + s.mongod_cpu),
    }
    rows = [
        [ALL_NAMES[name], *(_cost(results, name, *given) for given in figures.values())]
        for name in dict.fromkeys(server for server, _ in results)
    ]
    return table(["30 days, times 1 day", *figures], rows)


def _cost(results: Results, server: str, connections: str, figure: Callable[[Slice], float]) -> str:
    day, month = (results[server, f"{days}, {connections}"] for days in ("1 day", "30 days"))
    return f"{median(figure(m) / figure(d) for d, m in zip(day, month, strict=True)):.1f}"


if __name__ == "__main__":
    sys.exit(main())
