"""MongoDB beside PostgreSQL: what the server pays for a reading, and what it takes on disk.

The same readings, of 1,000 sites at a time as on the tick, in the two forms that each of them can
hold: a row (a document) a reading, and one a site and day with arrays by column. Both servers write
to disk before they answer, and both know a reading that is sent again by its primary key.
"""

from collections.abc import Callable, Iterable
from typing import Any

from bson.objectid import ObjectId
from pymongo.errors import BulkWriteError

from bench.choices.postgres import TABLES, Postgres, running_postgres
from bench.choices.timing import ABSENT
from bench.common.tables import table
from bench.stored.loading import checkpoint
from bench.stored.mongod import Stores, running_mongod
from bench.stored.walk import DAY_SECONDS, walk
from storage import COLUMNS
from storage.documents import day_document, reading_document

SITES, SLOTS, DAYS, DAY_SITES = 1_000, 60, 30, 100
FIRST = 1_672_531_200 // DAY_SECONDS
TICK_SECONDS = 0.01
KINDS = ("new, 1,000 at once", "the same again")
FORMS = ("a row a reading, bytes", "a row a day, bytes")

Row = tuple[int, int, tuple[Any, ...]]


def report() -> str:
    """Return the table: us of the server's CPU a reading, and bytes a reading on disk."""
    with running_mongod(None, cache_mb=256) as stores:
        rows = [[f"MongoDB {stores.version}", *_of_mongod(stores)]]
    with running_postgres() as postgres:
        if postgres is None:
            rows.append(["PostgreSQL", *[ABSENT] * 4])
        else:
            rows.append([f"PostgreSQL {postgres.version}", *_of_postgres(postgres)])
    head = ["the server's part", *(f"{kind}, us" for kind in KINDS), *FORMS]
    return table(head, rows)


def _of_mongod(stores: Stores) -> list[str]:
    database = stores.database("choices")
    for name in ("live", "days"):
        zstd = {"wiredTiger": {"configString": "block_compressor=zstd"}}
        database.create_collection(name, storageEngine=zstd)
    live, days = database["live"], database["days"]

    def insert(bulk: list[Row]) -> None:
        try:
            live.insert_many([reading_document(*row) for row in bulk], ordered=False)
        except BulkWriteError as error:
            if any(fault["code"] != 11000 for fault in error.details["writeErrors"]):
                raise

    figures = _costs(insert, stores.ticks)
    live.drop()
    database.create_collection("live", storageEngine=zstd)
    for site, day, rows in _history():
        live.insert_many([reading_document(site, at, values) for at, values in rows.items()])
        days.insert_one(day_document(site, day, ObjectId(), rows))
    checkpoint(stores)
    for name in ("live", "days"):
        said = database.command("collStats", name)
        taken = said["storageSize"] - said["freeStorageSize"] + said["totalIndexSize"]
        figures.append(taken / (DAY_SITES * DAYS * 144))
    return [f"{figure:.1f}" for figure in figures]


def _of_postgres(postgres: Postgres) -> list[str]:
    postgres.run(TABLES)

    def insert(bulk: list[Row]) -> None:
        postgres.insert_rows((site, at, *values) for site, at, values in bulk)

    figures = _costs(insert, postgres.ticks)
    postgres.run("TRUNCATE live")
    for site, day, rows in _history():
        postgres.insert_rows((site, at, *values) for at, values in rows.items())
        postgres.insert_day(site, day, [list(rows), *map(list, zip(*rows.values(), strict=True))])
    postgres.run("CHECKPOINT")
    figures += [postgres.bytes_of(name) / (DAY_SITES * DAYS * 144) for name in ("live", "days")]
    return [f"{figure:.1f}" for figure in figures]


def _costs(insert: Callable[[list[Row]], None], ticks: Callable[[], int]) -> list[float]:
    """Return us of the server's CPU a reading: new ones, and the same again."""
    bulks = list(_ticks())
    figures = []
    for _ in KINDS:
        before = ticks()
        for bulk in bulks:
            insert(bulk)
        figures.append((ticks() - before) * TICK_SECONDS / (SITES * SLOTS) * 1e6)
    return figures


def _ticks() -> Iterable[list[Row]]:
    """Yield bulks of one reading of each site."""
    columns = [walk(site, FIRST * DAY_SECONDS, SLOTS) for site in range(1, SITES + 1)]
    for slot in range(SLOTS):
        at = FIRST * DAY_SECONDS + slot * 600
        yield [
            (site, at, tuple(of_site[name][slot] for name in COLUMNS))
            for site, of_site in enumerate(columns, start=1)
        ]


def _history() -> Iterable[tuple[int, int, dict[int, Any]]]:
    """Yield days of sites with their readings by instant."""
    for site in range(1, DAY_SITES + 1):
        for day in range(FIRST, FIRST + DAYS):
            columns = walk(site, day * DAY_SECONDS, 144)
            values = zip(*(columns[name] for name in COLUMNS), strict=True)
            stamps = range(day * DAY_SECONDS, (day + 1) * DAY_SECONDS, 600)
            yield site, day, dict(zip(stamps, values, strict=True))
