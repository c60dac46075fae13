"""docs/data-model.md: its examples are documents of a real store, its tables what the code says."""

import re
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from bson.objectid import ObjectId

import openapi
from handlers.columns import readings
from handlers.instants import parse
from storage import Configuration, Store
from storage.commits import MOST_WAITING
from storage.configurations import MOST_REVISIONS
from storage.database import CHUNK, Document
from storage.documents import STORED_NAMES
from storage.ids import DAY_SECONDS, LAST_SITE_ID
from storage.layout import INDEXES

PAGE = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text()
BUNDLE = openapi.bundle()
EXAMPLES = BUNDLE["components"]["examples"]


def example(name: str) -> Any:
    return EXAMPLES[name]["value"]


def shown() -> list[Any]:
    """The documents of the page, one or more in a block; a version is any."""
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    documents = [text for block in blocks for text in re.split(r"\n(?={)", block)]
    return [settled(json_util.loads(document)) for document in documents]


def settled(document: Document) -> list[tuple[str, Any]]:
    """A document as pairs in their order, so that another order is another document."""
    return [(k, "a version" if isinstance(v, ObjectId) else v) for k, v in document.items()]


async def made(store: Store) -> list[Document]:
    """The documents that the page shows, in its order, from a store that has lived a little."""
    raw = store.database.raw
    await store.sites.create(example("brief_sites")["sites"])
    await store.sites.create([{"name": "Far Field", "location": "south"}])
    pushed = example("brief_configuration")
    built = Configuration(battery=pushed["battery"], production=pushed["production"])
    await store.configurations.push(1, built, effective_from=None, now=parse("2023-01-01 00:00:00"))
    await store.live.push(1, wire(example("brief_live")))
    await store.live.push(1, wire({**example("new_reading"), "dt-stamp": "2023-01-19 23:50:00"}))
    token = await store.sites._deletion.mark(2)
    mark = await raw["sites"].find_one({"_id": 2})
    await store.sites._deletion.purge(2, token)
    await store.lease.take("upkeep", "3f2a8c5e9b7d4f61a0c4d2e8b6f19375", seconds=180)
    counters = [await raw["counters"].find_one({"_id": i}) for i in ("sites", "format", "upgraded")]
    found = [
        await raw[name].find_one({}) for name in ("sites", "live", "days", "retired", "leases")
    ]
    site, reading, day, *rest = found
    return [
        site or {},
        mark or {},
        reading or {},
        day or {},
        *(d or {} for d in [*counters, *rest]),
    ]


def wire(body: Any) -> Any:
    """Readings as handlers get them, with instants for stamps."""
    stamps = body["dt-stamp"]
    read = [parse(stamp) for stamp in stamps] if isinstance(stamps, list) else parse(stamps)
    return readings({**body, "dt-stamp": read})


async def test_the_examples_are_documents_of_a_real_store(real_store: Store) -> None:
    documents = await made(real_store)
    print("\n".join(json_util.dumps(document) for document in documents))
    assert shown() == [settled(json_util.loads(json_util.dumps(d))) for d in documents]


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = PAGE.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"^\|.*\n\| -.*\n((?:\|.*\n)+)", below, flags=re.MULTILINE)
    assert table
    return [[c.strip() for c in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def test_the_table_of_stored_names_is_the_programs() -> None:
    written = {cells[0].strip("`"): cells[1].strip("`") for cells in rows("## `live`")}
    assert written.pop("dt-stamp") == "in `_id"
    assert written == dict(STORED_NAMES)


def test_the_table_of_indexes_is_the_programs() -> None:
    made = [(name, index.document) for name, some in INDEXES.items() for index in some]
    for (name, index), (called, fields, _) in zip(made, rows("## Indexes"), strict=True):
        assert called == f"`{index['name']}`" + ("" if name == "sites" else f" of `{name}`")
        assert re.findall(r"`(\w+)`", fields.partition(", where")[0]) == [*index["key"]]


def test_the_limits_are_the_programs() -> None:
    schemas = BUNDLE["components"]["schemas"]
    assert [int(cells[1].replace(",", "")) for cells in rows("## Limits")] == [
        LAST_SITE_ID,
        MOST_REVISIONS,
        schemas["ReadingColumns"]["properties"]["dt-stamp"]["maxItems"],
        schemas["FleetReadings"]["properties"]["sites"]["maxItems"],
        BUNDLE["x-limits"]["body_bytes"],
        DAY_SECONDS,
        CHUNK,
        MOST_WAITING,
    ]


@pytest.mark.parametrize("name", ["sites", "live", "days", "counters", "retired", "leases"])
async def test_every_collection_has_its_section(name: str, real_store: Store) -> None:
    assert name in await real_store.database.raw.list_collection_names()
    assert f"\n## `{name}`\n" in PAGE


async def test_no_collection_is_without_a_section(real_store: Store) -> None:
    sections = set(re.findall(r"^## `(\w+)`$", PAGE, flags=re.MULTILINE))
    assert sections == set(await real_store.database.raw.list_collection_names())


async def test_the_query_of_the_page_finds_a_sites_readings(real_store: Store) -> None:
    documents = await made(real_store)
    [first, last] = re.findall(r"\$\w+: (\d) \* 2 \*\* 32", PAGE)
    # mongosh writes such numbers as doubles.
    bounds = {"$gte": float(int(first) * 2**32), "$lt": float(int(last) * 2**32)}
    found = real_store.database.live.find({"_id": bounds})
    assert [document async for document in found] == [documents[2]]
