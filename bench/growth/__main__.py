"""See what changes when a store grows: times, what is examined, disk; see README.md here."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from bench.common.servers import Server
from bench.common.tables import table
from bench.growth.disk import disk_table
from bench.growth.examined import examined, examined_table
from bench.growth.stores import Growing, said
from bench.stored.check import create_sites
from bench.stored.command import numbers, parser, run
from bench.stored.fleet import Fleet
from bench.stored.loading import checkpoint, histories, store
from bench.stored.mongod import Stores
from bench.stored.report import Figure
from bench.stored.servers import running_on
from bench.stored.turns import Results, say, take_turns
from bench.stored.walk import Meter

RIVAL = "fastapi"
"""Its documents are those of Fastify, too."""

METERS = {
    "energy with 1 decimal": Meter(decimals=1),
    "energy with 2 decimals, as all above": Meter(),
    "energy with 3 decimals": Meter(decimals=3),
    "energy as it is computed, 12 decimals": Meter(decimals=12),
    "2 decimals, stamps up to 30 s late": Meter(jitter=30),
}
METER_SITES, METER_DAYS = 20, 100


def main() -> int:
    """Fill stores of several sizes, measure them in turns, and print the tables."""
    given = _arguments()
    return run(given, lambda stores, core: _measure(stores, core, given))


def _arguments() -> argparse.Namespace:
    made = parser(__doc__, rounds=9, seconds=0.5)
    add = made.add_argument
    sizes = [0, 1_000_000, 10_000_000]
    add("--sizes", type=numbers, default=sizes, help="of stores (0,1000000,10000000)")
    add("--sites", type=int, default=190, help="with a history in each (190)")
    add("--parts", default="sizes,meters", help="to measure (sizes,meters)")
    return made.parse_args()


def _measure(stores: Stores, core: int, given: argparse.Namespace) -> Iterator[str]:
    if "sizes" in given.parts.split(","):
        yield from _sizes(stores, core, given)
    if "meters" in given.parts.split(","):
        yield _meters(stores, core)


def _sizes(stores: Stores, core: int, given: argparse.Namespace) -> Iterator[str]:
    growing = Growing(given.sizes, given.sites)
    with running_on(stores, [*growing.names, RIVAL], core=core) as started:
        servers = {name: started[name] for name in growing.names}
        for server in servers.values():
            create_sites(server, growing.sites)
        counts = _fill(growing, started)
        yield f"The stores have {' and '.join(f'{n:,}' for n in counts.values())} readings."
        yield disk_table(stores, _on_disk(growing))
        seen = {
            kind.name: {said(n): examined(servers[n], kind, stores) for n in growing.filled}
            for kind in growing.reads()
        }
        yield examined_table(seen)
        yield from _times(growing, _turns(growing, servers, stores, given))


def _fill(growing: Growing, servers: Mapping[str, Server]) -> dict[str, int]:
    """Fill the stores, and that of the rival with what the smallest has; return their counts."""
    counts: dict[str, int] = {}
    for name in growing.filled:
        rival = [servers[RIVAL]] if name == growing.filled[0] else []
        counts[name] = growing.fill(name, [servers[name], *rival])
    return counts


def _on_disk(growing: Growing) -> list[tuple[str, str, str]]:
    asked = [(f"{said(name)}, settled days", name, "days") for name in growing.filled]
    asked += [(f"{said(name)}, recent days", name, "live") for name in growing.filled]
    return [*asked, ("one document a reading, as the others have it", RIVAL, "live")]


def _turns(
    growing: Growing, servers: Mapping[str, Server], stores: Stores, given: argparse.Namespace
) -> Results:
    """Return the stores' turns: what is read first, as pushes leave work behind for mongod."""
    filled = {name: servers[name] for name in growing.filled}
    results: dict[tuple[str, str], list[Any]] = {}
    for some, kinds in ((filled, growing.reads()), (servers, growing.writes())):
        checkpoint(stores)
        taken = take_turns(some, kinds, stores, rounds=given.rounds, seconds=given.seconds)
        results |= {key: list(slices) for key, slices in taken.items()}
    return results


def _times(growing: Growing, results: Results) -> list[str]:
    kinds = list(dict.fromkeys(kind for _, kind in results))
    smallest, largest = growing.filled[0], growing.filled[-1]
    ratio = f"{said(largest)} / {said(smallest)}"
    figures: Mapping[str, Figure] = {
        "ms a request": lambda s: 1000 * s.load.seconds / s.load.requests,
        "CPU us, server and mongod": lambda s: (s.server_cpu + s.mongod_cpu) * s.kind.rows,
    }
    tables: list[str] = []
    for head, figure in figures.items():
        rows: list[list[str]] = []
        for kind in kinds:
            by_store = {n: [figure(s) for s in results.get((n, kind), ())] for n in growing.names}
            cells = [f"{median(row):,.2f}" if row else "-" for row in by_store.values()]
            pairs = zip(by_store[smallest], by_store[largest], strict=True)
            rows.append([kind, *cells, f"**{median(big / small for small, big in pairs):.2f}**"])
        tables.append(table([head, *map(said, growing.names), ratio], rows))
    return tables


def _meters(stores: Stores, core: int) -> str:
    """Return what settled readings take on disk when devices write them otherwise."""
    asked: list[tuple[str, str, str]] = []
    fleet = Fleet(range(1, METER_SITES + 1), METER_DAYS)
    for number, (written, meter) in enumerate(METERS.items()):
        name = f"sitewatt-meter{number}"
        with running_on(stores, [name], core=core) as servers:
            create_sites(servers[name], METER_SITES)
            for site, _, text in histories(fleet.readings, meter):
                store(servers[name], site, text)
        say(f"filled: {written}")
        asked.append((written, name, "days"))
    return disk_table(stores, asked)


if __name__ == "__main__":
    sys.exit(main())
