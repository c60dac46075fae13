"""What a reading takes on disk, indexes included, after a checkpoint."""

from typing import Any, NamedTuple

from pymongo.database import Database

from bench.common.tables import table
from bench.stored.loading import checkpoint
from bench.stored.mongod import Stores


class Taken(NamedTuple):
    """A collection on disk: its readings, and bytes of its files, of which some are free."""

    readings: int
    documents: int
    data: int
    indexes: int
    free: int


def taken(database: Database[dict[str, Any]], collection: str) -> Taken:
    """Return what a collection takes; one with `t` in its documents has many readings in each."""
    said = database.command("collStats", collection)
    free = said.get("freeStorageSize", 0)
    data, indexes = said.get("storageSize", 0), said.get("totalIndexSize", 0)
    return Taken(_readings(database, collection), said["count"], data, indexes, free)


def _readings(database: Database[dict[str, Any]], collection: str) -> int:
    size = {"$cond": [{"$isArray": "$t"}, {"$size": "$t"}, 1]}
    summed = database[collection].aggregate([{"$group": {"_id": None, "readings": {"$sum": size}}}])
    return next((int(found["readings"]) for found in summed), 0)


def disk_table(stores: Stores, asked: list[tuple[str, str, str]]) -> str:
    """Return the table of collections, each given as what it is called, database and collection."""
    checkpoint(stores)
    head = ["on disk", "readings", "documents", "bytes a reading", "data", "indexes", "of it free"]
    rows = [
        [said, *_cells(taken(stores.database(database), collection))]
        for said, database, collection in asked
    ]
    return table(head, rows)


def _cells(found: Taken) -> list[str]:
    readings = max(found.readings, 1)
    parts = (found.data + found.indexes, found.data, found.indexes, found.free)
    return [
        f"{found.readings:,}",
        f"{found.documents:,}",
        *(f"{part / readings:.1f}" for part in parts),
    ]
