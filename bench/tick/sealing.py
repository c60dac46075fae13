"""Measure how many days a second are sealed: one worker does it for a whole store."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import openapi
from bench.common.servers import TICK
from bench.common.tables import table
from bench.growth.disk import disk_table
from bench.stored.report import surroundings
from bench.stored.walk import DAY_SECONDS, DAY_SLOTS, SLOT_SECONDS, walk
from bench.tick.replicas import Replicas, running_replicas
from storage import Store, connect
from storage.documents import reading_document
from storage.model import COLUMNS

AGE = 4
"""Days ago; it can be sealed."""

DATABASE = "sealing"
HEAD = ["days", "days/s", "us a day", "this process us", "primary us", "others us"]


def main() -> int:
    """Put a day of readings of each site into `live`, seal it, and print what that took."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--sites", type=int, default=2_000, help="each with one day (2000)")
    made.add_argument("--members", type=int, default=1, help="of the replica set (1)")
    made.add_argument("--directory", type=Path, help="where the members' files go")
    given = made.parse_args()
    with running_replicas(given.directory, given.members) as replicas:
        sys.stdout.write(f"{surroundings(replicas.version)}\n\n")
        for text in asyncio.run(_measure(replicas, given.sites)):
            sys.stdout.write(f"{text}\n\n")
    return 0


async def _measure(replicas: Replicas, sites: int) -> list[str]:
    """Return what the readings take on disk before and after, and what the sealing took."""
    client = connect(replicas.uri(DATABASE), timeout=60)
    store = Store(client[DATABASE], schemas=openapi.bundle()["components"]["schemas"])
    try:
        await store.prepare()
        _fill(replicas, sites)
        before = disk_table(replicas, [("not sealed yet", DATABASE, "live")])
        took = await _sealing(store, replicas)
        after = disk_table(replicas, [("sealed", DATABASE, "days")])
    finally:
        await store.disconnect()
    return [before, table(HEAD, [[f"{sites:,}", *(f"{figure:,.0f}" for figure in took)]]), after]


async def _sealing(store: Store, replicas: Replicas) -> list[float]:
    def spent() -> list[float]:
        members = (replicas.ticks(), replicas.secondaries_ticks())
        return [time.perf_counter(), time.process_time(), *(TICK * ticks for ticks in members)]

    began = spent()
    days = (await store.seal()).days
    seconds, *cpu = (after - before for before, after in zip(began, spent(), strict=True))
    return [days / seconds, *(1e6 * figure / days for figure in [seconds, *cpu])]


def _fill(replicas: Replicas, sites: int) -> None:
    database = replicas.database(DATABASE)
    first = (int(time.time()) // DAY_SECONDS - AGE) * DAY_SECONDS
    instants = range(first, first + DAY_SECONDS, SLOT_SECONDS)
    for site in range(1, sites + 1):
        columns = walk(site, first, DAY_SLOTS)
        rows = zip(*(columns[name] for name in COLUMNS), strict=True)
        name = {"_id": site, "format": 1, "name": f"Site {site}", "location": "north"}
        database["sites"].insert_one(
            {**name, "time_zone": "UTC", "configurations": [], "version": 1}
        )
        database["live"].insert_many(
            [reading_document(site, i, row) for i, row in zip(instants, rows, strict=True)]
        )


if __name__ == "__main__":
    sys.exit(main())
