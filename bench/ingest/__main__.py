"""Measure how many readings go in, beside what one might write instead; see README.md here."""

import argparse
import sys
from collections.abc import Iterator
from itertools import pairwise

from bench.common import client
from bench.common.servers import Server
from bench.ingest.memory import memory
from bench.stored.command import checked_servers, numbers, parser, run, with_servers
from bench.stored.mongod import Stores
from bench.stored.pushes import Batches, Singles, history, past_days, recent_days
from bench.stored.report import comparison, particulars
from bench.stored.servers import LIMIT
from bench.stored.turns import Kind, Results, take_turns
from bench.stored.walk import DAY_SLOTS

GATEWAYS = 8
"""How many connections send batches of a day at once."""
IDLE_PAUSE = 0.02
BATCH_SITES = 3_000
"""Sites for each kind of batch; no kind meets another's readings."""


def main() -> int:
    """Check that the servers do the same, measure them in turns, and print the tables."""
    given = _arguments()
    return run(given, lambda stores, core: _measure(stores, core, given))


def _arguments() -> argparse.Namespace:
    made = with_servers(parser(__doc__, rounds=5, seconds=2))
    add = made.add_argument
    add("--connections", type=numbers, default=[1, 8, 64, 256], help="with singles (1,8,64,256)")
    add("--sites", type=int, default=10_000, help="that push single readings (10000)")
    add("--importers", type=int, default=2, help="connections with batches of 10,000 (2)")
    add("--parts", default="singles,batches,memory", help="to measure (singles,batches,memory)")
    add("--memory", type=float, default=10, help="seconds to look at each server's memory (10)")
    return made.parse_args()


def _measure(stores: Stores, core: int, given: argparse.Namespace) -> Iterator[str]:
    parts = given.parts.split(",")
    ends = [given.sites + n * BATCH_SITES for n in range(4)]
    ranges = [range(a + 1, b + 1) for a, b in pairwise([0, *ends])]
    with checked_servers(stores, given, core=core, sites=ends[-1]) as servers:
        singles = Singles(ranges[0])
        if "singles" in parts:
            for server in servers.values():
                _let_each_site_push(server, singles, given.sites)
            kinds = _singles(singles, given.connections)
            yield from _singles_tables(_turns(servers, kinds, stores, given), kinds)
        if "batches" in parts:
            kinds = _batches(ranges[1:], given.importers)
            with_store = {name: servers[name] for name in servers if name != LIMIT}
            yield from _batches_tables(_turns(with_store, kinds, stores, given), kinds)
        if "memory" in parts:
            kind = Kind("256", singles.new, connections=256)
            yield memory(servers, kind, stores, seconds=given.memory)


def _turns(
    servers: dict[str, Server], kinds: list[Kind], stores: Stores, given: argparse.Namespace
) -> Results:
    return take_turns(servers, kinds, stores, rounds=given.rounds, seconds=given.seconds)


def _let_each_site_push(server: Server, singles: Singles, sites: int) -> None:
    """Promise that every site has pushed: to a service at work they all have, ten minutes ago."""
    messages = singles.new(server.name)
    pushed = 0
    while pushed < sites:
        pushed += client.load(server.port, messages, 201, connections=64, seconds=1).requests


def _singles(singles: Singles, connections: list[int]) -> list[Kind]:
    idle = Kind("one that pauses", singles.new, connections=1, pause=IDLE_PAUSE)
    return [*(Kind(_spelt(number), singles.new, number) for number in connections), idle]


def _spelt(connections: int) -> str:
    return f"{connections} connection{'s' if connections > 1 else ''}"


def _singles_tables(results: Results, kinds: list[Kind]) -> list[str]:
    *busy, idle = kinds
    rate = comparison(results, busy, "readings/s", lambda slice_: slice_.rate, more=True)
    late = comparison(results, kinds, "p99 ms", lambda s: s.latency(0.99), more=False, digits=2)
    middle = comparison(results, [idle], "p50 ms", lambda s: s.latency(0.5), more=False, digits=2)
    return [rate, late, middle, *(particulars(results, kind, "readings/s") for kind in kinds)]


def _batches(ranges: list[range], importers: int) -> list[Kind]:
    recent, past, long = ranges
    kinds: list[Kind] = []
    for name, batches, rows, connections in (
        ("144 of today", recent_days(recent), DAY_SLOTS, GATEWAYS),
        ("144 of the past", past_days(past), DAY_SLOTS, GATEWAYS),
        ("10,000 of the past", history(long), 10_000, importers),
    ):
        kinds += _twice(name, batches, rows, connections)
    return kinds


def _twice(name: str, batches: Batches, rows: int, connections: int) -> list[Kind]:
    return [
        Kind(f"{name}, new", batches.new, connections, rows=rows),
        Kind(f"{name}, again", batches.again, connections, status=200, rows=rows),
    ]


def _batches_tables(results: Results, kinds: list[Kind]) -> list[str]:
    rate = comparison(results, kinds, "rows/s", lambda slice_: slice_.rate, more=True)
    typical = comparison(
        results, kinds, "rows/s by the median batch", lambda slice_: slice_.median_rate, more=True
    )
    return [rate, typical, *(particulars(results, kind, "rows/s") for kind in kinds)]


if __name__ == "__main__":
    sys.exit(main())
