"""What mongod examined to answer: documents and keys, as its profiler counts them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pymongo.database import Database

from bench.common.client import exchange
from bench.common.servers import Server
from bench.common.tables import table
from bench.stored.mongod import Stores
from bench.stored.turns import Kind

REQUESTS = 25
EVERYTHING = {"profile": 2}
NOTHING = {"profile": 0}


class Examined(NamedTuple):
    """By request: commands on the store's collections, and what they examined and returned."""

    commands: float
    keys: float
    documents: float
    returned: float
    plans: Mapping[str, int]


def examined(server: Server, kind: Kind, stores: Stores) -> Examined:
    """Return what a request of this kind makes mongod examine, on average of REQUESTS."""
    database = stores.database(server.name)
    database["system.profile"].drop()
    messages = kind.messages(server.name)
    database.command(EVERYTHING)
    try:
        for _ in range(REQUESTS):
            exchange(server.port, next(messages), timeout=60)
    finally:
        database.command(NOTHING)
    return _summed(_profiled(database))


def _profiled(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    ours = {"$in": [f"{database.name}.{name}" for name in ("live", "days", "sites")]}
    return list(database["system.profile"].find({"ns": ours}))


def _summed(profiled: list[dict[str, Any]]) -> Examined:
    def mean(field: str) -> float:
        return sum(float(entry.get(field, 0)) for entry in profiled) / REQUESTS

    plans = Counter(
        f"{entry['ns'].rpartition('.')[2]}: {entry['planSummary']}"
        for entry in profiled
        if "planSummary" in entry
    )
    return Examined(
        commands=len(profiled) / REQUESTS,
        keys=mean("keysExamined"),
        documents=mean("docsExamined"),
        returned=mean("nreturned"),
        plans=plans,
    )


def examined_table(found: Mapping[str, Mapping[str, Examined]]) -> str:
    """Return the table of what was found, by kind of request and then by store."""
    stores = list(next(iter(found.values())))
    head = ["commands: keys / documents examined", *stores, "equal", "plans"]
    rows = [[kind, *_cells(by_store)] for kind, by_store in found.items()]
    return table(head, rows)


def _cells(by_store: Mapping[str, Examined]) -> list[str]:
    counts = [
        f"{seen.commands:.1f}: {seen.keys:,.1f} / {seen.documents:,.1f}"
        for seen in by_store.values()
    ]
    equal = "yes" if len(set(counts)) == 1 else "no"
    plans = sorted({plan for seen in by_store.values() for plan in seen.plans})
    return [*counts, equal, "; ".join(plans)]
